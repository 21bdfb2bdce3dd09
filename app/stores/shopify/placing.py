"""Builds the input of a new order: gross prices with their tax, addresses, payment, and idealo's facts; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.domain.buyer import Buyer
from app.domain.money import tax_in
from app.domain.orders import Purchase
from app.domain.staff_notes import DELIVERY, OPTION, PAYMENT, line_facts
from app.domain.tax import Draft, DraftLine, DraftShipping
from app.domain.value import Value
from app.stores.shopify.addresses import addresses, valid_mail
from app.stores.shopify.documents import KEY, NAMESPACE
from app.stores.shopify.listing import utc
from app.stores.shopify.mapping import SKU_KEY, TOTAL_KEY
from app.stores.shopify.products import Variant
from app.stores.shopify.settings import Settings
from app.stores.shopify.wording import note
from app.wire.json_fields import clean

GATEWAY = "idealo"
TAG = "idealo"
DIFFERENCE = "Differenz laut idealo"
_TAX_TITLE = "MwSt"
_MAX_TAG = 40
_MAX_VALUE = 1000


class Placement(Value):
    """The two arguments of orderCreate."""

    order: dict[str, Any]
    options: dict[str, Any]


def placement(
    draft: Draft, buyer: Buyer, variants: Mapping[str, Variant], metafield_type: str | None, settings: Settings
) -> Placement:
    """What orderCreate takes. Shopify stores tax as it is sent and computes none, so every part states its own.

    `metafield_type` is the type of our metafield's definition, None where the store has none.
    """
    purchase = draft.purchase
    billing, shipping = addresses(buyer, settings)
    mail = valid_mail(buyer)
    order: dict[str, Any] = {
        "currency": purchase.currency,
        "taxesIncluded": True,
        "processedAt": utc(purchase.placed_at),
        "sourceIdentifier": clean(purchase.idealo_order_id),
        "tags": _tags(purchase),
        "note": note(purchase),
        "buyerAcceptsMarketing": False,
        "customAttributes": _attributes(purchase, mail if settings.buyer_mail == "none" else ""),
        "billingAddress": billing,
        "shippingAddress": shipping,
        "lineItems": [_line(line, variants[line.store_sku], purchase.currency) for line in draft.lines],
        "shippingLines": _shipping(draft),
        "transactions": _payment(purchase, settings),
        "test": settings.test_orders,
    }
    if mail and settings.buyer_mail == "relay":
        order["email"] = mail
    if draft.difference < 0:
        order["discountCode"] = _discount(-draft.difference, purchase.currency)
    if metafield_type:
        field = {"namespace": NAMESPACE, "key": KEY, "type": metafield_type, "value": clean(purchase.idealo_order_id)}
        order["metafields"] = [field]
    options = {
        "inventoryBehaviour": settings.inventory_behaviour,
        "sendReceipt": False,
        "sendFulfillmentReceipt": False,
    }
    return Placement(order=order, options=options)


def tag_of(idealo_order_id: str) -> str:
    """The order's own tag. A comma would split it in two."""
    return f"{TAG}-{idealo_order_id}".replace(",", " ")[:_MAX_TAG]


def expected_tax(placed: Placement) -> Decimal:
    """The tax the order states in all its parts."""
    parts = [*placed.order["lineItems"], *placed.order["shippingLines"]]
    amounts = [Decimal(tax["priceSet"]["shopMoney"]["amount"]) for part in parts for tax in part["taxLines"]]
    return sum(amounts, Decimal(0))


def _bag(amount: Decimal, currency: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": f"{amount:.2f}", "currencyCode": currency}}


def _discount(amount: Decimal, currency: str) -> dict[str, Any]:
    """No line may have a negative price; a fixed discount is the only part that takes something off."""
    return {"itemFixedDiscountCode": {"code": DIFFERENCE, "amountSet": _bag(amount, currency)}}


def _tax(gross: Decimal, rate: Decimal, currency: str) -> list[dict[str, Any]]:
    """The tax in a gross amount, for the whole quantity; none at all for a rate of zero."""
    if not rate:
        return []
    share = f"{(rate / 100).normalize():f}"
    return [
        {
            "title": f"{_TAX_TITLE} {rate.normalize():f} %",
            "rate": share,
            "priceSet": _bag(tax_in(gross, rate), currency),
        }
    ]


def _line(line: DraftLine, variant: Variant, currency: str) -> dict[str, Any]:
    """`requiresShipping` is false by default and would leave the line out of all shipping work."""
    properties = [(SKU_KEY, line.line.sku), *line_facts(line.line)]
    return {
        "variantId": variant.variant_id,
        "quantity": line.line.quantity,
        "requiresShipping": True,
        "taxable": bool(line.tax.rate),
        "priceSet": _bag(line.line.unit_price, currency),
        "taxLines": _tax(line.line.total, line.tax.rate, currency),
        "properties": [{"name": name, "value": clean(value)[:_MAX_VALUE]} for name, value in properties],
    }


def _shipping(draft: Draft) -> list[dict[str, Any]]:
    """One line per option with the tax of each of its rates; always one, so that staff see how it is delivered.

    What idealo's total has beyond its parts becomes a line here: a product line would wait to be shipped.
    """
    purchase = draft.purchase
    title = f"{DELIVERY.get(purchase.delivery, clean(purchase.delivery))} (idealo)"
    by_option: dict[str | None, list[DraftShipping]] = {None: []}
    for part in draft.shipping:
        by_option.setdefault(part.option, []).append(part)
    lines = [
        _shipping_line(
            title if option is None else OPTION.get(option, clean(option)),
            f"idealo-{option or purchase.delivery}",
            parts,
            purchase.currency,
        )
        for option, parts in by_option.items()
    ]
    if draft.difference > 0:
        gross = _bag(draft.difference, purchase.currency)
        lines.append(
            {"title": DIFFERENCE, "code": "idealo-difference", "source": TAG, "priceSet": gross, "taxLines": []}
        )
    return lines


def _shipping_line(title: str, code: str, parts: Sequence[DraftShipping], currency: str) -> dict[str, Any]:
    return {
        "title": title[:_MAX_VALUE],
        "code": clean(code)[:_MAX_VALUE],
        "source": TAG,
        "priceSet": _bag(sum((part.gross for part in parts), Decimal(0)), currency),
        "taxLines": [tax for part in parts for tax in _tax(part.gross, part.tax.rate, currency)],
    }


def _payment(purchase: Purchase, settings: Settings) -> list[dict[str, Any]]:
    """Paid at idealo. There is no field for a payment id: the authorization code takes the transaction's."""
    return [
        {
            "kind": "SALE",
            "status": "SUCCESS",
            "gateway": GATEWAY,
            "authorizationCode": clean(purchase.transaction_id),
            "processedAt": utc(purchase.placed_at),
            "amountSet": _bag(purchase.total, purchase.currency),
            "test": settings.test_orders,
        }
    ]


def _tags(purchase: Purchase) -> list[str]:
    payment = PAYMENT.get(purchase.payment_method, purchase.payment_method)
    own = clean(f"{TAG} {payment}").replace(",", " ")[:_MAX_TAG]
    return [TAG, tag_of(clean(purchase.idealo_order_id)), own]


def _attributes(purchase: Purchase, mail: str) -> list[dict[str, str]]:
    """Shown as "additional details" of the order."""
    options = ", ".join(f"{o.kind} {o.price:.2f}" for o in purchase.delivery_options)
    facts = {
        "idealo_order_id": purchase.idealo_order_id,
        TOTAL_KEY: f"{purchase.total:.2f}",
        "idealo_order_created": utc(purchase.placed_at),
        "idealo_payment_method": purchase.payment_method,
        "idealo_transaction_id": purchase.transaction_id,
        "idealo_delivery": purchase.delivery,
        "idealo_delivery_options": options,
        "idealo_voucher": purchase.voucher or "",
        "idealo_buyer_email": mail,
    }
    return [{"key": key, "value": clean(value)[:_MAX_VALUE]} for key, value in facts.items() if value]
