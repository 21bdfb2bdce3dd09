"""Turns the buyer into Magento addresses, inside the characters and widths its validators take; pure."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from app.domain.buyer import Address, Buyer
from app.domain.value import Value
from app.stores.magento2.wording import storable

_WIDTH = 255
"""Of every address column; the street's lines share one, with a line break between them."""
_PHONE_WIDTH = 20
# Punctuation Magento's name, city and street validators take since 2.4.6 (reference 4.2).
_IN_NAMES = ",-_.'’`& "
_IN_CITIES = _IN_NAMES + "()"
_IN_STREETS = _IN_CITIES + '"[]/+'
_PHONE = re.compile(r"[^0-9+() -]")
NO_NAME = "-"
NO_PHONE = "000"
"""Magento wants a telephone number by default; idealo sends one only for freight."""


class Addresses(Value):
    """Both addresses as Magento takes them, and what had to be changed, for the order's comment."""

    billing: dict[str, Any]
    shipping: dict[str, Any]
    changed: tuple[str, ...]


def addresses(buyer: Buyer) -> Addresses:
    changed: list[str] = []
    billing = _address("billing", "Rechnungsadresse", buyer.billing, buyer, changed)
    shipping = _address("shipping", "Lieferadresse", buyer.shipping, buyer, changed)
    return Addresses(billing=billing, shipping=shipping, changed=tuple(changed))


def _address(kind: str, title: str, address: Address, buyer: Buyer, changed: list[str]) -> dict[str, Any]:
    lines = [address.line1, *([address.line2] if address.line2 else [])]
    phone = _phone(buyer.phone or "")
    fields: Mapping[str, tuple[str, str]] = {
        "firstname": (address.first_name, _allowed(address.first_name, _IN_NAMES) or NO_NAME),
        "lastname": (address.last_name, _allowed(address.last_name, _IN_NAMES) or NO_NAME),
        "city": (address.city, _allowed(address.city, _IN_CITIES) or NO_NAME),
        "postcode": (address.postal_code, storable(address.postal_code).strip()[:_WIDTH]),
        "telephone": (buyer.phone or NO_PHONE, phone),
    }
    street = _street(lines)
    for name, before, after in [
        *((name, raw, taken) for name, (raw, taken) in fields.items()),
        *(("street", raw, taken) for raw, taken in zip(lines, street, strict=True)),
    ]:
        if " ".join(before.split()) != after and f"{title} {name}: {before}" not in changed:
            changed.append(f"{title} {name}: {before}")
    salutation = _allowed(address.salutation or "", _IN_NAMES)
    return {
        "address_type": kind,
        **({"prefix": salutation} if salutation else {}),
        **{name: taken for name, (_, taken) in fields.items()},
        "street": [line for line in street if line] or [NO_NAME],
        "country_id": address.country_code.strip().upper(),
        "email": storable(buyer.email).strip(),
    }


def _street(lines: list[str]) -> list[str]:
    """The one or two lines; where they do not fit together, the second is cut to half the column, then the first."""
    first, *more = [_allowed(line, _IN_STREETS) for line in lines]
    room = max(_WIDTH // 2, _WIDTH - 1 - len(first))
    more = [line[:room].strip() for line in more]
    return [first[: _WIDTH - sum(len(line) + 1 for line in more)].strip(), *more]


def _allowed(raw: str, punctuation: str) -> str:
    """Letters, marks, digits and this punctuation; anything else becomes a blank, blanks are joined."""
    kept = (c if unicodedata.category(c)[0] in "LMN" or c in punctuation else " " for c in storable(raw))
    return " ".join("".join(kept).split())[:_WIDTH].strip()


def _phone(raw: str) -> str:
    return " ".join(_PHONE.sub(" ", raw).split())[:_PHONE_WIDTH].strip() or NO_PHONE
