"""A webhook comes in: check the signature, keep what it says, ring. The door answers what comes out of this."""

import functools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from app.domain.value import Value
from app.ledger.accept import Receipt
from app.ledger.records import StoreRecord
from app.ports import Delivery, Notice, Queue, StoreAdapter
from app.wire.vault import Vault

KEPT_HEADERS = frozenset({"content-type", "user-agent", "date"})
"""Besides the kind's own webhook headers; signatures and everything unknown stay outside the ledger."""


class KeptDelivery(Value):
    """The row to keep."""

    store_id: str
    key: str
    topic: str
    store_order_id: str | None
    headers: dict[str, str]
    body_sha256: str
    body_size: int
    body: bytes | None
    remark: str | None
    received_at: datetime
    looked_at: datetime | None


class Accepted(Value):
    """What the store is told."""

    status: Literal["accepted", "duplicate", "ping"]
    delivery_id: int | None = None


async def receive(
    store: StoreRecord,
    adapter: StoreAdapter,
    delivery: Delivery,
    keep: Callable[[KeptDelivery], Awaitable[Receipt]],
    queue: Queue,
    vault: Vault,
) -> Accepted:
    """Raises SignatureInvalid (nothing kept) and LedgerUnavailable (nothing kept); a lost ring is not an error."""
    if adapter.is_ping(delivery):
        return Accepted(status="ping")
    adapter.verify(delivery)
    notice = adapter.read(delivery)
    delivery_id, new = await keep(_row(store, adapter, delivery, notice, vault))
    if delivery_id is None or not new:
        return Accepted(status="duplicate", delivery_id=delivery_id)
    await queue.look(delivery_id)
    return Accepted(status="accepted", delivery_id=delivery_id)


@functools.cache
def _wanted(webhook_headers: tuple[str, ...]) -> frozenset[str]:
    names = {name.lower() for name in webhook_headers}
    return KEPT_HEADERS | {name for name in names if "signature" not in name and "hmac" not in name}


def _row(store: StoreRecord, adapter: StoreAdapter, delivery: Delivery, notice: Notice, vault: Vault) -> KeptDelivery:
    wanted = _wanted(tuple(adapter.webhook_headers))
    # To be looked into by a person. A webhook about a customer was never asked for, and holds nothing but the customer.
    strange = notice.order_id is None and notice.remark is not None and not notice.topic.startswith("customer")
    return KeptDelivery(
        store_id=store.id,
        key=notice.key,
        topic=notice.topic,
        store_order_id=notice.order_id,
        headers={name: value for name, value in delivery.headers.items() if name in wanted},
        body_sha256=delivery.body_sha256,
        body_size=len(delivery.body),
        body=vault.seal_bytes(delivery.body) if strange else None,
        remark=notice.remark,
        received_at=delivery.received_at,
        looked_at=None,
    )
