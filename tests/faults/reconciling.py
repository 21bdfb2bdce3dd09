"""The product's own reconciliation as a rule: after everything has settled its report must be empty."""

from collections.abc import Collection, Iterable

from app.api.report_shapes import ReportShape
from app.domain.difference import Difference
from tests.faults.operator import Operator, RefusedError
from tests.sync.reconciled import in_words, not_at_rest
from tests.sync.rules import Wrong

LOOKS = 5
"""The next poll finds what a side was told a moment ago; what is under way in so many reports on end is stuck."""
BETWEEN_S = 3


def reconciled(
    operator: Operator, kinds: Iterable[str], *, orders: int | None = None, only: Collection[str] | None = None
) -> list[tuple[str, Wrong]]:
    """Order or store, and what a reconciliation that repairs has found about it, mended or not.

    `orders` is how many it must have compared; `only` some idealo order ids where a trial looks at its own.
    """
    wrong: list[tuple[str, Wrong]] = []
    compared = 0
    for kind in kinds:
        try:
            report, found = _at_its_end(operator, kind, only)
        except RefusedError as error:
            wrong.append((kind, Wrong("reconciled", str(error))))
            continue
        compared += report.orders
        if report.status != "ended":
            wrong.append((kind, Wrong("reconciled", f"report {report.id} is {report.status}")))
        wrong += [(f"{kind} {one.idealo_order_id or ''}".strip(), Wrong("reconciled", in_words(one))) for one in found]
    if orders is not None and compared != orders:
        wrong.append(("all stores", Wrong("reconciled", f"{compared} of {orders} orders compared")))
    return wrong


def _at_its_end(operator: Operator, kind: str, only: Collection[str] | None) -> tuple[ReportShape, list[Difference]]:
    """The first report that finds anything besides what is under way, or the last of so many. Raises RefusedError."""
    looks = 0
    while True:
        report = operator.reconcile(kind)
        found = [one for one in not_at_rest(_all(report)) if only is None or one.idealo_order_id in {None, *only}]
        looks += 1
        if looks == LOOKS or not found or any(one.verdict != "under_way" for one in found):
            return report, found
        operator.wait(BETWEEN_S)


def _all(report: ReportShape) -> list[Difference]:
    return [*report.differences, *report.mended, *report.under_way]
