"""idealo's access token: fetched once for everyone who waits, renewed early, dropped when refused."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr, field_validator

from app.domain.errors import Permanent, Problem, SyncError
from app.domain.value import Value
from app.wire.http import Http, Refused

BASE_URLS = {"production": "https://orders.idealo.com", "sandbox": "https://orders-sandbox.idealo.com"}
API = "/api/v2"
RENEW_EARLY = timedelta(seconds=60)
DEFAULT_LIFE_S = 3599
"""As captured; used where the answer does not say."""
CLOSED = "idealo closed its marketplace checkout on 2022-12-31"


class IdealoCredentials(BaseModel):
    """One pair from the idealo Business portal; it belongs to exactly one shop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str
    client_secret: SecretStr
    base_url: str
    """Scheme and host; `BASE_URLS` has those of idealo's environments."""

    @field_validator("base_url")
    @classmethod
    def _canonical(cls, value: str) -> str:
        url = value.strip().rstrip("/").removesuffix(API).rstrip("/")
        if not url.startswith(("https://", "http://")) or "?" in url or "#" in url:
            raise ValueError("base_url must look like https://orders.idealo.com")
        return url


class Token(Value):
    """What idealo handed out, and until when it is used."""

    secret: SecretStr
    shop_id: str
    scope: str | None
    """Blank-separated rights, e.g. MERCHANTORDERAPI:READ_ALL; None where the answer names none."""
    renew_at: AwareDatetime

    @property
    def authorization(self) -> str:
        return f"Bearer {self.secret.get_secret_value()}"


class TokenSource:
    """The current token of one credential pair. A failed fetch is shared by all who waited for it."""

    def __init__(
        self, credentials: IdealoCredentials, http: Http, now: Callable[[], datetime], headers: Mapping[str, str]
    ) -> None:
        self._credentials = credentials
        self._http = http
        self._now = now
        self._headers = headers
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._failure: SyncError | None = None

    async def current(self) -> Token:
        """Raises Retryable, or Permanent(credentials) when idealo refuses the pair."""
        failure_seen = self._failure
        if token := self._fresh():
            return token
        async with self._lock:
            if token := self._fresh():
                return token
            if self._failure is not None and self._failure is not failure_seen:
                raise self._failure
            try:
                self._token = await self._fetch()
            except SyncError as e:
                self._failure = e
                raise
            self._failure = None
            return self._token

    def drop(self, token: Token) -> None:
        """Forgets a refused token; a newer one that somebody fetched meanwhile stays."""
        if self._token is token:
            self._token = None

    def _fresh(self) -> Token | None:
        return self._token if self._token is not None and self._now() < self._token.renew_at else None

    async def _fetch(self) -> Token:
        asked_at = self._now()
        pair = (self._credentials.client_id, self._credentials.client_secret.get_secret_value())
        try:
            answer = await self._http.send(
                "POST",
                f"{self._credentials.base_url}{API}/oauth/token",
                # RFC 6749 4.4.2. idealo took an empty body and even `[]` here, so it does not read this one closely.
                content=b"grant_type=client_credentials",
                headers={**self._headers, "Content-Type": "application/x-www-form-urlencoded"},
                auth=pair,
            )
        except Refused as e:
            raise _refused(e) from e
        return _token(answer.json(), asked_at)


def _refused(e: Refused) -> Permanent:
    body = e.json()
    if e.status in {401, 403} or (isinstance(body, dict) and body.get("error") == "invalid_client"):
        return Permanent(Problem.CREDENTIALS, f"idealo refuses client id and secret: {e}")
    if e.status in {404, 405} or e.status < 400:
        detail = f"there is no idealo order API at this base URL: {e} ({CLOSED})"
        return Permanent(Problem.CREDENTIALS, detail)
    return e


def _token(body: object, asked_at: datetime) -> Token:
    if not isinstance(body, dict):
        raise Permanent(Problem.REJECTED, "idealo's token answer is not an object")
    secret, shop, scope = body.get("access_token"), body.get("shop_id"), body.get("scope")
    if not isinstance(secret, str) or not secret or not all("!" <= c <= "~" for c in secret):
        raise Permanent(Problem.REJECTED, "idealo's token answer has no usable access_token")
    if isinstance(shop, bool) or not isinstance(shop, int | str) or not str(shop).strip():
        raise Permanent(Problem.REJECTED, "idealo's token answer has no usable shop_id")
    return Token(
        secret=SecretStr(secret),
        shop_id=str(shop).strip(),
        scope=scope if isinstance(scope, str) else None,
        renew_at=asked_at + _use(body.get("expires_in")),
    )


def _use(expires_in: object) -> timedelta:
    """How long to use a token: its life less a minute, at least half of it, and a day at most."""
    life_s = float(DEFAULT_LIFE_S)
    try:
        if isinstance(expires_in, int | Decimal | str) and not isinstance(expires_in, bool):
            life_s = float(expires_in)
    except (ValueError, OverflowError):
        pass
    life = timedelta(seconds=life_s if 0 <= life_s <= 86_400 else DEFAULT_LIFE_S)
    return max(life - RENEW_EARLY, life / 2)
