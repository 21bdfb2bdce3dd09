"""Reports of the three-way reconciliation: one store's list, and the last one of every store."""

from app.ledger.records import ReconciliationRecord
from app.ledger.views.page import Page, View, page_of

_COLUMNS = ", ".join(f"r.{name}" for name in ReconciliationRecord.model_fields)


class ReconciliationViews(View):
    """Reports, running ones included."""

    async def reconciliations(self, store_id: str, limit: int, before: int | None = None) -> Page[ReconciliationRecord]:
        """Newest first; `before` is the cursor of the page before."""
        rows = await self._rows(
            f"""SELECT {_COLUMNS} FROM reconciliations r
                WHERE r.store_id = :store_id AND (CAST(:before AS bigint) IS NULL OR r.id < :before)
                ORDER BY r.id DESC LIMIT :limit""",  # noqa: S608 - constants; values are bound
            {"store_id": store_id, "before": before, "limit": limit + 1},
        )
        found = [ReconciliationRecord.model_validate(dict(row._mapping)) for row in rows]  # noqa: SLF001 - its public name
        return page_of(found, [report.id for report in found], limit)

    async def last_reconciliations(self) -> dict[str, ReconciliationRecord]:
        """The last finished report of every live store that has one, by store id."""
        rows = await self._rows(
            f"""SELECT {_COLUMNS} FROM stores s
                JOIN LATERAL (SELECT * FROM reconciliations WHERE store_id = s.id AND ended_at IS NOT NULL
                              ORDER BY id DESC LIMIT 1) AS r ON TRUE
                WHERE s.archived_at IS NULL""",  # noqa: S608 - constants
            {},
        )
        found = [ReconciliationRecord.model_validate(dict(row._mapping)) for row in rows]  # noqa: SLF001 - its public name
        return {report.store_id: report for report in found}
