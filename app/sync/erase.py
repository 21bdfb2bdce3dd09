"""Seal who bought under a key of its own, show it to whoever asks for themselves, erase it for good."""

import secrets
from typing import Any

import structlog
from pydantic import AwareDatetime

from app.domain.buyer import Buyer
from app.domain.chain import commitment_to
from app.domain.value import Value
from app.ledger.records import BuyerRecord, OrderRecord
from app.sync.deps import Deps
from app.wire.vault import Vault

log = structlog.get_logger("bridge")


class StillNeededError(Exception):
    """The order waits for its import, and nothing can be placed without a buyer."""


class SealedBuyer(Value):
    """A buyer as the ledger keeps it, and what the chain says about it."""

    sealed: bytes
    sealed_key: bytes
    commitment: bytes


class Erasure(Value):
    """When a buyer was erased, by whom and why; `done` is false when that was before."""

    order_id: int
    idealo_order_id: str
    done: bool
    erased_at: AwareDatetime
    erased_by: str
    reason: str


class ShownBuyer(Value):
    """What is known about who bought, for a request of access (GDPR Art. 15), with the proof that it is so."""

    order_id: int
    idealo_order_id: str
    buyer: dict[str, Any] | None
    """None after erasure, or where it was never readable."""
    salt: str | None
    """Hex; the commitment is HMAC-SHA-256 with it over the buyer (docs/ledger.md)."""
    commitment: str | None
    matches: bool | None
    """Whether the chained commitment is the one to this buyer; None where there is nothing to compare."""
    erased_at: AwareDatetime | None
    erased_by: str | None
    erase_reason: str | None


def seal_buyer(vault: Vault, buyer: Buyer) -> SealedBuyer:
    """A fresh key and a fresh salt for every buyer."""
    content, salt = buyer.model_dump(mode="json"), secrets.token_bytes(32)
    sealed, sealed_key = vault.seal_apart({"buyer": content, "salt": salt.hex()})
    return SealedBuyer(sealed=sealed, sealed_key=sealed_key, commitment=commitment_to(content, salt))


def open_buyer(vault: Vault, record: BuyerRecord) -> tuple[dict[str, Any] | None, bytes | None]:
    """Buyer and salt; no salt in rows of before migration 0002, neither after erasure. Raises SealBrokenError."""
    if record.sealed is None:
        return None, None
    if record.sealed_key is None:
        return vault.open(record.sealed), None
    content = vault.open_apart(record.sealed, record.sealed_key)
    return content["buyer"], bytes.fromhex(content["salt"])


async def erase(deps: Deps, order: OrderRecord, actor: str, reason: str) -> Erasure:
    """Destroys a buyer's data and key; the chain keeps a commitment that says nothing without its salt.

    A shop that was archived and connected anew has the order twice: both are erased. Doing it again changes nothing and
    answers what stands on record. Raises StillNeededError.
    """
    async with deps.ledger() as ledger:
        copies = await ledger.copies(order)
        for one in (order, *(copy for copy, in_use in copies if in_use)):
            waiting = await ledger.waits_for_import(one.id)
            if waiting is not None:
                raise StillNeededError(
                    f"idealo order {order.idealo_order_id} is not in the store {one.store_id} yet and cannot be placed "
                    f"without its buyer; settle event {waiting} first: replay it, or dismiss it if the order is not to "
                    "be placed"
                )
        done = await ledger.erase_buyer(order, actor, reason, deps.now())
        for copy, _ in copies:
            await ledger.erase_buyer(copy, actor, reason, deps.now())
        record = await ledger.buyer(order.id)
    assert record is not None  # noqa: S101 - erase_buyer wrote it
    if done:
        log.info("buyer.erased", order=order.id, idealo_order_id=order.idealo_order_id, actor=actor)
    return Erasure.model_validate(
        {
            "order_id": order.id,
            "idealo_order_id": order.idealo_order_id,
            "done": done,
            "erased_at": record.erased_at,
            "erased_by": record.erased_by or "",
            "reason": record.erase_reason or "",
        }
    )


async def show_buyer(deps: Deps, order: OrderRecord, actor: str) -> ShownBuyer:
    """Opens what is kept of a buyer; who looked stands in the log. Raises SealBrokenError."""
    async with deps.ledger() as ledger:
        record, commitment = await ledger.buyer(order.id), await ledger.commitment(order.id)
    content, salt = open_buyer(deps.vault, record) if record else (None, None)
    log.info("buyer.shown", order=order.id, idealo_order_id=order.idealo_order_id, actor=actor)
    comparable = content is not None and salt is not None and commitment is not None
    return ShownBuyer(
        order_id=order.id,
        idealo_order_id=order.idealo_order_id,
        buyer=content,
        salt=salt.hex() if salt else None,
        commitment=commitment.hex() if commitment else None,
        matches=commitment_to(content, salt) == commitment if comparable and content and salt else None,
        erased_at=record.erased_at if record else None,
        erased_by=record.erased_by if record else None,
        erase_reason=record.erase_reason if record else None,
    )
