"""Tax rates as the merchant configured them, and the draft of a store order taxed with them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from app.domain.money import split
from app.domain.orders import Money, Purchase, PurchaseLine
from app.domain.value import Value

Percent = Annotated[Decimal, Field(ge=0, lt=100, max_digits=5, decimal_places=2)]
BERLIN = ZoneInfo("Europe/Berlin")


class TaxRate(Value):
    """One rule: `rate` percent for a country and SKUs like `sku_pattern`, valid on whole days in Germany."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "DE"
    sku_pattern: str = "*"
    """Shell pattern (`*`, `?`, `[...]`), case matters."""
    tax_class: str | None = None
    """The store's own name for the rate (e.g. `reduced-rate`), handed on where the store knows tax classes."""
    rate: Percent
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day the rate holds."""

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            msg = "valid_until lies before valid_from"
            raise ValueError(msg)
        return self

    def applies(self, country: str, sku: str, day: date) -> bool:
        """Whether this rule is meant for that SKU, delivered to that country, bought that day."""
        in_time = (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )
        return self.country == country and in_time and fnmatchcase(sku, self.sku_pattern)


STANDARD = TaxRate(rate=Decimal(19))


def rate_for(rates: Sequence[TaxRate], country: str, sku: str, at: datetime) -> TaxRate:
    """The first rule that applies, the more exact pattern first; 19 % when none does.

    A pattern counts as more exact the more literal characters it has, so `BOOK-*` beats `*` in any order of entry.
    """
    day = at.astimezone(BERLIN).date()
    matching = [r for r in rates if r.applies(country, sku, day)]
    return max(matching, key=_exactness, default=STANDARD)


def _exactness(rate: TaxRate) -> int:
    return sum(1 for c in rate.sku_pattern if c not in "*?[]")


class DraftLine(Value):
    """A purchase line with the store's SKU for it and its tax."""

    line: PurchaseLine
    store_sku: str
    tax: TaxRate


class DraftShipping(Value):
    """A part of the shipping price with one rate; `option` names the delivery option it pays for, if any."""

    option: str | None = None
    gross: Money
    tax: TaxRate


class Draft(Value):
    """What we ask a store to create: the purchase, taxed; gross parts add up to idealo's total to the cent."""

    purchase: Purchase
    lines: tuple[DraftLine, ...]
    shipping: tuple[DraftShipping, ...]

    @property
    def difference(self) -> Decimal:
        """What must be added on a correction line for the order to reach idealo's total."""
        return self.purchase.difference


def draft(purchase: Purchase, country: str, rates: Sequence[TaxRate], aliases: Mapping[str, str]) -> Draft:
    """Taxes a purchase for delivery to `country`; shipping and options follow the mix of the goods."""
    lines = tuple(
        DraftLine(
            line=line,
            store_sku=aliases.get(line.sku, line.sku),
            tax=rate_for(rates, country, line.sku, purchase.placed_at),
        )
        for line in purchase.lines
    )
    return Draft(purchase=purchase, lines=lines, shipping=_shipping(purchase, lines))


def _shipping(purchase: Purchase, lines: Sequence[DraftLine]) -> tuple[DraftShipping, ...]:
    weights: dict[TaxRate, Decimal] = {}
    rates: dict[Decimal, TaxRate] = {}
    for line in lines:
        tax = rates.setdefault(line.tax.rate, line.tax)
        weights[tax] = weights.get(tax, Decimal(0)) + line.line.total
    taxes = list(weights)
    parts = [DraftShipping(gross=gross, tax=tax) for tax, gross in _mix(_plain_shipping(purchase), taxes, weights)]
    if contains_options(purchase):
        for option in purchase.delivery_options:
            for tax, gross in _mix(option.price, taxes, weights):
                parts.append(DraftShipping(option=option.kind, gross=gross, tax=tax))
    return tuple(part for part in parts if part.gross)


def contains_options(purchase: Purchase) -> bool:
    """Whether the options are inside the shipping price, as they should be; idealo's old sandbox broke this."""
    return sum((o.price for o in purchase.delivery_options), Decimal(0)) <= purchase.shipping


def _plain_shipping(purchase: Purchase) -> Decimal:
    if not contains_options(purchase):
        return purchase.shipping
    return purchase.shipping - sum((o.price for o in purchase.delivery_options), Decimal(0))


def _mix(gross: Decimal, taxes: Sequence[TaxRate], weights: Mapping[TaxRate, Decimal]) -> list[tuple[TaxRate, Decimal]]:
    return list(zip(taxes, split(gross, [weights[t] for t in taxes]), strict=True))
