"""The fake Shopify store as the sandbox sees it: catalogue, merchant actions, neutral orders, kept documents."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

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
from sandbox.stores.shopify import cancelling
from sandbox.stores.shopify.hooks import CLIENT_ID, KIND, HookDesk, signing_secret
from sandbox.stores.shopify.merchant import Merchant
from sandbox.stores.shopify.model import Order
from sandbox.stores.shopify.rest_catalogue import product_body
from sandbox.stores.shopify.server import ACCESS_TOKEN, build_app
from sandbox.stores.shopify.state import SHOP_DOMAIN, Shop
from sandbox.stores.shopify.stock import announce
from sandbox.stores.shopify.store_model import Product as StoredProduct
from sandbox.stores.shopify.store_model import Variant
from sandbox.stores.shopify.units import fulfillment_status, totals, units

if TYPE_CHECKING:
    from sandbox.world import World

_IDEALO_NAMES: Final = frozenset({"idealo_order_id", "idealo_order", "_idealo_order_id"})


class FakeShopify(Counter[Order]):
    """One Shopify store. `catalogue`: what a fresh one sells."""

    def __init__(self, world: "World", *, catalogue: Sequence[Product] = DEFAULT_CATALOGUE) -> None:
        self.shop = Shop(world)
        self.desk = HookDesk(self.shop)
        self.shop.run_job = lambda job: cancelling.carry_out(self.shop, job)
        super().__init__(self.shop, Merchant(self.shop))
        self._catalogue = tuple(catalogue)
        self._seed()

    @property
    def kind(self) -> str:
        return KIND

    def app(self) -> ASGIApp:
        return build_app(self.shop)

    def credentials(self) -> dict[str, str]:
        """Client credentials of an app of the merchant's own organization; `custom_app` has the other way."""
        return {"shop_domain": SHOP_DOMAIN, "client_id": CLIENT_ID, "client_secret": signing_secret(self.shop)}

    def custom_app(self) -> dict[str, str]:
        """What an admin-created custom app shows: a token that never ends. Webhooks are signed with the same secret."""
        return {"shop_domain": SHOP_DOMAIN, "access_token": ACCESS_TOKEN}

    def delete(self, store_order_id: str) -> None:
        """Delete an order in the admin; its webhook carries the id alone."""
        with self._acting_on(store_order_id) as order:
            del self.shop.orders[order.id]
            self.shop.touch(order)
            self.shop.fire("orders/delete", {"id": order.id})

    def disable_webhooks(self) -> None:
        """The real store deletes subscriptions that fail; there is no switched-off state."""
        for hook in list(self.shop.hooks.values()):
            self.desk.delete(hook)

    def products(self) -> list[Product]:
        shop = self.shop
        found: list[Product] = []
        for product in shop.products.values():
            if product.container is not None:
                found.append(Product.from_json(product.container))
            found += [
                self._neutral_product(one, product) for one in shop.variants.values() if one.product_id == product.id
            ]
        return found

    def reset(self) -> None:
        self.shop.clear()
        self._seed()

    def _seed(self) -> None:
        for product in self._catalogue:
            self._put(product)
        self.shop.forget_events()

    def _put(self, product: Product) -> None:
        """A product of its own with one variant, or a further variant of its parent's product."""
        shop, now = self.shop, self.shop.now()
        for stored in shop.products.values():
            if stored.container is not None and stored.container["sku"] == product.sku:
                stored.title, stored.container, stored.updated = product.title, product.to_json(), now
                shop.touch(stored)
                shop.fire("products/update", product_body(shop, stored))
                return
        known = shop.by_sku(product.sku)
        holder = self._holder(product, known)
        variant = known or Variant(
            id=shop.new_id("ProductVariant"), product_id=holder.id, item_id=shop.new_id("InventoryItem"), title="",
            sku=product.sku, price=product.price, available=0, neutral_title=product.title, created=now, updated=now,
        )  # fmt: skip
        values = " / ".join(value for _, value in product.attributes)
        variant.product_id, variant.options = holder.id, list(product.attributes)
        variant.title = values or "Default Title"
        variant.neutral_title, variant.price, variant.tax_rate = product.title, product.price, product.tax_rate
        variant.available, variant.updated = product.stock, now
        shop.variants[variant.id] = variant
        shop.touch(variant)
        if known is None and product.parent is None:
            shop.fire("products/create", product_body(shop, holder))
        announce(shop, variant)

    def _holder(self, product: Product, known: Variant | None) -> StoredProduct:
        shop, now = self.shop, self.shop.now()
        if product.parent is not None:
            return self._container(product.parent)
        holder = shop.products.get(known.product_id) if known is not None else None
        if holder is None:
            handle = product.title.lower().replace(" ", "-")
            holder = StoredProduct(
                id=shop.new_id("Product"), title=product.title, handle=handle, created=now, updated=now
            )
            shop.products[holder.id] = holder
        holder.title, holder.updated = product.title, now
        shop.touch(holder)
        return holder

    def _container(self, sku: str) -> StoredProduct:
        """The product of a parent; its own single variant goes when the first real one comes."""
        shop = self.shop
        for stored in shop.products.values():
            if stored.container is not None and stored.container["sku"] == sku:
                return stored
        alone = shop.by_sku(sku)
        if alone is None:
            raise SandboxRefusal("parent", f"no product with SKU {sku!r}", status=422)
        stored = shop.products[alone.product_id]
        stored.container = self._neutral_product(alone, stored).to_json()
        del shop.variants[alone.id]
        shop.touch(alone)
        shop.touch(stored)
        return stored

    def _neutral_product(self, variant: Variant, product: StoredProduct) -> Product:
        container = product.container
        return Product(
            sku=variant.sku,
            title=variant.neutral_title,
            price=variant.price,
            stock=variant.available,
            tax_rate=variant.tax_rate,
            parent=None if container is None else container["sku"],
            attributes=tuple((name, value) for name, value in variant.options),
        )

    def _idealo_id(self, order: Order) -> str | None:
        """Where an importer may have left it: attribute, metafield, source identifier."""
        for name, value in order.attributes:
            if name.lower().replace(" ", "_").replace("-", "_") in _IDEALO_NAMES:
                return value
        for field in order.metafields:
            if "idealo" in f"{field.namespace}.{field.key}" and "order" in field.key:
                return field.value
        return order.source_identifier

    def _neutral(self, order: Order) -> NeutralOrder:
        lines = []
        for line in order.lines:
            unit = units(order, line)
            lines.append(
                NeutralLine(
                    sku=line.sku or "", quantity=unit.ordered, shipped=unit.shipped, cancelled=unit.cancelled,
                    returned=unit.returned,
                )
            )  # fmt: skip
        return NeutralOrder(
            store_order_id=str(order.id),
            number=order.name,
            idealo_order_id=self._idealo_id(order),
            state="CANCELLED" if order.cancelled is not None else fulfillment_status(order),
            total=totals(order).total,
            currency=order.currency,
            transaction_id=_transaction_id(order),
            lines=lines,
            parcels=_parcels(order),
            refunds=_refunds(order),
        )


def _transaction_id(order: Order) -> str | None:
    return next((one.authorization for one in order.transactions if one.authorization), None)


def _parcels(order: Order) -> list[Parcel]:
    """Tracking codes of the fulfillments that stand, each once."""
    return each_once(
        Parcel(carrier=fulfillment.company or "", tracking_code=parcel.number)
        for fulfillment in order.fulfillments
        if fulfillment.status == "SUCCESS"
        for parcel in fulfillment.parcels
        if parcel.number
    )


def _refunds(order: Order) -> list[NeutralRefund]:
    """Refunds that moved money."""
    found = []
    for refund in order.refunds:
        paid = [one.amount for one in order.transactions if one.id in refund.transaction_ids]
        if paid:
            found.append(NeutralRefund(id=str(refund.id), amount=sum(paid, Decimal(0))))
    return found
