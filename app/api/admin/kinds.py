"""Store kinds: what to enter for each, and what each can do."""

from typing import Any

from app.api.routing import ScopedRouter, needs, refusals
from app.domain.value import Value
from app.ledger.views import Page
from app.ports import Capabilities
from app.registry import ADAPTERS

router = ScopedRouter("stores")


class StoreKind(Value):
    """One kind of store."""

    kind: str
    credentials: dict[str, Any]
    """JSON Schema."""
    settings: dict[str, Any]
    """JSON Schema."""
    capabilities: Capabilities
    webhook_headers: dict[str, str]
    content_types: tuple[str, ...]


@router.get("/store-kinds", summary="Kinds of stores", responses=refusals())
@needs("read")
async def list_kinds() -> Page[StoreKind]:
    """JSON Schemas of credentials and settings, from which a form can be drawn, and capabilities."""
    items = tuple(
        StoreKind(
            kind=kind,
            credentials=adapter.Credentials.model_json_schema(),
            settings=adapter.Settings.model_json_schema(),
            capabilities=adapter.capabilities,
            webhook_headers=dict(adapter.webhook_headers),
            content_types=tuple(sorted(adapter.content_types)),
        )
        for kind, adapter in ADAPTERS.items()
    )
    return Page[StoreKind](items=items)
