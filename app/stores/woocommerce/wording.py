"""What shop staff read on an order, in German as the rest of their order screen; pure."""

from collections.abc import Iterable
from decimal import Decimal

from app.domain.orders import Purchase, PurchaseLine
from app.domain.tax import BERLIN
from app.stores.woocommerce.reading import clean

PAYMENT = {
    "PAYPAL": "PayPal",
    "SOFORT": "Sofortüberweisung",
    "CREDITCARD": "Kreditkarte",
    "IDEALO_CHECKOUT_PAYMENTS": "idealo Checkout Payments",
}
DELIVERY = {"POSTAL": "Versand", "FORWARDING": "Spedition", "DOWNLOAD": "Download", "LETTER": "Brief"}
OPTION = {"TWO_MAN_DELIVERY": "Lieferung an den Verwendungsort", "PICKUP_SERVICE": "Altgeräte-Mitnahme"}


def line_facts(line: PurchaseLine) -> list[tuple[str, str]]:
    """Meta entries the order screen shows below the item."""
    facts = [
        ("idealo Lieferzusage", line.delivery_promise),
        ("idealo Verkäufer", " ".join(part for part in (line.seller_name, line.seller_id) if part)),
        ("idealo Preisanpassung je Stück", _amount(line.price_adjustment) if line.price_adjustment else ""),
    ]
    return [(key, clean(value)) for key, value in facts if value]


def order_note(purchase: Purchase) -> str:
    """The private note on a new order."""
    placed = purchase.placed_at.astimezone(BERLIN).strftime("%d.%m.%Y %H:%M")
    payment = PAYMENT.get(purchase.payment_method, purchase.payment_method)
    said = [
        f"idealo-Bestellung {purchase.idealo_order_id} vom {placed} Uhr",
        f"Zahlung: {payment}, Transaktion {purchase.transaction_id}",
        f"Lieferung: {DELIVERY.get(purchase.delivery, purchase.delivery)}",
        *(f"Zusatzleistung: {OPTION.get(o.kind, o.kind)} ({_amount(o.price)})" for o in purchase.delivery_options),
    ]
    if purchase.voucher:
        said.append(f"Gutschein: {purchase.voucher}")
    if purchase.difference:
        said.append(f"idealos Summe weicht von ihren Teilen ab: {_amount(purchase.difference)}")
    for line in purchase.lines:
        said += [f"{line.sku}: {key.removeprefix('idealo ')} {value}" for key, value in line_facts(line)]
    return clean("\n".join(said))


_HELD = {
    "total_differs": "idealo hat {expected} berechnet, der Shop kommt auf {found} (Steuersätze, Rundung)",
    "currency_differs": "der Shop führt die Bestellung in einer anderen Währung als idealo",
    "line_without_product": "eine Position hat ihr Produkt verloren",
    "address_lost": "der Shop hat eine Anschrift verworfen; sie steht bei idealo",
}


def hold_note(rules: Iterable[str], expected: Decimal, found: Decimal) -> str:
    """The private note on an order that is put on hold because the shop made something else of it."""
    said = [_HELD[rule].format(expected=_amount(expected), found=_amount(found)) for rule in dict.fromkeys(rules)]
    return f"Angehalten: {'; '.join(said)}. Bitte berichtigen und dann freigeben."


def _amount(amount: Decimal) -> str:
    return f"{amount:.2f} €".replace(".", ",")
