"""The public keys of a foreign token issuer: from a file or fetched, kept a while, asked for again for a new kid."""

import asyncio
import base64
import binascii
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from app.domain.errors import SyncError
from app.wire.http import Http

FRESH_S = 600.0
"""A key the issuer has withdrawn is refused after that."""
AGAIN_AFTER_S = 30.0
"""An unknown kid makes us look again, at most that often: kids are chosen by whoever sends a token."""
STALE_S = 24 * 3600.0
"""While the issuer cannot be reached, known keys stay good for a day."""
SMALLEST_RSA_BYTES = 256

log = structlog.get_logger("bridge")


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had now, so no token of its can be checked."""


class KeySource:
    """The keys at one place. Only RSA (2048 bits or more) and P-256 keys for signing are used."""

    def __init__(self, place: Path | str, http: Http, clock: Callable[[], float]) -> None:
        self._place = place
        self._http = http
        self._clock = clock
        self._keys: dict[tuple[str, str], dict[str, Any]] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str, kty: str) -> dict[str, Any] | None:
        """The key with this id and type; None when the issuer lists none. Raises KeysUnavailable."""
        if not kid:
            return None
        if self._age(self._read_at) > FRESH_S or (kid, kty) not in self._keys:
            await self._look()
        if self._age(self._read_at) > STALE_S:
            raise KeysUnavailable(
                "the token issuer's keys cannot be read; the log of the API says why (jwks.unreadable)"
            )
        return self._keys.get((kid, kty))

    def _age(self, at: float | None) -> float:
        return float("inf") if at is None else self._clock() - at

    async def _look(self) -> None:
        async with self._lock:
            if self._age(self._tried_at) < AGAIN_AFTER_S:
                return
            self._tried_at = self._clock()
            try:
                self._keys = _usable(await self._read())
            except (SyncError, OSError, ValueError, RecursionError) as e:
                log.warning("jwks.unreadable", place=str(self._place), detail=str(e))
                return
            self._read_at = self._clock()

    async def _read(self) -> Any:
        if isinstance(self._place, Path):
            return json.loads(await asyncio.to_thread(self._place.read_bytes))
        return (await self._http.send("GET", self._place, timeout_s=5)).json()


def _usable(document: Any) -> dict[tuple[str, str], dict[str, Any]]:
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise ValueError("it is not a JWK set: no list of keys")  # noqa: TRY004 - caught as unreadable, like broken JSON
    return {(str(key["kid"]), key["kty"]): key for key in keys if isinstance(key, dict) and _is_usable(key)}


def _is_usable(key: dict[str, Any]) -> bool:
    if not key.get("kid") or key.get("use", "sig") != "sig":
        return False
    if key.get("kty") == "RSA":
        return _size(key.get("n")) >= SMALLEST_RSA_BYTES and key.get("alg", "RS256") == "RS256"
    return key.get("kty") == "EC" and key.get("crv") == "P-256"


def _size(number: object) -> int:
    text = str(number or "")
    try:
        return len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).lstrip(b"\0"))
    except (binascii.Error, ValueError):
        return 0
