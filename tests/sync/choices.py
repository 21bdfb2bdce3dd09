"""What merchants, buyers and bad days choose to do, drawn from seeded dice; carrying it out is the caller's matter."""

import random
from collections.abc import Mapping
from typing import Any

SKUS = ("100000", "100001", "100002", "100005", "SHIRT-100-BL-M", "KB/2-45")
SCENARIOS = ("S1", "S2", "S3", "S5", "S6", "S9", "S11", "S16", "S17")
CANCELLABLE = frozenset({"PROCESSING", "PARTIALLY_REVOKED"})
"""idealo's states in which a buyer may still ask to cancel."""
FAULTS = ("status", "timeout", "reset", "truncate", "after_success", "html_502", "rate_limit")
WRITES = (
    ("{kind}", "POST", None),
    ("{kind}", "PUT", None),
    ("idealo", "POST", "*/merchant-order-number"),
    ("idealo", "POST", "*/fulfillment"),
    ("idealo", "POST", "*/revocations"),
    ("idealo", "POST", "*/refunds"),
)

Body = dict[str, Any]


def placement(chance: random.Random) -> Body:
    """What a buyer orders, as the body of POST /_sandbox/idealo/orders without its shop."""
    if chance.random() < 0.4:
        return {"scenario": chance.choice(SCENARIOS), "count": 1, "seed": chance.randrange(10**6)}
    skus = chance.sample(SKUS, chance.randint(1, 3))
    lines = [{"sku": sku, "quantity": chance.randint(1, 4)} for sku in skus]
    return {"lines": lines, "seed": chance.randrange(10**6)}


def merchant_action(order: Mapping[str, Any], chance: random.Random) -> tuple[str, Body]:
    """What the merchant does to an order given in neutral words: the control's name and its body."""
    line = chance.choice(order["lines"])
    some = [{"sku": line["sku"], "quantity": chance.randint(1, line["quantity"])}]
    code = f"0034043416109{chance.randrange(10**7):07d}"
    parcel = {"carrier": chance.choice(("DHL", "DPD", "GLS")), "tracking_code": code}
    actions: dict[str, tuple[str, Body]] = {
        "ship": ("ship", {"parcels": [parcel] if chance.random() < 0.8 else []}),
        "ship part": ("ship", {"lines": some, "parcels": [parcel]}),
        "track": ("track", dict(parcel)),
        "cancel": ("cancel", {}),
        "cancel part": ("cancel", {"lines": some}),
        "return": ("return", {"lines": some}),
        "refund": ("refund", {"amount": chance.choice(("1.00", "2.50"))}),
        "refund lines": ("refund", {"lines": some}),
    }
    # Money is where doubling hurts most: small equal amounts come up often.
    return actions[chance.choice([*actions, "refund", "refund", "ship"])]


def weather(chance: random.Random) -> Body:
    """How a store's webhooks travel from now on."""
    mode = chance.choice(("deliver", "drop", "repeat", "delay", "reorder"))
    return {"mode": mode, "share": chance.choice((0.5, 1.0)), "seed": chance.randrange(999)}


def lost_answer(kind: str, chance: random.Random) -> Body:
    """The next write somewhere takes effect, and nobody hears of it."""
    side, method, path = chance.choice(WRITES)
    how = chance.choice(("after_success", "after_success", "truncate", "timeout"))
    return {
        "side": side.format(kind=kind),
        "kind": how,
        "method": method,
        "path": path,
        "times": chance.randint(1, 2),
    }


def fault(kind: str, chance: random.Random) -> Body:
    """A few calls to one side go wrong."""
    return {
        "side": chance.choice(("idealo", kind)),
        "kind": chance.choice(FAULTS),
        "method": chance.choice(("GET", "POST", "PUT", None)),
        "times": chance.randint(1, 4),
        "after": chance.randint(0, 5),
        "status": chance.choice((500, 503)),
    }
