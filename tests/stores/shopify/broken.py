"""Breaks an answer in one place: a field dropped, or something else in its stead."""

import copy
from typing import Any

from hypothesis import strategies as st

JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.decimals(allow_nan=True, allow_infinity=True),
    st.text(max_size=8), st.sampled_from(["gid://shopify/Order/x", "9" * 30, "-1", "\ud800", "1e999999", "NaN"]),
    st.just([]), st.just({}), st.just([None]), st.just({"nodes": [1]}),
)  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value inside."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [place for key, child in children for place in places(child, (*at, key))]


def mutate(value: Any, place: tuple[Any, ...], junk: Any) -> Any:
    """A copy with `junk` at that place; "drop" takes the place away."""
    changed = copy.deepcopy(value)
    spot = changed
    for key in place[:-1]:
        spot = spot[key]
    if junk == "drop":
        del spot[place[-1]]
    else:
        spot[place[-1]] = junk
    return changed
