"""The seven stories: what happens at idealo and in the shop, and which event must be settled in the end."""

from dataclasses import dataclass
from typing import Literal

Actor = Literal["merchant", "buyer"]
MUG, BITS = "100000", "100002"
PARCEL = {"carrier": "DHL", "tracking_code": "00340434161094042557"}


@dataclass(frozen=True)
class Step:
    """One thing a person does, and the event that must be settled before the next."""

    actor: Actor
    action: str
    body: object
    until: str


@dataclass(frozen=True)
class Story:
    """A title for people, a basket, and steps after the import."""

    title: str
    lines: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...] = ()


SHIP = Step("merchant", "ship", {"parcels": [PARCEL]}, "shipment.created")
STORIES = (
    Story("import", ((MUG, 1), (BITS, 2))),
    Story("shipment with tracking", ((MUG, 2),), (SHIP,)),
    Story(
        "partial cancellation",
        ((MUG, 3),),
        (Step("merchant", "cancel", {"lines": [{"sku": MUG, "quantity": 1}]}, "line.cancelled"),),
    ),
    Story(
        "return",
        ((MUG, 2),),
        (SHIP, Step("merchant", "return", {"lines": [{"sku": MUG, "quantity": 1}]}, "line.returned")),
    ),
    Story("refund", ((BITS, 2),), (Step("merchant", "refund", {"amount": "5.00"}, "refund.issued"),)),
    Story("buyer cancellation", ((MUG, 1),), (Step("buyer", "buyer-cancels", None, "line.cancelled"),)),
    Story("acknowledgement", ((BITS, 1),)),
)
