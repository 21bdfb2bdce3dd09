"""Builds searchCriteria parameters and reads the lists Magento answers; pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from app.domain.value import Value
from app.stores.magento2.reading import document, entries, whole

PAGE_SIZE = 100
"""Below the limit of 300 that merchants may switch on (reference 2.2)."""


class Filter(Value):
    """One condition; `kind` is Magento's word for the comparison."""

    field: str
    value: str
    kind: str = "eq"


def after(field: str, since: datetime) -> Filter:
    """Rows whose date is that moment or later. Dates are UTC without a zone, to the second."""
    return Filter(field=field, value=since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), kind="gteq")


def any_of(field: str, values: Sequence[str]) -> Filter:
    """Rows whose field is one of these; a value that holds a comma must be asked for alone."""
    if len(values) == 1:
        return Filter(field=field, value=values[0])
    return Filter(field=field, value=",".join(values), kind="in")


def search(
    groups: Sequence[Sequence[Filter]], fields: str, *, size: int = PAGE_SIZE, sort: str = ""
) -> list[tuple[str, str]]:
    """Parameters of a list call: groups are joined by and, the filters of a group by or.

    `fields` are those of an item, such as `entity_id,items[sku]`; without the items[] around them Magento answers an
    empty list (issue 23609).
    """
    found: list[tuple[str, str]] = []
    for g, group in enumerate(groups):
        for f, condition in enumerate(group):
            at = f"searchCriteria[filter_groups][{g}][filters][{f}]"
            found += [(f"{at}[field]", condition.field), (f"{at}[value]", condition.value)]
            found.append((f"{at}[condition_type]", condition.kind))
    if sort:
        found += [("searchCriteria[sortOrders][0][field]", sort), ("searchCriteria[sortOrders][0][direction]", "ASC")]
    found += [("searchCriteria[pageSize]", str(size)), ("searchCriteria[currentPage]", "1")]
    return [*found, ("fields", f"items[{fields}],total_count")]


def page(answer: Any, where: str) -> tuple[list[dict[str, Any]], int]:
    """The rows of a list answer and how many match in all. `items` is null on some versions when there are none."""
    body = document(answer, where)
    rows = entries(body.get("items"), f"{where}: items")
    return rows, whole(body.get("total_count"), f"{where}: total_count")
