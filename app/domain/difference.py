"""One thing in which idealo, the ledger and the store differ, and what is known about it."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain.value import Value

ComparedSide = Literal["idealo", "ledger", "store"]
Verdict = Literal["open", "mended", "under_way", "waiting", "known"]
"""`open` needs somebody; `under_way` is being settled; `waiting` lies before a person as a dead event; `known` was
dismissed by a person, or cannot be undone and the ledger says how it came about."""


class Difference(Value):
    """Free of personal data: SKUs, amounts, order ids and tracking codes at most."""

    rule: Annotated[str, Field(description="stable name, e.g. `parcel_not_at_idealo`")]
    sides: Annotated[tuple[ComparedSide, ...], Field(description="which sides differ")]
    order_id: Annotated[int | None, Field(description="our order; null where the ledger has none")] = None
    idealo_order_id: str | None = None
    store_order_id: str | None = None
    about: Annotated[str, Field(description="a SKU, a tracking code, an amount; empty for the whole order")] = ""
    expected: str
    found: str
    verdict: Verdict = "open"
    mendable: Annotated[bool, Field(description="whether looking and settling again may bring the sides in line")]
    advice: str

    @property
    def identity(self) -> tuple[str, str | None, str | None, str]:
        """Equal for the same difference seen twice."""
        return self.rule, self.idealo_order_id, self.store_order_id, self.about
