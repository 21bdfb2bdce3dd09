"""Reconciles a town as the cron and an operator do; answers what is left, one sentence each."""

from app.ledger.records import ReconciliationRecord
from app.sync.audit import begin, reconcile
from tests.town import Town


async def reconciled(town: Town, *, repair: bool = True, days: int = 30) -> ReconciliationRecord:
    """One run over the town's store."""
    report_id = await begin(town.bridge.deps, town.store.id, "operator", days=days, repair=repair)
    assert report_id is not None, "another reconciliation runs"
    return await reconcile(town.bridge.deps, report_id)


async def left_over(town: Town) -> list[str]:
    """What a reconciliation that repairs nothing finds in a town at rest; empty when the three sides agree."""
    report = await reconciled(town, repair=False)
    wrong = [] if report.orders == len(town.placed) else [f"{report.orders} of {len(town.placed)} orders compared"]
    return wrong + [
        f"{d.idealo_order_id}: reconciliation: {d.rule} {d.about}: expected {d.expected}, found {d.found} ({d.verdict})"
        for d in report.differences
        if d.verdict in {"open", "under_way"}
    ]
