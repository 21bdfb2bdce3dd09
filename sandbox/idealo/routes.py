"""The nine endpoints of the Merchant Order API v2 (reference sections 3, 5 and 6)."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from sandbox.idealo import requests, search, writes
from sandbox.idealo.problems import Problem
from sandbox.idealo.state import IdealoState
from sandbox.idealo.tokens import SCOPE, find_shop, read_basic
from sandbox.idealo.values import Order
from sandbox.idealo.wire import Writer, dumps

REPORTING_HEADERS: Final = ("ERP-Shop-System", "ERP-Shop-System-Version", "Integration-Partner", "Interface-Version")
ALL_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
Handler = Callable[[Request], Awaitable[Response]]


class MerchantOrderApi:
    """The HTTP face of one `IdealoState`."""

    def __init__(self, state: IdealoState) -> None:
        self._state = state
        self._second: dict[int, tuple[datetime, int]] = {}

    def routes(self) -> list[Route]:
        """The nine endpoints with their full paths."""
        order = "/api/v2/shops/{shop}/orders/{id}"
        return [
            Route("/api/v2/oauth/token", self._guarded(self._token), methods=["POST"]),
            Route("/api/v2/shops/{shop}/orders", self._guarded(self._search), methods=["GET"]),
            Route("/api/v2/shops/{shop}/new-orders", self._guarded(self._new_orders), methods=["GET"]),
            Route(order, self._guarded(self._order), methods=["GET"]),
            Route(f"{order}/merchant-order-number", self._guarded(self._number), methods=["POST"]),
            Route(f"{order}/fulfillment", self._guarded(self._fulfillment), methods=["POST"]),
            Route(f"{order}/revocations", self._guarded(self._revocation), methods=["POST"]),
            Route(f"{order}/refunds", self._guarded(self._refund), methods=["POST"]),
            Route(f"{order}/refunds", self._guarded(self._refunds), methods=["GET"]),
        ]

    def rest(self) -> Route:
        """Answers whatever else is asked below /api; stands last."""
        return Route("/api/{rest:path}", self._guarded(self._nothing_here), methods=ALL_METHODS)

    def _guarded(self, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            self._state.settle()
            if self._state.knobs.text("api") == "down":
                return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, media_type="text/html")
            try:
                return await handler(request)
            except Problem as problem:
                return self._problem(request, problem)

        return handle

    async def _token(self, request: Request) -> Response:
        _check_grant_type(await request.body())
        pair = read_basic(request.headers.get("authorization"))
        shop = find_shop(self._state.shops.values(), *pair) if pair is not None else None
        if shop is None:
            answer = _json({"error": "invalid_client", "error_description": "Bad client credentials"}, 401)
            answer.headers["WWW-Authenticate"] = 'Basic realm="oauth2/client"'
            return answer
        life_s = self._state.knobs.number("token_seconds")
        answer = _json(
            {
                "access_token": self._state.tokens.issue(shop.id, life_s),
                "token_type": "bearer",
                "expires_in": life_s,
                "scope": SCOPE,
                "shop_id": shop.id,
            }
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def _search(self, request: Request) -> Response:
        shop_id = self._shop(request)
        page = search.search(self._state, shop_id, search.read_search(request.query_params, self._state))
        self._state.stir(shop_id, self._state.knobs.number("changes_per_page"))
        return _json(page)

    async def _new_orders(self, request: Request) -> Response:
        return _json(search.new_orders(self._state, self._shop(request)))

    async def _order(self, request: Request) -> Response:
        order = self._order_of(request)
        self._state.seen([order])
        return _json(Writer(self._state.knobs).order(order))

    async def _number(self, request: Request) -> Response:
        order = self._order_of(request)
        body = requests.read_object(await request.body())
        changed = writes.set_number(self._state, order, requests.read_number(body, self._state.knobs))
        return self._accepted(request, order, "merchant_order_number", body, changed=changed)

    async def _fulfillment(self, request: Request) -> Response:
        order = self._order_of(request)
        body = requests.read_object(await request.body(), may_be_empty=True)
        changed = writes.fulfill(self._state, order, requests.read_fulfillment(body, self._state.knobs))
        return self._accepted(request, order, "fulfillment", body, changed=changed)

    async def _revocation(self, request: Request) -> Response:
        order = self._order_of(request)
        body = requests.read_object(await request.body())
        changed = writes.revoke(self._state, order, requests.read_revocation(body, self._state.knobs))
        return self._accepted(request, order, "revocation", body, changed=changed)

    async def _refund(self, request: Request) -> Response:
        order = self._order_of(request)
        body = requests.read_object(await request.body())
        changed = writes.refund(self._state, order, requests.read_refund(body))
        return self._accepted(request, order, "refund", body, changed=changed)

    async def _refunds(self, request: Request) -> Response:
        writer = Writer(self._state.knobs)
        return _json([writer.refund(refund) for refund in self._order_of(request).refunds])

    async def _nothing_here(self, request: Request) -> Response:
        if any(route.matches(request.scope)[0] is Match.PARTIAL for route in self.routes()):
            raise Problem(405, "Method Not Allowed")
        raise Problem(404, "Not Found")

    def _accepted(self, request: Request, order: Order, kind: str, body: dict[str, Any], *, changed: bool) -> Response:
        """Keep what was done in the order's history and answer as the knob for this write has it."""
        status = self._state.knobs.number(f"status_{kind}")
        order.history.append(
            {
                "kind": kind,
                "time": self._state.now().isoformat(),
                "body": json.loads(dumps(body)),
                "headers": {name: request.headers[name] for name in REPORTING_HEADERS if name in request.headers},
                "status": status,
                "changed": changed,
            }
        )
        self._state.touched(order)
        return Response(status_code=status)

    def _order_of(self, request: Request) -> Order:
        return self._state.order_of(self._shop(request), request.path_params["id"])

    def _shop(self, request: Request) -> int:
        """The shop of the path, once the token speaks for it; Problem 401, 403 or 429."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        shop_id = self._state.tokens.shop_of(token.strip()) if scheme.lower() == "bearer" else None
        if shop_id is None or shop_id not in self._state.shops:
            raise Problem(401, "Unauthorized")
        if request.path_params["shop"] != str(shop_id):
            status = self._state.knobs.number("foreign_shop_status")
            raise Problem(status, "Forbidden" if status == 403 else "Not Found")
        self._count(shop_id)
        return shop_id

    def _count(self, shop_id: int) -> None:
        most = self._state.knobs.number("requests_per_second")
        second = self._state.now().replace(microsecond=0)
        since, used = self._second.get(shop_id, (second, 0))
        used = used + 1 if since == second else 1
        self._second[shop_id] = (second, used)
        if most and used > most:
            raise Problem(429, "Too Many Requests", retry_after_s=1)

    def _problem(self, request: Request, problem: Problem) -> Response:
        body = problem.body(str(request.url))
        if problem.status == 401:
            # Clients look for the OAuth words as well (reference section 3, "Failure").
            body |= {"error": "invalid_token", "error_description": "Access token is missing, unknown or expired"}
        content_type = self._state.knobs.text("error_content_type")
        answer = Response(dumps(body), problem.status, headers={"Content-Type": content_type})
        if problem.status == 401:
            answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        if problem.retry_after_s is not None:
            answer.headers["Retry-After"] = str(problem.retry_after_s)
        return answer


def _json(document: object, status: int = 200) -> Response:
    return Response(dumps(document), status, media_type="application/json")


def _check_grant_type(body: bytes) -> None:
    """Any body or none will do (reference section 16), unless it names another grant than client_credentials."""
    text = body.decode("utf-8", "replace").strip()
    granted: object = parse_qs(text).get("grant_type", [None])[0]
    if text.startswith("{"):
        try:
            granted = json.loads(text).get("grant_type")
        except ValueError:
            granted = None
    if granted not in {None, "client_credentials"}:
        raise UnsupportedGrant


class UnsupportedGrant(Problem):
    """400 in the words of OAuth."""

    def __init__(self) -> None:
        super().__init__(400, "Bad Request")

    def body(self, instance: str) -> dict[str, object]:
        """`error` and `error_description` alone."""
        return {"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}
