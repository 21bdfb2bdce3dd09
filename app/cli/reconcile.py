"""bridge reconcile: compare idealo, ledger and store now, mend what can be mended, and say what is left."""

import sys
from typing import Annotated

import typer

from app.api.report_shapes import ReportShape, report_shape
from app.api.state import ApiState
from app.cli.output import cell, print_json, say
from app.cli.session import AsJson, fail, with_bridge
from app.domain.difference import Difference
from app.ledger.records import StoreRecord
from app.sync.audit import DAYS, begin, reconcile


def register(app: typer.Typer) -> None:
    app.command(name="reconcile")(reconcile_stores)


def reconcile_stores(
    store: Annotated[str | None, typer.Option(help="Id or name of one store; all live ones without it.")] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="Unclosed orders, and all placed within so many.")] = DAYS,
    *,
    repair: Annotated[bool, typer.Option(help="Mend what reading again and settling can mend.")] = True,
    as_json: AsJson = False,
) -> None:
    """Compare idealo, ledger and store for every unclosed and recent order. Status 0 only when nothing is left."""

    async def compare(state: ApiState) -> list[tuple[StoreRecord, ReportShape]]:
        reports: list[tuple[StoreRecord, ReportShape]] = []
        for one in await _stores(state, store):
            reports.append((one, await _one(state, one, days, repair=repair)))
            if not as_json:
                _print(*reports[-1])
        return reports

    reports = with_bridge(compare)
    empty = all(report.empty for _, report in reports)
    if as_json:
        print_json({"empty": empty, "reports": [report for _, report in reports]})
    elif not reports:
        say("no store is connected; connect one with: bridge stores add")
    if not empty:
        raise typer.Exit(1)


async def _stores(state: ApiState, wanted: str | None) -> list[StoreRecord]:
    async with state.deps.statements() as ledger:
        stores = await ledger.stores()
    if wanted is None:
        return stores
    found = [s for s in stores if s.id == wanted] or [s for s in stores if s.name == wanted]
    if len(found) != 1:
        fail(f"{len(found)} live stores are called {wanted!r}; see: bridge stores list")
    return found


async def _one(state: ApiState, store: StoreRecord, days: int, *, repair: bool) -> ReportShape:
    report_id = await begin(state.deps, store.id, "operator", days=days, repair=repair)
    if report_id is None:
        fail(f"store {store.name!r} is being reconciled now; wait until that has ended")
    report = await reconcile(state.deps, report_id, _progress if sys.stderr.isatty() else None)
    return report_shape(report, state.deps.now())


def _progress(done: int, of: int) -> None:
    sys.stderr.write(f"\r{done} of {of} orders compared\033[K" + ("\n" if done >= of else ""))
    sys.stderr.flush()


def _print(store: StoreRecord, report: ReportShape) -> None:
    verdict = "nothing differs" if report.empty else f"{report.open} differences left"
    counts = f"{report.orders} orders compared, {len(report.mended)} differences mended"
    others = f"{len(report.waiting)} wait for a person, {len(report.under_way)} under way, {len(report.known)} known"
    say(f"{store.name} ({store.kind}): {verdict}; {counts}, {others}")
    for title, differences in (
        ("LEFT", report.differences),
        ("mended", report.mended),
        ("waits for a person", report.waiting),
        ("known", report.known),
    ):
        for one in differences:
            _print_one(title, one, advise=title == "LEFT")
    for note in report.notes:
        say(f"  note: {note}")


def _print_one(title: str, one: Difference, *, advise: bool) -> None:
    about = f" {cell(one.about)}" if one.about else ""
    order = f"order {one.idealo_order_id}" if one.idealo_order_id else "the store"
    in_store = f" (store order {one.store_order_id})" if one.store_order_id else ""
    say(f"  {title}: {one.rule}{about} of {order}{in_store}: expected {one.expected}, found {_line(one.found)}")
    if advise:
        say(f"      -> {one.advice}")


def _line(text: str) -> str:
    """What a side said, on one line and without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
