"""The open questions of the reference (section 13, U1 to U37) as switches with defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stores.port import SandboxRefusal

Value = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One switch: its place in the reference, default, what it takes (a list, a range or free text) and meaning."""

    name: str
    source: str
    default: Value
    allowed: tuple[Value, ...] = ()
    low: int | None = None
    high: int | None = None
    meaning: str = ""

    def check(self, value: object) -> Value:
        """The value in its own type; SandboxRefusal (422) names the knob and what it takes."""
        if self.low is not None and self.high is not None:
            if isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high:
                return value
            raise SandboxRefusal(self.name, f"must be a whole number from {self.low} to {self.high}", status=422)
        if self.allowed:
            for allowed in self.allowed:
                if value == allowed and type(value) is type(allowed):
                    return allowed
            raise SandboxRefusal(self.name, f"must be one of {', '.join(map(str, self.allowed))}", status=422)
        if isinstance(value, str) and value.strip():
            return value
        raise SandboxRefusal(self.name, "must be a text that is not blank", status=422)

    def to_json(self, value: Value) -> dict[str, Any]:
        """What the controls show."""
        allowed: Any = list(self.allowed) or "any text"
        if self.low is not None:
            allowed = f"{self.low}..{self.high}"
        return {
            "value": value,
            "default": self.default,
            "allowed": allowed,
            "source": self.source,
            "meaning": self.meaning,
        }


def _choice(name: str, source: str, default: Value, *others: Value, meaning: str) -> Knob:
    return Knob(name=name, source=source, default=default, allowed=(default, *others), meaning=meaning)


def _count(name: str, source: str, default: int, low: int, high: int, meaning: str) -> Knob:
    return Knob(name=name, source=source, default=default, low=low, high=high, meaning=meaning)


_PRESENT, _ABSENT, _ACCEPT, _REJECT, _CONFLICT = "present", "absent", "accept", "reject", "conflict"
_DAY_S: Final = 86_400

KNOBS: Final[tuple[Knob, ...]] = (
    _choice("api", "U1", "up", "down", meaning="down: every idealo call is answered 502 with HTML"),
    _choice("status_merchant_order_number", "U2", 204, 200, 201, 202, meaning="answer to an accepted order number"),
    _choice("status_fulfillment", "U2", 201, 200, 202, 204, meaning="answer to an accepted fulfillment"),
    _choice("status_revocation", "U2", 201, 200, 202, 204, meaning="answer to an accepted revocation"),
    _choice("status_refund", "U2", 202, 200, 201, 204, meaning="answer to an accepted refund"),
    _choice("window_field", "U3", "created", "updated", meaning="timestamp that from and to look at"),
    _choice("from_bound", "U4", "inclusive", "exclusive", meaning="whether from itself is in the window"),
    _choice("to_bound", "U4", "exclusive", "inclusive", meaning="whether to itself is in the window"),
    _count("page_size_default", "U5", 100, 1, 10_000, "pageSize when none is given"),
    _count("page_size_max", "U5", 1000, 1, 10_000, "largest pageSize"),
    _choice("page_size_above_max", "U5", _REJECT, "clamp", meaning="400, or the largest one instead"),
    _choice("sort", "U6", "created", "shuffle", meaning="order of the search; shuffle differs from call to call"),
    _choice("acknowledged_policy", "U7", "until_merchant_number", "once_only", meaning="what ends an order's newness"),
    _count("new_orders_max", "U8", 0, 0, 100_000, "largest answer of new-orders; 0: no limit"),
    _choice("revocation_without_sku", "U9", "allow", _REJECT, meaning="whole order, or 400"),
    _choice("revocation_without_remaining", "U10", "zero", _REJECT, meaning="0 units remain, or 400"),
    _choice("same_sku_twice", "U11", "first_lines", _CONFLICT, meaning="revoke on the first lines, or 409"),
    _choice("raising_remaining", "U12", _CONFLICT, "ignore", meaning="409, or accepted without effect"),
    _choice("number_of_another_order", "U13", _ACCEPT, _CONFLICT, meaning="order number used on another order"),
    _choice("same_number_again", "U14", _ACCEPT, _CONFLICT, meaning="the same order number sent again"),
    _choice("number_after_processing", "U15", _ACCEPT, _CONFLICT, meaning="first order number after PROCESSING"),
    _choice("fulfillment_while_revoking", "U16", "complete", _CONFLICT, meaning="201 and COMPLETED, or 409"),
    _choice("fulfillment_partially_revoked", "U17", "keep", "complete", meaning="status stays, or COMPLETED"),
    _choice("status_after_full_return", "U18", "REVOKED", "COMPLETED", "PARTIALLY_REVOKED", meaning="all came back"),
    Knob(name="refund_success_status", source="U19", default="SUCCESSFUL", meaning="final status; 'random': any name"),
    _choice("status_refund_rejected", "U20", 409, 400, meaning="answer to a rejected refund"),
    _choice("refund_period_from", "U21", "completion", "created", "never", meaning="what the 60 days count from"),
    _choice("failed_refunds_count", "U22", "no", "yes", meaning="whether FAILED ones use up the order total"),
    _choice("refund_foreign_currency", "U23", _REJECT, _ACCEPT, meaning="400, or accepted"),
    _count("requests_per_second", "U24", 0, 0, 10_000, "per shop, then 429 with Retry-After; 0: no limit"),
    _choice("length_limits", "U25", "v1", "none", meaning="number 127, carrier 31, tracking 127, comment 255"),
    _choice("unknown_carriers", "U26", _ACCEPT, _REJECT, meaning="carriers off idealo's v1 list"),
    _choice("tracking_code_as_text", "U27", _REJECT, _ACCEPT, meaning="trackingCode that is not a list"),
    _choice("code_without_carrier", "U28", _REJECT, _ACCEPT, meaning="tracking codes but no carrier"),
    _choice("carrier_without_code", "U28", _ACCEPT, _REJECT, meaning="carrier but no tracking code"),
    _choice("salutation", "U29", _PRESENT, _ABSENT, "none", meaning="as given, left out, or NONE throughout"),
    _choice("remaining_quantity", "U30", _PRESENT, _ABSENT, meaning="remainingQuantity in lines"),
    _choice("delivery_text", "U30", _PRESENT, _ABSENT, meaning="merchantDeliveryText in lines"),
    _choice("missing_values", "U31", _ABSENT, "null", meaning="keys without a value"),
    _choice("money_format", "U32", "documented", "flipped", meaning="flipped: numbers in orders, text in refunds"),
    _choice(
        "error_content_type",
        "U33",
        "application/problem+json",
        "application/json",
        "text/html",
        meaning="Content-Type of error bodies",
    ),
    _choice("foreign_shop_status", "U34", 403, 404, meaning="a token on another shop's path"),
    _count("retention_days", "U36", 0, 0, 36_500, "how far back orders are listed; 0: all"),
    _choice("former_price", "U37", _ABSENT, _PRESENT, meaning="formerPrice in the lines of orders with a voucher"),
    _choice("timers", "section 15", "auto", "manual", meaning="manual: only POST /_sandbox/clock with step"),
    _count("revoking_seconds", "section 15", 2, 0, _DAY_S, "REVOKING until REVOKED"),
    _count("refund_seconds", "section 15", 2, 0, _DAY_S, "refund OPEN until final"),
    _count("token_seconds", "section 3", 3599, 1, _DAY_S, "life of a new token"),
    _choice(
        "buyer_cancellation",
        "9.2",
        "processed",
        "waits_for_merchant",
        meaning="a buyer's cancellation goes through by itself, or only once the merchant has revoked the units",
    ),
    _choice("own_revocation", "9.2", "revoking", "direct", meaning="after all units: REVOKING first, or REVOKED"),
    _choice("reason_after_shipping", "6.6", _ACCEPT, _CONFLICT, meaning="a reason other than RETOUR once shipped"),
    _choice("refund_of_other_payment", "6.7", _REJECT, "fail_later", meaning="409 with reason, or accepted and FAILED"),
    _choice("duplicates_in_lists", "section 15", "no", "yes", meaning="every list names its first order twice"),
    _count("changes_per_page", "S14", 0, 0, 1000, "orders that leave PROCESSING with every page that is read"),
    _count("s10_cancel_after_seconds", "S10", 0, 0, _DAY_S, "buyer of an S10 order cancels by himself; 0: never"),
)

_BY_NAME: Final = {knob.name: knob for knob in KNOBS}


class Knobs:
    """The values set at present."""

    def __init__(self) -> None:
        self._set: dict[str, Value] = {}

    def text(self, name: str) -> str:
        """Value of a knob that is a word."""
        return str(self._value(name))

    def number(self, name: str) -> int:
        """Value of a knob that is a number."""
        return int(self._value(name))

    def set(self, values: Mapping[str, object]) -> None:
        """Turn several knobs, or none if one is unknown or takes no such value (SandboxRefusal, 422)."""
        checked: dict[str, Value] = {}
        for name, value in values.items():
            if name not in _BY_NAME:
                raise SandboxRefusal(name, "unknown knob; GET /_sandbox/knobs lists them", status=422)
            checked[name] = _BY_NAME[name].check(value)
        self._set.update(checked)

    def reset(self) -> None:
        """Back to the defaults."""
        self._set.clear()

    def chosen(self) -> dict[str, Value]:
        """Knobs that were turned."""
        return dict(self._set)

    def to_json(self) -> dict[str, Any]:
        """All knobs with value, default, allowed values, source and meaning."""
        return {knob.name: knob.to_json(self._value(knob.name)) for knob in KNOBS}

    def _value(self, name: str) -> Value:
        return self._set.get(name, _BY_NAME[name].default)
