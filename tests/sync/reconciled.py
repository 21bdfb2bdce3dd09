"""Reconciles a town as the cron and an operator do; answers what is left, one sentence each."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.domain.difference import Difference
from app.ledger.records import ReconciliationRecord
from app.sync.audit import begin, reconcile

if TYPE_CHECKING:
    from tests.town import Town  # the campaign's checker needs the words alone


async def reconciled(town: "Town", *, repair: bool = True, days: int = 30) -> ReconciliationRecord:
    """One run over the town's store."""
    report_id = await begin(town.bridge.deps, town.store.id, "operator", days=days, repair=repair)
    assert report_id is not None, "another reconciliation runs"
    return await reconcile(town.bridge.deps, report_id)


async def left_over(town: "Town") -> list[str]:
    """What a reconciliation that repairs nothing finds in a town at rest; empty when the three sides agree."""
    report = await reconciled(town, repair=False)
    wrong = [] if report.orders == len(town.placed) else [f"{report.orders} of {len(town.placed)} orders compared"]
    return wrong + [f"{d.idealo_order_id}: reconciliation: {in_words(d)}" for d in not_at_rest(report.differences)]


def not_at_rest(differences: Iterable[Difference]) -> list[Difference]:
    """What nobody may find once everything has settled; the rest lies before a person, or a person has dismissed it."""
    return [d for d in differences if d.verdict in {"open", "mended", "under_way"}]


def in_words(difference: Difference) -> str:
    """One line, without the order."""
    d = difference
    about = f"{d.rule} {d.about}".strip()
    return f"{about}: expected {d.expected}, found {d.found} ({d.verdict})"
