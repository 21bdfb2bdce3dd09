"""Reads what the shop is set to: settings groups, tax tables and products, each with as few calls as it takes."""

import time
from collections.abc import Sequence
from typing import Any

from app.domain.errors import Permanent, Problem
from app.stores.woocommerce.client import Rest
from app.stores.woocommerce.products import FIELDS, Product, batches, chosen, inherits_tax_class, product
from app.stores.woocommerce.rates import TaxTable, tax_table
from app.stores.woocommerce.reading import document, entries

_KEPT_S = 600


class Shop:
    """The shop's settings, kept for ten minutes."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._taxes: tuple[float, TaxTable] | None = None

    async def taxes(self) -> TaxTable:
        """The tax tables: three calls, then none for ten minutes."""
        if self._taxes and time.monotonic() - self._taxes[0] < _KEPT_S:
            return self._taxes[1]
        found = await read_taxes(self._rest)
        self._taxes = (time.monotonic(), found)
        return found

    async def products(self, skus: Sequence[str]) -> dict[str, Product]:
        """The product per SKU: one call for up to 40 SKUs. Permanent(unknown_sku) names all that are not there."""
        found: list[dict[str, Any]] = []
        for batch in batches(skus):
            async for page in self._rest.pages("/wc/v3/products", sku=batch, status="any", _fields=FIELDS):
                found += page
        known = chosen(found, skus)
        parents = {}
        for entry in known.values():
            if parent_id := inherits_tax_class(entry):
                answer = await self._rest.get(f"/wc/v3/products/{parent_id}", _fields="id,tax_class")
                parents[parent_id] = document(answer, f"product {parent_id}")
        return {sku: product(sku, entry, parents) for sku, entry in known.items()}


async def read_taxes(rest: Rest) -> TaxTable:
    """GET /taxes (all pages) and the settings groups general and tax."""
    rates = [row async for page in rest.pages("/wc/v3/taxes") for row in page]
    settings = {**await settings_group(rest, "general"), **await settings_group(rest, "tax")}
    return tax_table(rates, settings)


async def settings_group(rest: Rest, group: str) -> dict[str, Any]:
    """A settings group as id -> value."""
    answer = await rest.get(f"/wc/v3/settings/{group}", _fields="id,value")
    found = {str(entry.get("id")): entry.get("value") for entry in entries(answer, f"settings {group}")}
    if not found:
        raise Permanent(Problem.STATE_CONFLICT, f"the shop shows no settings in the group {group}")
    return found
