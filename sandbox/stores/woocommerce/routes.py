"""The route table: which handler answers which path in which namespace, and the batch routes made from them."""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.stores.woocommerce.answers import Answer, ApiError, Call
from sandbox.stores.woocommerce.hook_api import HookApi
from sandbox.stores.woocommerce.hooks import HookDesk
from sandbox.stores.woocommerce.order_api import OrderApi
from sandbox.stores.woocommerce.parcel_api import FulfillmentApi, TrackingApi
from sandbox.stores.woocommerce.php import whole
from sandbox.stores.woocommerce.product_api import ProductApi
from sandbox.stores.woocommerce.settings_api import SettingsApi
from sandbox.stores.woocommerce.shiptastic import ShipmentApi
from sandbox.stores.woocommerce.state import Shop

Handler = Callable[..., Answer | Awaitable[Answer]]
BATCH_LIMIT = 100
_WRITES = {"PUT": "update", "PATCH": "update", "POST": "update", "DELETE": "delete", "GET": "get"}
AST_NAMESPACES = ("wc-ast/v3", "wc-shipment-tracking/v3", "wc/v1", "wc/v2", "wc/v3")


@dataclass(frozen=True, slots=True)
class Route:
    """A path of one namespace; groups of digits in the pattern become handler arguments. `plugin`: an option that
    must be on, else the route does not exist.
    """

    namespace: str
    pattern: str
    handlers: dict[str, Handler]
    allow: str
    plugin: str | None = None

    def match(self, path: str) -> tuple[str, ...] | None:
        """Arguments from the path (after `/wp-json`), or None."""
        found = re.fullmatch(f"/{self.namespace}{self.pattern}", path)
        return found.groups() if found else None


def _one(api: Any, suffix: str = "", words: tuple[str, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")) -> Any:
    return {word: getattr(api, f"{_WRITES[word]}{suffix}") for word in words}


def _route(pattern: str, handlers: dict[str, Handler], allow: str, plugin: str | None = None) -> Route:
    return Route("wc/v3", pattern, handlers, allow, plugin)


def _collection(pattern: str, api: Any, suffix: str = "", plugin: str | None = None) -> Route:
    list_word = {"": "collection", "_variation": "variations", "_refund": "refunds", "_note": "notes"}[suffix]
    handlers = {"GET": getattr(api, list_word), "POST": getattr(api, f"create{suffix}")}
    return _route(pattern, handlers, "GET, POST", plugin)


def build_routes(shop: Shop, desk: HookDesk) -> list[Route]:
    """All routes of the shop, in the order in which they are tried."""
    orders, products, hooks, settings = OrderApi(shop), ProductApi(shop), HookApi(shop, desk), SettingsApi(shop)
    parcels, shipments = FulfillmentApi(shop), ShipmentApi(shop)
    few = ("GET", "DELETE")
    many = "GET, POST, PUT, PATCH, DELETE"

    order = r"/orders/(\d+)"
    return [
        _collection("/orders", orders),
        _route("/orders/batch", _batch(orders), "POST, PUT, PATCH"),
        _route(order, _one(orders), many),
        _collection(f"{order}/notes", orders, "_note"),
        _route(f"{order}/notes/(\\d+)", _one(orders, "_note", few), "GET, DELETE"),
        _collection(f"{order}/refunds", orders, "_refund"),
        _route(f"{order}/refunds/(\\d+)", _one(orders, "_refund", few), "GET, DELETE"),
        _route("/refunds", {"GET": orders.all_refunds}, "GET", "refunds_list"),
        _collection(f"{order}/fulfillments", parcels, plugin="fulfillments"),
        _route(f"{order}/fulfillments/(\\d+)", _one(parcels), many, "fulfillments"),
        _collection("/shipments", shipments, plugin="shiptastic"),
        _route(r"/shipments/(\d+)", _one(shipments), many, "shiptastic"),
        _collection("/products", products),
        _route("/products/batch", _batch(products), "POST, PUT, PATCH"),
        _route("/products/variations", {"GET": products.all_variations}, "GET", "variations_list"),
        _route(r"/products/(\d+)", _one(products), many),
        _collection(r"/products/(\d+)/variations", products, "_variation"),
        _route(r"/products/(\d+)/variations/batch", _batch(products, "_variation"), "POST, PUT, PATCH"),
        _route(r"/products/(\d+)/variations/(\d+)", _one(products, "_variation"), many),
        _collection("/webhooks", hooks),
        _route("/webhooks/batch", _batch(hooks), "POST, PUT, PATCH"),
        _route(r"/webhooks/(\d+)", _one(hooks), many),
        _route("/taxes", {"GET": settings.taxes}, "GET, POST"),
        _route(r"/taxes/(\d+)", {"GET": settings.tax}, many),
        _route("/settings", {"GET": settings.groups}, "GET"),
        _route(r"/settings/([a-z_]+)", {"GET": settings.group}, "GET"),
        _route(r"/settings/([a-z_]+)/([a-z_]+)", {"GET": settings.setting}, "GET"),
        _route("/system_status", {"GET": settings.system_status}, "GET"),
        *_ast_routes(shop),
    ]


def _ast_routes(shop: Shop) -> list[Route]:
    routes = []
    for namespace in AST_NAMESPACES:
        api = TrackingApi(shop, namespace)
        pattern = r"/orders/(\d+)/shipment-trackings"
        handlers: dict[str, Handler] = {"GET": api.collection, "POST": api.create}
        routes.append(Route(namespace, pattern, handlers, "GET, POST", "ast"))
        one: dict[str, Handler] = _one(api, words=("GET", "DELETE"))
        routes.append(Route(namespace, pattern + "/([0-9a-f]+)", one, "GET, DELETE", "ast"))
    return routes


def _batch(api: Any, suffix: str = "") -> dict[str, Handler]:
    """`{create: [], update: [], delete: []}`, at most 100 in all; 200 with an error per item that failed."""

    async def run(call: Call, *parents: str) -> Answer:
        groups = {name: call.body[name] for name in ("create", "update", "delete") if name in call.body}
        if sum(len(group) for group in groups.values()) > BATCH_LIMIT:
            message = f"Unable to accept more than {BATCH_LIMIT} items for this request."
            raise ApiError(413, "woocommerce_rest_request_entity_too_large", message)
        return Answer(
            {name: [await one(name, call, entry, parents) for entry in group] for name, group in groups.items()}
        )

    async def one(name: str, call: Call, entry: Any, parents: tuple[str, ...]) -> Any:
        body = entry if isinstance(entry, dict) else {"id": entry}
        number = whole(body.get("id"))
        ids = () if name == "create" else (str(number),)
        query = {**call.query, **({"force": ["true"]} if name == "delete" else {})}
        part = Call(call.method, call.path, call.base, query, body)
        try:
            answer = getattr(api, f"{name}{suffix}")(part, *parents, *ids)
            return (await answer if inspect.isawaitable(answer) else answer).body
        except ApiError as failure:
            return {"id": number, "error": failure.body()}

    return {"POST": run, "PUT": run, "PATCH": run}
