"""Who bought: personal data, kept apart from facts and never part of an event."""

from app.domain.value import Value


class Address(Value):
    """A postal address as idealo sends it; street and number share one line, there is no company field."""

    salutation: str | None = None
    first_name: str
    last_name: str
    line1: str
    line2: str | None = None
    postal_code: str
    city: str
    country_code: str


class Buyer(Value):
    """Contact and both addresses; the mail is idealo's relay address, new for every order."""

    email: str
    phone: str | None = None
    billing: Address
    shipping: Address

    def words(self) -> tuple[str, ...]:
        """Everything personal in it, for taking it out of texts."""
        of_places = (
            (a.first_name, a.last_name, a.line1, a.line2, a.postal_code, a.city) for a in (self.billing, self.shipping)
        )
        return tuple(word for word in (self.email, self.phone, *(w for place in of_places for w in place)) if word)

    def __repr__(self) -> str:
        """Personal data does not slip into logs through a repr."""
        return "Buyer(***)"

    __str__ = __repr__
