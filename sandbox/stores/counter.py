"""The merchant's side of a fake store, as far as it is the same for every kind."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from sandbox.stores.port import LineQuantity, NeutralOrder, Parcel, Product, SandboxRefusal
from sandbox.stores.switches import Switches


class Numbered(Protocol):
    """An order that has a number of its own."""

    id: int


Order = TypeVar("Order", bound=Numbered)
Handed_contra = TypeVar("Handed_contra", contravariant=True)
Held_co = TypeVar("Held_co", covariant=True)


class Hands(Protocol[Handed_contra]):
    """What the merchant of one kind of store does with an order."""

    def ship(self, order: Handed_contra, lines: Sequence[LineQuantity] | None, parcels: Sequence[Parcel]) -> None: ...

    def track(self, order: Handed_contra, parcel: Parcel) -> None: ...

    def cancel(self, order: Handed_contra, lines: Sequence[LineQuantity] | None, *, restock: bool) -> None: ...

    def take_back(self, order: Handed_contra, lines: Sequence[LineQuantity] | None) -> None: ...

    def refund(
        self,
        order: Handed_contra,
        *,
        amount: Decimal | None,
        lines: Sequence[LineQuantity] | None,
        shipping: Decimal | None,
    ) -> None: ...


class Shelves(Protocol[Held_co]):
    """What the counter needs of the shop behind it."""

    @property
    def options(self) -> Switches: ...

    @property
    def orders(self) -> Mapping[int, Held_co]: ...

    def turn(self, values: dict[str, Any]) -> None: ...

    def act(self) -> AbstractContextManager[None]: ...

    def changes(self) -> dict[str, Any | None]: ...

    def restore(self, documents: Mapping[str, Any]) -> None: ...


class Counter(ABC, Generic[Order]):
    """Finds the order, lets the merchant act on it within one action of the shop, and shows orders in neutral words.

    What a kind of store adds to be a `FakeStore`: its API, its credentials, its products and the two readings below.
    """

    def __init__(self, shop: Shelves[Order], hands: Hands[Order]) -> None:
        self._shelves = shop
        self._hands = hands

    @abstractmethod
    def _idealo_id(self, order: Order) -> str | None:
        """The idealo order an order came from, as this kind of store keeps it."""

    @abstractmethod
    def _neutral(self, order: Order) -> NeutralOrder:
        """The order in neutral words."""

    @abstractmethod
    def products(self) -> list[Product]:
        """The catalogue with its stock."""

    @abstractmethod
    def _put(self, product: Product) -> None:
        """Create or replace a product."""

    def options(self) -> dict[str, Any]:
        """All switches of the store, JSON-safe; `options.Options` says what each means."""
        return self._shelves.options.model_dump(mode="json")

    def set_options(self, values: dict[str, Any]) -> None:
        """Change some switches; SandboxRefusal (422) names one that does not fit."""
        self._shelves.turn(values)

    def orders(self, idealo_order_id: str | None, store_order_id: str | None) -> list[NeutralOrder]:
        with self._shelves.act():
            return [
                self._neutral(order)
                for order in self._shelves.orders.values()
                if store_order_id in {None, str(order.id)} and idealo_order_id in {None, self._idealo_id(order)}
            ]

    def ship(self, store_order_id: str, lines: Sequence[LineQuantity] | None, parcels: Sequence[Parcel]) -> None:
        with self._acting_on(store_order_id) as order:
            self._hands.ship(order, lines, parcels)

    def track(self, store_order_id: str, parcel: Parcel) -> None:
        with self._acting_on(store_order_id) as order:
            self._hands.track(order, parcel)

    def cancel(self, store_order_id: str, lines: Sequence[LineQuantity] | None, *, restock: bool) -> None:
        with self._acting_on(store_order_id) as order:
            self._hands.cancel(order, lines, restock=restock)

    def return_(self, store_order_id: str, lines: Sequence[LineQuantity] | None) -> None:
        with self._acting_on(store_order_id) as order:
            self._hands.take_back(order, lines)

    def refund(
        self,
        store_order_id: str,
        *,
        amount: Decimal | None,
        lines: Sequence[LineQuantity] | None,
        shipping: Decimal | None,
    ) -> None:
        with self._acting_on(store_order_id) as order:
            self._hands.refund(order, amount=amount, lines=lines, shipping=shipping)

    def put_product(self, product: Product) -> None:
        with self._shelves.act():
            self._put(product)

    def changes(self) -> dict[str, Any | None]:
        return self._shelves.changes()

    def restore(self, documents: Mapping[str, Any]) -> None:
        self._shelves.restore(documents)

    @contextmanager
    def _acting_on(self, store_order_id: str) -> Iterator[Order]:
        with self._shelves.act():
            order = self._shelves.orders.get(int(store_order_id)) if store_order_id.isdecimal() else None
            if order is None:
                raise SandboxRefusal("store_order_id", f"no order {store_order_id!r} in this store", status=404)
            yield order


def each_once(parcels: Iterable[Parcel]) -> list[Parcel]:
    """Parcels by their tracking codes, the first of each code."""
    seen: dict[str, Parcel] = {}
    for parcel in parcels:
        seen.setdefault(parcel.tracking_code, parcel)
    return list(seen.values())
