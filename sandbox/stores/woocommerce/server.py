"""The shop as an ASGI application: addresses, keys, the host's bad habits, and the headers of every answer."""

import asyncio
import base64
import binascii
import hmac
import re
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.stores.switches import board
from sandbox.stores.transfer import answer, body_of, headers_of, path_of, show
from sandbox.stores.woocommerce.answers import Answer, ApiError, Call, parse_body
from sandbox.stores.woocommerce.hooks import HookDesk
from sandbox.stores.woocommerce.php import encode
from sandbox.stores.woocommerce.routes import AST_NAMESPACES, Route, build_routes
from sandbox.stores.woocommerce.state import Shop
from sandbox.traffic import IN_PROCESS, TRANSPORT

CONSUMER_KEY: Final = "ck_5a0d6b0c5a0d6b0c5a0d6b0c5a0d6b0c5a0d6b0c"
CONSUMER_SECRET: Final = "cs_91d3f0a291d3f0a291d3f0a291d3f0a291d3f0a2"

_NOTICE: Final = (
    b"<br />\n<b>Notice</b>:  Undefined index: country in <b>/var/www/html/functions.php</b> on line <b>42</b><br />\n"
)
_HTML: Final = [("Content-Type", "text/html; charset=UTF-8")]
_WAF_TITLES: Final = {403: "403 Forbidden", 429: "429 Too Many Requests", 503: "503 Service Temporarily Unavailable"}
_DENIED: Final = {
    "GET": ("view", "Sorry, you cannot view this resource."),
    "POST": ("create", "Sorry, you are not allowed to create resources."),
    "PUT": ("edit", "Sorry, you are not allowed to edit this resource."),
    "PATCH": ("edit", "Sorry, you are not allowed to edit this resource."),
    "DELETE": ("delete", "Sorry, you are not allowed to delete this resource."),
}


def build_app(shop: Shop, desk: HookDesk) -> ASGIApp:
    """The shop's own web server."""
    return _Server(shop, build_routes(shop, desk))


class _Server:
    def __init__(self, shop: Shop, routes: list[Route]) -> None:
        self.shop = shop
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        raw = await body_of(receive)
        path = path_of(scope)
        if path == "/_options":
            await show(send, *board(self.shop, scope["method"], raw))
            return
        if self.shop.options.slow_seconds and not _has(scope, IN_PROCESS):
            await asyncio.sleep(self.shop.options.slow_seconds)
        await answer(send, *await self._answer(scope, path, headers_of(scope), raw))

    async def _answer(
        self, scope: Scope, path: str, headers: dict[str, str], raw: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        options = self.shop.options
        scheme = headers.get("x-forwarded-proto", scope["scheme"])
        host = headers.get("host", "localhost")
        root = scope.get("root_path", "")
        query = _query(scope["query_string"])
        if options.waf != "off":
            return _waf(int(options.waf))
        if options.canonical_host is not None and host != options.canonical_host:
            tail = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            return 301, [*_HTML, ("Location", f"{scheme}://{options.canonical_host}{root}{path}{tail}")], b""
        base = f"{scheme}://{host}{root}"
        self.shop.last_seen_url = base
        route_path = self._rest_path(path, query)
        if route_path is None:
            return 404, _HTML, b"<!DOCTYPE html><html><head><title>Page not found</title></head><body></body></html>"
        method = (headers.get("x-http-method-override") or query.get("_method", [scope["method"]])[-1]).upper()
        call = Call(method, route_path, base, query, {}, awaits_pings=_has(scope, TRANSPORT))
        allow = ""
        try:
            call.body = parse_body(raw, headers.get("content-type", ""))
            reply, allow = await self._dispatch(call, headers)
        except ApiError as failure:
            reply = Answer(failure.body(), failure.status)
            allow = next((route.allow for route in self._live_routes() if route.match(route_path) is not None), "")
        body = encode(_only_fields(reply.body, call.values("_fields")))
        return reply.status, _rest_headers(base, reply, allow), (_NOTICE if options.php_notice else b"") + body

    def _rest_path(self, path: str, query: dict[str, list[str]]) -> str | None:
        """Path below the REST root, None where WordPress shows a page. Plain permalinks know only `?rest_route=`."""
        if query.get("rest_route"):
            return "/" + query["rest_route"][-1].strip("/")
        found = re.fullmatch(r"(?:/index\.php)?/wp-json(/.*)?", path)
        if found is None or (self.shop.options.plain_permalinks and not path.startswith("/index.php")):
            return None
        return "/" + (found.group(1) or "").strip("/")

    async def _dispatch(self, call: Call, headers: dict[str, str]) -> tuple[Answer, str]:
        if call.path == "/":
            return Answer(self._index(call)), "GET"
        for route in self._live_routes():
            arguments = route.match(call.path)
            if arguments is None or call.method not in route.handlers:
                continue
            self._authorize(call, headers, single=bool(arguments))
            with self.shop.act():
                result = route.handlers[call.method](call, *arguments)
                return (result if isinstance(result, Answer) else await result), route.allow
        raise ApiError.no_route()

    def _live_routes(self) -> list[Route]:
        return [route for route in self.routes if route.plugin is None or getattr(self.shop.options, route.plugin)]

    def _authorize(self, call: Call, headers: dict[str, str], *, single: bool) -> None:
        """Keys by Basic or by query parameters; ApiError 401 worded as WooCommerce does."""
        key, secret = call.text("consumer_key"), call.text("consumer_secret")
        if not key and not self.shop.options.strip_authorization:
            key, secret = _basic(headers.get("authorization", ""))
        code = "woocommerce_rest_authentication_error"
        if not key:
            word, message = _DENIED.get(call.method, _DENIED["GET"])
            if call.path.endswith("/batch"):
                word, message = "batch", "Sorry, you are not allowed to batch manipulate this resource."
            elif call.method == "GET" and not single:
                message = "Sorry, you cannot list resources."
            raise ApiError(401, f"woocommerce_rest_cannot_{word}", message)
        if key != CONSUMER_KEY:
            raise ApiError(401, code, "Consumer key is invalid.")
        if not hmac.compare_digest(secret.encode(), CONSUMER_SECRET.encode()):
            raise ApiError(401, code, "Consumer secret is invalid.")
        wanted = "read" if call.method == "GET" else "write"
        if self.shop.options.key_permissions not in {wanted, "read_write"}:
            raise ApiError(401, code, f"The API key provided does not have {wanted} permissions.")

    def _index(self, call: Call) -> dict[str, Any]:
        """`GET /wp-json/`: open to all, names the namespaces and so the plugins."""
        namespaces = ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc/store", "wc/store/v1", "wp/v2"]
        if self.shop.options.ast:
            namespaces += [name for name in AST_NAMESPACES if name not in namespaces]
        routes: dict[str, Any] = {}
        for route in self._live_routes():
            name = f"/{route.namespace}{route.pattern}".replace(r"(\d+)", r"(?P<id>[\d]+)")
            routes[name] = {"namespace": route.namespace, "methods": list(route.handlers)}
        return {
            "name": "idealo sandbox shop",
            "description": "",
            "url": call.base,
            "home": call.base,
            "gmt_offset": "1",
            "timezone_string": "Europe/Berlin",
            "namespaces": namespaces,
            "authentication": {},
            "routes": routes,
            "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
        }


def _has(scope: Scope, extension: str) -> bool:
    return extension in (scope.get("extensions") or {})


def _query(raw: bytes) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        query.setdefault(re.sub(r"\[\d*\]$", "[]", name), []).append(value)
    return query


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(key), secret


def _waf(status: int) -> tuple[int, list[tuple[str, str]], bytes]:
    title = _WAF_TITLES[status]
    body = f"<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n</body>\n</html>\n"
    extra = [("Retry-After", "30")] if status == 429 else []
    return status, [("Content-Type", "text/html"), *extra], body.encode()


def _only_fields(body: Any, fields: list[str]) -> Any:
    """`_fields=id,status,refunds.id`: only these keys, of every element of a list; errors stay whole."""
    if not fields or (isinstance(body, dict) and "code" in body and "data" in body):
        return body
    if isinstance(body, list):
        return [_only_fields(entry, fields) for entry in body]
    if not isinstance(body, dict):
        return body
    heads = {field.split(".", 1)[0] for field in fields}
    return {
        key: value
        if key in fields
        else _only_fields(value, [field[len(key) + 1 :] for field in fields if field.startswith(f"{key}.")])
        for key, value in body.items()
        if key in heads
    }


def _rest_headers(base: str, answer: Answer, allow: str) -> list[tuple[str, str]]:
    """Headers of every REST answer in the recorded order; a list's own `Link` replaces the one to the API's root."""
    own = dict(answer.headers)
    headers = [
        ("X-Powered-By", "PHP/8.2.36"),
        ("Content-Type", "application/json; charset=UTF-8"),
        ("X-Robots-Tag", "noindex"),
        ("Link", own.pop("Link", f'<{base}/wp-json/>; rel="https://api.w.org/"')),
        ("X-Content-Type-Options", "nosniff"),
        ("Access-Control-Expose-Headers", "X-WP-Total, X-WP-TotalPages, Link"),
        ("Access-Control-Allow-Headers", "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type"),
        *own.items(),
    ]
    if allow:
        headers.append(("Allow", allow))
    headers.append(("Expires", "Wed, 11 Jan 1984 05:00:00 GMT"))
    headers.append(("Cache-Control", "no-cache, must-revalidate, max-age=0, no-store, private"))
    return headers
