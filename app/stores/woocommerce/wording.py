"""What shop staff read on an order the shop made something else of, in German as the rest of their screen; pure."""

from collections.abc import Iterable
from decimal import Decimal

from app.domain.staff_notes import euros

_HELD = {
    "total_differs": "idealo hat {expected} berechnet, der Shop kommt auf {found} (Steuersätze, Rundung)",
    "currency_differs": "der Shop führt die Bestellung in einer anderen Währung als idealo",
    "line_without_product": "eine Position hat ihr Produkt verloren",
    "address_lost": "der Shop hat eine Anschrift verworfen; sie steht bei idealo",
}


def hold_note(rules: Iterable[str], expected: Decimal, found: Decimal) -> str:
    """The private note on an order that is put on hold because the shop made something else of it."""
    said = [_HELD[rule].format(expected=euros(expected), found=euros(found)) for rule in dict.fromkeys(rules)]
    return f"Angehalten: {'; '.join(said)}. Bitte berichtigen und dann freigeben."
