"""The store as an ASGI application: token endpoint, GraphQL endpoint, and the answers of a store in trouble."""

import asyncio
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.stores.shopify.execution import Api
from sandbox.stores.shopify.hooks import CLIENT_ID, CLIENT_SECRET
from sandbox.stores.shopify.options import VERSIONS
from sandbox.stores.shopify.state import Shop
from sandbox.stores.switches import board
from sandbox.stores.transfer import answer, body_of, headers_of, path_of
from sandbox.traffic import TRANSPORT

ACCESS_TOKEN: Final = "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"
"""Token of the admin-created custom app: it does not expire."""

_GRAPHQL: Final = re.compile(r"/admin/api/([^/]+)/graphql\.json")
_BAD_TOKEN: Final = "[API] Invalid API key or access token (unrecognized login or wrong password)"
_CLOSED: Final = {
    "unpaid": (402, "Unavailable Shop"),
    "forbidden": (403, "Shop is not available"),
    "gone": (404, "Not Found"),
    "locked": (423, "Locked"),
}

Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]


def build_app(shop: Shop) -> ASGIApp:
    """The store's own web server."""
    return _Server(shop)


class _Server:
    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.api = Api(shop, CLIENT_ID)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        raw = await body_of(receive)
        path = path_of(scope)
        status, body, more = self._answer(scope["method"], path, headers_of(scope), raw)
        request_id = self.shop.new_uuid("request")
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-Request-ID", f"{request_id}-{int(self.shop.world.now().timestamp())}"),
            ("X-ShopId", "74392404278"),
            *more,
        ]
        await answer(send, status, headers, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
        if TRANSPORT in (scope.get("extensions") or {}):
            self._finish_later()

    def _finish_later(self) -> None:
        """Behind a real server cancellations end by themselves; in process the next call finds them done."""
        for job in self.shop.waiting_jobs():
            delay = max(0.0, (job.due - self.shop.world.now()).total_seconds()) + 0.01
            asyncio.get_running_loop().call_later(delay, self.shop.settle)

    def _answer(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Answer:
        if path == "/_options":
            return *board(self.shop, method, raw), []
        if self.shop.options.edge_429:
            left = self.shop.options.edge_429 - 1
            self.shop.turn({"edge_429": left})
            return 429, {"errors": "Too Many Requests"}, [("Retry-After", "2.0")]
        if path == "/admin/oauth/access_token" and method == "POST":
            return self._token(headers, raw)
        found = _GRAPHQL.fullmatch(path)
        if found is None:
            return 404, {"errors": "Not Found"}, []
        if method != "POST":
            return 405, {"errors": "Method Not Allowed"}, [("Allow", "POST")]
        return self._graphql(found.group(1), headers, raw)

    def _graphql(self, asked: str, headers: Mapping[str, str], raw: bytes) -> Answer:
        options = self.shop.options
        if options.shop_state != "open":
            status, message = _CLOSED[options.shop_state]
            return status, {"errors": message}, []
        if not self._known(headers.get("x-shopify-access-token", "")):
            return 401, {"errors": _BAD_TOKEN}, []
        version = served(asked)
        more = [("X-Shopify-API-Version", version)]
        try:
            document = json.loads(raw)
        except ValueError:
            return 400, {"errors": {"query": "Required parameter missing or invalid"}}, more
        if not isinstance(document, dict) or "json" not in headers.get("content-type", "application/json"):
            return 400, {"errors": {"query": "Required parameter missing or invalid"}}, more
        return 200, self.api.run(document, version), more

    def _known(self, token: str) -> bool:
        """The custom app's token, or one that was granted and has not run out."""
        if self.shop.options.uninstalled or not token:
            return False
        if hmac.compare_digest(token.encode(), ACCESS_TOKEN.encode()):
            return True
        ends = self.shop.tokens.get(token)
        return ends is not None and datetime.fromisoformat(ends) > self.shop.world.now()

    def _token(self, headers: Mapping[str, str], raw: bytes) -> Answer:
        """Client credentials grant, form or JSON; the token lives a day and cannot be refreshed."""
        options = self.shop.options
        given = _form(headers.get("content-type", ""), raw)
        secrets = [*options.client_secrets, *([] if options.client_secrets else [CLIENT_SECRET])]
        if given.get("grant_type") != "client_credentials":
            return 400, _oauth("unsupported_grant_type", "The grant type is not supported here."), []
        right = given.get("client_id") == CLIENT_ID and given.get("client_secret") in secrets
        if not right or options.uninstalled:
            name = "app_not_installed" if right else "invalid_client"
            return 400, _oauth(name, "Client authentication failed."), []
        if options.foreign_organization:
            return 400, _oauth("shop_not_permitted", "Client credentials cannot be performed on this shop."), []
        token = f"shpat_{self.shop.new_uuid('token').replace('-', '')}"
        now = self.shop.world.now()
        live = {one: ends for one, ends in self.shop.tokens.items() if datetime.fromisoformat(ends) > now}
        self.shop.tokens = {**live, token: (now + timedelta(seconds=options.token_seconds + 1)).isoformat()}
        self.shop.touch_tokens()
        return 200, {
            "access_token": token, "scope": ",".join(sorted(options.scopes)), "expires_in": options.token_seconds,
        }, []  # fmt: skip


def served(asked: str) -> str:
    """The version that answers: a retired or unknown one falls forward to the oldest that is served."""
    return asked if asked in VERSIONS or asked == "unstable" else VERSIONS[0]


def _oauth(error: str, description: str) -> dict[str, Any]:
    return {"error": error, "error_description": description}


def _form(content_type: str, raw: bytes) -> dict[str, str]:
    if "json" in content_type:
        try:
            document = json.loads(raw)
        except ValueError:
            return {}
        return {str(name): str(value) for name, value in document.items()} if isinstance(document, dict) else {}
    return dict(parse_qsl(raw.decode("utf-8", "replace")))
