"""The bridge's own module in this shop: its import, its configuration and its REST routes.

Contract: the README of the project's integration for Magento 2; it is the same code's behaviour, told in Python.
"""

from decimal import Decimal
from typing import Any, Final

from sandbox.stores.magento2.answers import Answer, ApiError, Call
from sandbox.stores.magento2.hooks import MODULE_VERSION, Outbox, secret_mark
from sandbox.stores.magento2.lifecycle import invoice
from sandbox.stores.magento2.model import Order
from sandbox.stores.magento2.php import decimal
from sandbox.stores.magento2.placing import save_order
from sandbox.stores.magento2.state import Shop
from sandbox.stores.magento2.stock import reserve

_CONFIG: Final = {"url": str, "secret": str, "enabled": bool}


class OwnModule:
    """Handlers under /V1/idealo-connector."""

    def __init__(self, shop: Shop, outbox: Outbox) -> None:
        self.shop = shop
        self.outbox = outbox

    def info(self, call: Call) -> Answer:
        return Answer(self._info())

    def _info(self) -> dict[str, Any]:
        options = self.shop.options
        rows = self.shop.deliverys.values()
        return {
            "version": MODULE_VERSION,
            "platform": f"magento2/{options.version}",
            "enabled": options.webhook_enabled and bool(options.webhook_url and options.webhook_secret),
            "url": options.webhook_url,
            "secret_mark": secret_mark(options.webhook_secret) if options.webhook_secret else "",
            "waiting": sum(row.status == "pending" for row in rows),
            "dead": sum(row.status == "dead" for row in rows),
            "stock": "msi" if options.msi else "legacy",
        }

    def configure(self, call: Call) -> Answer:
        """Enters the address and, where given, the secret; a secret not named stays."""
        given = call.part("config")
        for name, kind in _CONFIG.items():
            if name in given and given[name] is not None and not isinstance(given[name], kind):
                raise ApiError(400, 'The "%1" value\'s type is invalid.', [name])
        if not str(given.get("url") or "").startswith(("http://", "https://")):
            raise ApiError(400, "invalid_url: the webhook needs a web address")
        if not given.get("secret") and not self.shop.options.webhook_secret:
            raise ApiError(400, "no_secret: the webhook needs a secret")
        values = {f"webhook_{name}": given[name] for name in _CONFIG if given.get(name) not in {None, ""}}
        self.shop.set_options(self.shop.options.changed(values))
        return Answer(self._info())

    def ping(self, call: Call) -> Answer:
        self.outbox.ping()
        return Answer(body=True)

    def get_order(self, call: Call, idealo_order_id: str) -> Answer:
        order = self._known(idealo_order_id)
        if order is None:
            raise ApiError(404, "No order was imported for idealo order %1.", [idealo_order_id])
        return Answer(_imported(order, created=False, warnings=[]))

    def _known(self, idealo_order_id: str) -> Order | None:
        return next((order for order in self.shop.orders.values() if order.idealo_order_id == idealo_order_id), None)

    def import_order(self, call: Call) -> Answer:
        """Saves the document with its prices and reserves its stock; twice for one idealo order answers the first."""
        given = call.part("order")
        idealo_order_id = str(given.get("ext_order_id") or "")
        if not idealo_order_id or given.get("entity_id"):
            raise ApiError(400, "invalid_order: a new order with an ext_order_id is wanted")
        known = self._known(idealo_order_id)
        if known is not None:
            return Answer(_imported(known, created=False, warnings=[]))
        units = self._units(given)
        warnings = self._shortages(units)
        order, _ = save_order(self.shop, given)
        order.idealo_order_id = idealo_order_id
        for sku, quantity in units.items():
            reserve(self.shop, sku, -quantity)
        if call.maybe("invoice"):
            warnings += self._invoice(order)
        return Answer(_imported(order, created=True, warnings=warnings))

    def _invoice(self, order: Order) -> list[str]:
        """Warnings: the order stands, so an invoice that fails is told, not raised."""
        try:
            invoice(self.shop, order, None)
        except ApiError as failure:
            return [f"the invoice could not be made: {failure.message}"]
        return []

    def _units(self, given: dict[str, Any]) -> dict[str, Decimal]:
        """Units per SKU; refuses unknown ones before anything is written."""
        units: dict[str, Decimal] = {}
        unknown = []
        for item in given.get("items") or []:
            product = self.shop.product(str(item.get("sku") or ""))
            if product is None:
                unknown.append(str(item.get("sku")))
            elif product.type_id != "configurable":
                units[product.sku] = units.get(product.sku, Decimal(0)) + decimal(item.get("qty_ordered"))
        if not given.get("items"):
            raise ApiError(400, "invalid_order: the order has no items")
        if unknown:
            raise ApiError(400, f"sku_not_found: {', '.join(dict.fromkeys(unknown))}")
        return units

    def _shortages(self, units: dict[str, Decimal]) -> list[str]:
        found = []
        for sku, quantity in units.items():
            stock = self.shop.stock_of(sku)
            if stock.salable < quantity:
                found.append(f"{sku}: {quantity:f} sold, {max(stock.salable, Decimal(0)):f} in stock")
        return found


def _imported(order: Order, *, created: bool, warnings: list[str]) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "increment_id": order.columns["increment_id"],
        "created": created,
        "grand_total": order.columns.get("grand_total"),
        "warnings": warnings,
    }
