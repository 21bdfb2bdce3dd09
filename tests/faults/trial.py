"""Plants every defect in turn, lives the same short story with it, and sees whether the checker finds it out."""

import random
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.faults.breaking import leap
from tests.faults.campaign import Campaign
from tests.faults.checker import RULES, Found
from tests.faults.defects import DEFECTS
from tests.faults.house import BRIDGE, WORKERS
from tests.faults.operator import shop_of
from tests.faults.reconciling import reconciled

KIND = "woocommerce"
SOUND_WITHIN_S = 45
"""How long the bridge without a defect may take to bring the story to its end."""
CAUGHT_AFTER_S = 8
"""What is wrong with a defect counts after that time, and after twice what the sound bridge took on this machine."""
STEP_WITHIN_S = 12
"""How long the story waits for what the bridge should do next; with some defects it does nothing."""


class Outcome(NamedTuple):
    """Which rules spoke up while a defect was planted; without one `defect` is None and none should."""

    defect: str | None
    broken: frozenset[str]
    lines: tuple[str, ...]

    @property
    def as_it_should_be(self) -> bool:
        return DEFECTS[self.defect].rule in self.broken if self.defect else not self.broken


class _Earlier(NamedTuple):
    """Deliveries of the stories before: the newest in the ledger, and all the door has promised to keep."""

    newest: int
    promised: set[int]


def trials(campaign: Campaign, names: list[str]) -> Iterator[Outcome]:
    """First the sound bridge, then each named defect. The campaign has begun and carries no load."""
    sound_s = 0.0
    for name in (None, *names):
        campaign.house.defect = name
        campaign.house.stop(*BRIDGE)
        # Nothing comes in now: what stands there bears the marks of the defects before.
        earlier = _Earlier(campaign.lane.call(campaign.checker.newest_delivery()), {*campaign.promises.delivery_ids})
        campaign.facts.begin_anew()
        campaign.house.start(*BRIDGE)
        campaign.house.wait_until_ready()
        orders = _story(campaign)
        began = time.monotonic()
        found = _look(campaign, max(CAUGHT_AFTER_S, 2 * sound_s) if name else SOUND_WITHIN_S, orders, earlier)
        sound_s = sound_s if name else time.monotonic() - began
        found = found.joined_by(reconciled(campaign.operator, [KIND], only=orders))
        yield Outcome(name, frozenset(found.broken_rules()), tuple(found.lines()))


def uncovered() -> set[str]:
    """Rules for which no defect is planted; there should be none."""
    return set(RULES) - {defect.rule for defect in DEFECTS.values()}


def _look(campaign: Campaign, within_s: float, orders: list[str], earlier: _Earlier) -> Found:
    """What is wrong with these orders and with the deliveries that came after the earlier ones."""
    until = time.monotonic() + within_s
    while True:
        promised = campaign.promises.delivery_ids - earlier.promised
        check = campaign.checker.check(promised, only=orders, since_delivery=earlier.newest)
        found = campaign.lane.call(check)
        if not found.wrong or time.monotonic() > until:
            return found
        campaign.live(0.5)


def _story(campaign: Campaign) -> list[str]:
    """Everything a rule watches happens once: lost answers, goods that leave with a tracking code and without one, a
    cancelled unit, a refund, a missed webhook.
    """
    lost = {"side": KIND, "kind": "after_success", "method": "POST", "path": "*/wc/v3/orders"}
    campaign.control("POST", "/faults", lost)
    orders = _buy(campaign, {"sku": "100000", "quantity": 1})
    orders += _buy(campaign, {"sku": "100001", "quantity": 2}, {"sku": "100002", "quantity": 3})
    orders += _buy(campaign, {"sku": "100000", "quantity": 2})
    _merchant(campaign, orders[0], "ship", {"parcels": []})
    _after_sale(campaign, orders[1])
    campaign.live(0.5)
    _missed(campaign, orders[2])
    # What was tried again while the store's list failed has its next turn.
    leap(campaign, random.Random(0))
    campaign.house.stop(*WORKERS)
    campaign.house.start(*WORKERS)
    return orders


def _buy(campaign: Campaign, *lines: dict[str, Any]) -> list[str]:
    """One order, polled at once; answers when it stands in the store and idealo knows, or does not come."""
    order = {"shop_id": shop_of(KIND), "lines": list(lines)}
    ids: list[str] = campaign.control("POST", "/idealo/orders", order)["ids"]
    campaign.operator.poll(KIND)
    until = time.monotonic() + STEP_WITHIN_S
    while not _in_store(campaign, ids[0]) and time.monotonic() < until:
        campaign.live(0.2)
    campaign.live(0.5)
    return ids


def _in_store(campaign: Campaign, idealo_order_id: str) -> list[dict[str, Any]]:
    path = f"/stores/{KIND}/orders?idealo_order_id={idealo_order_id}"
    orders: list[dict[str, Any]] = campaign.control("GET", path)["orders"]
    return orders


def _merchant(campaign: Campaign, idealo_order_id: str, action: str, body: dict[str, Any]) -> None:
    for order in _in_store(campaign, idealo_order_id)[:1]:
        campaign.control("POST", f"/stores/{KIND}/orders/{order['store_order_id']}/{action}", body)


def _after_sale(campaign: Campaign, order: str) -> None:
    """Each step waits until idealo has heard of the one before, whoever of the bridge's answers gets lost."""
    if not _in_store(campaign, order):
        return
    lost = {"side": "idealo", "kind": "after_success", "method": "POST", "path": "*/refunds"}
    campaign.control("POST", "/faults", lost)
    steps: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("cancel", {"lines": [{"sku": "100002", "quantity": 1}]}, "revocation"),
        ("ship", {"parcels": [_parcel(order)]}, "fulfillment"),
        ("refund", {"amount": "1.00"}, "refund"),
    )
    for action, body, write in steps:
        _merchant(campaign, order, action, body)
        until = time.monotonic() + STEP_WITHIN_S
        while not _heard(campaign, order, write) and time.monotonic() < until:
            campaign.live(0.2)


def _heard(campaign: Campaign, order: str, write: str) -> bool:
    at_idealo: dict[str, Any] = campaign.control("GET", f"/idealo/orders/{order}")
    return any(one["kind"] == write for one in at_idealo["history"])


def _missed(campaign: Campaign, order: str) -> None:
    """No webhook tells of the parcel, and the store's list fails until all clocks have leapt."""
    campaign.control("POST", f"/stores/{KIND}/webhooks", {"mode": "drop"})
    failing = {"side": KIND, "kind": "status", "method": "GET", "path": "*/wc/v3/orders", "times": 1000}
    campaign.control("POST", "/faults", failing)
    _merchant(campaign, order, "ship", {"parcels": [_parcel(order)]})
    campaign.live(1)
    leap(campaign, random.Random(0))
    campaign.live(7)
    campaign.control("DELETE", "/faults")
    campaign.control("POST", f"/stores/{KIND}/webhooks", {"mode": "deliver"})


def _parcel(order: str) -> dict[str, str]:
    digits = "".join(str(ord(letter) % 10) for letter in order)
    return {"carrier": "DHL", "tracking_code": f"00340434{digits:0>12.12}"}
