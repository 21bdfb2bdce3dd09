"""What shop staff read on an order, in German as the rest of their order screen; pure."""

import unicodedata
from collections.abc import Sequence

from app.domain.orders import Purchase
from app.domain.staff_notes import DELIVERY, OPTION, euros, opening, seller

TOTAL = "Gesamtbetrag"
"""Starts the line of the order comment that names idealo's total; a later look compares the order with it."""
OUR_CANCELLATION = "idealo Bridge: Stornierung"
"""Starts the comment of a credit memo the bridge made to cancel an invoiced order."""
_LAST_STORED = "\uffff"


def storable(raw: str) -> str:
    """The text as Magento's three-byte utf8 tables keep it: an emoji would become ???? (recorded 032, Magento 2.4.6).

    Styled letters beyond that range become plain ones, everything else there is left out, with the blanks around it.

    >>> storable("Grüße 🎁 von \U0001d409örg")
    'Grüße von Jörg'
    """
    if raw.isascii():
        return raw.replace("\x00", "")
    kept = "".join(_plain(c) if c > _LAST_STORED else c for c in raw.replace("\x00", ""))
    kept = kept.encode("utf-8", "ignore").decode()
    if kept == raw:
        return kept
    lines = kept.replace("\u200d", "").replace("\ufe0f", "").split("\n")
    return "\n".join(" ".join(line.split()) for line in lines)


def _plain(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    return plain if all(c <= _LAST_STORED for c in plain) else ""


def shipping_description(purchase: Purchase) -> str:
    """The shipping line of the order, with the options the buyer paid for inside it."""
    options = [OPTION.get(o.kind, o.kind) for o in purchase.delivery_options]
    delivery = DELIVERY.get(purchase.delivery, purchase.delivery)
    return storable(f"idealo – {', '.join([delivery, *options])}")[:255]


def order_comment(purchase: Purchase, changed: Sequence[str]) -> str:
    """The comment on a new order, for staff only; `changed` are address fields the shop would not have taken as they
    are, with their original text.
    """
    first, *rest = opening(purchase)
    said = [first, f"{TOTAL}: {euros(purchase.total)}", *rest]
    if purchase.difference:
        said.append(f"Differenz laut idealo: {euros(purchase.difference)}, in den Versandkosten gebucht")
    for line in purchase.lines:
        facts = [f"Lieferzusage {line.delivery_promise}" if line.delivery_promise else ""]
        facts.append(f"Verkäufer {seller(line)}" if seller(line) else "")
        facts.append(f"Preisanpassung {euros(line.price_adjustment)} je Stück" if line.price_adjustment else "")
        said += [f"{line.sku}: {fact}" for fact in facts if fact]
    said += [f"Angepasst: {text}" for text in changed]
    return storable("\n".join(said))


def hold_comment(details: Sequence[str]) -> str:
    """The comment on an order that is put on hold because the shop made something else of it."""
    return storable(f"Angehalten: {'; '.join(details)}. Bitte prüfen.")


def cancel_comment(idealo_order_id: str | None) -> str:
    """The comment of the credit memo that cancels an invoiced order."""
    return f"{OUR_CANCELLATION} der idealo-Bestellung {idealo_order_id or ''} durch den Käufer".rstrip()
