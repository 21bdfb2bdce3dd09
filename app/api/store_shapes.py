"""Stores as operators see them; no secret has a field here."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from app.api.state import ApiState
from app.api.store_entry import all_settings
from app.domain.value import Value
from app.ledger.records import CursorRecord, StoreRecord
from app.ledger.views import StoreTraffic
from app.ports import Finding
from app.registry import ADAPTERS
from app.sync.connect import UNCHECKED, SideFindings


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
    last_webhook_at: AwareDatetime | None = None
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


def shape(
    state: ApiState,
    store: StoreRecord,
    cursors: list[CursorRecord] | None = None,
    traffic: list[StoreTraffic] | None = None,
) -> StoreShape:
    """The store with its health, as far as it is given."""
    polls = {
        c.stream: PollHealth(polled_at=c.polled_at, failures=c.failures, trouble=c.trouble)
        for c in cursors or []
        if c.store_id == store.id
    }
    last = next((t.last_webhook_at for t in traffic or [] if t.store_id == store.id), None)
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
        last_webhook_at=last,
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
