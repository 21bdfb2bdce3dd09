"""What shop staff read on an order, in German as the rest of their order screen; each store adds what it needs."""

from decimal import Decimal

from app.domain.orders import Purchase, PurchaseLine
from app.domain.tax import BERLIN

PAYMENT = {
    "PAYPAL": "PayPal",
    "SOFORT": "Sofortüberweisung",
    "CREDITCARD": "Kreditkarte",
    "IDEALO_CHECKOUT_PAYMENTS": "idealo Checkout Payments",
}
DELIVERY = {"POSTAL": "Versand", "FORWARDING": "Spedition", "DOWNLOAD": "Download", "LETTER": "Brief"}
OPTION = {"TWO_MAN_DELIVERY": "Lieferung an den Verwendungsort", "PICKUP_SERVICE": "Altgeräte-Mitnahme"}


def euros(amount: Decimal) -> str:
    """An amount as German readers expect it: 12,50 €."""
    return f"{amount:.2f} €".replace(".", ",")


def seller(line: PurchaseLine) -> str:
    """Name and number of the seller idealo showed; empty where there is none."""
    return " ".join(part for part in (line.seller_name, line.seller_id) if part)


def line_facts(line: PurchaseLine) -> list[tuple[str, str]]:
    """Names and values of what idealo says of a line beside its product and price, as it came."""
    facts = [
        ("idealo Lieferzusage", line.delivery_promise),
        ("idealo Verkäufer", seller(line)),
        ("idealo Preisanpassung je Stück", euros(line.price_adjustment) if line.price_adjustment else ""),
    ]
    return [(name, value) for name, value in facts if value]


def opening(purchase: Purchase) -> list[str]:
    """The first lines of every note: which order, how it was paid, how it is to be delivered, with which voucher."""
    placed = purchase.placed_at.astimezone(BERLIN).strftime("%d.%m.%Y %H:%M")
    payment = PAYMENT.get(purchase.payment_method, purchase.payment_method)
    said = [
        f"idealo-Bestellung {purchase.idealo_order_id} vom {placed} Uhr",
        f"Zahlung: {payment}, Transaktion {purchase.transaction_id}",
        f"Lieferung: {DELIVERY.get(purchase.delivery, purchase.delivery)}",
        *(f"Zusatzleistung: {OPTION.get(o.kind, o.kind)} ({euros(o.price)})" for o in purchase.delivery_options),
    ]
    return [*said, f"Gutschein: {purchase.voucher}"] if purchase.voucher else said


def order_note(purchase: Purchase) -> str:
    """All that idealo says of an order, a line each, as it came."""
    said = opening(purchase)
    if purchase.difference:
        said.append(f"idealos Summe weicht von ihren Teilen ab: {euros(purchase.difference)}")
    for line in purchase.lines:
        said += [f"{line.sku}: {name.removeprefix('idealo ')} {value}" for name, value in line_facts(line)]
    return "\n".join(said)
