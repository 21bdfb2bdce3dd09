"""Places orders at the simulated idealo as the controls ask for them: a scenario, or lines of one's own."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from random import Random
from typing import Any, Final

from sandbox.catalogue import DEFAULT_CATALOGUE
from sandbox.fields import Fields
from sandbox.idealo import scenarios
from sandbox.idealo.generator import OPTION_PRICES, PHONE, SHIPPING_COSTS, Maker, ask_to_cancel, revoke
from sandbox.idealo.state import IdealoState
from sandbox.idealo.values import Line, Order
from sandbox.stores.port import Product

FIELDS: Final = (
    "shop_id",
    "scenario",
    "lines",
    "count",
    "seed",
    "payment_method",
    "delivery_method",
    "options",
    "voucher",
    "status",
    "created",
    "shipping_costs",
)
LINE_FIELDS: Final = ("sku", "quantity", "price", "title", "price_range_amount", "merchant_id", "merchant_name")
FALLBACK_PRICE: Final = Decimal("19.99")
MOST_AT_ONCE: Final = 10_000


def place_orders(state: IdealoState, fields: Fields, known: Callable[[], Iterable[Product]]) -> list[str]:
    """Place what the body asks for and return the ids; SandboxRefusal (422, or 404 for a shop) names a bad field.

    `known` gives the products of the fake stores, whose title and price a line takes over when it has none.
    """
    fields.only(*FIELDS)
    shop_id = _shop_id(state, fields)
    if fields.has("scenario") == fields.has("lines"):
        raise fields.bad("scenario", "give either a scenario or lines")
    dice = Random(fields.whole("seed")) if fields.has("seed") else state.random("orders")
    maker = Maker(dice, state.now(), shop_id)
    if fields.has("scenario"):
        name = fields.word("scenario", tuple(scenarios.VARIANTS))
        count = fields.whole("count", scenarios.usual_count(name), low=1, high=MOST_AT_ONCE)
        orders = [scenarios.make(name, maker, number) for number in range(count)]
    else:
        products = {product.sku: product for product in (*known(), *DEFAULT_CATALOGUE)}
        lines = fields.items("lines", lambda line: _line(line, products)) or []
        count = fields.whole("count", 1, low=1, high=MOST_AT_ONCE)
        orders = [
            maker.order([Line.from_json(line.to_json()) for line in lines], payment=scenarios.ICP) for _ in range(count)
        ]
    for order in orders:
        _override(order, fields)
    return [state.place(order, dice).id for order in orders]


def _shop_id(state: IdealoState, fields: Fields) -> int:
    if not fields.has("shop_id") and len(state.shops) == 1:
        return next(iter(state.shops))
    shop_id = fields.whole("shop_id", low=1)
    if shop_id not in state.shops:
        raise fields.bad("shop_id", f"no shop {shop_id}; POST /_sandbox/idealo/shops registers one")
    return shop_id


def _line(fields: Fields, products: dict[str, Product]) -> Line:
    fields.only(*LINE_FIELDS)
    sku = fields.text("sku")
    product = products.get(sku)
    quantity = fields.whole("quantity", 1, low=1, high=100_000)
    price = fields.maybe_money("price")
    return Line(
        sku=sku,
        title=fields.maybe_text("title") or (product.title if product is not None else sku),
        price=price if price is not None else (product.price if product is not None else FALLBACK_PRICE),
        quantity=quantity,
        remaining=quantity,
        price_range_amount=fields.maybe_money("price_range_amount"),
        merchant_id=fields.maybe_text("merchant_id"),
        merchant_name=fields.maybe_text("merchant_name"),
    )


def _override(order: Order, fields: Fields) -> None:
    order.payment_method = fields.maybe_text("payment_method") or order.payment_method
    if fields.has("delivery_method"):
        order.method = fields.text("delivery_method")
        options = sum((price for _, price in order.options), Decimal(0))
        order.shipping_costs = SHIPPING_COSTS.get(order.method, Decimal("4.95")) + options
        order.phone = PHONE if order.method == "FORWARDING" else None
    if fields.has("options"):
        before = sum((price for _, price in order.options), Decimal(0))
        order.options = _options(fields)
        order.shipping_costs += sum((price for _, price in order.options), Decimal(0)) - before
    if fields.has("shipping_costs"):
        order.shipping_costs = fields.money("shipping_costs")
        if order.shipping_costs < sum((price for _, price in order.options), Decimal(0)):
            raise fields.bad("shipping_costs", "contain the options and cannot be lower than those")
    if fields.has("voucher"):
        voucher = fields.value("voucher")
        inner = Fields({"voucher": voucher.get("code")} if isinstance(voucher, dict) else {"voucher": voucher})
        order.voucher = inner.text("voucher")
    created = fields.moment("created")
    if created is not None:
        order.created = created.replace(microsecond=0)
        order.updated = created
    if fields.has("status"):
        _take_status(order, fields.text("status"))


def _options(fields: Fields) -> list[tuple[str, Decimal]]:
    given: Any = fields.value("options")
    if not isinstance(given, list):
        raise fields.bad("options", "must be a list")
    options: list[tuple[str, Decimal]] = []
    for place, item in enumerate(given):
        if isinstance(item, str):
            options.append((item, OPTION_PRICES.get(item, Decimal("10.00"))))
            continue
        inner = Fields(item, f"options[{place}]").only("forwardOption", "price")
        options.append((inner.text("forwardOption"), inner.money("price")))
    return options


def _take_status(order: Order, status: str) -> None:
    """Put the order into a state as if it had come there by itself."""
    if status == "REVOKED":
        revoke(order)
    elif status == "REVOKING":
        ask_to_cancel(order)
    else:
        order.status = status
        order.completed_at = order.updated if status == "COMPLETED" else None
