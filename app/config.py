"""The settings of every process, read once from the environment (or `.env`) and checked before anything starts."""

import base64
import difflib
import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "BRIDGE_"
OWN_NAME = "idealo-bridge"  # audience and issuer of tokens made by `bridge token`

# Secrets that may be given as `<NAME>_FILE`, the way Docker and Kubernetes mount them.
GIVEN_BY_FILE = ("database_url", "redis_url", "master_keys", "jwt_secret")

ADVICE = {
    "database_url": "set it to postgresql://user:password@host:5432/database",
    "redis_url": "set it to redis://:password@host:6379/0 (rediss:// for TLS)",
    "master_keys": "make one with: openssl rand -base64 32 | tr '+/' '-_'",
    "jwt_secret": "make one with: openssl rand -base64 48",
    "public_url": "set it to the address stores can reach: https://bridge.example.com",
}


class SettingsError(Exception):
    """A setting is missing or malformed. Its text is one line: the variable, what is wrong, what to do."""


def variable(field: str) -> str:
    """The environment variable of a settings field: `api_port` is `BRIDGE_API_PORT`."""
    return PREFIX + field.upper()


def _parts(address: str, schemes: tuple[str, ...]) -> SplitResult:
    parts = urlsplit(address)
    if parts.scheme not in schemes:
        raise ValueError(f"starts with {parts.scheme + '://' if parts.scheme else 'no scheme'}, not {schemes[0]}://")
    if not parts.hostname and not parts.query:
        raise ValueError("names no host")
    try:
        _ = parts.port
    except ValueError:  # its own text may quote a part of the password
        raise ValueError("has no valid port; percent-encode special characters of the password") from None
    return parts


def _rename_in_query(url: SplitResult, old: str, new: str) -> SplitResult:
    query = [(new if name == old else name, text) for name, text in parse_qsl(url.query)]
    return url._replace(query=urlencode(query))


def _database_url(value: SecretStr) -> SecretStr:
    parts = _parts(value.get_secret_value(), ("postgresql", "postgresql+asyncpg", "postgres"))
    if not parts.path.strip("/"):
        raise ValueError("names no database after the host")
    # libpq's word is sslmode, which every hosting company prints; asyncpg calls the same values ssl.
    return SecretStr(urlunsplit(_rename_in_query(parts, "sslmode", "ssl")._replace(scheme="postgresql+asyncpg")))


def _redis_url(value: SecretStr) -> SecretStr:
    _parts(value.get_secret_value(), ("redis", "rediss"))
    return value


def _web_url(value: str) -> str:
    parts = _parts(value, ("https", "http"))
    if parts.query or parts.fragment:
        raise ValueError("carries a query or fragment")
    return value.rstrip("/")


def _keys_url(value: str) -> str:
    """Whoever can change what comes over this line makes tokens of any scope."""
    url = _web_url(value)
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("carries a user or password")
    if parts.scheme == "http" and not _is_inside(parts.hostname or ""):
        raise ValueError("starts with http://, which only a host of the inner network may; use https://")
    return url


def _is_inside(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost", ".test"))


def _master_keys(value: SecretStr) -> SecretStr:
    keys = value.get_secret_value().split(",")
    for place, key in enumerate(keys, start=1):
        if len(_key_bytes(key)) != 32:
            raise ValueError(f"key {place} of {len(keys)} is not 32 bytes in base64url")
    return SecretStr(",".join(key.strip() for key in keys))


def _key_bytes(key: str) -> bytes:
    text = key.strip()
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""


def _jwt_secret(value: SecretStr) -> SecretStr:
    if (size := len(value.get_secret_value().encode())) >= 32:
        return value
    raise ValueError(f"has {size} bytes, fewer than 32")


def _switch(value: object) -> object:
    words = {"on": True, "off": False}
    return words.get(value.strip().lower(), value) if isinstance(value, str) else value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
MasterKeys = Annotated[SecretStr, AfterValidator(_master_keys)]
JwtSecret = Annotated[SecretStr, AfterValidator(_jwt_secret)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Days = Annotated[int, Field(ge=0, le=36_500)]  # 0 keeps for good
Switch = Annotated[bool, BeforeValidator(_switch)]


class _FromFiles(PydanticBaseSettingsSource):
    """Reads `BRIDGE_X_FILE` for the secrets of `GIVEN_BY_FILE`; a trailing line break is not part of the secret."""

    def __init__(self, settings_cls: type[BaseSettings], *environments: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._environments = [source.env_vars for source in environments if isinstance(source, EnvSettingsSource)]

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - fixed by the base class
        given = self._path_of(field_name) if field_name in GIVEN_BY_FILE else None
        return (_read_secret(field_name, Path(given)) if given else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _path_of(self, field: str) -> str | None:
        name = f"{variable(field)}_FILE".lower()
        return next((found for env_vars in self._environments if (found := env_vars.get(name))), None)


def _read_secret(field: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip("\r\n")
    except OSError as error:
        raise SettingsError(f"{variable(field)}_FILE names {path}, which cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{variable(field)}_FILE names {path}, which is not UTF-8 text") from error


class _Environment(BaseSettings):
    """Where settings come from: the environment, then `.env`, then the files of `GIVEN_BY_FILE`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - replaced by _FromFiles
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, _FromFiles(settings_cls, env_settings, dotenv_settings)


class LocalSettings(_Environment):
    """What `bridge up` can start with: everything has a default, servers and keys may be made on this machine."""

    database_url: DatabaseUrl | None = None
    redis_url: RedisUrl | None = None
    master_keys: MasterKeys | None = None
    jwt_secret: JwtSecret | None = None
    jwks_file: Path | None = None
    jwks_url: Annotated[str, AfterValidator(_keys_url)] | None = None
    jwt_audience: str = OWN_NAME
    jwt_issuer: str = OWN_NAME
    data_dir: Path = Path(".data")
    api_host: str = "127.0.0.1"
    api_port: Port = 8000
    public_url: WebUrl | None = None
    sandbox: Switch = True
    sandbox_port: Port = 8100
    keep_deliveries_days: Days = 30
    keep_buyers_days: Days = 180
    keep_events_days: Days = 0  # German bookkeeping: 8 years for vouchers, 10 for books (HGB § 257, AO § 147)
    retention: Literal["dry-run", "apply", "off"] = "dry-run"
    idealo_poll_seconds: Seconds = 60
    store_poll_seconds: Seconds = 300
    reconcile_hour: Annotated[int, Field(ge=0, le=23)] = 3  # UTC
    max_body_bytes: Annotated[int, Field(ge=1024, le=100 * 1024 * 1024)] = 5 * 1024 * 1024
    webhook_rate: Annotated[int, Field(ge=0, le=1_000_000)] = 2000  # per store, second and process; 0 is no limit
    allow_private_targets: Switch = False
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="after")
    def _one_source_of_tokens(self) -> Self:
        if self.jwks_file and self.jwks_url:
            raise ValueError("jwks_url: is set together with BRIDGE_JWKS_FILE; keep one of the two")
        if self.jwks_file or self.jwks_url:
            for field in ("jwt_audience", "jwt_issuer"):
                if field not in self.model_fields_set:
                    raise ValueError(f"{field}: is missing, and tokens of a foreign issuer are checked against it")
        return self

    @property
    def webhook_root(self) -> str:
        """The address stores post to, without a trailing slash; this machine's own when no public one is set."""
        return self.public_url or f"http://{self.api_host}:{self.api_port}"

    @property
    def private_targets_allowed(self) -> bool:
        """True when stores or idealo may live on a private network; the sandbox always does."""
        return self.allow_private_targets or self.sandbox


class Settings(LocalSettings):
    """What the API, the worker and the operator's commands need: servers and keys are given, nothing is made up."""

    database_url: DatabaseUrl
    redis_url: RedisUrl
    master_keys: MasterKeys
    sandbox: Switch = False  # `bridge up` says on; a service that was told nothing trusts no private network

    @model_validator(mode="after")
    def _tokens_can_be_checked(self) -> Self:
        if not (self.jwt_secret or self.jwks_file or self.jwks_url):
            raise ValueError("jwt_secret: is missing; " + ADVICE["jwt_secret"] + ", or set BRIDGE_JWKS_URL")
        return self

    @property
    def sqlalchemy_url(self) -> str:
        """The database for SQLAlchemy: `postgresql+asyncpg://…`. Holds the password; never log it."""
        return self.database_url.get_secret_value()

    @property
    def asyncpg_url(self) -> str:
        """The database for asyncpg itself: `postgresql://…`. Holds the password; never log it."""
        return urlunsplit(
            _rename_in_query(urlsplit(self.sqlalchemy_url), "ssl", "sslmode")._replace(scheme="postgresql")
        )

    @property
    def master_key_bytes(self) -> tuple[bytes, ...]:
        """The master keys as 32 bytes each; the first one seals, all of them open."""
        return tuple(_key_bytes(key) for key in self.master_keys.get_secret_value().split(","))


class _DatabaseOnly(_Environment):
    """What a migration needs."""

    database_url: DatabaseUrl


S = TypeVar("S", bound=BaseSettings)


def load_settings() -> Settings:
    """Settings of a process that talks to given servers.

    Raises:
        SettingsError: a variable is missing or malformed; the text is one line naming it.
    """
    return _load(Settings)


def load_local_settings() -> LocalSettings:
    """Settings of `bridge up`, which makes what is not given. Raises SettingsError as `load_settings` does."""
    return _load(LocalSettings)


def load_database_url() -> str:
    """The database for SQLAlchemy when nothing else is needed (migrations). Raises SettingsError."""
    return _load(_DatabaseOnly).database_url.get_secret_value()


def _load(kind: type[S]) -> S:
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(_one_line(error)) from None  # the original quotes what was set, secrets included
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f".env cannot be read: {error}; correct or remove it") from error


def _one_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=True)[0]
    text = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:  # one of the model validators: "field: problem"
        return PREFIX + text.partition(": ")[0].upper() + " " + text.partition(": ")[2]
    field = str(first["loc"][0])
    advice = f"; {ADVICE[field]}" if field in ADVICE else ""
    if first["type"] == "missing":
        return f"{variable(field)} is missing{_misspelt(field)}{advice}"
    if field in GIVEN_BY_FILE:
        return f"{variable(field)} {text}{advice}"
    if (given := str(first["input"])).startswith(
        "tcp://"
    ):  # Kubernetes' service links set BRIDGE_API_PORT when a service is called bridge-api
        advice = "; Kubernetes set it for a service of that name: set enableServiceLinks to false"
    given = re.sub(r"//[^/@]*@", "//***@", given)
    return f"{variable(field)} is {given!r}: {text[:1].lower()}{text[1:]}{advice}"


def _misspelt(field: str) -> str:
    known = {variable(name) for name in LocalSettings.model_fields}
    others = {name for name in os.environ if name.startswith(PREFIX) and not name.endswith("_FILE")} - known
    similar = difflib.get_close_matches(variable(field), sorted(others), n=1, cutoff=0.85)
    return f" ({similar[0]} is set: a slip of the pen?)" if similar else ""
