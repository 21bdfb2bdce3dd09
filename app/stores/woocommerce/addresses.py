"""Turns the buyer into WooCommerce addresses, inside the limits of its tables; pure."""

import re

from app.domain.buyer import Address, Buyer
from app.stores.woocommerce.settings import Settings
from app.wire.json_fields import clean

# Widths of WooCommerce's order address table. One field too long and the shop stores none of the address: a phone of
# over 100 characters left both addresses empty, with 201 (recorded 2026-11-23, WooCommerce 10.9.1).
_PHONE_WIDTH = 100
_MAIL_WIDTH = 320
# What WordPress's is_email() lets pass; the shop answers 400 `rest_invalid_param` to anything else (recorded).
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_MAIL = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]+@(?:{_LABEL}\.)+{_LABEL}")


def addresses(buyer: Buyer, settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """Billing and shipping. The mail address is empty unless the merchant wants the shop to mail the buyer."""
    phone = clean(buyer.phone or "").strip()[:_PHONE_WIDTH]
    mail = valid_mail(buyer) if settings.buyer_mail == "relay" else ""
    billing = {**_address(buyer.billing, settings), "email": mail, "phone": phone}
    return billing, {**_address(buyer.shipping, settings), "phone": phone}


def valid_mail(buyer: Buyer) -> str:
    """The relay address, or nothing where WooCommerce would refuse the whole order because of it."""
    mail = clean(buyer.email).strip()
    return mail if len(mail) <= _MAIL_WIDTH and _MAIL.fullmatch(mail) else ""


def _address(address: Address, settings: Settings) -> dict[str, str]:
    fields = {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company": "",
        "address_1": address.line1,
        "address_2": "",
        "city": address.city,
        "state": "",
        "postcode": address.postal_code,
        "country": address.country_code.strip().upper(),
        settings.address_line2: address.line2 or "",
    }
    return {key: clean(value).strip() for key, value in fields.items()}
