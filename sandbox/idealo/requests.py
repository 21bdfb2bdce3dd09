"""Reads what clients send to idealo: strict where the reference is, and tolerant where real clients were seen."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from sandbox.idealo.knobs import Knobs
from sandbox.idealo.problems import FieldError, Problem, invalid

NUMBER_LIMIT: Final = 127
CARRIER_LIMIT: Final = 31
TRACKING_LIMIT: Final = 127
COMMENT_LIMIT: Final = 255
REASONS: Final = ("CUSTOMER_REVOKE", "MERCHANT_DECLINE", "RETOUR")
CARRIERS: Final = frozenset(
    (
        *("Cargo", "DHL", "DPD", "Der Courier", "Deutsche Post", "FedEx", "GLS", "GO!", "GdSK", "Hermes", "Midway"),
        *("Noxxs Logistic", "TOMBA", "UPS", "eparcel", "iloxx", "paket.ag", "primeMail"),
    )
)


def read_object(body: bytes, *, may_be_empty: bool = False) -> dict[str, Any]:
    """The JSON object of a request; numbers with a point become Decimal. Problem 400 otherwise.

    `may_be_empty`: no body at all and `[]` count as `{}`, as clients written in PHP send it (reference section 16).
    """
    if may_be_empty and not body.strip():
        return {}
    try:
        document = json.loads(body.decode(), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "Malformed JSON") from error
    if may_be_empty and document == []:
        return {}
    if not isinstance(document, dict):
        raise Problem(400, "Malformed JSON")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def read_number(body: dict[str, Any], knobs: Knobs) -> str:
    """`merchantOrderNumber`: text, not blank, at most 127 characters."""
    number = body.get("merchantOrderNumber")
    if number is None or (isinstance(number, str) and not number.strip()):
        raise invalid("merchantOrderNumber", "must not be blank")
    if not isinstance(number, str):
        raise invalid("merchantOrderNumber", "must be a string")
    _limit("merchantOrderNumber", number, NUMBER_LIMIT, knobs)
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfillment:
    """One report of shipping."""

    carrier: str | None
    codes: tuple[str, ...]


def read_fulfillment(body: dict[str, Any], knobs: Knobs) -> Fulfillment:
    """`carrier` and `trackingCode` (a list), both optional and nullable; codes need a carrier."""
    carrier = body.get("carrier")
    if not isinstance(carrier, str | None):
        raise invalid("carrier", "must be a string")
    codes = _codes(body, knobs)
    if carrier is not None:
        _limit("carrier", carrier, CARRIER_LIMIT, knobs)
        if carrier.strip() and carrier not in CARRIERS and knobs.text("unknown_carriers") == "reject":
            raise invalid("carrier", "unknown carrier")
    _limit("trackingCode", ",".join(codes), TRACKING_LIMIT, knobs)
    named = bool(carrier and carrier.strip())
    if codes and not named and knobs.text("code_without_carrier") == "reject":
        raise invalid("carrier", "must not be blank when a tracking code is given")
    if named and not codes and knobs.text("carrier_without_code") == "reject":
        raise invalid("trackingCode", "must not be empty when a carrier is given")
    return Fulfillment(carrier=carrier if named else None, codes=tuple(codes))


def _codes(body: dict[str, Any], knobs: Knobs) -> list[str]:
    codes = body.get("trackingCode")
    if isinstance(codes, str) and knobs.text("tracking_code_as_text") == "accept":
        codes = [codes]
    if codes is None:
        return []
    if not isinstance(codes, list):
        raise invalid("trackingCode", "must be an array of strings")
    for place, code in enumerate(codes):
        if not isinstance(code, str) or not code.strip():
            raise invalid(f"trackingCode[{place}]", "must be a string that is not blank")
    return codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One report of cancelled or returned units; `sku` None: the whole order."""

    reason: str
    sku: str | None
    remaining: int


def read_revocation(body: dict[str, Any], knobs: Knobs) -> Revocation:
    """`reason`, and `sku`, `remainingQuantity`, `comment` as far as the knobs let them be missing."""
    errors: list[FieldError] = []
    reason, sku = body.get("reason"), body.get("sku")
    remaining, comment = body.get("remainingQuantity"), body.get("comment")
    if reason not in REASONS:
        errors.append(FieldError(field="reason", message=f"must be one of {', '.join(REASONS)}"))
    if sku is None and knobs.text("revocation_without_sku") == "reject":
        errors.append(FieldError(field="sku", message="must not be null"))
    elif sku is not None and (not isinstance(sku, str) or not sku.strip()):
        errors.append(FieldError(field="sku", message="must be a string that is not blank"))
    if remaining is None and knobs.text("revocation_without_remaining") == "reject":
        errors.append(FieldError(field="remainingQuantity", message="must not be null"))
    elif remaining is not None and (isinstance(remaining, bool) or not isinstance(remaining, int) or remaining < 0):
        errors.append(FieldError(field="remainingQuantity", message="must be an integer of at least 0"))
    elif sku is None and remaining:
        errors.append(FieldError(field="sku", message="must not be null when units remain"))
    if comment is not None and not isinstance(comment, str):
        errors.append(FieldError(field="comment", message="must be a string"))
    elif comment is not None and len(comment) > COMMENT_LIMIT and knobs.text("length_limits") == "v1":
        errors.append(FieldError(field="comment", message=f"size must be between 0 and {COMMENT_LIMIT}"))
    if errors:
        raise Problem(400, "Bad Request", field_errors=errors)
    return Revocation(reason=str(reason), sku=sku, remaining=remaining or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """Money to be paid back, in cents exact."""

    amount: Decimal
    currency: str


def read_refund(body: dict[str, Any]) -> RefundWish:
    """`refundAmount` (a number, or the same as text) of at least 0.01, and `currency`."""
    amount = _amount(body.get("refundAmount"))
    currency = body.get("currency")
    errors: list[FieldError] = []
    if amount is None or amount < Decimal("0.01"):
        errors.append(FieldError(field="refundAmount", message="must be a number of at least 0.01"))
    elif amount != amount.quantize(Decimal("0.01")):
        errors.append(FieldError(field="refundAmount", message="must have at most two decimals"))
    if not isinstance(currency, str) or not currency.strip():
        errors.append(FieldError(field="currency", message="must not be blank"))
    if errors or amount is None:
        raise Problem(400, "Bad Request", field_errors=errors)
    return RefundWish(amount=amount.quantize(Decimal("0.01")), currency=str(currency))


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        return None
    # Beyond a billion it is no order total, and a huge exponent would not survive being rounded to cents.
    return amount if amount.is_finite() and abs(amount) < Decimal(10**9) else None


def read_moment(name: str, text: str) -> datetime:
    """A timestamp of the search window; the seconds may be left out, the zone may not. Problem 400 otherwise."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise invalid(name, "must be an ISO-8601 timestamp in UTC") from error
    if moment.tzinfo is None:
        raise invalid(name, "must be an ISO-8601 timestamp in UTC")
    return moment.astimezone(UTC)


def read_count(name: str, text: str | None, usual: int, least: int) -> int:
    """A number of the query; Problem 400 otherwise."""
    if text is None or not text.strip():
        return usual
    if not text.strip().isascii() or not text.strip().isdigit() or len(text) > 9 or int(text) < least:
        raise invalid(name, f"must be a whole number of at least {least}")
    return int(text)


def _limit(field: str, text: str, limit: int, knobs: Knobs) -> None:
    if len(text) > limit and knobs.text("length_limits") == "v1":
        raise invalid(field, f"size must be between 0 and {limit}")
