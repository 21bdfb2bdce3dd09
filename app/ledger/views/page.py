"""What all views share: the ledger's connection, and one page of a list, newest first."""

import functools
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, TextClause, text

from app.domain.value import Value
from app.ledger.ledger import Ledger

T = TypeVar("T")


class Page(Value, Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    """Hand it back as `cursor` for the next page; null on the last one."""


@functools.lru_cache(maxsize=200)
def _made(sql: str) -> TextClause:
    return text(sql)


class View:
    """Reads on a ledger's connection."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def _rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Row[*tuple[Any, ...]]]:
        return list(await self._ledger._run(_made(sql), parameters))  # noqa: SLF001 - views read on its connection


def page_of(items: list[T], ids: list[int], limit: int) -> Page[T]:
    """A page out of up to limit + 1 items; the one too many only says that there are more."""
    more = len(items) > limit
    return Page[T](items=tuple(items[:limit]), next_cursor=str(ids[limit - 1]) if more else None)
