"""The smallest thing that fulfils FakeStore: shows what the controls hand to a store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.outbox import Webhook
from sandbox.stores.port import (
    FakeStore,
    LineQuantity,
    NeutralLine,
    NeutralOrder,
    NeutralRefund,
    Parcel,
    Product,
    SandboxRefusal,
)
from sandbox.world import World


def toy_stores(world: World) -> dict[str, FakeStore]:
    return {"toy": ToyStore(world)}


class ToyStore:
    """One order of two screws, and what the merchant did with it."""

    kind = "toy"

    def __init__(self, world: World) -> None:
        self._world = world
        self.hook_url = "http://bridge/hook"
        self.done: list[tuple[Any, ...]] = []
        self._products: dict[str, Product] = {}
        self._changed = False

    def app(self) -> ASGIApp:
        async def hello(request: Request) -> JSONResponse:
            return JSONResponse({"method": request.method, "path": request.url.path, "done": len(self.done)})

        return Starlette(routes=[Route("/api/hello", hello, methods=["GET", "POST"])])

    def orders(self, idealo_order_id: str | None, store_order_id: str | None) -> list[NeutralOrder]:
        order = NeutralOrder(
            store_order_id="17",
            number="1017",
            idealo_order_id="00K7MPX24R",
            state="open",
            total=Decimal("10.00"),
            currency="EUR",
            transaction_id=None,
            lines=[NeutralLine(sku="screw", quantity=2)],
            parcels=[Parcel(carrier="DHL", tracking_code="1")],
            refunds=[NeutralRefund(id="r1", amount=Decimal("1.5"))],
        )
        wanted = {None, order.idealo_order_id}, {None, order.store_order_id}
        return [order] if idealo_order_id in wanted[0] and store_order_id in wanted[1] else []

    def ship(self, store_order_id: str, lines: Sequence[LineQuantity] | None, parcels: Sequence[Parcel]) -> None:
        if any(line.quantity > 2 for line in lines or ()):
            raise SandboxRefusal("lines", "more than is open")
        self._note("ship", store_order_id, lines, list(parcels))

    def track(self, store_order_id: str, parcel: Parcel) -> None:
        self._note("track", store_order_id, parcel)

    def cancel(self, store_order_id: str, lines: Sequence[LineQuantity] | None, *, restock: bool) -> None:
        self._note("cancel", store_order_id, lines, restock)

    def return_(self, store_order_id: str, lines: Sequence[LineQuantity] | None) -> None:
        self._note("return", store_order_id, lines)

    def refund(
        self,
        store_order_id: str,
        *,
        amount: Decimal | None,
        lines: Sequence[LineQuantity] | None,
        shipping: Decimal | None,
    ) -> None:
        self._note("refund", store_order_id, amount, lines, shipping)

    def products(self) -> list[Product]:
        return list(self._products.values())

    def put_product(self, product: Product) -> None:
        self._products[product.sku] = replace(product)
        self._changed = True

    def credentials(self) -> dict[str, str]:
        return {"key": "toy"}

    def disable_webhooks(self) -> None:
        self._note("disable_webhooks")

    def changes(self) -> dict[str, Any | None]:
        changed, self._changed = self._changed, False
        return {f"product/{sku}": product.to_json() for sku, product in self._products.items()} if changed else {}

    def restore(self, documents: Mapping[str, Any]) -> None:
        self._products = {body["sku"]: Product.from_json(body) for body in documents.values()}

    def reset(self) -> None:
        self.done.clear()
        self._products.clear()

    def _note(self, *what: Any) -> None:
        self.done.append(what)
        number = str(len(self.done)).encode()
        self._world.outbox.put(Webhook(kind=self.kind, url=self.hook_url, headers=[], body=number))
