"""The shop as an ASGI application: addresses, rights, the host's bad habits, and the headers of every answer."""

import json
import re
import uuid
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from sandbox.stores.magento2.answers import Answer, ApiError, Call
from sandbox.stores.magento2.catalog_api import internal_error
from sandbox.stores.magento2.oauth import Gate
from sandbox.stores.magento2.php import encode
from sandbox.stores.magento2.routes import MODULE_RIGHT, Route
from sandbox.stores.magento2.search import only_fields
from sandbox.stores.magento2.state import Shop
from sandbox.stores.switches import WRITING, board
from sandbox.stores.transfer import answer, body_of, headers_of, show

_HTML: Final = [("Content-Type", "text/html; charset=UTF-8")]
_WAF_TITLES: Final = {"403": "403 Forbidden", "503": "503 Service Temporarily Unavailable"}
_STORES: Final = frozenset({"all", "default"})

Sent = tuple[int, list[tuple[str, str]], bytes]


class Server:
    """Serves one shop."""

    def __init__(self, shop: Shop, routes: list[Route]) -> None:
        self.shop = shop
        self.routes = routes
        self.gate = Gate(shop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        raw = await body_of(receive)
        path = _raw_path(scope)
        if path == "/_options":
            await show(send, *board(self.shop, scope["method"], raw))
            return
        await answer(send, *self._answer(scope, path, headers_of(scope), raw))

    def _answer(self, scope: Scope, path: str, headers: dict[str, str], raw: bytes) -> Sent:
        options = self.shop.options
        if options.waf != "off":
            title = _WAF_TITLES[options.waf]
            page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
            return int(options.waf), _HTML, page.encode()
        scheme = headers.get("x-forwarded-proto", scope["scheme"])
        site = f"{scheme}://{headers.get('host', 'localhost')}"
        base = f"{site}{scope.get('root_path', '')}"
        found = re.fullmatch(rf"{re.escape(options.base_path)}/rest(/.*)?", path)
        slashes = options.encoded_slashes == "refused" and "%2f" in path.lower()
        if path == f"{options.base_path}/magento_version":
            return 200, _HTML, f"Magento/{options.version[:3]} (Community)".encode()
        if found is None or slashes:
            return 404, _HTML, b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body></body></html>"
        self.shop.last_seen_url = f"{base}/"
        query = scope["query_string"].decode("latin-1")
        url = f"{base}{path}"
        return self._rest(scope["method"], found.group(1) or "", url, query, headers, raw)

    def _rest(self, method: str, path: str, url: str, query: str, headers: dict[str, str], raw: bytes) -> Sent:
        store, segments, queued = _address(path)
        call = Call(method, self.shop.last_seen_url, store, _query(query))
        try:
            route, arguments = self._route(method, segments)
            self.gate.authorize(headers.get("authorization", ""), method, url, query, route.right)
            call.body = _body(raw, headers) if method in WRITING else {}
            if queued:
                reply = self._queued(call)
            else:
                with self.shop.act(connector=route.right == MODULE_RIGHT):
                    reply = route.handler(call, *arguments)
            body = only_fields(reply.body, call.parameter("fields"))
            return reply.status, self._headers(found=reply.status < 400), encode(body)
        except ApiError as failure:
            return failure.status, self._headers(found=False), encode(failure.body())
        except (KeyError, TypeError, ValueError, AttributeError):
            # What PHP would stumble over as well: a body of the wrong shape deep inside a service.
            return 500, self._headers(found=False), encode(internal_error(self.shop).body())

    def _route(self, method: str, segments: list[str]) -> tuple[Route, list[str]]:
        switches = {"msi": self.shop.options.msi, "module": self.shop.options.module == "on"}
        for route in self.routes:
            if route.method != method or (route.needs is not None and not switches[route.needs]):
                continue
            arguments = route.match(segments)
            if arguments is not None:
                return route, arguments
        raise ApiError.no_route()

    def _queued(self, call: Call) -> Answer:
        """Async and bulk: taken for a consumer this shop does not run (recorded 086)."""
        entries = call.body if isinstance(call.body, list) else [call.body]
        dice = self.shop.world.random("magento2/bulk")
        items = [
            {"id": number, "data_hash": f"{dice.getrandbits(256):064x}", "status": "accepted"}
            for number, _ in enumerate(entries)
        ]
        number = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        return Answer({"bulk_uuid": number, "request_items": items, "errors": False}, 202)

    def _headers(self, *, found: bool) -> list[tuple[str, str]]:
        """Headers of every REST answer; errors lack the frame option (recorded 081, 024)."""
        frame = [("X-Frame-Options", "SAMEORIGIN")] if found else []
        return [
            ("X-Powered-By", "PHP/8.2.36"),
            *frame,
            ("Content-Type", "application/json; charset=utf-8"),
            ("Cache-Control", "no-store"),
        ]


def _address(path: str) -> tuple[str, list[str], bool]:
    """Store code, decoded segments below /V1, and whether the call is to be queued."""
    parts = [part for part in path.split("/") if part]
    store = "default"
    if parts and parts[0] in _STORES:
        store = parts.pop(0)
    queued = parts[:1] == ["async"]
    if queued:
        parts = parts[2:] if parts[1:2] == ["bulk"] else parts[1:]
    if parts[:1] != ["V1"]:
        return store, [""], queued
    # A web server that does not decode %2F lets %252F through, which Magento decodes to a slash (reference 2.1).
    return store, [unquote(unquote(part)) if "%25" in part else unquote(part) for part in parts[1:]], queued


def _raw_path(scope: Scope) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    path: str = raw.partition(b"?")[0].decode("latin-1").removeprefix(scope.get("root_path", ""))
    return path or "/"


def _query(text: str) -> list[tuple[str, str]]:
    """Parameters as PHP reads them: a plus is a blank here, whatever it is to a signature."""
    pairs = [part.partition("=") for part in text.split("&") if part]
    return [(unquote(name.replace("+", " ")), unquote(value.replace("+", " "))) for name, _, value in pairs]


def _body(raw: bytes, headers: dict[str, str]) -> dict[str, Any] | list[Any]:
    if not raw:
        return {}
    if "json" not in headers.get("content-type", "").lower():
        raise ApiError(400, "Server cannot understand Content-Type HTTP header media type %1", [_media_type(headers)])
    try:
        value = json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
    except ValueError as failure:
        raise ApiError(400, "Decoding error: Syntax error") from failure
    return value if isinstance(value, (dict, list)) else {}


def _no_constant(name: str) -> float:
    """NaN and Infinity are no JSON to PHP."""
    raise ValueError(name)


def _media_type(headers: dict[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0]
