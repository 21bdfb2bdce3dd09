"""What a broken or hostile server may send: recordings changed in a few places, for any suite that reads JSON."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Place = tuple[Any, ...]


def nested(depth: int) -> Any:
    """A list in a list in a list. Bodies nested deeper than Python's own limit are bytes: see `TORN`."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


STRANGE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [
            "", "x", "0", "-1", "1.5", "2.0000", "9" * 30, "9" * 400, "NaN", "1e9999999", "٣", "\x00\ud800", "\udfff",
            0, -7, 3, 10**30, Decimal("1.5"), Decimal("NaN"), Decimal("-Infinity"), Decimal("1E+9999999"),
            Decimal("1E-9999999"), float("nan"), float("inf"), [], [None], [[]], {}, {"0": {}}, {"id": []},
            {"nodes": [1]}, [{"key": [], "value": {}}], nested(60), {"a": {"b": {"c": nested(20)}}},
            "2026-11-23T08:32:00", "2026-11-23 08:33:13", "0000-00-00", "0000-00-00 00:00:00", "9999-99-99",
        ]
    ),
    st.integers(-5, 10**20),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.text(max_size=8),
)  # fmt: skip
"""Values that stand in the wrong place in any shop's JSON."""

TORN: st.SearchStrategy[bytes] = st.one_of(
    st.sampled_from([b"", b"null", b"[]", b"{}", b"true", b'"1"', b"NaN", b"9" * 5000, b"<html>", b"[" * 5000]),
    st.sampled_from([b'{"a":', b'{"id":1', b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"id":"\\ud800"}', b'{"a":1}{"a":1}']),
    st.binary(max_size=40),
)
"""Bodies that are no JSON, or none that anybody asked for."""


def examples(usual: int) -> int:
    """How many examples a property tries: `usual`, or BRIDGE_FUZZ_EXAMPLES for a long run."""
    return int(os.environ.get("BRIDGE_FUZZ_EXAMPLES") or usual)


def places(document: Any, inside: Place = ()) -> list[Place]:
    """The path to every value inside a JSON document, outer ones first."""
    children: Iterable[tuple[Any, Any]] = ()
    if isinstance(document, dict):
        children = document.items()
    elif isinstance(document, list | tuple):
        children = enumerate(document)
    found: list[Place] = []
    for key, child in children:
        found += [(*inside, key), *places(child, (*inside, key))]
    return found


def replaced(document: Any, place: Place, value: Any) -> Any:
    """A copy with this value at that place, which must be there; what is not on the way to it is shared."""
    return _changed(document, place, lambda holder, key: holder.__setitem__(key, value))


def dropped(document: Any, place: Place) -> Any:
    """A copy without that place, which must be there; what is not on the way to it is shared."""
    return _changed(document, place, lambda holder, key: holder.__delitem__(key))


def _changed(document: Any, place: Place, change: Callable[[Any, Any], None]) -> Any:
    copied: Any = dict(document) if isinstance(document, dict) else list(document)
    key, *deeper = place
    if deeper:
        copied[key] = _changed(document[key], tuple(deeper), change)
    else:
        change(copied, key)
    return copied


@st.composite
def mutated(
    draw: st.DrawFn,
    documents: Sequence[Any],
    *,
    also: Sequence[Any] = (),
    most: int = 3,
    below: int = 0,
) -> Any:
    """One of these JSON documents with one to `most` places dropped or replaced; the originals stay as they are.

    `also` adds values this server is known for to STRANGE. The outermost `below` levels are left alone: a document that
    is our own bundle of answers keeps its form.
    """
    document = draw(st.sampled_from(documents))
    values = st.one_of(st.sampled_from(also), STRANGE) if also else STRANGE
    for _ in range(draw(st.integers(1, most))):
        at = [place for place in places(document) if len(place) > below]
        if not at:
            break
        place = draw(st.sampled_from(at))
        document = dropped(document, place) if draw(st.booleans()) else replaced(document, place, draw(values))
    return document


def as_body(document: Any) -> bytes:
    """The document as a server writes it: Decimals as JSON numbers, NaN by name, half surrogates as their escapes."""
    return json.dumps(document, default=_number).encode()


def _number(value: Decimal) -> float | str:
    return str(value) if value.is_snan() else float(value)
