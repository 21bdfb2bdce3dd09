"""Bearer tokens: who calls, and what they may do. The only place that reads or writes a JWT."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from jose import jwt
from jose.exceptions import JOSEError

from app.api.jwks import KeySource, KeysUnavailable
from app.config import LocalSettings, SettingsError
from app.domain.value import Value
from app.wire.http import Http
from app.wire.masking import mask

__all__ = ["SCOPES", "Caller", "KeysUnavailable", "Scope", "TokenChecker", "TokenRefused", "issue_token"]

Scope = Literal["read", "operate", "configure"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
OWN = "HS256"
FOREIGN = {"RS256": "RSA", "ES256": "EC"}
LEEWAY_S = 10
LONGEST_TOKEN = 16_384
LONGEST_NAME = 200


class TokenRefused(Exception):
    """A token that is missing, malformed, forged, expired or meant for somebody else."""


class Caller(Value):
    """Who calls; `subject` goes on record as the actor."""

    subject: str
    scopes: frozenset[str]


class TokenChecker:
    """Checks tokens against our own secret (HS256) or the keys of a foreign issuer (RS256, ES256).

    An algorithm is accepted only together with the kind of key it belongs to, so a public key never becomes a secret.
    """

    def __init__(self, settings: LocalSettings, http: Http, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = settings.jwt_secret
        self._audience = settings.jwt_audience
        self._issuer = settings.jwt_issuer
        self._http = http
        self._keys: KeySource | None = None
        if settings.jwks_file or settings.jwks_url:
            self._keys = KeySource(settings.jwks_file or str(settings.jwks_url), http, clock)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def check(self, token: str) -> Caller:
        """Raises TokenRefused with a reason for people, KeysUnavailable while the issuer's keys cannot be had."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[header["alg"]],
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require_exp": True,
                    "require_aud": True,
                    "require_iss": True,
                    "require_sub": True,
                    "verify_at_hash": False,
                    "leeway": LEEWAY_S,
                },
            )
        except (JOSEError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as e:
            raise TokenRefused(f"the token is not valid: {mask(str(e))[:200] or type(e).__name__}") from e
        return Caller(subject=str(claims["sub"])[:LONGEST_NAME], scopes=_scopes(claims))

    async def _key(self, header: dict[str, Any]) -> str | dict[str, Any]:
        algorithm = header.get("alg")
        if header.get("crit"):
            raise TokenRefused("the token asks for an extension (crit) that is not supported")
        if algorithm == OWN and self._secret is not None:
            return self._secret.get_secret_value()
        if algorithm in FOREIGN and self._keys is not None:
            key = await self._keys.key(str(header.get("kid") or ""), FOREIGN[algorithm])
            if key is None:
                raise TokenRefused("the token is signed with a key (kid) its issuer does not list")
            return key
        raise TokenRefused(f"tokens with algorithm {str(algorithm)[:20]!r} are not accepted here")


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    """`scope` (blank-separated, RFC 8693) or `scopes` (a list)."""
    given = claims.get("scope", claims.get("scopes", ""))
    if isinstance(given, str):
        return frozenset(given.split())
    return frozenset(str(one) for one in given) if isinstance(given, list) else frozenset()


def issue_token(settings: LocalSettings, scopes: Iterable[Scope], ttl: timedelta, subject: str) -> str:
    """A token of our own, signed with BRIDGE_JWT_SECRET. Raises SettingsError where a foreign issuer signs them."""
    if settings.jwt_secret is None:
        raise SettingsError("BRIDGE_JWT_SECRET is missing: tokens come from the issuer of BRIDGE_JWKS_URL or _FILE")
    now = datetime.now(UTC)
    claims = {
        "sub": subject,
        "scope": " ".join(scopes),
        "aud": settings.jwt_audience,
        "iss": settings.jwt_issuer,
        "iat": now,
        "exp": now + ttl,
    }
    token: str = jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm=OWN)
    return token
