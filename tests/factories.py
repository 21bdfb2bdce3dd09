"""Plain functions with defaults: a test states only what matters to it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.domain.buyer import Address, Buyer
from app.domain.orders import IdealoOrder, Purchase, PurchaseLine, StoreLine, StoreOrder
from app.domain.units import ImportedLine

PLACED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def a_line(sku: str = "SKU-A", quantity: int = 1, price: str = "10.00", **more: Any) -> PurchaseLine:
    return PurchaseLine(sku=sku, title=f"Title of {sku}", quantity=quantity, unit_price=Decimal(price), **more)


def a_purchase(*lines: PurchaseLine, shipping: str = "4.95", **more: Any) -> Purchase:
    lines = lines or (a_line(),)
    goods = sum((line.total for line in lines), Decimal(0))
    defaults: dict[str, Any] = {
        "idealo_order_id": "00K7MPX24R",
        "placed_at": PLACED,
        "currency": "EUR",
        "payment_method": "PAYPAL",
        "transaction_id": "8HX42917KT553201B",
        "refundable": False,
        "delivery": "POSTAL",
    }
    return Purchase(
        lines=lines, goods=goods, shipping=Decimal(shipping), total=goods + Decimal(shipping), **{**defaults, **more}
    )


def an_address(**more: Any) -> Address:
    defaults = {
        "first_name": "Jördis",
        "last_name": "Großkopf",
        "line1": "Lindenstraße 14a",
        "postal_code": "04317",
        "city": "Leipzig",
        "country_code": "DE",
    }
    return Address(**{**defaults, **more})


def a_buyer(**more: Any) -> Buyer:
    defaults: dict[str, Any] = {"email": "m-4kq8z1t7wv0b2nxd@checkout.idealo.de"}
    return Buyer(**{**defaults, "billing": an_address(), "shipping": an_address(), **more})


def an_idealo_order(purchase: Purchase | None = None, **more: Any) -> IdealoOrder:
    purchase = purchase or a_purchase()
    defaults: dict[str, Any] = {
        "purchase": purchase,
        "buyer": a_buyer(),
        "status": "PROCESSING",
        "status_known": True,
        "revocation_wanted": False,
        "revoked": False,
        "shipped": False,
        "merchant_order_number": None,
        "remaining": purchase.ordered(),
        "updated_at": PLACED,
    }
    return IdealoOrder(**{**defaults, **more})


def a_store_line(line_id: str = "1", sku: str = "SKU-A", quantity: int = 1, **more: Any) -> StoreLine:
    return StoreLine(line_id=line_id, sku=sku, quantity=quantity, **more)


def a_store_order(*lines: StoreLine, **more: Any) -> StoreOrder:
    defaults: dict[str, Any] = {
        "store_order_id": "18",
        "number": "18",
        "idealo_order_id": "00K7MPX24R",
        "currency": "EUR",
        "total": Decimal("14.95"),
    }
    return StoreOrder(lines=lines or (a_store_line(),), **{**defaults, **more})


def imported(*lines: StoreLine) -> tuple[ImportedLine, ...]:
    """Lines frozen as they stand."""
    return tuple(
        ImportedLine(line_id=line.line_id, sku=line.sku, store_sku=line.sku, quantity=line.quantity) for line in lines
    )
