"""Change a connected store: pause, resume, archive, other credentials, repair its webhooks, look at an order now."""

from typing import Any

from app.domain.errors import Permanent, Retryable
from app.ledger.records import OrderRecord, StoreRecord
from app.ports import Finding
from app.sync.connect import UNCHECKED, checked
from app.sync.deps import Deps
from app.sync.keys import StoreKeys
from app.sync.observe import look_at_idealo_order, look_at_store_order
from app.sync.silence import standing


class OtherShopError(Exception):
    """The new idealo credentials belong to another shop than the store's ledger."""


async def pause(deps: Deps, store: StoreRecord) -> None:
    """Webhooks are kept, nothing is polled or settled until resume."""
    if store.paused_at is None:
        await _change(deps, store, paused_at=deps.now())


async def resume(deps: Deps, store: StoreRecord) -> None:
    """Work goes on: both sides are polled now, the sweep rings for what was kept meanwhile."""
    if store.paused_at is not None:
        await _change(deps, store, paused_at=None)
        await deps.queue.poll(store.id)


async def archive(deps: Deps, store: StoreRecord) -> None:
    """The store is served no more; its ledger stays, its idealo shop may be connected anew."""
    if store.archived_at is None:
        await _change(deps, store, archived_at=deps.now())


async def change(
    deps: Deps,
    store: StoreRecord,
    *,
    name: str | None = None,
    settings: dict[str, Any] | None = None,
    keys: StoreKeys | None = None,
    check: bool = True,
) -> None:
    """Writes what is given. Raises SideRefusedError and OtherShopError when new keys fail; then nothing is written."""
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = name
    if settings is not None:
        changes["settings"] = settings
    if keys is not None:
        candidate = store.model_copy(
            update={"sealed": keys.sealed(deps.vault), "settings": store.settings if settings is None else settings}
        )
        if check:
            shop_id, keys = await checked(deps, candidate, keys)
            if shop_id != store.idealo_shop_id and not store.idealo_shop_id.startswith(UNCHECKED):
                theirs = f"these credentials belong to idealo shop {shop_id}, this store to {store.idealo_shop_id}"
                raise OtherShopError(f"{theirs}; connect it as a new store")
            changes["idealo_shop_id"] = shop_id
        changes["sealed"] = keys.sealed(deps.vault)
    if changes:
        await _change(deps, store, **changes)


async def _change(deps: Deps, store: StoreRecord, **changes: Any) -> None:
    async with deps.ledger() as ledger:
        await ledger.change_store(store.id, **changes)


async def repair_webhooks(deps: Deps, store: StoreRecord, url: str) -> tuple[Finding, ...]:
    """Creates, re-enables or repairs the store's webhooks now and writes down how it went. Never raises for a side."""
    try:
        findings = await deps.sides.adapter(store).ensure_webhooks(url)
    except (Retryable, Permanent) as e:
        advice = "correct what it names, then repair again; polling goes on meanwhile"
        findings = (Finding(name="webhooks", ok=False, detail=str(e), advice=advice),)
    problem, note = standing(findings)
    async with deps.ledger() as ledger:
        await ledger.note_webhooks(store.id, deps.now(), problem, note)
    return findings


async def look_now(deps: Deps, store: StoreRecord, order: OrderRecord) -> int:
    """Reads both sides of one order and records what is new; answers how many events. Raises Retryable, Permanent."""
    async with deps.ledger() as ledger:
        before = len(await ledger.history(order.id))
    snapshot = await deps.sides.idealo(store).order(order.idealo_order_id)
    await look_at_idealo_order(deps, store, snapshot, "operator")
    if order.store_order_id is not None:
        await look_at_store_order(deps, store, order.store_order_id, "operator")
    async with deps.ledger() as ledger:
        return len(await ledger.history(order.id)) - before
