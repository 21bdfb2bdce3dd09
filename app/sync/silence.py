"""Silent webhooks: does a store still tell what happens in it, or does polling find what webhooks should have told?"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from app.ledger.records import StoreRecord
from app.ledger.views import Hearing, Views
from app.ledger.views.hearing import ON_ITS_WAY
from app.ports import Finding
from app.sync.deps import Deps
from app.wire.vault import SealBrokenError

HearingVerdict = Literal["ok", "quiet", "silent", "unknown"]
MISSED_IN_A_ROW = 3
"""One lost webhook is weather (WooCommerce sends each once); three with none in between are a shop that went silent."""
USUALLY_MANY = 4.0
"""Webhooks a day: below that, a day with few or none says nothing."""
FEW = 0.25
"""Less than this share of a usual day is unusually quiet; most Sundays and holidays stay above it."""


class WebhookHealth(Hearing):
    """What is heard of a store, and what to think of it."""

    verdict: HearingVerdict
    advice: Annotated[str, Field(description="what was seen and what to do; empty when ok")] = ""

    @property
    def silent(self) -> bool:
        return self.verdict == "silent"


async def webhook_health(deps: Deps, stores: Sequence[StoreRecord]) -> dict[str, WebhookHealth]:
    """Of these stores, by id; archived ones are left out."""
    async with deps.statements() as ledger:
        hearings = await Views(ledger).hearings(deps.now())
    found: dict[str, WebhookHealth] = {}
    for store in stores:
        hearing = hearings.get(store.id)
        if hearing is not None:
            verdict, advice = judge(store, _pushes(deps, store), hearing)
            found[store.id] = WebhookHealth(**hearing.model_dump(), verdict=verdict, advice=advice)
    return found


def _pushes(deps: Deps, store: StoreRecord) -> str:
    """What the kind can do; a store whose credentials no key opens may well send webhooks."""
    try:
        return deps.sides.adapter(store).capabilities.pushes
    except SealBrokenError:
        return "full"


def wants_a_look(store: StoreRecord, health: WebhookHealth | None) -> bool:
    """Whether the store went silent since its webhooks were last looked after: once for every new witness."""
    if health is None or not health.silent or health.last_missed_at is None:
        return False
    return store.webhooks_checked_at is None or store.webhooks_checked_at < health.last_missed_at + ON_ITS_WAY


def judge(store: StoreRecord, pushes: str, heard: Hearing) -> tuple[HearingVerdict, str]:
    """The verdict on a store's webhooks and what to do; `pushes` is its kind's capability.

    Silence needs a witness: something polling found that a webhook should have told. A shop where nothing happens is
    quiet at most, however busy it usually is.
    """
    if pushes == "none" or store.webhooks_note:
        return "unknown", store.webhooks_note or "this kind of shop sends no webhooks; polling serves"
    if not store.working:
        return "unknown", "the store is paused or archived"
    if witnessed := _silence(heard):
        return "silent", _what_to_do(store, witnessed)
    if seldom := _seldom(heard):
        return "quiet", seldom
    if not heard.received and not heard.told:
        return "unknown", "nothing happened in the shop that webhooks should have told"
    return "ok", ""


def _silence(heard: Hearing) -> str | None:
    if heard.missed_in_a_row >= MISSED_IN_A_ROW or (heard.missed and not heard.received):
        return f"polling found {heard.missed} changes the shop's webhooks did not tell"
    if heard.missed >= MISSED_IN_A_ROW and heard.missed > heard.told:
        return f"webhooks told {heard.told} changes and missed {heard.missed}"
    return None


def _seldom(heard: Hearing) -> str | None:
    if heard.missed:
        changes = heard.missed + heard.told
        return f"{heard.missed} of {changes} changes came by polling; webhooks get lost in between"
    usual = heard.usual_per_day
    if usual is not None and usual >= USUALLY_MANY and heard.received < usual * FEW:
        return f"{heard.received} webhooks in 24 hours, usually {usual:g}; polling found nothing they should have told"
    return None


def _what_to_do(store: StoreRecord, seen: str) -> str:
    if store.webhooks_problem:
        return f"{seen}; correct this first: {store.webhooks_problem}"
    return (
        f"{seen}, and its subscriptions look right: see that the shop's scheduler runs (WP-Cron, bin/magento cron:run) "
        "and that its host reaches BRIDGE_PUBLIC_URL; they are entered anew meanwhile"
    )


def standing(findings: tuple[Finding, ...]) -> tuple[str | None, str | None]:
    """What to write down of a look after webhooks: the problem, and why there are none although nothing is wrong."""
    problem = "; ".join(f"{f.name}: {f.detail} {f.advice}".strip() for f in findings if not f.ok)
    note = "; ".join(f"{f.detail}. {f.advice}".strip() for f in findings if f.ok and f.level == "absent")
    return problem or None, note or None
