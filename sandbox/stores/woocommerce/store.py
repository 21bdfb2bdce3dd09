"""The fake WooCommerce as the sandbox sees it: catalogue, merchant actions, neutral orders, kept documents."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from sandbox.catalogue import DEFAULT_CATALOGUE
from sandbox.stores.counter import Counter, each_once
from sandbox.stores.port import (
    NeutralLine,
    NeutralOrder,
    NeutralRefund,
    Parcel,
    Product,
    SandboxRefusal,
)
from sandbox.stores.woocommerce.hooks import KIND, HookDesk
from sandbox.stores.woocommerce.merchant import Merchant
from sandbox.stores.woocommerce.model import Order
from sandbox.stores.woocommerce.model import Product as StoredProduct
from sandbox.stores.woocommerce.order_api import OrderApi
from sandbox.stores.woocommerce.parcel_desk import CORE_PROVIDERS
from sandbox.stores.woocommerce.php import cents, money, slug
from sandbox.stores.woocommerce.product_view import ProductView
from sandbox.stores.woocommerce.server import CONSUMER_KEY, CONSUMER_SECRET, build_app
from sandbox.stores.woocommerce.shipped import units_of
from sandbox.stores.woocommerce.state import Shop
from sandbox.stores.woocommerce.trackings import items_of, provider_name

if TYPE_CHECKING:
    from sandbox.world import World

_TAX_CLASSES = {Decimal(19): "", Decimal(7): "reduced-rate", Decimal(0): "zero-rate"}


class FakeWooCommerce(Counter[Order]):
    """One WooCommerce shop. `catalogue`: what a fresh one sells; `first_id`: number of its first product or order."""

    def __init__(self, world: "World", *, catalogue: Sequence[Product] = DEFAULT_CATALOGUE, first_id: int = 11) -> None:
        self.shop = Shop(world, first_id=first_id)
        self.desk = HookDesk(self.shop)
        super().__init__(self.shop, Merchant(self.shop))
        self._catalogue = tuple(catalogue)
        self._seed()

    @property
    def kind(self) -> str:
        return KIND

    def app(self) -> ASGIApp:
        return build_app(self.shop, self.desk)

    def credentials(self) -> dict[str, str]:
        return {"consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET}

    def trash(self, store_order_id: str) -> None:
        """Move an order to the trash in wp-admin."""
        with self._acting_on(store_order_id) as order:
            OrderApi(self.shop).trash(order)

    def untrash(self, store_order_id: str) -> None:
        """Take an order out of the trash in wp-admin, which alone fires `order.restored`."""
        with self._acting_on(store_order_id) as order:
            OrderApi(self.shop).untrash(order)

    def disable_webhooks(self) -> None:
        for hook in self.shop.hooks.values():
            hook.status = "disabled"
            self.shop.touch(hook)

    def products(self) -> list[Product]:
        return [self._neutral_product(product) for product in self.shop.products.values() if product.status != "trash"]

    def reset(self) -> None:
        self.shop.clear()
        self._seed()

    def _seed(self) -> None:
        for product in self._catalogue:
            self._put(product)
        self.shop.forget_events()

    def _put(self, product: Product) -> None:
        shop = self.shop
        parent = shop.by_sku(product.parent) if product.parent is not None else None
        if product.parent is not None and parent is None:
            raise SandboxRefusal("parent", f"no product with SKU {product.parent!r}", status=422)
        if product.tax_rate not in _TAX_CLASSES:
            raise SandboxRefusal("tax_rate", "this shop has rates of 19, 7 and 0 percent", status=422)
        known = shop.by_sku(product.sku)
        now = shop.now()
        row = known or StoredProduct(id=shop.new_id("post"), created=now, modified=now)
        if parent is not None:
            self._make_variation(row, parent, product)
        elif row.type != "variable":
            row.name = product.title
        row.slug = slug(row.name)
        row.sku = product.sku
        row.tax_class = "parent" if parent is not None else _TAX_CLASSES[product.tax_rate]
        row.weight = row.weight or ("" if parent is not None else "0.5")
        net = product.price if shop.options.prices_include_tax else product.price / (1 + product.tax_rate / 100)
        row.price = "" if row.type == "variable" else money(net)
        row.manage_stock = row.type != "variable"
        row.stock_quantity = product.stock if row.manage_stock else None
        row.stock_status = "instock" if product.stock > 0 or not row.manage_stock else "outofstock"
        row.status = "publish"
        row.neutral = product.to_json()
        row.modified = now
        shop.products[row.id] = row
        shop.touch(row)
        shop.fire("product.updated" if known is not None else "product.created", row.id)

    def _make_variation(self, row: StoredProduct, parent: StoredProduct, product: Product) -> None:
        if parent.type != "variable":
            parent.type, parent.price, parent.manage_stock = "variable", "", False
            parent.stock_quantity, parent.stock_status = None, "instock"
            self.shop.touch(parent)
        row.type, row.parent_id = "variation", parent.id
        row.attributes = list(product.attributes)
        values = ", ".join(value for _, value in product.attributes)
        row.name = f"{parent.name} - {values}" if values else product.title

    def _neutral_product(self, product: StoredProduct) -> Product:
        """As put in, with what the shop says now about price and stock."""
        shown = ProductView(self.shop, "").product(product)
        parent = self.shop.products.get(product.parent_id)
        rate = next((rate for rate, name in _TAX_CLASSES.items() if name == shown["tax_class"]), Decimal(19))
        price = Decimal(shown["price"] or 0)
        given = product.as_put()
        return Product(
            sku=product.sku,
            title=given.title if given is not None else product.name,
            price=price if self.shop.options.prices_include_tax else cents(price * (1 + rate / 100)),
            stock=shown["stock_quantity"] or 0,
            tax_rate=rate,
            parent=parent.sku if parent is not None else None,
            attributes=tuple((name, value) for name, value in product.attributes),
        )

    def _idealo_id(self, order: Order) -> str | None:
        named = order.meta_value("_idealo_order_id")
        return None if named is None else str(named)

    def _neutral(self, order: Order) -> NeutralOrder:
        units = units_of(self.shop, order)
        lines = []
        for line in order.lines:
            product = self.shop.products.get(line.sold_id)
            unit = units[line.id]
            lines.append(
                NeutralLine(
                    sku="" if product is None else product.sku,
                    quantity=unit.quantity,
                    shipped=unit.shipped,
                    cancelled=unit.cancelled,
                    returned=unit.returned,
                )
            )
        refunds = sorted(self.shop.refunds_of(order.id), key=lambda refund: refund.id)
        return NeutralOrder(
            store_order_id=str(order.id),
            number=str(order.id),
            idealo_order_id=self._idealo_id(order),
            state=order.status,
            total=order.total,
            currency=order.currency,
            transaction_id=order.transaction_id or None,
            lines=lines,
            parcels=_parcels(order),
            refunds=[NeutralRefund(id=str(refund.id), amount=refund.amount) for refund in refunds],
        )


def _parcels(order: Order) -> list[Parcel]:
    """Tracking codes of all sources, each once."""
    found = [
        Parcel(
            carrier=str(
                entry.value("_provider_name")
                or CORE_PROVIDERS.get(str(entry.value("_shipment_provider")), entry.value("_shipment_provider"))
                or ""
            ),
            tracking_code=str(entry.value("_tracking_number")),
        )
        for entry in order.fulfillments
        if entry.is_fulfilled and entry.deleted is None and entry.value("_tracking_number")
    ]
    found += [
        Parcel(carrier=shipment.provider_title, tracking_code=shipment.tracking_id)
        for shipment in order.shipments
        if shipment.type == "simple" and shipment.tracking_id
    ]
    found += [
        Parcel(carrier=provider_name(item), tracking_code=str(item["tracking_number"]))
        for item in items_of(order)
        if item.get("tracking_number")
    ]
    return each_once(found)
