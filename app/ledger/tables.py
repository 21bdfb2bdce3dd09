"""The tables of the ledger; money and ids as the outside writes them, times with zone."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlmodel import Field, SQLModel

from app.domain.errors import Problem
from app.domain.events import EventType

REVISION = "0003"
"""The migration this code needs; written here, because asking alembic costs every process ten megabytes."""
EVENT_STATES = ("pending", "done", "skipped", "dead")
FOUND_BY = ("webhook", "poll", "ledger", "operator")
STREAMS = ("store", "idealo")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(str(v)) for v in values)})"


def _time(*, null: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=null)


def _text(*, null: bool = False, primary: bool = False) -> Any:
    return Column(Text, nullable=null, primary_key=primary)


def _bytes() -> Any:
    return Column(LargeBinary, nullable=False)


def _identity() -> Any:
    return Column(BigInteger, Identity(always=True), primary_key=True)


def _refers(table: str, *, primary: bool = False) -> Any:
    kind = Text if table == "stores" else BigInteger
    return Column(kind, ForeignKey(f"{table}.id"), nullable=False, primary_key=primary)


class StoreRow(SQLModel, table=True):
    """A merchant's connected shop and its idealo account."""

    __tablename__ = "stores"
    __table_args__ = (
        Index(
            "one_live_store_per_idealo_shop",
            "idealo_shop_id",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )
    id: str = Field(sa_column=_text(primary=True))
    kind: str = Field(sa_column=_text())
    name: str = Field(sa_column=_text())
    idealo_shop_id: str = Field(sa_column=_text())
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Credentials of both sides and the webhook secrets."""
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("1")))
    """Rises with every change, so that processes notice."""
    webhooks_checked_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    webhooks_problem: str | None = Field(default=None, sa_column=_text(null=True))
    webhooks_note: str | None = Field(default=None, sa_column=_text(null=True))
    """Why this shop sends none although nothing is wrong; empty where it can send them."""
    paused_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    archived_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    created_at: datetime = Field(sa_column=_time())


class DeliveryRow(SQLModel, table=True):
    """One webhook request as received, or an answer of either side that could not be understood."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("store_id", "key", name="one_row_per_delivery"),
        Index("deliveries_unseen", "received_at", postgresql_where=text("looked_at IS NULL")),
        Index("deliveries_seen", "received_at", postgresql_where=text("looked_at IS NOT NULL")),
        Index("deliveries_of_order", "store_id", "store_order_id", "id"),
        Index("deliveries_received", "store_id", "received_at", postgresql_where=text("topic NOT LIKE 'idealo.%'")),
    )
    id: int | None = Field(default=None, sa_column=_identity())
    store_id: str = Field(sa_column=_refers("stores"))
    key: str = Field(sa_column=_text())
    topic: str = Field(sa_column=_text())
    store_order_id: str | None = Field(default=None, sa_column=_text(null=True))
    headers: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    body_sha256: str = Field(sa_column=_text())
    body_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """Sealed, and only where the body could not be understood: other orders hold other people's data."""
    remark: str | None = Field(default=None, sa_column=_text(null=True))
    received_at: datetime = Field(sa_column=_time())
    looked_at: datetime | None = Field(default=None, sa_column=_time(null=True))


class OrderRow(SQLModel, table=True):
    """Links the two copies of one order; holds the lease."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("store_id", "idealo_order_id", name="one_row_per_idealo_order"),
        UniqueConstraint("store_id", "store_order_id", name="one_row_per_store_order"),
        Index("orders_newest", "store_id", "id"),
        Index("orders_by_number", "store_order_number"),
        Index("orders_by_idealo_id", "idealo_order_id"),
        Index("orders_unclosed", "store_id", "placed_at", postgresql_where=text("closed_at IS NULL")),
        Index("orders_closed", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    )
    id: int | None = Field(default=None, sa_column=_identity())
    store_id: str = Field(sa_column=_refers("stores"))
    idealo_order_id: str = Field(sa_column=_text())
    store_order_id: str | None = Field(default=None, sa_column=_text(null=True))
    store_order_number: str | None = Field(default=None, sa_column=_text(null=True))
    placed_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    total: Decimal | None = Field(default=None, sa_column=Column(Numeric(12, 2), nullable=True))
    currency: str | None = Field(default=None, sa_column=_text(null=True))
    placing_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    """When a creation in the store was last begun: written before the call, so that a lost answer is looked for."""
    lease: str | None = Field(default=None, sa_column=Column(UUID(as_uuid=False), nullable=True))
    leased_until: datetime | None = Field(default=None, sa_column=_time(null=True))
    idealo_fingerprint: str | None = Field(default=None, sa_column=_text(null=True))
    """What idealo last showed, hashed: a poll that finds the same writes nothing."""
    idealo_seen_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    store_seen_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    shipped: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    """Units per idealo SKU the store last showed as shipped: for people to read, nothing is decided by it."""
    created_at: datetime = Field(sa_column=_time())
    closed_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    reduced_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    """When retention took the content of its facts away; nothing is recorded about it any more."""


class BuyerRow(SQLModel, table=True):
    """The only personal data, sealed; empty after erasure."""

    __tablename__ = "buyers"
    order_id: int = Field(sa_column=_refers("orders", primary=True))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """Buyer and salt under `sealed_key`; before migration 0002 the buyer alone under the master key."""
    sealed_key: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """This buyer's own key under the master key."""
    erased_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    erased_by: str | None = Field(default=None, sa_column=_text(null=True))
    erase_reason: str | None = Field(default=None, sa_column=_text(null=True))


class EventRow(SQLModel, table=True):
    """A canonical fact, never changed; state, due_at, attempts and problem are bookkeeping."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("order_id", "type", "key", name="one_row_per_event"),
        UniqueConstraint("store_id", "chain_no", name="one_place_in_the_chain"),
        CheckConstraint(_one_of("type", get_args(EventType)), name="event_type_known"),
        CheckConstraint(_one_of("state", EVENT_STATES), name="event_state_known"),
        CheckConstraint(_one_of("found_by", FOUND_BY), name="event_found_by_known"),
        CheckConstraint("(state = 'dead') = (problem IS NOT NULL)", name="dead_events_have_a_problem"),
        CheckConstraint(f"problem IS NULL OR {_one_of('problem', tuple(Problem))}", name="event_problem_known"),
        Index("events_due", "due_at", postgresql_where=text("state = 'pending'")),
        Index("events_dead", "problem", "id", postgresql_where=text("state = 'dead'")),
        Index("events_of_order", "order_id", "id"),
        Index("events_recorded", "recorded_at"),
    )
    id: int | None = Field(default=None, sa_column=_identity())
    order_id: int = Field(sa_column=_refers("orders"))
    type: str = Field(sa_column=_text())
    key: str = Field(sa_column=_text())
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    found_by: str = Field(sa_column=_text())
    recorded_at: datetime = Field(sa_column=_time())
    state: str = Field(sa_column=_text())
    due_at: datetime = Field(sa_column=_time())
    attempts: int = Field(sa_column=Column(BigInteger, nullable=False))
    problem: str | None = Field(default=None, sa_column=_text(null=True))
    # The chain (app.domain.chain). No foreign key on store_id: the trigger that extends the chain asks `chains`.
    store_id: str = Field(sa_column=_text())
    chain_no: int = Field(sa_column=Column(BigInteger, nullable=False))
    data_hash: bytes = Field(sa_column=_bytes())
    previous_hash: bytes = Field(sa_column=_bytes())
    hash: bytes = Field(sa_column=_bytes())
    commitment: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """Salted hash of who bought, on `order.placed`."""
    reduced_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    """When retention took `data` away; `data_hash` stays."""


class ChainRow(SQLModel, table=True):
    """The end of a store's chain; locked while it is extended, moved by the trigger on `events`."""

    __tablename__ = "chains"
    store_id: str = Field(sa_column=_refers("stores", primary=True))
    length: int = Field(sa_column=Column(BigInteger, nullable=False))
    head: bytes = Field(sa_column=_bytes())


class HeadRow(SQLModel, table=True):
    """A store's chain as it was at one moment of a day; never changed."""

    __tablename__ = "chain_heads"
    store_id: str = Field(sa_column=_refers("stores", primary=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    length: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = Field(sa_column=_bytes())
    noted_at: datetime = Field(sa_column=_time())


class AttemptRow(SQLModel, table=True):
    """One try to settle an event, or a person's decision about it; never changed."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("event_id", "number", name="one_row_per_attempt"),
        Index("attempts_ended", "ended_at"),
    )
    id: int | None = Field(default=None, sa_column=_identity())
    event_id: int = Field(sa_column=_refers("events"))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    actor: str = Field(sa_column=_text())
    action: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    outcome: str = Field(sa_column=_text())
    detail: str = Field(sa_column=_text())
    started_at: datetime = Field(sa_column=_time())
    ended_at: datetime = Field(sa_column=_time())


class CursorRow(SQLModel, table=True):
    """How far a poll has read, and whose turn it is."""

    __tablename__ = "cursors"
    __table_args__ = (CheckConstraint(_one_of("stream", STREAMS), name="cursor_stream_known"),)
    store_id: str = Field(sa_column=_refers("stores", primary=True))
    stream: str = Field(sa_column=_text(primary=True))
    position: datetime = Field(sa_column=_time())
    polled_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    claimed_until: datetime | None = Field(default=None, sa_column=_time(null=True))
    failures: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    trouble: str | None = Field(default=None, sa_column=_text(null=True))


class ReconciliationRow(SQLModel, table=True):
    """One comparison of idealo, ledger and store, while it runs and after; no personal data."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        CheckConstraint(_one_of("found_by", ("cron", "operator")), name="reconciliation_found_by_known"),
        Index("reconciliations_newest", "store_id", "id"),
    )
    id: int | None = Field(default=None, sa_column=_identity())
    store_id: str = Field(sa_column=_refers("stores"))
    found_by: str = Field(sa_column=_text())
    days: int = Field(sa_column=Column(BigInteger, nullable=False))
    repair: bool = Field(sa_column=Column(Boolean, nullable=False))
    started_at: datetime = Field(sa_column=_time())
    progress_at: datetime = Field(sa_column=_time())
    """When it last said how far it is: one that says nothing for a while has died."""
    ended_at: datetime | None = Field(default=None, sa_column=_time(null=True))
    orders: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    orders_in_all: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    open: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    mended: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    differences: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    notes: list[str] = Field(sa_column=Column(JSONB, nullable=False))


class AliasRow(SQLModel, table=True):
    """What a SKU at idealo is called in the store."""

    __tablename__ = "sku_aliases"
    store_id: str = Field(sa_column=_refers("stores", primary=True))
    idealo_sku: str = Field(sa_column=_text(primary=True))
    store_sku: str = Field(sa_column=_text())
    created_at: datetime = Field(sa_column=_time())


class HeartbeatRow(SQLModel, table=True):
    """A process that is alive, and what it counted."""

    __tablename__ = "heartbeats"
    name: str = Field(sa_column=_text(primary=True))
    role: str = Field(sa_column=_text())
    seen_at: datetime = Field(sa_column=_time())
    report: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
