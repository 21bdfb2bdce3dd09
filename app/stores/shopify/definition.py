"""Looks after the definition of our metafield: type `id`, unique in the store, so that orders are found by it."""

from typing import Any

from app.domain.errors import Permanent
from app.stores.shopify import answers
from app.stores.shopify import documents as d
from app.stores.shopify.client import Graph
from app.stores.shopify.reading import document, nodes, text

_WANTED = {
    "name": "idealo order id",
    "namespace": d.NAMESPACE,
    "key": d.KEY,
    "ownerType": "ORDER",
    "type": "id",
    "capabilities": {"uniqueValues": {"enabled": True}},
}


class Definition:
    """Asked for once per process and made if it is missing; an order goes without the metafield if it cannot be."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._type: str | None = None
        self.trouble: str | None = None
        """Why there is none."""

    async def type(self) -> str | None:
        """The type to write the metafield with; None when the store takes no definition of ours."""
        if self._type is None:
            try:
                self._type = await read_type(self._graph) or await self._create()
            except Permanent as e:
                self.trouble = str(e)
        return self._type

    def forget(self) -> None:
        """Looks again before the next order: somebody may have deleted it in the store's settings."""
        self._type = None

    async def _create(self) -> str:
        data = await self._graph.ask(d.CREATE_DEFINITION, definition=_WANTED)
        payload = document(data.get("metafieldDefinitionCreate"), "metafieldDefinitionCreate")
        errors = payload.get("userErrors")
        if _is_taken(errors):
            return str(_WANTED["type"])  # made by another process just now
        if error := answers.refusal(errors, "metafield definition"):
            raise error
        return _type_of(document(payload.get("createdDefinition"), "createdDefinition"))


async def read_type(graph: Graph) -> str | None:
    """The type of the definition the store has, None where it has none."""
    found = nodes((await graph.ask(d.DEFINITIONS)).get("metafieldDefinitions"), "metafieldDefinitions")
    return _type_of(found[0]) if found else None


def _type_of(definition: dict[str, Any]) -> str:
    kind = document(definition.get("type"), "metafield definition: type")
    return text(kind.get("name"), "metafield definition: type.name")


def _is_taken(errors: Any) -> bool:
    return isinstance(errors, list) and any(isinstance(e, dict) and e.get("code") == "TAKEN" for e in errors)
