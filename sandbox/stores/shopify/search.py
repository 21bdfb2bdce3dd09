"""Shopify's search syntax over an index, with its worst habit: an unknown field matches everything."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<or>OR\b)|(?P<and>AND\b)|(?P<not>NOT\b|-(?=\S))|
    (?:(?P<field>[A-Za-z_][\w.]*):)?(?P<op>>=|<=|>|<)?
    (?P<value>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?:\\.|[^\s()'"\\])+)|(?P<junk>.))""",
    re.VERBOSE,
)
_TIMES: Final = {"created_at", "updated_at", "processed_at"}

Words = Mapping[str, Sequence[str]]
Test = Callable[[Words], bool]


@dataclass(slots=True)
class Search:
    """A parsed query: whether an entry matches, and what the store warns about."""

    text: str
    matches: Test
    warnings: list[dict[str, Any]] = field(default_factory=list)


def parse(text: str | None, fields: Sequence[str], now: datetime) -> Search:
    """Read a query over these fields (`metafields.*` always counts as known)."""
    if not text or not text.strip():
        return Search(text or "", lambda _words: True)
    search = Search(text, lambda _words: True)
    search.matches = _Reader(text, fields, search.warnings, now).whole()
    return search


class _Reader:
    def __init__(self, text: str, fields: Sequence[str], warnings: list[dict[str, Any]], now: datetime) -> None:
        self._tokens = [found for found in _TOKEN.finditer(text) if found.group().strip()]
        self._place = 0
        self._fields = fields
        self._warnings = warnings
        self._now = now

    def whole(self) -> Test:
        tests = []
        while self._place < len(self._tokens):
            before = self._place
            tests.append(self._either())
            if self._place == before:
                self._place += 1
        return lambda words: all(test(words) for test in tests)

    def _either(self) -> Test:
        tests = [self._all()]
        while self._peek("or"):
            self._place += 1
            tests.append(self._all())
        return lambda words: any(test(words) for test in tests)

    def _all(self) -> Test:
        tests = []
        while self._place < len(self._tokens) and not self._peek("or") and not self._peek("close"):
            if self._peek("and"):
                self._place += 1
                continue
            tests.append(self._one())
        return lambda words: all(test(words) for test in tests)

    def _one(self) -> Test:
        token = self._tokens[self._place]
        self._place += 1
        if token["not"]:
            inner = self._one() if self._place < len(self._tokens) else _everything
            return lambda words: not inner(words)
        if token["open"]:
            inner = self._either()
            if self._peek("close"):
                self._place += 1
            return inner
        if token["junk"] or token["value"] is None:
            return _everything
        return self._term(token["field"], token["op"] or "", _bare(token["value"]))

    def _term(self, name: str | None, op: str, value: str) -> Test:
        if name is None:
            wanted = value.casefold()
            return lambda words: any(wanted in word.casefold() for group in words.values() for word in group)
        if name not in self._fields and not name.startswith("metafields."):
            self._warn(name, "Invalid search field for this query.", "invalid_field")
            return _everything
        if name == "tag_not":
            return lambda words: not _equal(words.get("tag", ()), value)
        if name in _TIMES:
            return self._time(name, op, value)
        if op:
            return lambda words: any(_compare(op, _number(word), _number(value)) for word in words.get(name, ()))
        return lambda words: _equal(words.get(name, ()), value)

    def _time(self, name: str, op: str, value: str) -> Test:
        try:
            wanted = self._now if value == "now" else datetime.fromisoformat(value)
        except ValueError:
            self._warn(name, "Input `" + value + "` is not a valid date.", "invalid_value")
            return _everything
        moment = wanted.replace(tzinfo=UTC) if wanted.tzinfo is None else wanted
        return lambda words: any(
            _compare(op or "=", datetime.fromisoformat(word), moment) for word in words.get(name, ())
        )

    def _warn(self, name: str, message: str, code: str) -> None:
        self._warnings.append({"field": name, "message": message, "code": code})

    def _peek(self, group: str) -> bool:
        return self._place < len(self._tokens) and self._tokens[self._place][group] is not None


def _everything(_words: Words) -> bool:
    return True


def _bare(value: str) -> str:
    inner = value[1:-1] if value[:1] in {"'", '"'} else value
    return re.sub(r"\\(.)", r"\1", inner)


def _equal(words: Sequence[str], value: str) -> bool:
    """Without case; a trailing star matches the rest."""
    wanted = value.casefold()
    if wanted == "*":
        return any(words)
    if wanted.endswith("*"):
        return any(word.casefold().startswith(wanted[:-1]) for word in words)
    return any(word.casefold() == wanted for word in words)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _compare(op: str, left: Any, right: Any) -> bool:
    match op:
        case ">=":
            return bool(left >= right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case "<":
            return bool(left < right)
        case _:
            return bool(left == right)
