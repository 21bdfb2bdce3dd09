"""Turns what Shopify answers besides data into our errors: top-level errors, user errors, the cost bucket; pure."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.domain.errors import Permanent, Problem, Retryable, SyncError
from app.stores.shopify.bucket import cost_of
from app.wire.json_fields import clean
from app.wire.masking import brief

_TRANSIENT = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE", "INTERNAL_ERROR"}
_ENOUGH = timedelta(seconds=60)
"""orderCreate allows 5 a minute on trial and development stores and says `Too many attempts` (captured)."""
_LONGEST_WAIT_S = 300


def failure(body: Mapping[str, Any], what: str) -> SyncError | None:
    """The error in an answer, or None. Data may come along with errors; half an answer is none.

    THROTTLED waits until the bucket holds what the document costs; ACCESS_DENIED names the scope Shopify names.
    """
    given = body.get("errors")
    if not given:
        return None
    errors = [e for e in given if isinstance(e, dict)] if isinstance(given, list) else []
    said = brief("; ".join(_said(e.get("message")) for e in errors) or _said(given), 400)
    codes = {_code(e) for e in errors}
    if "THROTTLED" in codes:
        return Retryable(f"{what}: throttled by Shopify", after=_until_refilled(body))
    if "ACCESS_DENIED" in codes:
        needed = "; ".join(filter(None, (_required(e) for e in errors)))
        text = f"{what}: access denied: {said}{f' (required: {needed})' if needed else ''}"
        return Permanent(Problem.CREDENTIALS, f"{text}; give the app this scope, install its new version, check again")
    if codes & _TRANSIENT:
        return Retryable(f"{what}: trouble at Shopify: {said}")
    return Permanent(Problem.REJECTED, f"{what}: Shopify refused the call: {said}")


def refusal(errors: Any, what: str) -> SyncError | None:
    """The error in a mutation's user errors, with the names of the fields; None when there are none.

    Selected with `code` where Shopify has one (orderCreate, orderCancel); elsewhere the message decides.
    """
    given = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    if not given:
        return None
    said = "; ".join(f"{field_of(e) or 'order'}: {_said(e.get('message'))}" for e in given)
    text = f"{what}: Shopify refused: {brief(said, 400)}"
    messages = " ".join(_said(e.get("message")).lower() for e in given)
    codes = {str(e.get("code")) for e in given}
    if "too many attempts" in messages:
        return Retryable(text, after=_ENOUGH)
    if codes & _TRANSIENT:
        return Retryable(text)
    if codes & {"NO_REFUND_PERMISSION", "NO_REFUND_TO_STORE_CREDIT_PERMISSION", "SHOP_DORMANT"}:
        return Permanent(Problem.CREDENTIALS, text)
    return Permanent(Problem.REJECTED, text)


def field_of(error: Mapping[str, Any]) -> str:
    """The path of the field an error is about: `order.lineItems.0.quantity`; empty for none."""
    path = error.get("field")
    return ".".join(str(part) for part in path) if isinstance(path, list) else ""


def _said(message: Any) -> str:
    return clean(message) if isinstance(message, str) else "no reason given"


def _code(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions")
    return str(extensions.get("code")) if isinstance(extensions, dict) else ""


def _required(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions")
    needed = extensions.get("requiredAccess") if isinstance(extensions, dict) else None
    return clean(needed) if isinstance(needed, str) else ""


def _until_refilled(body: Mapping[str, Any]) -> timedelta:
    """(requested - available) / restore rate, as the answer states them; at least a second."""
    cost = cost_of(body)
    if cost is None:
        return timedelta(seconds=2)
    return timedelta(seconds=float(min(max(cost.refilled_in_s, Decimal(1)), Decimal(_LONGEST_WAIT_S))))
