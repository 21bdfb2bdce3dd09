"""What the four writes carry: idealo's spellings and limits, checked before anything is sent; pure."""

import json
from collections.abc import Sequence
from decimal import Decimal

from app.domain.errors import Permanent, Problem
from app.domain.money import CENT
from app.domain.orders import RevocationReason

# Limits of the v1 manual (2016); v2's own were never published where we could read them.
MAX_ORDER_NUMBER = 127
MAX_CARRIER = 31
MAX_COMMENT = 255
MAX_CODES = 127
"""For all codes of one call, joined with commas."""
REASONS = {
    RevocationReason.BUYER_CANCELLED: "CUSTOMER_REVOKE",
    RevocationReason.MERCHANT_CANCELLED: "MERCHANT_DECLINE",
    RevocationReason.RETURNED: "RETOUR",
}


def order_number(number: str) -> bytes:
    """Raises Permanent(rejected) for a blank number or one that would have to be cut: a cut number names no order."""
    if not number.strip():
        raise Permanent(Problem.REJECTED, "the store's order number is empty; idealo needs one")
    if len(number) > MAX_ORDER_NUMBER:
        detail = f"the store's order number has {len(number)} characters; idealo takes {MAX_ORDER_NUMBER} at most"
        raise Permanent(Problem.REJECTED, detail)
    return _json({"merchantOrderNumber": number})


def fulfillments(carrier: str | None, codes: Sequence[str]) -> list[bytes]:
    """Carrier and codes go together or not at all; `{}` reports a shipment without tracking.

    More codes than one call may carry become several calls: repeating adds parcels. Raises Permanent(rejected) for
    codes without a carrier: idealo refuses them, and dropping them would lose them.
    """
    given = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
    name = (carrier or "").strip()[:MAX_CARRIER].rstrip()
    if not given:
        return [b"{}"]
    if not name:
        detail = "idealo takes tracking codes only with a carrier, and none is known; set default_carrier for the store"
        raise Permanent(Problem.REJECTED, detail)
    calls: list[list[str]] = [[]]
    for code in given:
        if calls[-1] and len(",".join([*calls[-1], code])) > MAX_CODES:
            calls.append([])
        calls[-1].append(code)
    return [_json({"carrier": name, "trackingCode": call}) for call in calls]


def revocation(sku: str, remaining: int, reason: RevocationReason, comment: str) -> bytes:
    """Always names the SKU and the units that stay: leaving either out is undocumented."""
    if not sku or remaining < 0:
        raise Permanent(Problem.REJECTED, f"cannot revoke down to {remaining} units of SKU {sku!r}")
    body = {"sku": sku, "remainingQuantity": remaining, "reason": REASONS[reason]}
    cut = comment.strip()[:MAX_COMMENT].rstrip()
    return _json(body | {"comment": cut} if cut else body)


def refund(amount: Decimal, currency: str) -> bytes:
    """The amount as a JSON number with exactly two decimals. Raises Permanent(rejected) below one cent or between."""
    if not amount.is_finite() or amount < CENT or amount >= Decimal(10) ** 10 or amount != amount.quantize(CENT):
        raise Permanent(Problem.REJECTED, f"cannot refund {amount}: idealo takes whole cents from 0.01 on")
    # json has no exact decimals; the number is written by hand and the currency escaped by json.
    return f'{{"refundAmount":{amount:.2f},"currency":{json.dumps(currency)}}}'.encode()


def _json(body: object) -> bytes:
    # Escaped to ASCII: any text passes, whatever a shop put into it.
    return json.dumps(body, separators=(",", ":")).encode()
