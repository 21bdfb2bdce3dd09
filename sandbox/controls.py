"""Everything under /_sandbox: the hands that merchants, buyers, networks and clocks have in the sandbox."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import store_controls
from sandbox.catalogue import DEFAULT_CATALOGUE
from sandbox.faults import KINDS
from sandbox.fields import Fields, bad, read_moment
from sandbox.idealo import controls as idealo
from sandbox.idealo.routes import ALL_METHODS
from sandbox.stores.port import FakeStore, Product, SandboxRefusal
from sandbox.world import World

Control = Callable[[Request, Fields], object]

INDEX: Final = {
    "GET /_sandbox/": "this list",
    "GET|POST /_sandbox/idealo/shops": "shops; {shop_id, client_id, client_secret}",
    "GET|POST /_sandbox/idealo/orders": "orders; {shop_id, scenario S1..S18 or lines, count, seed, overrides}",
    "GET /_sandbox/idealo/orders/{id}": "an order with everything that was done to it",
    "POST /_sandbox/idealo/orders/{id}/buyer-cancels": "{sku?, quantity?}",
    "POST /_sandbox/idealo/tokens/expire": "{shop_id?}: access tokens end now",
    "GET|DELETE /_sandbox/calls?side&path&since": "requests received, with their answers",
    "GET|POST|DELETE /_sandbox/faults": "{kind, side, method, path, times, after, seconds, status, probability, seed}",
    "GET|POST|DELETE /_sandbox/knobs": "open questions of idealo's API as switches",
    "GET|POST /_sandbox/clock": "{advance_seconds?, stopped?, step?}",
    "POST /_sandbox/reset": "empty",
    "GET /_sandbox/catalogue": "products that demo orders are made of",
    "GET /_sandbox/stores": "the fake stores with their credentials",
    "GET /_sandbox/stores/{kind}/orders?idealo_order_id&store_order_id": "a store's orders in neutral words",
    "POST /_sandbox/stores/{kind}/orders/{id}/{ship|track|cancel|return|refund}": "as the merchant",
    "GET|POST /_sandbox/stores/{kind}/products, PUT .../products/{sku}": "catalogue and stock",
    "GET|POST /_sandbox/stores/{kind}/webhooks": "{mode, share, seed, seconds}",
}


def control_routes(world: World) -> list[Route]:
    """All routes of the controls."""
    return [
        *_world_routes(world),
        *_traffic_routes(world),
        *_idealo_routes(world),
        *_store_order_routes(world),
        *_store_routes(world),
        _rest(),
    ]


def _route(world: World, method: str, path: str, control: Control, status: int = 200) -> Route:
    async def handle(request: Request) -> Response:
        try:
            world.idealo.settle()
            answer = control(request, Fields.read(await request.body()))
        except SandboxRefusal as refusal:
            return _refused(refusal)
        return _json(answer, status)

    return Route(f"/_sandbox{path}", handle, methods=[method])


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), status, media_type="application/json")


def _refused(refusal: SandboxRefusal) -> Response:
    error = {404: "not_found", 405: "method_not_allowed", 409: "conflict"}.get(refusal.status, "invalid")
    return _json({"error": error, "field": refusal.field, "message": refusal.message}, refusal.status)


def _traffic_routes(world: World) -> Iterator[Route]:
    def calls(request: Request, _: Fields) -> object:
        query = request.query_params
        since = _since(query["since"]) if query.get("since") else None
        found = world.calls.list(query.get("side") or None, query.get("path") or None, since)
        return {"calls": [call.to_json() for call in found]}

    def clear_calls(_: Request, __: Fields) -> object:
        world.calls.clear()
        return {}

    def faults(_: Request, __: Fields) -> object:
        return {"faults": [fault.to_json() for fault in world.faults.list()], "kinds": KINDS}

    def post_fault(_: Request, fields: Fields) -> object:
        return world.faults.add(**_fault_options(fields)).to_json()

    def clear_faults(request: Request, _: Fields) -> object:
        number = request.query_params.get("number")
        if number and not number.isdigit():
            raise bad("number", "must be the number of a fault")
        world.faults.clear(int(number) if number else None)
        return {}

    yield _route(world, "GET", "/calls", calls)
    yield _route(world, "DELETE", "/calls", clear_calls)
    yield _route(world, "GET", "/faults", faults)
    yield _route(world, "POST", "/faults", post_fault, 201)
    yield _route(world, "DELETE", "/faults", clear_faults)


def _world_routes(world: World) -> Iterator[Route]:
    def post_knobs(_: Request, fields: Fields) -> object:
        world.idealo.turn_knobs(fields.plain())
        return world.idealo.knobs.to_json()

    def clear_knobs(_: Request, __: Fields) -> object:
        world.idealo.reset_knobs()
        return world.idealo.knobs.to_json()

    def reset(_: Request, __: Fields) -> object:
        world.reset()
        return {}

    def catalogue(_: Request, __: Fields) -> object:
        return {"products": [product.to_json() for product in DEFAULT_CATALOGUE]}

    yield _route(world, "GET", "", lambda _, __: INDEX)
    yield _route(world, "GET", "/", lambda _, __: INDEX)
    yield _route(world, "GET", "/knobs", lambda _, __: world.idealo.knobs.to_json())
    yield _route(world, "POST", "/knobs", post_knobs)
    yield _route(world, "DELETE", "/knobs", clear_knobs)
    yield _route(world, "GET", "/clock", lambda _, __: _clock(world))
    yield _route(world, "POST", "/clock", lambda _, fields: _move_clock(world, fields))
    yield _route(world, "POST", "/reset", reset)
    yield _route(world, "GET", "/catalogue", catalogue)


def _idealo_routes(world: World) -> Iterator[Route]:
    state = world.idealo

    def products() -> list[Product]:
        return [product for store in world.stores.values() for product in store.products()]

    def orders(request: Request, _: Fields) -> object:
        shop_id = request.query_params.get("shop_id")
        if shop_id and not shop_id.isdigit():
            raise bad("shop_id", "must be a number")
        return idealo.list_orders(state, int(shop_id) if shop_id else None)

    def buyer_cancels(request: Request, fields: Fields) -> object:
        return idealo.buyer_cancels(state, request.path_params["id"], fields)

    yield _route(world, "GET", "/idealo/shops", lambda _, __: idealo.list_shops(state))
    yield _route(world, "POST", "/idealo/shops", lambda _, fields: idealo.put_shop(state, fields), 201)
    yield _route(world, "GET", "/idealo/orders", orders)
    yield _route(world, "POST", "/idealo/orders", lambda _, fields: idealo.post_orders(state, fields, products), 201)
    yield _route(
        world, "GET", "/idealo/orders/{id}", lambda request, _: idealo.show_order(state, request.path_params["id"])
    )
    yield _route(world, "POST", "/idealo/orders/{id}/buyer-cancels", buyer_cancels)
    yield _route(world, "POST", "/idealo/tokens/expire", lambda _, fields: idealo.expire_tokens(state, fields))


def _store(world: World, request: Request) -> FakeStore:
    kind = request.path_params["kind"]
    if kind not in world.stores:
        raise SandboxRefusal("kind", f"no fake store {kind!r}; there are {', '.join(world.stores)}", status=404)
    return world.stores[kind]


def _store_order_routes(world: World) -> Iterator[Route]:
    def stores(request: Request, _: Fields) -> object:
        address = str(request.base_url).rstrip("/")
        return {
            kind: {"base_url": f"{address}/stores/{kind}", **one.credentials()} for kind, one in world.stores.items()
        }

    def orders(request: Request, _: Fields) -> object:
        query = request.query_params
        ids = query.get("idealo_order_id") or None, query.get("store_order_id") or None
        return store_controls.show_orders(_store(world, request), *ids)

    def act(request: Request, fields: Fields) -> object:
        parts = request.path_params
        return store_controls.act(_store(world, request), parts["id"], parts["action"], fields)

    yield _route(world, "GET", "/stores", stores)
    yield _route(world, "GET", "/stores/{kind}/orders", orders)
    yield _route(world, "POST", "/stores/{kind}/orders/{id}/{action}", act)


def _store_routes(world: World) -> Iterator[Route]:
    def products(request: Request, _: Fields) -> object:
        return store_controls.show_products(_store(world, request))

    def post_product(request: Request, fields: Fields) -> object:
        return store_controls.post_product(_store(world, request), fields)

    def put_product(request: Request, fields: Fields) -> object:
        return store_controls.put_product(_store(world, request), request.path_params["sku"], fields)

    def webhooks(request: Request, _: Fields) -> object:
        return store_controls.show_webhooks(world, _store(world, request))

    def set_webhooks(request: Request, fields: Fields) -> object:
        return store_controls.set_webhooks(world, _store(world, request), fields)

    yield _route(world, "GET", "/stores/{kind}/products", products)
    yield _route(world, "POST", "/stores/{kind}/products", post_product, 201)
    # An SKU may have a slash in it.
    yield _route(world, "PUT", "/stores/{kind}/products/{sku:path}", put_product)
    yield _route(world, "GET", "/stores/{kind}/webhooks", webhooks)
    yield _route(world, "POST", "/stores/{kind}/webhooks", set_webhooks)


def _rest() -> Route:
    async def handle(request: Request) -> Response:
        message = f"no control {request.method} {request.url.path}; GET /_sandbox/ lists them"
        return _refused(SandboxRefusal("path", message, status=404))

    return Route("/_sandbox/{rest:path}", handle, methods=ALL_METHODS)


def _fault_options(fields: Fields) -> dict[str, Any]:
    options = fields.plain()
    if "kind" not in options:
        raise bad("kind", f"must be one of {', '.join(KINDS)}")
    return options


def _since(text: str) -> datetime | int:
    # A blank is what an unescaped plus of a UTC offset has become.
    return int(text) if text.isdigit() else read_moment("since", text.replace(" ", "+"))


def _clock(world: World) -> dict[str, Any]:
    return {"now": world.now().isoformat(), "stopped": world.time_stopped}


def _move_clock(world: World, fields: Fields) -> dict[str, Any]:
    """`advance_seconds` moves it, `stopped` stops it or lets it run, `step` ends all that idealo is working on."""
    fields.only("advance_seconds", "stopped", "step")
    seconds = fields.number("advance_seconds", 0, high=10**9)
    if fields.has("stopped"):
        if fields.flag("stopped", usual=False):
            world.stop_time()
        else:
            world.resume_time()
    world.advance(seconds)
    moved = world.idealo.step() if fields.flag("step", usual=False) else 0
    return _clock(world) | {"moved": moved}
