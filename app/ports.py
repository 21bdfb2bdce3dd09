"""What a store adapter and a queue promise; the use cases see nothing else of either."""

import functools
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Protocol

from pydantic import AwareDatetime, BaseModel

from app.domain.buyer import Buyer
from app.domain.orders import StoreOrder
from app.domain.settings import StoreSettings
from app.domain.tax import Draft
from app.domain.value import Value


class Delivery(Value):
    """One webhook request as received: header names in lower case, the body's exact bytes."""

    headers: Mapping[str, str]
    body: bytes
    received_at: AwareDatetime

    @functools.cached_property
    def body_sha256(self) -> str:
        """Hex. Counted once: whoever wants another body makes another Delivery, `model_copy` would keep the hash."""
        return hashlib.sha256(self.body).hexdigest()


class Notice(Value):
    """What a trusted delivery says: look at this order. `order_id` is None where it names none."""

    key: str
    """Unique per (delivery id, topic, order): stores reuse delivery ids across orders."""
    topic: str
    order_id: str | None
    remark: str | None = None
    """Why nothing follows from it (broken body, unknown topic), for people to read."""


class Capabilities(Value):
    """What this kind of store can and cannot do, stated instead of discovered."""

    pushes: Literal["none", "thin", "full"]
    creates_orders: bool = True
    cancels_orders: bool = True
    reports_returns: bool = True
    visible_after: timedelta = timedelta(0)
    """How long after a write with a lost answer a search may still not show the order."""
    readable_for: timedelta | None = None
    """After that the store may hide an order from us, as if it were deleted; None: it shows them for good."""
    limits: tuple[str, ...] = ()
    """Sentences an integrator should read."""

    def hides(self, placed_at: datetime | None, now: datetime) -> bool:
        """Whether an order that cannot be read may just be too old to be shown."""
        return self.readable_for is not None and placed_at is not None and now - placed_at > self.readable_for


class Finding(Value):
    """One thing a check looked at."""

    name: str
    ok: bool
    detail: str
    advice: str = ""
    """What to do about it; empty when ok, unless something is absent."""
    level: Literal["check", "absent"] = "check"
    """`absent` with ok: something optional is not there, and the store is served without it; advice says how to have
    it."""


class Checkup(Value):
    """What connecting or checking a side found; `credentials` are corrected ones to keep (canonical base URL)."""

    findings: tuple[Finding, ...]
    credentials: Mapping[str, str]

    @property
    def ok(self) -> bool:
        return all(f.ok for f in self.findings)


class Connection(Value):
    """What an adapter needs to know about its store."""

    store_id: str
    credentials: BaseModel
    webhook_secrets: tuple[str, ...]
    """Newest first; every one of them is valid."""
    settings: StoreSettings

    def __repr__(self) -> str:
        """Secrets do not slip into logs through a repr."""
        return f"Connection({self.store_id})"

    __str__ = __repr__


Announce = Callable[[], Awaitable[None]]
"""Writes down that a creation leaves now, so that whoever comes next asks the store first."""


async def nobody() -> None:
    """For whoever has nothing to write down."""


class StoreAdapter(Protocol):
    """One connected store. Reads its orders, places and cancels ours, checks its webhooks.

    Built as `Adapter(connection, http)`; only Retryable, Permanent and SignatureInvalid come out of its methods.
    Adapters never retry, never log, never swallow.
    """

    Credentials: ClassVar[type[BaseModel]]
    """What an operator must enter; the JSON Schema is drawn from it."""
    Settings: ClassVar[type[StoreSettings]]
    capabilities: ClassVar[Capabilities]
    content_types: ClassVar[frozenset[str]]
    """Media types this kind's webhooks come in; anything else is answered 415."""
    webhook_headers: ClassVar[Mapping[str, str]]
    """Header name -> what it carries, for the API document."""

    # pure: no I/O
    def is_ping(self, delivery: Delivery) -> bool:
        """A check the store sends by itself: answered 200, nothing recorded, no signature asked for."""
        ...

    def verify(self, delivery: Delivery) -> None:
        """Raw bytes, constant time, any current secret; an empty secret matches nothing. Raises SignatureInvalid."""
        ...

    def read(self, delivery: Delivery) -> Notice:
        """Which order to look at. Never raises: a body we cannot use is a notice without an order."""
        ...

    # reads
    async def check(self) -> Checkup:
        """Credentials, permissions and settings that matter, with real calls that change nothing."""
        ...

    async def fetch_order(self, order_id: str) -> StoreOrder:
        """The complete order in our words; units conserve. Permanent(state_conflict) when it is gone."""
        ...

    async def find_order(self, idealo_order_id: str, since: datetime, *, fresh: bool = True) -> StoreOrder | None:
        """The order that carries exactly this idealo id, or None; never trusts the store's search.

        Without `fresh` nobody here has tried to create it: a look over the store's orders a few minutes old will do,
        so that a backlog of a thousand orders does not read the store's list a thousand times.
        """
        ...

    def changed_orders(self, since: datetime) -> AsyncIterator[str]:
        """Ids of all orders changed since; some twice is fine, one missing is not."""
        ...

    # writes
    async def create_order(self, draft: Draft, buyer: Buyer, announce: Announce = nobody) -> StoreOrder:
        """Creates the order so that find_order finds it. Permanent(unknown_sku) before anything is created.

        `announce` is awaited once, when all is read and the request that creates is about to leave; what it raises
        passes through, and nothing is created then.
        """
        ...

    async def cancel_order(self, order_id: str) -> StoreOrder:
        """Cancels and restocks the whole order; repeating is harmless. Answers the order as it is afterwards."""
        ...

    async def ensure_webhooks(self, url: str) -> tuple[Finding, ...]:
        """Creates, re-enables or repairs our webhooks; safe to repeat; one finding per topic says what was done.

        A shop that cannot send any as it is gives one finding of level `absent`: polling serves it, that is no problem.
        """
        ...


class Queue(Protocol):
    """Rings a worker; what rings is always also in Postgres, so a lost ring costs a minute."""

    async def look(self, delivery_id: int) -> None:
        """A delivery was kept: look at the order it names."""
        ...

    async def advance(self, order_id: int) -> None:
        """An order has events due."""
        ...

    async def poll(self, store_id: str) -> None:
        """Poll both sides of a store now."""
        ...
