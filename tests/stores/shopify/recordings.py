"""Answers of real Shopify development stores, read where they lie: they are not ours to keep a copy of."""

import json
import os
import sys
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema

_PROJECT = Path(__file__).parents[3]
_TOLD: set[str] = set()


def shopify_fixtures(wanted: str) -> Path | None:
    """The folder with schema, captures and vectors; None, said loudly, where this machine has none.

    Looked for in BRIDGE_FIXTURES, else in ../shared/fixtures beside the project. A folder that was named must be there.
    """
    named = os.environ.get("BRIDGE_FIXTURES")
    folder = (Path(named) if named else _PROJECT.parent / "shared" / "fixtures") / "shopify"
    if folder.is_dir():
        return folder
    if named:
        msg = f"BRIDGE_FIXTURES is set to {named}, but there is no folder shopify in it"
        raise FileNotFoundError(msg)
    if wanted not in _TOLD:
        _TOLD.add(wanted)
        print(f"\n*** NOT CHECKED: {wanted}: set BRIDGE_FIXTURES to the recordings' folder ***", file=sys.__stderr__)
    return None


@cache
def schema() -> GraphQLSchema | None:
    """Shopify's Admin schema of 2026-07."""
    folder = shopify_fixtures("documents against Shopify's schema")
    if folder is None:
        return None
    return build_schema((folder / "admin-schema-2026-07.graphql").read_text(encoding="utf-8"), assume_valid=True)


def captures() -> list[str]:
    """File names of all captures; empty where there are none."""
    folder = shopify_fixtures("the mapping against captures")
    return sorted(p.name for p in (folder / "captures").glob("*.json")) if folder else []


def capture(name: str) -> Any:
    """One capture, parsed as our client parses."""
    folder = shopify_fixtures("the mapping against captures")
    assert folder is not None
    return json.loads((folder / "captures" / name).read_text(encoding="utf-8"), parse_float=Decimal)


def orders_in(recorded: Any) -> list[dict[str, Any]]:
    """Every order of a capture as it was known after each answer that shows it: later answers over earlier ones.

    Answers select what their author was curious about, so the facts of one order are spread over several, and those of
    a refund or fulfillment stand in the answer of the mutation that made it.
    """
    parts: dict[str, dict[str, Any]] = {}
    for part in _shown(recorded, ("LineItem", "Refund", "Fulfillment", "Return", "ReturnLineItem")):
        lasting = {key: value for key, value in part.items() if key not in _COUNTS}
        parts[part["id"]] = {**parts.get(part["id"], {}), **lasting}
    known: dict[str, dict[str, Any]] = {}
    states: list[dict[str, Any]] = []
    for order in _shown(recorded, ("Order",)):
        before = known.get(order["id"], {})
        merged = {**before, **({} if "lineItems" in order else _without_counts(before)), **order}
        known[order["id"]] = merged
        states.append({key: _filled(value, parts) if key in _LISTS else value for key, value in merged.items()})
    return states


_COUNTS = ("currentQuantity", "unfulfilledQuantity")


def _without_counts(order: dict[str, Any]) -> dict[str, Any]:
    """The lines of an earlier answer; how many units were left then says nothing of now."""
    lines = order.get("lineItems", {}).get("nodes")
    if lines is None:
        return {}
    kept = [{k: v for k, v in line.items() if k not in _COUNTS} for line in lines]
    return {"lineItems": {"nodes": kept}}


_LISTS = ("lineItems", "refunds", "fulfillments", "returns")


def _filled(value: Any, parts: dict[str, dict[str, Any]]) -> Any:
    """What an answer left out of an entry, from any other answer that shows the same entry."""
    if isinstance(value, dict):
        return {**value, "nodes": _filled(value.get("nodes"), parts)}
    if not isinstance(value, list):
        return value
    filled = [{**parts.get(entry.get("id"), {}), **entry} for entry in value]
    for entry in filled:
        if "returnLineItems" in entry:
            entry["returnLineItems"] = _filled(entry["returnLineItems"], parts)
    return filled


def _shown(value: Any, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Objects of these kinds in the order of the answers; what was hydrated before an answer goes first."""
    found: list[dict[str, Any]] = []
    if isinstance(value, dict):
        own = value.get("id")
        if isinstance(own, str) and len(value) > 2 and own.split("/")[3:4] and own.split("/")[3] in kinds:
            found.append(value)
        keys = sorted(value, key=lambda key: key != "upstreamCalls")
        for key in keys if "upstreamCalls" in value else value:
            found += _shown(value[key], kinds)
    elif isinstance(value, list):
        for entry in value:
            found += _shown(entry, kinds)
    return found
