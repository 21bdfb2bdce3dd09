"""The shop's own tax tables, and the rate WooCommerce will apply to a line, a fee or the shipping; pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.domain.value import Value
from app.stores.woocommerce.reading import entries, text_or_none, whole
from app.wire.json_fields import flag

INHERIT = "inherit"


class Place(Value):
    """Where an order is taxed; `state` stays empty in Germany."""

    country: str
    postcode: str = ""
    city: str = ""


class ShopRate(Value):
    """One row of the shop's tax table; empty country, postcodes and cities mean all."""

    tax_class: str
    country: str
    state: str
    postcodes: tuple[str, ...]
    cities: tuple[str, ...]
    rate: Decimal
    priority: int
    compound: bool
    for_shipping: bool
    order: int

    def fits(self, place: Place) -> bool:
        return (
            self.country in ("", place.country)
            and not self.state
            and (not self.postcodes or any(_postcode_fits(p, place.postcode) for p in self.postcodes))
            and (not self.cities or place.city.strip().upper() in self.cities)
        )


class TaxTable(Value):
    """How the shop taxes; classes in the shop's order, the standard class is the empty text."""

    calculates: bool
    based_on: str
    base: Place
    shipping_class: str
    classes: tuple[str, ...]
    rates: tuple[ShopRate, ...]

    def place(self, billing: Place, shipping: Place) -> Place:
        """The address that decides, by the shop's setting; without a shipping country WooCommerce takes billing."""
        if self.based_on == "base":
            return self.base
        return billing if self.based_on == "billing" or not shipping.country else shipping

    def rate(self, tax_class: str, place: Place, *, shipping: bool = False) -> Decimal:
        """Percent the shop adds: per priority the most exact row, added up, compound rows on top of the rest."""
        if not self.calculates:
            return Decimal(0)
        rows = [r for r in self.rates if r.tax_class == tax_class and r.fits(place)]
        chosen: dict[int, ShopRate] = {}
        for row in sorted((r for r in rows if r.for_shipping or not shipping), key=_exactness):
            chosen.setdefault(row.priority, row)
        plain = sum((r.rate for r in chosen.values() if not r.compound), Decimal(0))
        for row in chosen.values():
            if row.compound:
                plain += (100 + plain) * row.rate / 100
        return plain

    def class_with(self, rate: Decimal, place: Place, preferred: str | None = None) -> str | None:
        """A tax class that makes the shop add exactly this rate; the preferred one first."""
        wanted = _slug(preferred) if preferred is not None else None
        candidates = [c for c in self.classes if c == wanted] + [c for c in self.classes if c != wanted]
        return next((c for c in candidates if self.rate(c, place) == rate), None)

    def shipping_rate(self, line_classes: Iterable[str], place: Place) -> Decimal:
        """Percent on a shipping line, given the classes of the taxable product lines.

        With `inherit` the first class in the shop's order that stands on a line decides (recorded 2026-11-23: a basket
        of reduced goods shipped at 7 %, a mixed one at 19 %); an order without taxable lines has untaxed shipping.
        """
        if self.shipping_class != INHERIT:
            return self.rate(_slug(self.shipping_class), place, shipping=True)
        found = set(line_classes)
        first = next((c for c in self.classes if c in found), None)
        return Decimal(0) if first is None else self.rate(first, place, shipping=True)


def tax_table(rates: Sequence[Any], settings: Mapping[str, Any]) -> TaxTable:
    """From GET /taxes and the settings groups `general` and `tax`, by setting id."""
    base = str(settings.get("woocommerce_default_country") or "").split(":")[0]
    rows = tuple(_row(row, f"taxes[{i}]") for i, row in enumerate(entries(list(rates), "taxes")))
    named = _named_classes(str(settings.get("woocommerce_tax_classes") or ""))
    return TaxTable(
        calculates=flag(settings.get("woocommerce_calc_taxes")),
        based_on=str(settings.get("woocommerce_tax_based_on") or "shipping"),
        base=Place(country=base, postcode=str(settings.get("woocommerce_store_postcode") or "")),
        shipping_class=str(settings.get("woocommerce_shipping_tax_class") or ""),
        classes=tuple(dict.fromkeys(["", *named, *(row.tax_class for row in rows)])),
        rates=rows,
    )


def _row(row: dict[str, Any], where: str) -> ShopRate:
    rate = text_or_none(row.get("rate"), f"{where}.rate") or "0"
    return ShopRate(
        tax_class=_slug(text_or_none(row.get("class"), f"{where}.class")),
        country=text_or_none(row.get("country"), f"{where}.country") or "",
        state=text_or_none(row.get("state"), f"{where}.state") or "",
        postcodes=_places(row, "postcodes", "postcode"),
        cities=_places(row, "cities", "city"),
        rate=_percent(rate),
        priority=whole(row.get("priority", 1), f"{where}.priority"),
        compound=flag(row.get("compound")),
        for_shipping=flag(row.get("shipping", True)),
        order=whole(row.get("order") or 0, f"{where}.order"),
    )


def _named_classes(names: str) -> list[str]:
    """Slugs of the classes in the shop's order, as WordPress makes them from plain names; others show in the rates."""
    plain = [name.strip() for name in names.splitlines() if re.fullmatch(r"[A-Za-z0-9 -]+", name.strip())]
    return ["-".join(name.lower().split()) for name in plain]


def _percent(raw: str) -> Decimal:
    try:
        found = Decimal(raw)
    except ArithmeticError:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def _places(row: Mapping[str, Any], several: str, single: str) -> tuple[str, ...]:
    """Lists since WooCommerce 5.3, one text with `;` before."""
    value = row.get(several)
    if not isinstance(value, list):
        value = str(row.get(single) or "").split(";")
    return tuple(str(v).strip().upper() for v in value if str(v).strip())


def _slug(name: str | None) -> str:
    """The tables call the standard class `standard`, products and lines call it the empty text."""
    return "" if name in (None, "standard") else str(name)


def _postcode_fits(rule: str, postcode: str) -> bool:
    given = postcode.strip().upper()
    if "..." in rule:
        low, high = rule.split("...", 1)
        return low <= given <= high
    return given.startswith(rule[:-1]) if rule.endswith("*") else given == rule


def _exactness(row: ShopRate) -> tuple[int, bool, bool, int]:
    return (row.priority, not row.country, not (row.postcodes or row.cities), row.order)
