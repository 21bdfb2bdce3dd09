"""Finds the shop's products for SKUs in its answers, exactly or not at all, and says what is short; pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.value import Value
from app.stores.woocommerce.reading import text_or_none, whole
from app.wire.json_fields import flag

FIELDS = "id,type,status,sku,parent_id,tax_status,tax_class,manage_stock,stock_quantity,stock_status,backorders_allowed"
_CONTAINERS = {"variable", "grouped", "external"}
_SKUS_PER_CALL = 40


class Product(Value):
    """A product or variation that can stand on an order line."""

    sku: str
    product_id: int
    variation_id: int
    tax_class: str
    taxed: bool
    taxes_shipping: bool
    """Whether its tax class may decide the tax on shipping."""
    published: bool
    stock: int | None
    """Units left; None where the shop does not count them, or sells on without."""


def batches(skus: Iterable[str]) -> list[str]:
    """Values for `sku=`: comma lists mean any of them, so a SKU that itself holds a comma asks alone."""
    wanted = list(dict.fromkeys(skus))
    plain = [s for s in wanted if "," not in s]
    lists = [",".join(plain[i : i + _SKUS_PER_CALL]) for i in range(0, len(plain), _SKUS_PER_CALL)]
    return lists + [s for s in wanted if "," in s]


def chosen(found: Sequence[dict[str, Any]], skus: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The one sellable product per SKU, compared exactly: the shop's database ignores case.

    Raises Permanent(unknown_sku) that names every SKU without exactly one. WooCommerce itself would take an unknown
    SKU with 201 and an empty line (recorded 2026-11-23).
    """
    known: dict[str, dict[str, Any]] = {}
    trouble = []
    for sku in dict.fromkeys(skus):
        same = {str(p.get("id")): p for p in found if p.get("sku") == sku}
        sellable = [p for p in same.values() if str(p.get("type")) not in _CONTAINERS]
        if len(sellable) == 1:
            known[sku] = sellable[0]
        elif sellable:
            ids = ", ".join(sorted(str(p.get("id")) for p in sellable))
            trouble.append(f"{sku!r} belongs to several products ({ids}): give all but one another SKU")
        elif same:
            kind = next(iter(same.values())).get("type")
            trouble.append(f"{sku!r} is a {kind} product, which is not sold itself: alias it to a variation's SKU")
        else:
            trouble.append(f"{sku!r} is no product's SKU: enter an alias, or give the product this SKU")
    if trouble:
        raise Permanent(Problem.UNKNOWN_SKU, "nothing was created; " + "; ".join(trouble))
    return known


def product(sku: str, entry: Mapping[str, Any], parents: Mapping[int, Mapping[str, Any]]) -> Product:
    """Reads one entry; a variation's tax class `parent` is looked up in `parents`."""
    where = f"product {sku!r}"
    own_id = whole(entry.get("id"), f"{where}: id")
    is_variation = str(entry.get("type")) == "variation"
    parent_id = whole(entry.get("parent_id") or 0, f"{where}: parent_id")
    tax_class = text_or_none(entry.get("tax_class"), f"{where}: tax_class") or ""
    if tax_class == "parent":
        tax_class = text_or_none(parents.get(parent_id, {}).get("tax_class"), f"{where}: tax_class") or ""
    return Product(
        sku=sku,
        product_id=parent_id if is_variation else own_id,
        variation_id=own_id if is_variation else 0,
        tax_class="" if tax_class == "standard" else tax_class,
        taxed=entry.get("tax_status", "taxable") == "taxable",
        taxes_shipping=entry.get("tax_status", "taxable") in ("taxable", "shipping"),
        published=entry.get("status", "publish") == "publish",
        stock=_stock(entry),
    )


def inherits_tax_class(entry: Mapping[str, Any]) -> int | None:
    """The parent's id where a variation's tax class is `parent`."""
    if entry.get("tax_class") != "parent":
        return None
    return whole(entry.get("parent_id"), f"product {entry.get('sku')!r}: parent_id")


def _stock(entry: Mapping[str, Any]) -> int | None:
    """`manage_stock` may be the word `parent`; the quantity is then the parent's. Plugins write decimals."""
    if entry.get("backorders_allowed") is True:
        return None
    quantity = entry.get("stock_quantity")
    counted = flag(entry.get("manage_stock")) or entry.get("manage_stock") == "parent"
    if counted and isinstance(quantity, int | Decimal) and not isinstance(quantity, bool):
        return int(quantity)
    return 0 if entry.get("stock_status") == "outofstock" else None


def shortages(products: Mapping[str, Product], ordered: Mapping[str, int]) -> list[str]:
    """A sentence per SKU the shop has too few of. The sale is binding, so it is imported all the same; WooCommerce
    takes it and lets the stock go below zero (recorded 2026-11-23).
    """
    said = []
    for sku, units in ordered.items():
        found = products[sku]
        if found.stock is not None and found.stock < units:
            said.append(f"{sku}: {units} sold, {max(found.stock, 0)} in stock at import")
        if not found.published:
            said.append(f"{sku}: the product is not published in the shop")
    return said
