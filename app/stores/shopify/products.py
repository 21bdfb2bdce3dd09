"""Finds the store's variants for SKUs, exactly or not at all, and says what is short."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.value import Value
from app.stores.shopify import documents as d
from app.stores.shopify.client import Graph
from app.stores.shopify.listing import pages, quoted
from app.stores.shopify.reading import document, entries, number_of, text_or_none

_SKUS_PER_SEARCH = 20


class Variant(Value):
    """A product variant that can stand on an order line."""

    sku: str
    variant_id: str
    active: bool
    stock: int | None
    """Units left over all locations; None where the store does not count them, or sells on without."""


async def variants(graph: Graph, skus: Sequence[str]) -> dict[str, Variant]:
    """The one variant per SKU: one call for up to 20. Permanent(unknown_sku) names all that are not there."""
    wanted = list(dict.fromkeys(skus))
    found: list[dict[str, Any]] = []
    for start in range(0, len(wanted), _SKUS_PER_SEARCH):
        asked = wanted[start : start + _SKUS_PER_SEARCH]
        query = " OR ".join(f"sku:{spelling}" for sku in asked for spelling in _spellings(sku))
        async for page in pages(graph, d.VARIANTS, "productVariants", query=query):
            found += page
    by_id = await _by_id(graph, wanted) if graph.settings.accept_variant_ids else {}
    return chosen(found, wanted, by_id)


def chosen(
    found: Sequence[dict[str, Any]], skus: Iterable[str], by_id: Mapping[str, dict[str, Any]]
) -> dict[str, Variant]:
    """Compared exactly: an unknown search field would match everything, and SKUs are not unique in Shopify.

    Of several with one SKU the only one of an active product counts. Raises Permanent(unknown_sku).
    """
    known: dict[str, Variant] = {}
    trouble = []
    for sku in skus:
        same = list({v.variant_id: v for v in (_variant(sku, e) for e in found if e.get("sku") == sku)}.values())
        fitting = same if len(same) == 1 else [v for v in same if v.active]
        if not same and sku in by_id:
            fitting = [_variant(sku, by_id[sku])]
        if len(fitting) == 1:
            known[sku] = fitting[0]
        elif same:
            ids = ", ".join(sorted(v.variant_id.rsplit("/", 1)[-1] for v in same))
            trouble.append(f"{sku!r} belongs to several variants ({ids}): give all but one another SKU")
        else:
            trouble.append(f"{sku!r} is no variant's SKU: enter an alias, or give the variant this SKU")
    if trouble:
        raise Permanent(Problem.UNKNOWN_SKU, "nothing was created; " + "; ".join(trouble))
    return known


def shortages(known: Mapping[str, Variant], ordered: Mapping[str, int]) -> list[str]:
    """What the store has too little of; counted after the order it would be below zero."""
    return [
        f"{sku}: {units} ordered, the store had {max(known[sku].stock or 0, 0)}"
        for sku, units in ordered.items()
        if known[sku].stock is not None and (known[sku].stock or 0) < units
    ]


def _spellings(sku: str) -> list[str]:
    """Whether the search's own signs are escaped inside quotes as well, Shopify's documents leave open."""
    return list(dict.fromkeys((quoted(sku), re.sub(r"([:()])", r"\\\1", quoted(sku)))))


async def _by_id(graph: Graph, skus: Sequence[str]) -> dict[str, dict[str, Any]]:
    ids = {sku: f"gid://shopify/ProductVariant/{sku}" for sku in skus if sku.isascii() and sku.isdigit()}
    ids |= {sku: sku for sku in skus if sku.startswith("gid://shopify/ProductVariant/")}
    if not ids:
        return {}
    answer = (await graph.ask(d.VARIANTS_BY_ID, ids=list(ids.values()))).get("nodes")
    found = {entry.get("id"): entry for entry in entries([n for n in answer or [] if n], "nodes")}
    return {sku: found[own] for sku, own in ids.items() if own in found}


def _variant(sku: str, entry: dict[str, Any]) -> Variant:
    where = f"variant {sku!r}"
    number = number_of(entry.get("id"), "ProductVariant", f"{where}: id")
    item = entry.get("inventoryItem")
    tracked = item is None or document(item, f"{where}: inventoryItem").get("tracked") is not False
    stock = entry.get("inventoryQuantity")
    product = entry.get("product")
    status = document(product, f"{where}: product").get("status") if product is not None else None
    counted = tracked and isinstance(stock, int) and not isinstance(stock, bool)
    return Variant(
        sku=sku,
        variant_id=f"gid://shopify/ProductVariant/{number}",
        active=text_or_none(status, f"{where}: product.status") in (None, "ACTIVE"),
        stock=stock if counted and entry.get("inventoryPolicy") != "CONTINUE" else None,
    )
