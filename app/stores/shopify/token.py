"""The access token: the one that was entered, or one asked for with client id and secret and renewed in time."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlencode

from app.domain.errors import Permanent, Problem
from app.stores.shopify.reading import document, text
from app.stores.shopify.settings import Credentials
from app.wire.http import Http, Refused

_EARLY_S = 300
"""Renewed this long before it ends, so that none ends on the way."""
_CAUSES = {
    "shop_not_permitted": "the app and the store must belong to the same Shopify organization",
    "app_not_installed": "install the app in this store first",
    "invalid_client": "the client id or the client secret is wrong",
    "application_cannot_be_found": "there is no app with this client id",
}


class Token:
    """One store's token. Client-credentials tokens live 24 hours and have no refresh token: ask again."""

    def __init__(self, http: Http, credentials: Credentials, now: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._key = credentials
        self._now = now
        self._lock = asyncio.Lock()
        self._kept: tuple[str, float] | None = None
        self._entered = credentials.access_token
        """The token an operator entered, until Shopify refuses it and there is another way to one."""

    async def value(self) -> str:
        """The token to send. Raises Permanent(credentials) with the reason when Shopify gives none."""
        if self._entered:
            return self._entered
        async with self._lock:
            if self._kept is None or self._now() >= self._kept[1]:
                self._kept = await self._ask()
            return self._kept[0]

    def drop(self, refused: str) -> bool:
        """Forgets the token Shopify refused; whether another can be had."""
        if not (self._key.client_id and self._key.client_secret):
            return False
        if self._entered == refused:
            self._entered = None
        if self._kept and self._kept[0] == refused:
            self._kept = None
        return True

    async def _ask(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._key.client_id or "",
            "client_secret": self._key.client_secret or "",
        }
        try:
            answer = await self._http.send(
                "POST",
                f"{self._key.address}/admin/oauth/access_token",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                content=urlencode(form).encode(),
            )
        except Refused as e:
            raise Permanent(Problem.CREDENTIALS, f"no access token: {e}{_cause(e)}") from e
        body = document(answer.json(), "access token")
        token = text(body.get("access_token"), "access token: access_token")
        lives = body.get("expires_in")
        seconds = float(lives) if isinstance(lives, int | Decimal) and not isinstance(lives, bool) else 0.0
        return token, self._now() + max(seconds - min(_EARLY_S, seconds / 10), 0.0)


def _cause(refused: Refused) -> str:
    body = refused.json()
    said = str(body.get("error")) if isinstance(body, dict) else ""
    return f": {_CAUSES[said]}" if said in _CAUSES else ""
