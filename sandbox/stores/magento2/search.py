"""searchCriteria: filter groups, sort orders and paging as Magento's collections do them, and the `fields` filter."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sandbox.stores.magento2.answers import ApiError, Call
from sandbox.stores.magento2.php import decimal, whole, words

Row = Mapping[str, Any]

_CAMEL: Final = {
    "filterGroups": "filter_groups", "conditionType": "condition_type", "sortOrders": "sort_orders",
    "pageSize": "page_size", "currentPage": "current_page",
}  # fmt: skip
_CONDITIONS: Final = frozenset(
    words("eq neq gt gteq lt lteq moreq from to in nin like nlike null notnull finset nfinset")
)


class Criteria:
    """Parsed searchCriteria of one call."""

    def __init__(self, tree: dict[str, Any]) -> None:
        groups = _values(tree.get("filter_groups"))
        self.groups = [[_filter(entry) for entry in _values(group.get("filters"))] for group in groups]
        self.sorts = [
            {"field": str(entry.get("field", "")), "direction": str(entry.get("direction") or "DESC").upper()}
            for entry in _values(tree.get("sort_orders"))
        ]
        self.page_size = whole(tree["page_size"]) if tree.get("page_size") else None
        self.current_page = whole(tree["current_page"]) if tree.get("current_page") else None

    def echo(self) -> dict[str, Any]:
        """`search_criteria` of the answer: what was not given is left out (recorded 006, 029)."""
        shown: dict[str, Any] = {"filter_groups": [{"filters": group} for group in self.groups]}
        if self.sorts:
            shown["sort_orders"] = self.sorts
        if self.page_size is not None:
            shown["page_size"] = self.page_size
        if self.current_page is not None:
            shown["current_page"] = self.current_page
        return shown

    def names(self) -> set[str]:
        """Every field filtered or sorted by."""
        filtered = {entry["field"] for group in self.groups for entry in group}
        return filtered | {entry["field"] for entry in self.sorts}


def criteria_of(call: Call, *, needed: bool = True) -> Criteria:
    """The call's searchCriteria; 400 when it has none and the service demands it."""
    tree: dict[str, Any] = {}
    seen = False
    for name, value in call.query:
        found = re.fullmatch(r"(?:searchCriteria|search_criteria)((?:\[[^\]]*\])*)", name)
        if found is None:
            continue
        seen = True
        keys = re.findall(r"\[([^\]]*)\]", found.group(1))
        if keys:
            _plant(tree, [_CAMEL.get(key, key) for key in keys], value)
    if needed and not seen:
        raise ApiError.required("searchCriteria")
    return Criteria(tree)


def search(
    criteria: Criteria, rows: Sequence[Row], fields: Sequence[str] | frozenset[str], *, wrong_field: ApiError
) -> tuple[list[Row], int]:
    """The page of rows the criteria ask for, and how many match; `wrong_field` is raised for a field not in the table.

    A page past the end is the last page again (Data.Collection::getCurPage).
    """
    if not criteria.names() <= set(fields):
        raise wrong_field
    matching = [row for row in rows if all(any(_matches(row, test) for test in group) for group in criteria.groups)]
    for order in reversed(criteria.sorts):
        name = order["field"]
        matching.sort(key=lambda row: _sort_key(row.get(name)), reverse=order["direction"] == "DESC")
    total = len(matching)
    if not criteria.page_size:
        return matching, total
    last = max(-(-total // criteria.page_size), 1)
    page = min(max(criteria.current_page or 1, 1), last)
    return matching[(page - 1) * criteria.page_size : page * criteria.page_size], total


def only_fields(body: Any, wanted: str) -> Any:
    """`fields=items[entity_id,items[sku]],total_count`: only these keys, in the document's own order."""
    tree, _ = _field_tree(wanted, 0)
    return _pick(body, tree) if tree else body


def _pick(body: Any, tree: dict[str, Any]) -> Any:
    if isinstance(body, list):
        # Names that stand for keys of an object find nothing in a list: it comes back empty (reference 2.2).
        return [_pick(entry, tree) for entry in body if isinstance(entry, dict)]
    if not isinstance(body, dict):
        return body
    picked = {key: _pick(value, tree[key]) if tree[key] else value for key, value in body.items() if key in tree}
    # PHP knows no empty object: what has lost all its keys is written as an empty list.
    return picked or []


def _field_tree(text: str, start: int) -> tuple[dict[str, Any], int]:
    tree: dict[str, Any] = {}
    name = ""
    at = start
    while at < len(text):
        letter = text[at]
        if letter == "[":
            tree[name.strip()], at = _field_tree(text, at + 1)
            name = ""
        elif letter in ",]":
            if name.strip():
                tree[name.strip()] = {}
            name = ""
            if letter == "]":
                return tree, at + 1
            at += 1
        else:
            name += letter
            at += 1
    if name.strip():
        tree[name.strip()] = {}
    return tree, at


def _plant(tree: dict[str, Any], keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        branch = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(branch, dict):
            return
        tree = branch
    tree[keys[-1] or str(len(tree))] = value


def _values(branch: Any) -> list[dict[str, Any]]:
    if not isinstance(branch, dict):
        return []
    ordered = sorted(branch.items(), key=lambda pair: whole(pair[0]))
    return [value for _, value in ordered if isinstance(value, dict)]


def _filter(entry: dict[str, Any]) -> dict[str, str]:
    condition = str(entry.get("condition_type") or "eq")
    if condition not in _CONDITIONS:
        # The database layer falls back to equality for a word it does not know.
        condition = "eq"
    return {"field": str(entry.get("field", "")), "value": str(entry.get("value", "")), "condition_type": condition}


def _compared(cell: Any, value: str) -> int:
    left: Any
    right: Any
    if isinstance(cell, (int, Decimal)):
        left, right = decimal(cell), decimal(value)
    else:
        left, right = str(cell).casefold(), value.casefold()
    return int(left > right) - int(left < right)


def _listed(cell: Any, value: str) -> bool:
    return any(_compared(cell, part.strip()) == 0 for part in value.split(","))


def _alike(cell: Any, value: str) -> bool:
    pattern = re.escape(value).replace("%", ".*").replace("_", ".")
    return re.fullmatch(pattern, str(cell), re.IGNORECASE | re.DOTALL) is not None


_TESTS: Final[dict[str, Callable[[Any, str], bool]]] = {
    "eq": lambda cell, value: _compared(cell, value) == 0,
    "neq": lambda cell, value: _compared(cell, value) != 0,
    "gt": lambda cell, value: _compared(cell, value) > 0,
    "gteq": lambda cell, value: _compared(cell, value) >= 0,
    "moreq": lambda cell, value: _compared(cell, value) >= 0,
    "from": lambda cell, value: _compared(cell, value) >= 0,
    "lt": lambda cell, value: _compared(cell, value) < 0,
    "lteq": lambda cell, value: _compared(cell, value) <= 0,
    "to": lambda cell, value: _compared(cell, value) <= 0,
    "in": _listed,
    "nin": lambda cell, value: not _listed(cell, value),
    "like": _alike,
    "nlike": lambda cell, value: not _alike(cell, value),
    "finset": lambda cell, value: value in str(cell).split(","),
    "nfinset": lambda cell, value: value not in str(cell).split(","),
}


def _matches(row: Row, test: dict[str, str]) -> bool:
    """SQL's way with null: it equals nothing and differs from nothing."""
    cell = row.get(test["field"])
    match test["condition_type"]:
        case "null":
            return cell is None
        case "notnull":
            return cell is not None
        case condition:
            return cell is not None and _TESTS[condition](cell, test["value"])


def _sort_key(cell: Any) -> tuple[int, Decimal, str]:
    if cell is None:
        return 0, Decimal(0), ""
    return (1, decimal(cell), "") if isinstance(cell, (int, Decimal)) else (1, Decimal(0), str(cell).casefold())
