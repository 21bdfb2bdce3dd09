"""What a document costs, and the leaky bucket it is paid from.

The rules were fitted to 872 recorded answers: an object costs 1, a scalar and money nothing, a connection 2 and its
nodes times `2 ln(size)` rounded down (at least 1), a mutation 10 with the objects right below it included, a count 10.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    value_from_ast_untyped,
)

FREE: Final = {"MoneyBag", "MoneyV2", "PageInfo", "UserError"}
FIXED: Final = {"fulfillmentTrackingInfoUpdate": 50, "refundCreate": 20}
"""Mutations dearer than 10 (captures)."""


def weight(size: int) -> int:
    """How many nodes a page of this size is charged for."""
    return max(1, math.floor(2 * math.log(size))) if size > 0 else 0


@dataclass(slots=True)
class Meter:
    """Costs of one operation. `data`: the answer, for the actual cost; None estimates from the page sizes."""

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fragments = {
            node.name.value: node for node in self.document.definitions if isinstance(node, FragmentDefinitionNode)
        }

    def requested(self) -> int:
        """Reserved before the run."""
        return round(self._whole(None))

    def actual(self, data: Mapping[str, Any] | None) -> int:
        """Charged after it; never more than was reserved."""
        return min(self.requested(), round(self._whole(data or {})))

    def _whole(self, data: Any) -> float:
        if self.operation.operation is OperationType.MUTATION:
            root: Any = self.schema.mutation_type
            return sum(self._mutation(node, root, data) for node in self._fields(self.operation.selection_set))
        return self._selection(self.operation.selection_set, self.schema.query_type, data)

    def _mutation(self, node: FieldNode, root: GraphQLObjectType, data: Any) -> float:
        name = node.name.value
        base = FIXED.get(name, 10)
        if name not in root.fields or node.selection_set is None:
            return base
        payload: Any = get_named_type(root.fields[name].type)
        below = None if data is None else (data.get(_key(node)) or {})
        extra = 0.0
        for child in self._fields(node.selection_set):
            entry = payload.fields.get(child.name.value)
            kind = None if entry is None else get_named_type(entry.type)
            if kind is None or is_leaf_type(kind) or child.selection_set is None or kind.name in FREE:
                continue
            value = None if below is None else below.get(_key(child))
            if below is None or value:
                for one in value if isinstance(value, list) else [value]:
                    extra += self._selection(child.selection_set, kind, one)
        return base + extra

    def _selection(self, selection: SelectionSetNode, parent: GraphQLNamedType | None, data: Any) -> float:
        total = 0.0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent, data)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments.get(node.name.value)
                if fragment is not None:
                    kind = self.schema.type_map.get(fragment.type_condition.name.value)
                    total += self._selection(fragment.selection_set, kind, data)
            elif isinstance(node, InlineFragmentNode):
                condition: NamedTypeNode | None = node.type_condition
                kind = parent if condition is None else self.schema.type_map.get(condition.name.value)
                total += self._selection(node.selection_set, kind, data)
        return total

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, data: Any) -> float:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or node.selection_set is None:
            return 0.0
        entry = parent.fields.get(node.name.value)
        kind = None if entry is None else get_named_type(entry.type)
        if kind is None or is_leaf_type(kind) or kind.name in FREE:
            return 0.0
        if kind.name == "Count":
            return 10.0 if parent is self.schema.query_type else 0.0
        return self._object(node, kind, data)

    def _object(self, node: FieldNode, kind: GraphQLNamedType, data: Any) -> float:
        selection: Any = node.selection_set
        value = None if data is None else data.get(_key(node))
        if kind.name.endswith("Connection"):
            return self._connection(node, kind, data, value)
        own = 0.0 if kind.name.endswith("Edge") else 1.0
        if data is None:
            return own + self._selection(selection, kind, None)
        if isinstance(value, list):
            inner = [self._selection(selection, kind, one) for one in value if one is not None]
            return (own if inner else 0.0) + sum(inner)
        return own + self._selection(selection, kind, value) if value is not None else 0.0

    def _connection(self, node: FieldNode, kind: GraphQLNamedType, data: Any, value: Any) -> float:
        selection: Any = node.selection_set
        if data is None:
            return 2.0 + weight(self._size(node)) * self._selection(selection, kind, None)
        if value is None:
            return 0.0
        inner = 0.0
        for child in self._fields(selection):
            entries = value.get(_key(child))
            if isinstance(entries, list) and entries:
                each = self._nodes(child, kind, entries)
                inner += each * weight(len(entries)) / len(entries)
        return 2.0 + inner

    def _nodes(self, child: FieldNode, kind: Any, entries: list[Any]) -> float:
        edge: Any = get_named_type(kind.fields[child.name.value].type)
        own = 0.0 if edge.name.endswith("Edge") else 1.0
        selection: Any = child.selection_set
        return sum(own + self._selection(selection, edge, one) for one in entries if one is not None)

    def _size(self, node: FieldNode) -> int:
        given = {argument.name.value: argument.value for argument in node.arguments}
        for name in ("first", "last"):
            if name in given:
                value = value_from_ast_untyped(given[name], dict(self.variables))
                if isinstance(value, int):
                    return value
        return 0

    def _fields(self, selection: SelectionSetNode) -> list[FieldNode]:
        found: list[FieldNode] = []
        for node in selection.selections:
            if isinstance(node, FieldNode):
                found.append(node)
            elif isinstance(node, FragmentSpreadNode):
                if node.name.value in self.fragments:
                    found += self._fields(self.fragments[node.name.value].selection_set)
            elif isinstance(node, InlineFragmentNode):
                found += self._fields(node.selection_set)
        return found


@dataclass(slots=True)
class Bucket:
    """Points of one app in one store; `level` is as of `since`."""

    level: float
    since: datetime

    def refill(self, now: datetime, rate: int, size: int) -> None:
        """Points come back with time."""
        gained = max(0.0, (now - self.since).total_seconds()) * rate
        self.level, self.since = min(float(size), self.level + gained), now


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias is not None else node.name.value
