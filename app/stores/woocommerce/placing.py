"""Builds the body of a new order: net amounts at the rate the shop will add, addresses, and idealo's facts; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.domain.money import net_of
from app.domain.staff_notes import DELIVERY, OPTION, PAYMENT, line_facts
from app.domain.tax import Draft, DraftLine, DraftShipping
from app.domain.value import Value
from app.stores.woocommerce.mapping import ORDER_ID_KEY, QUANTITY_KEY, SKU_KEY, TOTAL_KEY
from app.stores.woocommerce.products import Product
from app.stores.woocommerce.rates import Place, TaxTable
from app.stores.woocommerce.settings import Settings
from app.wire.json_fields import clean

CREATED_VIA = "idealo"


class Placement(Value):
    """The request body, and what a person should know about it."""

    body: dict[str, Any]
    notes: tuple[str, ...]


class _Sums:
    """Collects the parts of an order while the rate of each is settled."""

    def __init__(self, shop: TaxTable, place: Place, settings: Settings) -> None:
        self.shop = shop
        self.place = place
        self.settings = settings
        self.notes: list[str] = []
        self.classes: list[str] = []
        """Tax classes that may decide the tax on shipping."""


def order_body(
    draft: Draft,
    addresses: tuple[dict[str, str], dict[str, str]],
    mail: str,
    products: Mapping[str, Product],
    shop: TaxTable,
    settings: Settings,
) -> Placement:
    """What POST /orders takes. Every part is net with 6 decimals, so that the shop's own tax makes idealo's gross.

    With 6 decimals no basket came out wrong, with 2 decimals a third did (simulated, and recorded 2026-11-23).
    """
    billing, shipping = addresses
    sums = _Sums(shop, shop.place(_place(billing), _place(shipping)), settings)
    lines = [_line(line, products[line.store_sku], sums) for line in draft.lines]
    shipping_lines, fees = _shipping(draft, sums)
    if draft.difference:
        fees.append(correction("Differenz laut idealo", draft.difference))
    purchase = draft.purchase
    body: dict[str, Any] = {
        **_status(settings),
        "currency": purchase.currency,
        "created_via": CREATED_VIA,
        "customer_id": 0,
        "payment_method": "idealo",
        "payment_method_title": f"idealo ({PAYMENT.get(purchase.payment_method, clean(purchase.payment_method))})",
        "transaction_id": clean(purchase.transaction_id),
        "billing": billing,
        "shipping": shipping,
        "line_items": lines,
        "shipping_lines": shipping_lines,
        "fee_lines": fees,
        "meta_data": _meta(draft, mail, settings),
    }
    return Placement(body=body, notes=tuple(sums.notes))


def correction(name: str, amount: Decimal) -> dict[str, Any]:
    """An untaxed line that moves the order's total by `amount`."""
    return {"name": name, "total": f"{amount:.2f}", "tax_status": "none", "tax_class": ""}


def _status(settings: Settings) -> dict[str, Any]:
    """`set_paid` lets the shop pick processing or completed itself (recorded 2026-11-23); another first status does
    not go together with it, as completing the payment would move the order on.
    """
    if settings.set_paid and settings.order_status == "processing":
        return {"set_paid": True}
    return {"status": settings.order_status, "set_paid": False}


def _place(address: Mapping[str, str]) -> Place:
    return Place(country=address["country"], postcode=address["postcode"], city=address["city"])


def _net(gross: Decimal, rate: Decimal) -> str:
    return f"{net_of(gross, rate):.6f}"


def _line(line: DraftLine, product: Product, sums: _Sums) -> dict[str, Any]:
    tax_class, rate = _class_and_rate(line, product, sums)
    if product.taxes_shipping:
        sums.classes.append(tax_class)
    net = _net(line.line.total, rate)
    return {
        "product_id": product.product_id,
        **({"variation_id": product.variation_id} if product.variation_id else {}),
        "quantity": line.line.quantity,
        "subtotal": net,
        "total": net,
        **({"tax_class": tax_class} if tax_class != product.tax_class else {}),
        "meta_data": [
            {"key": SKU_KEY, "value": clean(line.line.sku)},
            {"key": QUANTITY_KEY, "value": str(line.line.quantity)},
            *({"key": key, "value": clean(value)} for key, value in line_facts(line.line)),
        ],
    }


def _class_and_rate(line: DraftLine, product: Product, sums: _Sums) -> tuple[str, Decimal]:
    """The product's own class, unless the merchant configured another rate for the SKU and the shop knows it."""
    if not sums.shop.calculates or not product.taxed:
        return product.tax_class, Decimal(0)
    own = sums.shop.rate(product.tax_class, sums.place)
    if line.tax not in sums.settings.tax_rates or line.tax.rate == own:
        return product.tax_class, own
    other = sums.shop.class_with(line.tax.rate, sums.place, line.tax.tax_class)
    if other is None:
        sums.notes.append(
            f"{line.store_sku}: configured with {line.tax.rate} % tax, but the shop has no class with that rate for "
            f"{sums.place.country}; it was booked with the shop's {own:f} %, the gross total is exact"
        )
        return product.tax_class, own
    return other, line.tax.rate


def _shipping(draft: Draft, sums: _Sums) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Shipping lines at the one rate the shop's rule gives, fee lines for parts the merchant taxes otherwise."""
    title = f"{DELIVERY.get(draft.purchase.delivery, clean(draft.purchase.delivery))} (idealo)"
    rate = sums.shop.shipping_rate(sums.classes, sums.place)
    lines: list[dict[str, Any]] = []
    fees: list[dict[str, Any]] = []
    for part in draft.shipping:
        name = title if part.option is None else OPTION.get(part.option, clean(part.option))
        other = _fee_class(part, rate, sums)
        if other is None:
            lines.append({"method_id": sums.settings.shipping_method_id, "method_title": name, "gross": part.gross})
        else:
            total = _net(part.gross, part.tax.rate)
            fees.append({"name": name, "total": total, "tax_status": "taxable", "tax_class": other})
    if not lines:
        # Without a shipping line staff and label plugins see no method at all.
        lines.append({"method_id": sums.settings.shipping_method_id, "method_title": title, "gross": Decimal(0)})
    return [_priced(line, rate) for line in _joined(lines)], fees


def _joined(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parts of one name in one line: the goods' mix of rates matters only where the shop can book it."""
    by_name: dict[str, dict[str, Any]] = {}
    for line in lines:
        seen = by_name.setdefault(line["method_title"], {**line, "gross": Decimal(0)})
        seen["gross"] += line["gross"]
    return list(by_name.values())


def _priced(line: dict[str, Any], rate: Decimal) -> dict[str, Any]:
    gross = line.pop("gross")
    return {**line, "total": _net(gross, rate)}


def _fee_class(part: DraftShipping, rate: Decimal, sums: _Sums) -> str | None:
    """The tax class of a fee line for this part; None when it belongs on a shipping line."""
    configured = part.tax in sums.settings.tax_rates
    if not configured or part.tax.rate == rate or not sums.shop.calculates:
        return None
    found = sums.shop.class_with(part.tax.rate, sums.place, part.tax.tax_class)
    if found is None:
        sums.notes.append(
            f"shipping: {part.gross} configured with {part.tax.rate} % tax, but the shop has no class with that rate; "
            f"it was booked with the shop's {rate:f} %, the gross total is exact"
        )
    return found


def _meta(draft: Draft, mail: str, settings: Settings) -> list[dict[str, str]]:
    purchase = draft.purchase
    options = ", ".join(f"{o.kind} {o.price:.2f}" for o in purchase.delivery_options)
    facts = {
        ORDER_ID_KEY: purchase.idealo_order_id,
        TOTAL_KEY: f"{purchase.total:.2f}",
        "_idealo_order_created": purchase.placed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "_idealo_payment_method": purchase.payment_method,
        "_idealo_delivery": purchase.delivery,
        "_idealo_delivery_options": options,
        "_idealo_voucher": purchase.voucher or "",
        "_idealo_buyer_email": mail if settings.buyer_mail == "none" else "",
    }
    return [{"key": key, "value": clean(value)} for key, value in facts.items() if value]
