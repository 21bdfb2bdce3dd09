"""Connect a store, change it, check it: both sides are asked with real calls before anything is kept."""

import uuid
from typing import Any

from app.domain.errors import Permanent, Retryable
from app.domain.value import Value
from app.ledger.records import StoreRecord
from app.ledger.tables import StoreRow
from app.ports import Checkup, Finding
from app.sync.deps import Deps
from app.sync.keys import IdealoKeys, StoreKeys, new_webhook_secret, open_keys

UNCHECKED = "unchecked:"
"""Stands before the client id until a token told us the idealo shop number."""


class NewStore(Value):
    """What an operator enters; `settings` are already checked against the kind."""

    kind: str
    name: str
    keys: StoreKeys
    settings: dict[str, Any]


class SideFindings(Value):
    """What a check of one side found."""

    side: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(f.ok for f in self.findings)


class SideRefusedError(Exception):
    """A side did not pass its check; nothing was kept."""

    def __init__(self, sides: tuple[SideFindings, ...]) -> None:
        self.sides = sides
        bad = [f"{s.side}: {f.name}: {f.detail} {f.advice}".strip() for s in sides for f in s.findings if not f.ok]
        super().__init__("; ".join(bad))


async def connect(deps: Deps, new: NewStore, *, check: bool) -> StoreRecord:
    """Checks both sides and keeps the store. Raises SideRefusedError and ShopTakenError; then nothing is kept."""
    now = deps.now()
    record = StoreRecord(
        id=str(uuid.uuid4()),
        kind=new.kind,
        name=new.name,
        idealo_shop_id=UNCHECKED + new.keys.idealo.client_id,
        sealed=new.keys.sealed(deps.vault),
        settings=new.settings,
        version=1,
        webhooks_checked_at=None,
        webhooks_problem=None,
        paused_at=None,
        archived_at=None,
        created_at=now,
    )
    shop_id, keys = record.idealo_shop_id, new.keys
    if check:
        shop_id, keys = await checked(deps, record, new.keys)
    row = StoreRow(
        id=record.id,
        kind=record.kind,
        name=record.name,
        idealo_shop_id=shop_id,
        sealed=keys.sealed(deps.vault),
        settings=record.settings,
        created_at=now,
        version=1,
    )
    async with deps.ledger() as ledger:
        await ledger.add_store(row)
        kept = await ledger.store(record.id)
    assert kept is not None  # noqa: S101 - added above
    return kept


async def checked(deps: Deps, store: StoreRecord, keys: StoreKeys) -> tuple[str, StoreKeys]:
    """The idealo shop number and the corrected credentials. Raises SideRefusedError."""
    sides, shop_id, credentials = await check_sides(deps, store)
    if not all(s.ok for s in sides):
        raise SideRefusedError(sides)
    return shop_id or store.idealo_shop_id, keys.model_copy(update={"credentials": credentials or keys.credentials})


async def check_sides(deps: Deps, store: StoreRecord) -> tuple[tuple[SideFindings, ...], str | None, dict[str, str]]:
    """Asks both sides with calls that change nothing; answers findings, shop number and corrected credentials."""
    shop_id: str | None = None
    credentials: dict[str, str] = {}
    adapter, idealo = deps.sides.adapter(store), deps.sides.idealo(store)
    try:
        checkup: Checkup = await adapter.check()
        in_store, credentials = checkup.findings, dict(checkup.credentials)
    except (Retryable, Permanent) as e:
        in_store = (_failed("connection", e),)
    try:
        at_idealo = (await idealo.check()).findings
        if all(f.ok for f in at_idealo):
            shop_id = await idealo.shop_id()
    except (Retryable, Permanent) as e:
        at_idealo = (_failed("connection", e),)
    sides = (SideFindings(side=store.kind, findings=in_store), SideFindings(side="idealo", findings=at_idealo))
    return sides, shop_id, credentials


def _failed(name: str, e: Exception) -> Finding:
    return Finding(name=name, ok=False, detail=str(e), advice="check the address and the credentials")


async def add_secret(deps: Deps, store: StoreRecord, secret: str | None) -> tuple[str, int]:
    """A new webhook secret before the old one; answers it and how many are valid now. At most two are kept."""
    keys = open_keys(deps.vault, store.sealed)
    new = secret or new_webhook_secret()
    kept = (new, *(s for s in keys.webhook_secrets if s != new))[:2]
    await keep_keys(deps, store, keys.model_copy(update={"webhook_secrets": kept}))
    return new, len(kept)


async def retire_secret(deps: Deps, store: StoreRecord, number: int) -> bool:
    """Removes the nth secret, newest first, counted from 1; the last one stays. False when there is none to remove."""
    keys = open_keys(deps.vault, store.sealed)
    if not 1 <= number <= len(keys.webhook_secrets) or len(keys.webhook_secrets) == 1:
        return False
    kept = tuple(s for n, s in enumerate(keys.webhook_secrets, 1) if n != number)
    await keep_keys(deps, store, keys.model_copy(update={"webhook_secrets": kept}))
    return True


async def keep_keys(deps: Deps, store: StoreRecord, keys: StoreKeys) -> None:
    async with deps.ledger() as ledger:
        await ledger.change_store(store.id, sealed=keys.sealed(deps.vault))


def idealo_keys(client_id: str, client_secret: str, base_url: str) -> IdealoKeys:
    return IdealoKeys(client_id=client_id, client_secret=client_secret, base_url=base_url.rstrip("/"))
