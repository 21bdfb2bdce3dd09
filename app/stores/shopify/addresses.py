"""Turns the buyer into Shopify addresses, inside the limits of its fields; pure."""

import re
from typing import Any

from app.domain.buyer import Address, Buyer
from app.stores.shopify.settings import Settings
from app.wire.json_fields import clean

_WIDTH = 255
_MAIL = re.compile(r"[^\s@<>\"(),;:\[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")


def addresses(buyer: Buyer, settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """Billing and shipping as `MailingAddressInput`.

    The phone stands in the addresses only: a customer's must be unique in the store, so it could refuse the order.
    """
    phone = clean(buyer.phone or "").strip()[:_WIDTH]
    more = {"phone": phone} if phone else {}
    return {**_address(buyer.billing, settings), **more}, {**_address(buyer.shipping, settings), **more}


def valid_mail(buyer: Buyer) -> str:
    """The relay address, or nothing where Shopify would refuse the whole order because of it."""
    mail = clean(buyer.email).strip()
    return mail if len(mail) <= _WIDTH and _MAIL.fullmatch(mail) else ""


def _address(address: Address, settings: Settings) -> dict[str, Any]:
    """No province: it would have to fit the country, and idealo sends none."""
    country = address.country_code.strip().upper()
    fields = {
        "firstName": address.first_name,
        "lastName": address.last_name,
        "address1": address.line1,
        settings.address_line2: address.line2 or "",
        "zip": address.postal_code,
        "city": address.city,
        "countryCode": country if re.fullmatch("[A-Z]{2}", country) else "",
    }
    shown = {key: clean(value).strip()[:_WIDTH] for key, value in fields.items()}
    return {key: value for key, value in shown.items() if value}
