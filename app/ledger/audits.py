"""Writes about reconciliations, and what one has to compare."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, insert, or_
from sqlmodel import col, select, update

from app.domain.difference import Difference
from app.ledger import reading
from app.ledger.book import Book
from app.ledger.records import OrderRecord, ReconciliationRecord
from app.ledger.tables import OrderRow, ReconciliationRow, StoreRow

SILENT_AFTER = timedelta(minutes=10)
"""A reconciliation that did not say how far it is for so long has died with its process."""
MOST_KEPT = 1000
"""Differences kept per report; the counts are complete."""


class AuditBook(Book):
    """Reconciliations on one connection."""

    async def begin_reconciliation(
        self,
        store_id: str,
        found_by: Literal["cron", "operator"],
        days: int,
        now: datetime,
        *,
        repair: bool,
        not_since: datetime | None = None,
    ) -> int | None:
        """A new report's id; None while another one runs for this store.

        With `not_since`, None as well when the cron began one since then that ended: once a day is enough.
        """
        # One at a time per store, decided here: whoever asks meanwhile waits for this row.
        lock = select(StoreRow.id).where(col(StoreRow.id) == store_id).with_for_update(key_share=True)
        await self._run(lock)
        mine = col(ReconciliationRow.store_id) == store_id
        query = select(func.count()).select_from(ReconciliationRow).where(mine, _in_the_way(now, not_since))
        if (await self._run(query)).scalar_one():
            return None
        begun = {"store_id": store_id, "found_by": found_by, "days": days, "repair": repair, "started_at": now}
        row = insert(ReconciliationRow).values(**begun, progress_at=now, differences=[], notes=[])
        report_id: int = (await self._run(row.returning(col(ReconciliationRow.id)))).scalar_one()
        return report_id

    async def reconciliation(self, report_id: int) -> ReconciliationRecord:
        """Raises NoResultFound where there is no such report."""
        query = select(ReconciliationRow).where(col(ReconciliationRow.id) == report_id)
        return reading.reconciliation((await self._run(query)).one())

    async def reconciliation_goes_on(self, report_id: int, done: int, of: int, now: datetime) -> None:
        """How far it is."""
        await self._report(report_id, orders=done, orders_in_all=of, progress_at=now)

    async def end_reconciliation(
        self, report_id: int, orders: int, differences: Sequence[Difference], notes: Sequence[str], now: datetime
    ) -> None:
        """Writes the report; open differences are kept before all others."""
        kept = sorted(differences, key=lambda d: d.verdict != "open")[:MOST_KEPT]
        await self._report(
            report_id,
            orders=orders,
            orders_in_all=orders,
            progress_at=now,
            ended_at=now,
            open=sum(d.verdict == "open" for d in differences),
            mended=sum(d.verdict == "mended" for d in differences),
            differences=[d.model_dump(mode="json") for d in kept],
            notes=list(notes),
        )

    async def _report(self, report_id: int, **values: Any) -> None:
        await self._run(update(ReconciliationRow).where(col(ReconciliationRow.id) == report_id).values(**values))

    async def orders_to_compare(self, store_id: str, since: datetime, after: int, limit: int) -> list[OrderRecord]:
        """Unclosed orders and those placed since, by id; `after` is the last id of the page before."""
        query = select(OrderRow).where(*_compared(store_id, since), col(OrderRow.id) > after)
        rows = await self._run(query.order_by(col(OrderRow.id)).limit(limit))
        return [reading.order(row) for row in rows]

    async def count_to_compare(self, store_id: str, since: datetime) -> int:
        query = select(func.count()).select_from(OrderRow).where(*_compared(store_id, since))
        count: int = (await self._run(query)).scalar_one()
        return count

    async def known_order(self, store_id: str, idealo_order_id: str) -> OrderRecord | None:
        """Our order of this idealo id; none is made."""
        query = select(OrderRow).where(
            col(OrderRow.store_id) == store_id, col(OrderRow.idealo_order_id) == idealo_order_id
        )
        row = (await self._run(query)).one_or_none()
        return reading.order(row) if row else None

    async def linked_among(self, store_id: str, store_order_ids: Sequence[str]) -> set[str]:
        """Which of these store orders are ours."""
        query = select(OrderRow.store_order_id).where(
            col(OrderRow.store_id) == store_id, col(OrderRow.store_order_id).in_(store_order_ids)
        )
        return set((await self._run(query)).scalars())


def _compared(store_id: str, since: datetime) -> tuple[Any, ...]:
    return (
        col(OrderRow.store_id) == store_id,
        # Where retention took the content away there is nothing left to be compared.
        col(OrderRow.reduced_at).is_(None),
        or_(col(OrderRow.closed_at).is_(None), col(OrderRow.placed_at) >= since),
    )


def _in_the_way(now: datetime, not_since: datetime | None) -> ColumnElement[bool]:
    """Reports that run, and those the cron began since a moment and ended."""
    ended = col(ReconciliationRow.ended_at).is_not(None)
    running = ~ended & (col(ReconciliationRow.progress_at) > now - SILENT_AFTER)
    if not_since is None:
        return running
    daily = (col(ReconciliationRow.started_at) >= not_since) & (col(ReconciliationRow.found_by) == "cron")
    return or_(running, ended & daily)
