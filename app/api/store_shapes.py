"""Stores as operators see them; no secret has a field here."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from app.api.report_shapes import LastReport, last_report
from app.api.state import ApiState
from app.api.store_entry import all_settings
from app.domain.value import Value
from app.ledger.records import CursorRecord, ReconciliationRecord, StoreRecord
from app.ledger.views import Views
from app.ports import Finding
from app.registry import ADAPTERS
from app.sync.connect import UNCHECKED, SideFindings
from app.sync.silence import WebhookHealth, webhook_health


class PollHealth(Value):
    """How polling one side of a store goes."""

    polled_at: AwareDatetime | None
    failures: Annotated[int, Field(description="in a row; 0 is well")]
    trouble: str | None


class StoreShape(Value):
    """A connected store."""

    id: str
    kind: str
    name: str
    status: Literal["working", "paused", "archived"]
    webhook_url: str
    idealo_shop_id: Annotated[str | None, Field(description="null until a check has asked idealo")]
    settings: Annotated[dict[str, Any], Field(description="in force, defaults included")]
    webhooks_checked_at: AwareDatetime | None
    webhooks_problem: str | None
    webhooks_note: Annotated[
        str | None, Field(description="why this shop sends none although nothing is wrong; polling serves it")
    ] = None
    last_webhook_at: AwareDatetime | None = None
    webhooks: Annotated[
        WebhookHealth | None, Field(description="whether webhooks still tell what happens in the shop")
    ] = None
    reconciliation: Annotated[LastReport | None, Field(description="the last comparison of the three sides")] = None
    polls: Annotated[dict[str, PollHealth], Field(description="`store` and `idealo`")] = Field(default_factory=dict)
    paused_at: AwareDatetime | None
    archived_at: AwareDatetime | None
    created_at: AwareDatetime


class CreatedStore(StoreShape):
    """A store just connected."""

    webhook_secret: Annotated[
        str | None, Field(description="made for this store, shown this once; null where you gave your own")
    ]


class CheckedSide(Value):
    """What a check found on one side."""

    side: str
    ok: bool
    findings: tuple[Finding, ...]


class Checked(Value):
    """What a check found."""

    ok: bool
    sides: tuple[CheckedSide, ...]


@dataclass(frozen=True)
class StoreHealth:
    """What the ledger knows of stores beside their settings."""

    cursors: list[CursorRecord]
    webhooks: dict[str, WebhookHealth]
    reconciliations: dict[str, ReconciliationRecord]


async def health_of(state: ApiState, stores: list[StoreRecord]) -> StoreHealth:
    """Of these stores, as it stands now."""
    async with state.deps.statements() as ledger:
        cursors, reports = await ledger.cursors(), await Views(ledger).last_reconciliations()
    return StoreHealth(cursors, await webhook_health(state.deps, stores), reports)


def shape(state: ApiState, store: StoreRecord, health: StoreHealth | None = None) -> StoreShape:
    """The store with its health, as far as it is given."""
    polls = {
        c.stream: PollHealth(polled_at=c.polled_at, failures=c.failures, trouble=c.trouble)
        for c in (health.cursors if health else ())
        if c.store_id == store.id
    }
    heard = health.webhooks.get(store.id) if health else None
    return StoreShape(
        id=store.id,
        kind=store.kind,
        name=store.name,
        status="archived" if store.archived_at else "paused" if store.paused_at else "working",
        webhook_url=state.webhook_url(store),
        idealo_shop_id=None if store.idealo_shop_id.startswith(UNCHECKED) else store.idealo_shop_id,
        settings=all_settings(ADAPTERS[store.kind], store.settings) if store.kind in ADAPTERS else store.settings,
        webhooks_checked_at=store.webhooks_checked_at,
        webhooks_problem=store.webhooks_problem,
        webhooks_note=store.webhooks_note,
        last_webhook_at=heard.last_webhook_at if heard else None,
        webhooks=heard,
        reconciliation=last_report(health.reconciliations.get(store.id)) if health else None,
        polls=polls,
        paused_at=store.paused_at,
        archived_at=store.archived_at,
        created_at=store.created_at,
    )


def checked_shape(sides: tuple[SideFindings, ...]) -> Checked:
    return Checked(
        ok=all(s.ok for s in sides),
        sides=tuple(CheckedSide(side=s.side, ok=s.ok, findings=s.findings) for s in sides),
    )
