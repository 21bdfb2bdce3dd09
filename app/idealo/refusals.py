"""What idealo's refusals mean: configuration, the order's state, or the content of the call; pure."""

from app.domain.errors import Permanent, Problem
from app.idealo.mapping import order_label
from app.wire.http import Refused

# Reference section 6.7; the HTTP status they come with is not documented, so any 4xx is looked at.
REFUND_REASONS = {
    "ORDER_NOT_PAID_USING_IDEALO_CHECKOUT_PAYMENTS": (
        "the order was not paid through idealo's own payment; refund it at the payment provider"
    ),
    "REFUND_PERIOD_EXCEEDED": "idealo's 60 days for refunds are over; pay the buyer back another way",
    "REFUND_AMOUNT_EXCEEDS_ORDER_PRICE": "all refunds together would exceed the order's total",
}


def of_credentials(e: Refused, shop_id: str) -> Permanent:
    """401 with a token fetched a moment ago, or 403: this pair has no right to this shop."""
    if e.status == 401:
        return Permanent(Problem.CREDENTIALS, f"idealo refuses a token it has just handed out: {e}")
    detail = f"idealo refuses shop {shop_id} to these credentials; a pair belongs to one shop only: {e}"
    return Permanent(Problem.CREDENTIALS, detail)


def of_shop(e: Refused, shop_id: str) -> Permanent:
    """A 404 on a list: the shop itself is unknown (403 and 404 for a foreign shop are both possible)."""
    if e.status == 404:
        return Permanent(Problem.CREDENTIALS, f"idealo knows no shop {shop_id}; check base URL and credentials: {e}")
    return e


def of_order(e: Refused, idealo_order_id: str, doing: str) -> Permanent:
    """A call about one order: unknown order and forbidden state are conflicts, anything else speaks for itself."""
    label = order_label(idealo_order_id)
    if e.status == 404:
        detail = f"{label}: not found, so cannot {doing}; was it placed in another shop? {e}"
        return Permanent(Problem.STATE_CONFLICT, detail)
    if e.status == 409:
        return Permanent(Problem.STATE_CONFLICT, f"{label}: its state does not allow to {doing}: {e}")
    if e.problem is Problem.REJECTED:
        return Permanent(Problem.REJECTED, f"{label}: idealo refused to {doing}: {e}")
    return e


def of_refund(e: Refused, idealo_order_id: str) -> Permanent:
    """A refund's documented reason, in words; other refusals as for any call about an order."""
    body = e.json()
    reason = body.get("reason") if isinstance(body, dict) else None
    label = order_label(idealo_order_id)
    if isinstance(reason, str) and reason:
        meaning = REFUND_REASONS.get(reason, "idealo gives a reason its documents do not name")
        return Permanent(Problem.REJECTED, f"{label}: refund refused with {reason[:80]}: {meaning}: {e}")
    if e.status == 409:
        return Permanent(Problem.REJECTED, f"{label}: refund refused: {e}")
    return of_order(e, idealo_order_id, "refund money")
