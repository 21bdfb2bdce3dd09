"""Reads what the shop is set to: store views, stocks, products and our module, kept for ten minutes where it may be."""

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.domain.errors import Permanent, Problem, SyncError
from app.stores.magento2.client import Rest, segment
from app.stores.magento2.criteria import any_of
from app.stores.magento2.listing import product_rows
from app.stores.magento2.module import Module, info
from app.stores.magento2.placing import Shop
from app.stores.magento2.products import FIELDS, Product, batches, chosen
from app.stores.magento2.reading import document, entries, identity, text, whole
from app.stores.magento2.settings import Settings
from app.wire.http import Refused
from app.wire.json_fields import flag

_KEPT_S = 600


class ShopFacts:
    """The shop's facts, each asked for at most once in ten minutes."""

    def __init__(self, rest: Rest, settings: Settings) -> None:
        self._rest = rest
        self._settings = settings
        self._view: tuple[float, Shop] | None = None
        self._module: tuple[float, Module | None] | None = None
        self._stock_id: str | None = None

    async def view(self) -> Shop:
        """The store view orders belong to."""
        if self._view is None or time.monotonic() - self._view[0] > _KEPT_S:
            self._view = (time.monotonic(), chosen_view(await store_views(self._rest), self._settings.store_view))
        return self._view[1]

    async def module(self) -> Module | None:
        """Our module, where orders go through it; None for the direct way."""
        if self._settings.import_route == "direct":
            return None
        if self._module is None or time.monotonic() - self._module[0] > _KEPT_S:
            self._module = (time.monotonic(), await info(self._rest))
        found = self._module[1]
        if found is None and self._settings.import_route == "module":
            text = "import_route is `module`, but the shop has no idealo Connector module: install it, or choose `auto`"
            raise Permanent(Problem.UNSUPPORTED, text)
        return found

    async def products(self, skus: Sequence[str]) -> dict[str, Product]:
        """The product per SKU: one call for up to 40. Permanent(unknown_sku) names all that are not there."""
        found: list[dict[str, Any]] = []
        for batch in batches(skus):
            found += await product_rows(self._rest, any_of("sku", batch), FIELDS)
        return chosen(found, skus)

    async def salable(self, products: dict[str, Product]) -> dict[str, Decimal]:
        """Units that may still be sold, per SKU asked for; a SKU whose stock cannot be read is left out.

        This only writes a note: the sale is binding, whatever the stock.
        """
        units: dict[str, Decimal] = {}
        for sku, product in products.items():
            try:
                units[sku] = await self._units_of(segment(product.sku), (await self.view()).website_id)
            except SyncError:
                continue
        return units

    async def _units_of(self, sku: str, website_id: int) -> Decimal:
        """Stock less reservations; the stock item's quantity where the shop has no sources."""
        try:
            if self._stock_id is None:
                self._stock_id = await stock_of_website(self._rest, website_id)
            answer = await self._rest.get(f"/V1/inventory/get-product-salable-quantity/{sku}/{self._stock_id}")
        except Refused as e:
            if e.status != 404:
                raise
            item = document(await self._rest.get(f"/V1/stockItems/{sku}"), "stock item")
            if not flag(item.get("manage_stock", True)) or item.get("backorders"):
                return Decimal("Infinity")
            answer = item.get("qty")
        return Decimal(whole(answer, "quantity in stock"))


async def stock_of_website(rest: Rest, website_id: int) -> str:
    """The stock a website sells from."""
    websites = entries(await rest.get("/V1/store/websites"), "websites")
    code = next((text(w.get("code"), "websites: code") for w in websites if w.get("id") == website_id), "base")
    stock = document(await rest.get(f"/V1/inventory/stock-resolver/website/{segment(code)}"), "stock")
    return identity(stock.get("stock_id"), "stock: stock_id")


async def store_views(rest: Rest) -> list[dict[str, Any]]:
    """Store views with currency, time zone and address (recorded 004)."""
    return entries(await rest.get("/V1/store/storeConfigs"), "store configs")


def chosen_view(views: Sequence[dict[str, Any]], code: str) -> Shop:
    """The view with that code, or the first. Permanent(rejected) where there is none."""
    live = [v for v in views if whole(v.get("id"), "store configs: id") > 0]
    for view in sorted(live, key=lambda v: whole(v.get("id"), "store configs: id")):
        if code in {"", view.get("code")}:
            return Shop(
                store_id=whole(view.get("id"), "store configs: id"),
                website_id=whole(view.get("website_id"), "store configs: website_id"),
                currency=text(document(view, "store configs").get("base_currency_code"), "base_currency_code"),
            )
    raise Permanent(Problem.REJECTED, f"the shop has no store view with the code {code!r}: correct store_view")
