"""Settings: defaults, files for secrets, and one line that names what is wrong."""

import base64
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.config import PREFIX, Settings, SettingsError, load_database_url, load_local_settings, load_settings

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OLDER_KEY = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
COMPLETE = {
    "BRIDGE_DATABASE_URL": "postgresql://bridge:s3cret@db.example.com:5432/bridge",
    "BRIDGE_REDIS_URL": "redis://:s3cret@redis.example.com:6379/0",
    "BRIDGE_MASTER_KEYS": KEY,
    "BRIDGE_JWT_SECRET": "j" * 32,
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:

    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def set_all(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    for name, value in (COMPLETE | changes).items():
        monkeypatch.setenv(name, value)


def refusal() -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


def test_defaults_are_those_of_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch)
    settings = load_settings()
    assert settings.model_dump(exclude={"database_url", "redis_url", "master_keys", "jwt_secret"}) == {
        "jwks_file": None,
        "jwks_url": None,
        "jwt_audience": "idealo-bridge",
        "jwt_issuer": "idealo-bridge",
        "data_dir": Path(".data"),
        "api_host": "127.0.0.1",
        "api_port": 8000,
        "public_url": None,
        "sandbox": False,
        "sandbox_port": 8100,
        "keep_deliveries_days": 30,
        "keep_buyers_days": 180,
        "keep_events_days": 0,
        "retention": "dry-run",
        "idealo_poll_seconds": 60,
        "store_poll_seconds": 300,
        "reconcile_hour": 3,
        "max_body_bytes": 5 * 1024 * 1024,
        "webhook_rate": 2000,
        "allow_private_targets": False,
        "log_format": "json",
    }


def test_bridge_up_needs_nothing_and_starts_the_sandbox() -> None:
    settings = load_local_settings()
    assert settings.sandbox
    assert settings.private_targets_allowed
    assert settings.webhook_root == "http://127.0.0.1:8000"


def test_a_service_that_was_told_nothing_trusts_no_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch)
    assert not load_settings().private_targets_allowed
    monkeypatch.setenv("BRIDGE_ALLOW_PRIVATE_TARGETS", "on")
    assert load_settings().private_targets_allowed


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_missing_setting_is_named_in_one_line_with_what_to_do(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_all(monkeypatch)
    monkeypatch.delenv(name)
    line = refusal()
    assert line.startswith(f"{name} is missing; ")
    assert "\n" not in line


def test_a_misspelt_name_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, BRIDGE_DATABSE_URL="postgresql://h/d")
    monkeypatch.delenv("BRIDGE_DATABASE_URL")
    assert "BRIDGE_DATABSE_URL is set" in refusal()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BRIDGE_DATABASE_URL", "mysql://h/d", "starts with mysql://, not postgresql://"),
        ("BRIDGE_DATABASE_URL", "postgresql:///d", "names no host"),
        ("BRIDGE_DATABASE_URL", "postgresql://h", "names no database"),
        ("BRIDGE_DATABASE_URL", "postgresql://u:s3cret@h:port/d", "has no valid port"),
        ("BRIDGE_REDIS_URL", "http://h", "starts with http://, not redis://"),
        ("BRIDGE_REDIS_URL", "s3cret", "starts with no scheme"),
        ("BRIDGE_MASTER_KEYS", "s3cret", "key 1 of 1 is not 32 bytes"),
        ("BRIDGE_MASTER_KEYS", f"{KEY},s3cret", "key 2 of 2 is not 32 bytes"),
        ("BRIDGE_JWT_SECRET", "s3cret", "has 6 bytes, fewer than 32"),
        ("BRIDGE_PUBLIC_URL", "bridge.example.com", "starts with no scheme, not https://"),
        ("BRIDGE_PUBLIC_URL", "https://h/?a=1", "carries a query"),
        ("BRIDGE_API_PORT", "70000", "less than or equal to 65535"),
        ("BRIDGE_API_PORT", "tcp://10.0.0.1:80", "enableServiceLinks"),
        ("BRIDGE_IDEALO_POLL_SECONDS", "0", "greater than or equal to 1"),
        ("BRIDGE_MAX_BODY_BYTES", "5 MiB", "valid integer"),
        ("BRIDGE_SANDBOX", "perhaps", "valid boolean"),
        ("BRIDGE_LOG_FORMAT", "xml", "'json' or 'console'"),
    ],
)
def test_a_malformed_setting_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    set_all(monkeypatch, **{name: value})
    line = refusal()
    assert line.startswith(f"{name} ")
    assert said in line
    assert "\n" not in line
    assert "s3cret" not in line


def test_the_secret_part_of_a_port_mistake_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, BRIDGE_REDIS_URL="redis://user:vwxyz/s3cret@host:6379/0")
    assert "vwxyz" not in refusal()


def test_a_secret_may_be_given_by_file_without_its_line_break(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_all(monkeypatch)
    for name in ("BRIDGE_DATABASE_URL", "BRIDGE_REDIS_URL", "BRIDGE_MASTER_KEYS", "BRIDGE_JWT_SECRET"):
        path = tmp_path / name
        path.write_text(COMPLETE[name] + "\n")
        monkeypatch.delenv(name)
        monkeypatch.setenv(f"{name}_FILE", str(path))
    by_file = load_settings()
    set_all(monkeypatch)
    assert by_file == load_settings()


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_all(monkeypatch, BRIDGE_JWT_SECRET="", BRIDGE_JWT_SECRET_FILE=str(tmp_path / "absent"))
    assert refusal().startswith(f"BRIDGE_JWT_SECRET_FILE names {tmp_path / 'absent'}, which cannot be read")


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("f" * 40)
    lines = [f"{name}={value}" for name, value in COMPLETE.items() if name != "BRIDGE_JWT_SECRET"]
    lines += ["BRIDGE_API_PORT=9000", "BRIDGE_SANDBOX_PORT=9100", f"BRIDGE_JWT_SECRET_FILE={secret}"]
    (tmp_path / ".env").write_text("\n".join(lines))
    monkeypatch.setenv("BRIDGE_API_PORT", "9001")
    settings = load_settings()
    assert (settings.api_port, settings.sandbox_port) == (9001, 9100)
    assert settings.jwt_secret == SecretStr("f" * 40)


def test_a_dotenv_file_that_is_not_text_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_all(monkeypatch)
    (tmp_path / ".env").write_bytes(b"BRIDGE_API_PORT=\xff\xfe")
    assert refusal().startswith(".env cannot be read")


def test_database_addresses_fit_both_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, BRIDGE_DATABASE_URL="postgres://u:ssl=x@h:6543/d?sslmode=require")
    settings = load_settings()
    assert settings.sqlalchemy_url == "postgresql+asyncpg://u:ssl=x@h:6543/d?ssl=require"
    assert settings.asyncpg_url == "postgresql://u:ssl=x@h:6543/d?sslmode=require"


def test_a_migration_needs_the_database_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_DATABASE_URL", "postgresql+asyncpg://u@h/d")
    assert load_database_url() == "postgresql+asyncpg://u@h/d"


def test_master_keys_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, BRIDGE_MASTER_KEYS=f"{KEY}, {OLDER_KEY}")
    assert load_settings().master_key_bytes == (bytes(range(32)), bytes(32))


def test_foreign_tokens_replace_our_secret_and_need_audience_and_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, BRIDGE_JWKS_URL="https://id.example.com/keys", BRIDGE_JWT_AUDIENCE="bridge")
    monkeypatch.delenv("BRIDGE_JWT_SECRET")
    assert refusal().startswith("BRIDGE_JWT_ISSUER is missing")
    monkeypatch.setenv("BRIDGE_JWT_ISSUER", "https://id.example.com/")
    assert load_settings().jwks_url == "https://id.example.com/keys"
    monkeypatch.setenv("BRIDGE_JWKS_FILE", "keys.json")
    assert refusal().startswith("BRIDGE_JWKS_URL is set together with BRIDGE_JWKS_FILE")


def test_no_secret_shows_in_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch)
    settings = load_settings()
    assert isinstance(settings, Settings)
    shown = repr(settings) + str(settings)
    assert not [value for value in (*COMPLETE.values(), "s3cret") if value in shown]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://id.example.com/keys", "starts with http://"),
        ("http://93.184.216.34/keys", "starts with http://"),
        ("https://user:hunter22@id.example.com/keys", "carries a user or password"),
    ],
)
def test_keys_of_tokens_come_over_a_line_nobody_else_writes_on(
    monkeypatch: pytest.MonkeyPatch, url: str, why: str
) -> None:
    set_all(monkeypatch, BRIDGE_JWKS_URL=url, BRIDGE_JWT_AUDIENCE="bridge", BRIDGE_JWT_ISSUER="i")
    said = refusal()
    assert said.startswith("BRIDGE_JWKS_URL")
    assert why in said
    assert "hunter22" not in said


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/keys", "http://keycloak:8080/keys", "http://id.internal/keys"])
def test_keys_of_tokens_may_come_from_the_inner_network(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    set_all(monkeypatch, BRIDGE_JWKS_URL=url, BRIDGE_JWT_AUDIENCE="bridge", BRIDGE_JWT_ISSUER="i")
    monkeypatch.delenv("BRIDGE_JWT_SECRET")
    assert load_settings().jwks_url == url
