"""Access tokens of the simulated idealo: issue, expiry, revocation."""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sandbox.idealo.values import Shop

SCOPE = "MERCHANTORDERAPI:READ_ALL MERCHANTORDERAPI:WRITE_ALL"


def read_basic(header: str | None) -> tuple[str, str] | None:
    """Client id and secret of a Basic Authorization header; None when it is not one."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    client_id, colon, secret = pair.partition(":")
    return (client_id, secret) if colon else None


def find_shop(shops: Iterable[Shop], client_id: str, secret: str) -> Shop | None:
    """The shop these credentials belong to; the secret is compared in constant time, also for an unknown client."""
    shop = next((shop for shop in shops if shop.client_id == client_id), None)
    expected = shop.client_secret if shop is not None else "no such client"
    right = hmac.compare_digest(expected.encode(), secret.encode())
    return shop if shop is not None and right else None


class Tokens:
    """All tokens that were issued and have not run out."""

    def __init__(self, now: Callable[[], datetime], random: Callable[[str], Random]) -> None:
        self._now = now
        self._random = random
        self._tokens: dict[str, tuple[int, datetime]] = {}
        self.changed = False

    def issue(self, shop_id: int, life_s: int) -> str:
        """A new token; older ones of the shop stay valid."""
        now = self._now()
        self._tokens = {token: entry for token, entry in self._tokens.items() if entry[1] > now}
        signature = base64.urlsafe_b64encode(self._random("tokens").randbytes(32)).decode().rstrip("=")
        token = f"eyJhbGciOiJSUzI1NiJ9.c2FuZGJveA.{signature}"
        self._tokens[token] = (shop_id, now + timedelta(seconds=life_s))
        self.changed = True
        return token

    def shop_of(self, token: str) -> int | None:
        """The shop a token speaks for; None when it is unknown, expired or revoked."""
        entry = self._tokens.get(token)
        return entry[0] if entry is not None and entry[1] > self._now() else None

    def expire(self, shop_id: int | None = None) -> int:
        """Make all tokens, or those of one shop, invalid at once; returns how many."""
        gone = [token for token, entry in self._tokens.items() if shop_id in {None, entry[0]}]
        for token in gone:
            del self._tokens[token]
        self.changed = True
        return len(gone)

    def clear(self) -> None:
        """Forget all tokens."""
        self._tokens.clear()
        self.changed = False

    def to_json(self) -> dict[str, Any]:
        """Document form."""
        self.changed = False
        return {token: [shop_id, until.isoformat()] for token, (shop_id, until) in self._tokens.items()}

    def restore(self, document: dict[str, Any]) -> None:
        """Reverse of `to_json`."""
        self._tokens = {token: (shop_id, datetime.fromisoformat(until)) for token, (shop_id, until) in document.items()}
