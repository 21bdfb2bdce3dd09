"""Reconciliation reports as operators see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.domain.difference import Difference
from app.domain.value import Value
from app.ledger.audits import SILENT_AFTER
from app.ledger.records import ReconciliationRecord


class ReportShape(Value):
    """What a comparison of idealo, ledger and store has found."""

    id: int
    store_id: str
    found_by: Annotated[Literal["cron", "operator"], Field(description="who began it")]
    status: Annotated[
        Literal["running", "ended", "broken_off"],
        Field(description="`broken_off`: its process died; what it mended stays mended"),
    ]
    empty: Annotated[bool, Field(description="whether it ended and no difference is left")]
    days: Annotated[int, Field(description="how far back closed orders and idealo's list were read")]
    repair: bool
    started_at: AwareDatetime
    ended_at: AwareDatetime | None
    orders: Annotated[int, Field(description="compared so far")]
    orders_in_all: Annotated[int | None, Field(description="how many there are to compare, as far as known")]
    open: Annotated[int, Field(description="differences left")]
    differences: Annotated[tuple[Difference, ...], Field(description="left: they need somebody; at most 1000 are kept")]
    mended: Annotated[tuple[Difference, ...], Field(description="found, and gone after looking and settling again")]
    waiting: Annotated[tuple[Difference, ...], Field(description="already before a person as a dead event")]
    under_way: Annotated[tuple[Difference, ...], Field(description="being settled; nothing to do")]
    known: Annotated[
        tuple[Difference, ...],
        Field(description="dismissed by a person, or beyond recall and explained by the ledger; nothing to do"),
    ]
    notes: Annotated[tuple[str, ...], Field(description="what was not covered, and why")]


class LastReport(Value):
    """The last finished reconciliation of a store, in short."""

    id: int
    ended_at: AwareDatetime
    orders: int
    open: Annotated[int, Field(description="differences left; 0 is well")]
    mended: int


def report_shape(report: ReconciliationRecord, now: datetime) -> ReportShape:
    """The report with its differences sorted by what is known about them."""
    by_verdict: dict[str, list[Difference]] = {}
    for difference in report.differences:
        by_verdict.setdefault(difference.verdict, []).append(difference)
    running = report.ended_at is None and now - report.progress_at < SILENT_AFTER
    return ReportShape(
        **report.model_dump(exclude={"progress_at", "differences", "mended"}),
        status="ended" if report.ended_at else "running" if running else "broken_off",
        empty=report.ended_at is not None and report.open == 0,
        differences=tuple(by_verdict.get("open", ())),
        mended=tuple(by_verdict.get("mended", ())),
        waiting=tuple(by_verdict.get("waiting", ())),
        under_way=tuple(by_verdict.get("under_way", ())),
        known=tuple(by_verdict.get("known", ())),
    )


def last_report(report: ReconciliationRecord | None) -> LastReport | None:
    """In short; None before the first one."""
    if report is None or report.ended_at is None:
        return None
    return LastReport(
        id=report.id, ended_at=report.ended_at, orders=report.orders, open=report.open, mended=report.mended
    )
