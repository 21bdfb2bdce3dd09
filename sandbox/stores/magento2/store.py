"""The fake Magento 2 as the sandbox sees it: catalogue, merchant actions, neutral orders, kept documents."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from sandbox.catalogue import DEFAULT_CATALOGUE
from sandbox.stores.counter import Counter, each_once
from sandbox.stores.magento2 import oauth
from sandbox.stores.magento2.hooks import KIND, Outbox
from sandbox.stores.magento2.merchant import Merchant
from sandbox.stores.magento2.model import Order, TaxRate, TaxRule
from sandbox.stores.magento2.model import Product as StoredProduct
from sandbox.stores.magento2.php import cents
from sandbox.stores.magento2.routes import build_routes
from sandbox.stores.magento2.server import Server
from sandbox.stores.magento2.state import Shop
from sandbox.stores.magento2.units import units_of
from sandbox.stores.port import (
    LineQuantity,
    NeutralLine,
    NeutralOrder,
    NeutralRefund,
    Parcel,
    Product,
    SandboxRefusal,
)

if TYPE_CHECKING:
    from sandbox.world import World

_TAX_CLASSES = {Decimal(19): "2", Decimal(7): "4", Decimal(0): "0"}
_GERMAN_RATES = (("DE-19", Decimal(19), 2), ("DE-7", Decimal(7), 4))


class FakeMagento2(Counter[Order]):
    """One Magento shop. `catalogue`: what a fresh one sells; `taxes`: whether it has German tax rules already."""

    def __init__(self, world: "World", *, catalogue: Sequence[Product] = DEFAULT_CATALOGUE, taxes: bool = True) -> None:
        self.shop = Shop(world)
        self.outbox = Outbox(self.shop)
        super().__init__(self.shop, Merchant(self.shop))
        self._catalogue = tuple(catalogue)
        self._taxes = taxes
        self._seed()

    @property
    def kind(self) -> str:
        return KIND

    def app(self) -> ASGIApp:
        return Server(self.shop, build_routes(self.shop, self.outbox))

    def credentials(self) -> dict[str, str]:
        return {
            "consumer_key": oauth.CONSUMER_KEY,
            "consumer_secret": oauth.CONSUMER_SECRET,
            "access_token": oauth.ACCESS_TOKEN,
            "access_token_secret": oauth.ACCESS_TOKEN_SECRET,
        }

    def edit(self, store_order_id: str, lines: Sequence[LineQuantity]) -> str:
        """Admin "Edit" down to these lines; the id of the order it goes on in."""
        with self._acting_on(store_order_id) as order:
            return str(Merchant(self.shop).edit(order, lines).id)

    def disable_webhooks(self) -> None:
        """As the module is after a 410 or by its switch in the configuration."""
        self.set_options({"webhook_enabled": False})

    def products(self) -> list[Product]:
        return [self._neutral_product(product) for product in self.shop.products.values()]

    def reset(self) -> None:
        self.shop.clear()
        self.outbox.forget()
        self._seed()

    def _seed(self) -> None:
        for code, percent, tax_class in _GERMAN_RATES if self._taxes else ():
            columns = {
                "tax_country_id": "DE", "tax_region_id": 0, "tax_postcode": "*", "rate": percent, "code": code,
            }  # fmt: skip
            rate = TaxRate(id=self.shop.new_id("taxrate"), columns=columns)
            self.shop.add(rate)
            rule = {
                "code": code, "priority": 0, "position": 0, "customer_tax_class_ids": [3],
                "product_tax_class_ids": [tax_class], "tax_rate_ids": [rate.id], "calculate_subtotal": False,
            }  # fmt: skip
            self.shop.add(TaxRule(id=self.shop.new_id("taxrule"), columns=rule))
        for product in self._catalogue:
            self._put(product)

    def _put(self, product: Product) -> None:
        shop = self.shop
        parent = shop.product(product.parent) if product.parent is not None else None
        if product.parent is not None and parent is None:
            raise SandboxRefusal("parent", f"no product with SKU {product.parent!r}", status=422)
        if product.tax_rate not in _TAX_CLASSES:
            raise SandboxRefusal("tax_rate", "this shop has rates of 19, 7 and 0 percent", status=422)
        stamp = shop.stamp()
        row = shop.product(product.sku) or StoredProduct(
            id=shop.new_id("product"), sku=product.sku, name="", price=Decimal(0), created=stamp, updated=stamp
        )
        included = shop.options.prices_include_tax
        row.name, row.updated, row.status = product.title, stamp, 1
        row.price = product.price if included else cents(product.price / (1 + product.tax_rate / 100))
        row.tax_class = _TAX_CLASSES[product.tax_rate]
        row.neutral = product.to_json()
        row.options = dict(product.attributes)
        if parent is not None:
            row.parent_id, row.visibility = parent.id, 1
            parent.type_id = "configurable"
            shop.touch(parent)
        row.stock_qty, row.in_stock = Decimal(product.stock), product.stock > 0 or row.type_id == "configurable"
        stock = shop.stock_of(product.sku)
        # The controls speak of what can be sold; what open orders have reserved lies in the warehouse on top of it.
        stock.quantity, stock.status = Decimal(product.stock) - stock.reserved, int(row.in_stock)
        if shop.options.msi:
            row.stock_qty = stock.quantity
        shop.touch(stock)
        shop.products[row.id] = row
        shop.touch(row)

    def _neutral_product(self, product: StoredProduct) -> Product:
        """As put in, with what the shop says now about price and stock; stock is what can still be sold."""
        rate = next((rate for rate, number in _TAX_CLASSES.items() if number == product.tax_class), Decimal(19))
        stock = self.shop.stock(product.sku)
        free = stock.salable if stock is not None and self.shop.options.msi else product.stock_qty
        parent = self.shop.products.get(product.parent_id or 0)
        included = self.shop.options.prices_include_tax
        return Product(
            sku=product.sku,
            title=product.name,
            price=cents(product.price if included else product.price * (1 + rate / 100)),
            stock=int(free),
            tax_rate=rate,
            parent=parent.sku if parent is not None else None,
            attributes=tuple(product.options.items()),
        )

    def _idealo_id(self, order: Order) -> str | None:
        named = order.columns.get("ext_order_id")
        return None if not named else str(named)

    def _neutral(self, order: Order) -> NeutralOrder:
        units = units_of(order)
        lines = [
            NeutralLine(
                sku=str(item["sku"]),
                quantity=int(units[item["item_id"]].ordered),
                shipped=int(units[item["item_id"]].shipped),
                cancelled=int(units[item["item_id"]].cancelled),
                returned=int(units[item["item_id"]].returned),
            )
            for item in order.sold_items()
        ]
        return NeutralOrder(
            store_order_id=str(order.id),
            number=str(order.columns["increment_id"]),
            idealo_order_id=self._idealo_id(order),
            state=order.state,
            total=cents(order.amount("grand_total")),
            currency=str(order.columns.get("order_currency_code") or "EUR"),
            transaction_id=order.payment.get("last_trans_id") or None,
            lines=lines,
            parcels=self._parcels(order),
            refunds=[
                NeutralRefund(id=str(memo.id), amount=cents(Decimal(memo.columns["grand_total"])))
                for memo in self.shop.creditmemos_of(order.id)
                if memo.columns["grand_total"]
            ],
        )

    def _parcels(self, order: Order) -> list[Parcel]:
        """Tracking codes, each once."""
        return each_once(
            Parcel(carrier=str(track["title"] or track["carrier_code"]), tracking_code=str(track["track_number"]))
            for shipment in self.shop.shipments_of(order.id)
            for track in shipment.tracks
        )
