"""What shop staff read on an order, in German as the rest of their order screen; pure."""

from decimal import Decimal

from app.domain.orders import Purchase, PurchaseLine
from app.domain.tax import BERLIN
from app.stores.shopify.reading import clean

PAYMENT = {
    "PAYPAL": "PayPal",
    "SOFORT": "Sofortüberweisung",
    "CREDITCARD": "Kreditkarte",
    "IDEALO_CHECKOUT_PAYMENTS": "idealo Checkout Payments",
}
DELIVERY = {"POSTAL": "Versand", "FORWARDING": "Spedition", "DOWNLOAD": "Download", "LETTER": "Brief"}
OPTION = {"TWO_MAN_DELIVERY": "Lieferung an den Verwendungsort", "PICKUP_SERVICE": "Altgeräte-Mitnahme"}
CANCEL_NOTE = "idealo: vom Käufer storniert"
"""Shopify takes up to 255 characters here (captured 2026-06-29)."""


def line_facts(line: PurchaseLine) -> list[tuple[str, str]]:
    """Properties the order screen shows below the item."""
    facts = [
        ("idealo Lieferzusage", line.delivery_promise),
        ("idealo Verkäufer", " ".join(part for part in (line.seller_name, line.seller_id) if part)),
        ("idealo Preisanpassung je Stück", amount(line.price_adjustment) if line.price_adjustment else ""),
    ]
    return [(key, clean(value)) for key, value in facts if value]


def order_note(purchase: Purchase) -> str:
    """The order's note."""
    placed = purchase.placed_at.astimezone(BERLIN).strftime("%d.%m.%Y %H:%M")
    payment = PAYMENT.get(purchase.payment_method, purchase.payment_method)
    said = [
        f"idealo-Bestellung {purchase.idealo_order_id} vom {placed} Uhr",
        f"Zahlung: {payment}, Transaktion {purchase.transaction_id}",
        f"Lieferung: {DELIVERY.get(purchase.delivery, purchase.delivery)}",
        *(f"Zusatzleistung: {OPTION.get(o.kind, o.kind)} ({amount(o.price)})" for o in purchase.delivery_options),
    ]
    if purchase.voucher:
        said.append(f"Gutschein: {purchase.voucher}")
    if purchase.difference:
        said.append(f"idealos Summe weicht von ihren Teilen ab: {amount(purchase.difference)}")
    for line in purchase.lines:
        said += [f"{line.sku}: {key.removeprefix('idealo ')} {value}" for key, value in line_facts(line)]
    return clean("\n".join(said))[:5000]


def amount(value: Decimal) -> str:
    return f"{value:.2f} €".replace(".", ",")
