"""Three-way reconciliation: compare idealo, ledger and store, mend what the ordinary path can mend, compare again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import structlog

from app.domain.difference import ComparedSide, Difference
from app.domain.errors import Permanent, Retryable
from app.domain.orders import IdealoOrder, StoreOrder
from app.idealo import Unreadable
from app.ledger.audits import SILENT_AFTER
from app.ledger.ledger import Ledger
from app.ledger.records import OrderRecord, ReconciliationRecord, StoreRecord
from app.sync.compare import compare
from app.sync.deps import Deps
from app.sync.difference import RULES, Sight
from app.sync.holding import holding
from app.sync.mend import mend, mend_link
from app.sync.sighting import UNREAD_MOST, Eyes, SideUnread
from app.sync.strangers import find_strangers, stray_of
from app.wire.vault import SealBrokenError

DAYS = 30
ORDERS_AT_ONCE = 4
"""Orders read at the same time; the shop serves its customers meanwhile."""
BATCH = 100

Tell = Callable[[int, int], None]
"""Called with how many orders were compared, of how many."""
Shown = tuple[str, OrderRecord | None, IdealoOrder | Unreadable | None]
"""idealo's id, our order if known, and what idealo's list said of it."""

log = structlog.get_logger("bridge")


@dataclass
class _Findings:
    """What one reconciliation has found so far."""

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubtful: list[Shown] = field(default_factory=list)
    """Orders with open differences, to be mended and compared again."""
    done: int = 0
    of: int = 0
    unread: dict[ComparedSide, int] = field(default_factory=dict)


async def begin(
    deps: Deps,
    store_id: str,
    found_by: Literal["cron", "operator"],
    *,
    days: int = DAYS,
    repair: bool = True,
    not_since: datetime | None = None,
) -> int | None:
    """A report's id, so that `reconcile` may run; None while one runs for this store, or was made since a moment."""
    async with deps.ledger() as ledger:
        return await ledger.begin_reconciliation(
            store_id, found_by, days, deps.now(), repair=repair, not_since=not_since
        )


async def reconcile(deps: Deps, report_id: int, tell: Tell | None = None) -> ReconciliationRecord:
    """Compares, mends and compares again, writes the report and answers it.

    A side that cannot be read is a difference of its own. Raises LedgerUnavailable; then the report stays unfinished.
    """
    async with deps.ledger() as ledger:
        report = await ledger.reconciliation(report_id)
        store = await ledger.store(report.store_id)
    assert store is not None  # noqa: S101 - the report's foreign key
    audit = _Audit(deps, store, report, tell or (lambda _done, _of: None))
    # A report that says nothing counts as dead, however long one order takes.
    async with holding(deps, audit.say, SILENT_AFTER / 5, "reconciliation.not_noted", report=report_id):
        await audit.run()
    async with deps.ledger() as ledger:
        found = audit.found
        await ledger.end_reconciliation(report_id, found.done, found.differences, found.notes, deps.now())
        ended = await ledger.reconciliation(report_id)
    log.info(
        "reconciliation.done",
        store=store.id,
        orders=ended.orders,
        open=ended.open,
        mended=ended.mended,
        found_by=ended.found_by,
    )
    return ended


class _Audit:
    """One run over one store."""

    def __init__(self, deps: Deps, store: StoreRecord, report: ReconciliationRecord, tell: Tell) -> None:
        self.found = _Findings()
        self._deps = deps
        self._store = store
        self._report = report
        self._tell = tell
        self._since = report.started_at - timedelta(days=report.days)
        self._turns = asyncio.Semaphore(ORDERS_AT_ONCE)
        self._may_mend = report.repair and store.working
        if report.repair and not store.working:
            self.found.notes.append("the store is paused or archived: nothing was mended")

    async def run(self) -> None:
        try:
            eyes = Eyes.open(self._deps, self._store)
        except SealBrokenError as error:
            self._unreachable("ledger", str(error))
            return
        try:
            await self._all_orders(eyes)
            await self._confirm(eyes)
            await self._strangers(eyes)
        except SideUnread as error:
            self._unreachable(error.side, str(error))

    async def say(self, ledger: Ledger) -> None:
        """How far it is."""
        await ledger.reconciliation_goes_on(self._report.id, self.found.done, self.found.of, self._deps.now())

    async def _all_orders(self, eyes: Eyes) -> None:
        """idealo's list first, which saves asking one by one; then the unclosed orders it does not show any more."""
        async with self._deps.ledger() as ledger:
            self.found.of = await ledger.count_to_compare(self._store.id, self._since)
        seen: set[str] = set()
        async for batch in self._listed(eyes):
            new = [s for s in batch if s.idealo_order_id is not None and s.idealo_order_id not in seen]
            seen.update(s.idealo_order_id for s in new if s.idealo_order_id is not None)
            shown: list[Shown] = []
            async with self._deps.ledger() as ledger:
                for one in new:
                    assert one.idealo_order_id is not None  # noqa: S101 - filtered above
                    known = await ledger.known_order(self._store.id, one.idealo_order_id)
                    if known is None or known.reduced_at is None:
                        shown.append((one.idealo_order_id, known, one))
            await self._compare(eyes, shown)
        after = 0
        while page := await self._page(after):
            after = page[-1].id
            await self._compare(eyes, [(o.idealo_order_id, o, None) for o in page if o.idealo_order_id not in seen])

    async def _listed(self, eyes: Eyes) -> AsyncIterator[list[IdealoOrder | Unreadable]]:
        batch: list[IdealoOrder | Unreadable] = []
        nameless = 0
        try:
            async for entry in eyes.idealo.orders(self._since):
                nameless += entry.idealo_order_id is None
                batch.append(entry)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
        except (Retryable, Permanent) as error:
            raise SideUnread("idealo", str(error), lasting=True) from error
        if nameless:
            self.found.notes.append(f"idealo lists {nameless} orders without an id; they cannot be compared")
        yield batch

    async def _page(self, after: int) -> list[OrderRecord]:
        async with self._deps.ledger() as ledger:
            return await ledger.orders_to_compare(self._store.id, self._since, after, BATCH)

    async def _compare(self, eyes: Eyes, shown: Sequence[Shown]) -> None:
        """Compares a batch; orders with open differences are looked at again before anything is said about them."""
        looks = await asyncio.gather(*(self._look(eyes, *one) for one in shown), return_exceptions=True)
        for sight, one in zip(looks, shown, strict=True):
            if isinstance(sight, BaseException):
                raise sight
            if sight is None:
                continue
            differences = compare(sight)
            if any(d.verdict == "open" for d in differences):
                self.found.doubtful.append(one)
                self.found.differences += [d for d in differences if d.verdict == "open"]
            else:
                self.found.differences += differences
        self.found.done += len(shown)
        self.found.of = max(self.found.of, self.found.done)
        self._tell(self.found.done, self.found.of)
        async with self._deps.ledger() as ledger:
            await self.say(ledger)

    async def _look(
        self, eyes: Eyes, idealo_order_id: str, order: OrderRecord | None, shown: IdealoOrder | Unreadable | None
    ) -> Sight | None:
        """None where a side did not answer for this order. Raises SideUnread when it will not for the others either."""
        async with self._turns:
            try:
                return await eyes.look(idealo_order_id, order, shown)
            except SideUnread as error:
                count = self.found.unread[error.side] = self.found.unread.get(error.side, 0) + 1
                if error.lasting or count > UNREAD_MOST:
                    raise
                self.found.differences.append(_unread(idealo_order_id, order, error))
                return None

    async def _confirm(self, eyes: Eyes) -> None:
        """Mends where that is wanted and looks again: what is gone by then was mended, or only a moment in between."""
        doubtful, self.found.doubtful = self.found.doubtful, []
        asked = {one[0] for one in doubtful}
        before = [d for d in self.found.differences if d.verdict == "open" and d.idealo_order_id in asked]
        self.found.differences = [d for d in self.found.differences if d not in before]
        for idealo_order_id, order, shown in doubtful:
            mine = [d for d in before if d.idealo_order_id == idealo_order_id]
            tried = self._may_mend and any(d.mendable for d in mine)
            if tried:
                await mend(eyes, idealo_order_id, shown if isinstance(shown, Unreadable) else None)
            sight = await self._look(eyes, idealo_order_id, order, None)
            after = compare(sight) if sight else ()
            self.found.differences += after
            left = {d.identity for d in after}
            if tried and sight:
                gone = [d for d in mine if d.identity not in left]
                self.found.differences += [d.model_copy(update={"verdict": "mended"}) for d in gone]

    async def _strangers(self, eyes: Eyes) -> None:
        missing = {"order_not_in_ledger", "unreadable_at_idealo"}
        named = {d.idealo_order_id for d in self.found.differences if d.rule in missing and d.verdict != "mended"}
        strangers = await find_strangers(eyes, self._report.days, {i for i in named if i is not None})
        self.found.notes += strangers.notes
        self.found.differences += strangers.differences
        await self._link(eyes, strangers.unlinked)
        self.found.doubtful = [(i, None, None) for i in strangers.unknown]
        await self._confirm(eyes)

    async def _link(self, eyes: Eyes, unlinked: Sequence[tuple[StoreOrder, Difference]]) -> None:
        """Mends missing links where that is wanted, then says what was, or still is, wrong about these store orders."""
        if self._may_mend:
            for stray, _ in unlinked:
                await mend_link(eyes, stray)
        for stray, before in unlinked:
            after = stray_of(await eyes.recorded(before.idealo_order_id or ""), stray)
            self.found.differences.append(after or before.model_copy(update={"verdict": "mended"}))

    def _unreachable(self, side: ComparedSide, detail: str) -> None:
        how = RULES["side_unreachable"]
        one = Difference(
            rule="side_unreachable",
            sides=(side,),
            about=side,
            expected="answers",
            found=detail,
            mendable=False,
            advice=how.advice,
        )
        self.found.differences.append(one)
        self.found.notes.append(f"{self.found.done} of about {self.found.of} orders were compared before it broke off")


def _unread(idealo_order_id: str, order: OrderRecord | None, error: SideUnread) -> Difference:
    return Difference(
        rule="unread",
        sides=(error.side,),
        order_id=order.id if order else None,
        idealo_order_id=idealo_order_id,
        store_order_id=order.store_order_id if order else None,
        expected="an answer",
        found=str(error),
        mendable=False,
        advice=RULES["unread"].advice,
    )
