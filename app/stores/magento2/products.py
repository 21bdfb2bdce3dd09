"""Finds the shop's products for SKUs in its answers, exactly or not at all, and says what is short; pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.value import Value
from app.stores.magento2.reading import identity, text_or_none

FIELDS = "id,sku,name,type_id,status"
_CONTAINERS = {"configurable", "bundle", "grouped"}
_SKUS_PER_CALL = 40


class Product(Value):
    """A product that can stand on an order row."""

    product_id: str
    sku: str
    """The shop's own spelling."""
    name: str
    kind: str
    enabled: bool


def batches(skus: Iterable[str]) -> list[list[str]]:
    """SKUs per call: a condition "in" is a comma list, so a SKU that itself holds a comma asks alone."""
    wanted = list(dict.fromkeys(skus))
    plain = [s for s in wanted if "," not in s]
    lists = [plain[i : i + _SKUS_PER_CALL] for i in range(0, len(plain), _SKUS_PER_CALL)]
    return lists + [[s] for s in wanted if "," in s]


def chosen(found: Sequence[Mapping[str, Any]], skus: Sequence[str]) -> dict[str, Product]:
    """The product per SKU. Magento keeps SKUs unique without regard to case, so case may differ, nothing else may.

    Raises Permanent(unknown_sku) that names every SKU without a product that is sold itself; Magento would take any
    SKU on a direct order.
    """
    by_sku: dict[str, Mapping[str, Any]] = {}
    for entry in found:
        by_sku.setdefault(str(entry.get("sku")).casefold(), entry)
    known: dict[str, Product] = {}
    trouble = []
    for sku in dict.fromkeys(skus):
        match = by_sku.get(sku.casefold())
        kind = str(match.get("type_id") or "simple") if match else ""
        if match is None:
            trouble.append(f"{sku!r} is no product's SKU: enter an alias, or give the product this SKU")
        elif kind in _CONTAINERS:
            trouble.append(f"{sku!r} is a {kind} product, which is not sold itself: alias it to a variant's SKU")
        else:
            known[sku] = _product(match, kind)
    if trouble:
        raise Permanent(Problem.UNKNOWN_SKU, "nothing was created; " + "; ".join(trouble))
    return known


def _product(entry: Mapping[str, Any], kind: str) -> Product:
    sku = str(entry.get("sku"))
    where = f"product {sku!r}"
    return Product(
        product_id=identity(entry.get("id"), f"{where}: id"),
        sku=sku,
        name=text_or_none(entry.get("name"), f"{where}: name") or sku,
        kind=kind,
        enabled=str(entry.get("status", 1)) == "1",
    )


def shortages(products: Mapping[str, Product], ordered: Mapping[str, int], salable: Mapping[str, Decimal]) -> list[str]:
    """A sentence per SKU the shop has too few of. The sale is binding, so it is imported all the same."""
    said = []
    for sku, units in ordered.items():
        if sku in salable and salable[sku] < units:
            said.append(f"{sku}: {units} sold, {max(salable[sku], Decimal(0)).normalize():f} in stock at import")
        if not products[sku].enabled:
            said.append(f"{sku}: the product is disabled in the shop")
    return said
