"""The product's own reconciliation as a rule: after everything has settled its report must be empty."""

from collections.abc import Collection, Iterable

from app.api.report_shapes import ReportShape
from tests.faults.operator import Operator, RefusedError
from tests.sync.reconciled import in_words, not_at_rest
from tests.sync.rules import Wrong


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
            report = operator.reconcile(kind)
        except RefusedError as error:
            wrong.append((kind, Wrong("reconciled", str(error))))
            continue
        compared += report.orders
        wrong += _differences(kind, report, only)
    if orders is not None and compared != orders:
        wrong.append(("all stores", Wrong("reconciled", f"{compared} of {orders} orders compared")))
    return wrong


def _differences(kind: str, report: ReportShape, only: Collection[str] | None) -> list[tuple[str, Wrong]]:
    if report.status != "ended":
        return [(kind, Wrong("reconciled", f"report {report.id} is {report.status}"))]
    found = not_at_rest([*report.differences, *report.mended, *report.under_way])
    return [
        (f"{kind} {one.idealo_order_id or ''}".strip(), Wrong("reconciled", in_words(one)))
        for one in found
        if only is None or one.idealo_order_id is None or one.idealo_order_id in only
    ]
