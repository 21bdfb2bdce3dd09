"""Runs GraphQL documents against our schema and answers in the store's words, errors and cost included."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.language import DirectiveNode

from sandbox.stores.shopify.cost import Bucket, Meter
from sandbox.stores.shopify.errors import Position, access_denied, top_level
from sandbox.stores.shopify.mutation_root import MutationRoot
from sandbox.stores.shopify.query_root import QueryRoot
from sandbox.stores.shopify.refused import shown_validation, shown_variables
from sandbox.stores.shopify.state import Shop

_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NEEDS_KEY = {"refundCreate"}
_SCOPES = {
    "orders": "read_orders", "order": "read_orders", "orderByIdentifier": "read_orders", "ordersCount": "read_orders",
    "refund": "read_orders", "return": "read_returns", "orderCreate": "write_orders", "orderCancel": "write_orders",
    "orderUpdate": "write_orders", "refundCreate": "write_orders", "orderEditBegin": "write_order_edits",
    "orderEditSetQuantity": "write_order_edits", "orderEditCommit": "write_order_edits",
    "returnCreate": "write_returns", "returnClose": "write_returns", "products": "read_products",
    "product": "read_products", "productVariants": "read_products", "productVariant": "read_products",
    "inventoryItem": "read_inventory", "inventoryItems": "read_inventory", "inventoryLevel": "read_inventory",
    "locations": "read_locations", "location": "read_locations",
}  # fmt: skip
_TOPIC_SCOPES = {
    "ORDERS_": "read_orders", "REFUNDS_": "read_orders", "ORDER_TRANSACTIONS_": "read_orders",
    "FULFILLMENTS_": "read_fulfillments", "RETURNS_": "read_returns", "PRODUCTS_": "read_products",
    "INVENTORY_": "read_inventory",
}  # fmt: skip


@cache
def schema() -> GraphQLSchema:
    """Our schema: the part of the Admin API that the bridge uses, in our own words."""
    folder = Path(__file__).with_name("schema")
    built = build_schema("\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.graphql"))))
    habits: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
        "DateTime": (_write_time, _read_time),
        "Decimal": (str, _read_decimal),
        "Money": (str, _read_decimal),
    }
    for name, (serialize, read) in habits.items():
        scalar = built.type_map[name]
        if isinstance(scalar, GraphQLScalarType):
            scalar.serialize = serialize  # type: ignore[method-assign,assignment]
            scalar.parse_value = read  # type: ignore[method-assign,assignment]
            scalar.parse_literal = _literal(read)  # type: ignore[method-assign]
    return built


@lru_cache(maxsize=512)
def _validated(text: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """A document and what is wrong with it; an app sends the same few again and again. Raises GraphQLError."""
    parsed = parse(text)
    return parsed, validate(schema(), parsed, max_errors=50)


class Api:
    """The GraphQL endpoint of one store; keeps the bucket and the idempotency keys."""

    def __init__(self, shop: Shop, api_key: str) -> None:
        self.shop = shop
        self._api_key = api_key
        self._bucket: Bucket | None = None
        self._done: dict[str, dict[str, Any]] = {}

    def run(self, document: Mapping[str, Any], version: str) -> dict[str, Any]:
        """The answer to a request body, as JSON-safe values."""
        text = document.get("query")
        if not isinstance(text, str) or not text.strip():
            return {"errors": [{"message": "No query string was present"}]}
        given = document.get("variables") or {}
        try:
            parsed, problems = _validated(text)
        except GraphQLError as failure:
            locations = [{"line": one.line, "column": one.column} for one in failure.locations or []]
            return {"errors": [{"message": failure.message, "locations": locations}]}
        if problems:
            return {"errors": [shown_validation(problem, parsed) for problem in problems]}
        operation = _operation(parsed.definitions, document.get("operationName"))
        if operation is None:
            return {"errors": [{"message": "An operation name is required"}]}
        read = get_variable_values(schema(), operation.variable_definitions or (), given)
        if isinstance(read, list):
            return {"errors": shown_variables(read, operation, given)}
        return self._paid(Meter(schema(), parsed, operation, given), given, version)

    def _paid(self, meter: Meter, given: dict[str, Any], version: str) -> dict[str, Any]:
        options = self.shop.options
        bucket = self._filled()
        asked = meter.requested()
        if asked > options.max_query_cost:
            limit = options.max_query_cost
            message = f"Query cost is {asked}, which exceeds the single query max cost limit ({limit})."
            error = {"message": message, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": asked,
                     "maxCost": limit}}  # fmt: skip
            return {"errors": [error]}
        if asked > bucket.level:
            documentation = "https://shopify.dev/api/usage/rate-limits"
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": documentation}}
            return {"errors": [error], "extensions": {"cost": self._cost(asked, None)}}
        if options.internal_errors:
            self.shop.set_options(options.changed({"internal_errors": options.internal_errors - 1}))
            message = "Internal error. Looks like something went wrong on our end."
            error = {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
            return {"errors": [error], "extensions": {"cost": self._cost(asked, None)}}
        return self._executed(meter, given, version, asked)

    def _executed(self, meter: Meter, given: dict[str, Any], version: str, asked: int) -> dict[str, Any]:
        query = QueryRoot(self.shop, self._api_key)
        is_mutation = meter.operation.operation is OperationType.MUTATION
        root: Any = _Mutations(self, version) if is_mutation else query
        with self.shop.act():
            result = execute_sync(
                schema(), meter.document, root, context_value=self, variable_values=given,
                operation_name=None if meter.operation.name is None else meter.operation.name.value,
                field_resolver=_resolve, type_resolver=_kind,
            )  # fmt: skip
        answer: dict[str, Any] = {}
        if result.errors:
            answer["errors"] = [_shown_error(error) for error in result.errors]
        answer["data"] = _plain(result.data)
        actual = meter.actual(result.data)
        self._filled().level -= actual
        answer["extensions"] = {"cost": self._cost(asked, actual)}
        if query.warnings:
            answer["extensions"]["search"] = query.warnings
        return answer

    def once(self, key: str, act: Any) -> Any:
        """The same key gets the first answer again."""
        if key not in self._done:
            self._done[key] = act()
        return self._done[key]

    def _filled(self) -> Bucket:
        options, now = self.shop.options, self.shop.world.now()
        if self._bucket is None:
            self._bucket = Bucket(float(options.bucket_size), now)
        self._bucket.refill(now, options.restore_rate, options.bucket_size)
        return self._bucket

    def _cost(self, asked: int, actual: int | None) -> dict[str, Any]:
        options = self.shop.options
        return {
            "requestedQueryCost": asked,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": float(options.bucket_size),
                "currentlyAvailable": int(self._filled().level),
                "restoreRate": float(options.restore_rate),
            },
        }


class _Mutations:
    """Stands before the mutations: each is an action of its own, some want `@idempotent`."""

    def __init__(self, api: Api, version: str) -> None:
        self.api = api
        self.root = MutationRoot(api.shop)
        self.keys_needed = version >= "2026-04"


def _resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """The schema's `lineItems(first:)` is the view's `line_items(first=...)`; mappings are read by the field's name."""
    api: Api = info.context
    if info.path.prev is None:
        _check_scope(api.shop, info, arguments)
    name = _SNAKE.sub("_", info.field_name).lower()
    name = "return_" if name == "return" and not isinstance(source, dict) else name
    given = {_SNAKE.sub("_", key).lower(): value for key, value in arguments.items()}
    if isinstance(source, _Mutations):
        return _mutate(source, name, info, given)
    if isinstance(source, dict):
        return source.get(info.field_name)
    value = getattr(source, name)
    return value(**given) if callable(value) else value


def _mutate(source: _Mutations, name: str, info: GraphQLResolveInfo, given: dict[str, Any]) -> Any:
    node = info.field_nodes[0]
    key = _idempotency_key(node, info)
    if info.field_name in _NEEDS_KEY and source.keys_needed and key is None:
        message = "The @idempotent directive is required for this mutation but was not provided."
        raise top_level(message, "BAD_REQUEST")

    def act() -> Any:
        with source.api.shop.act():
            return getattr(source.root, name)(**given)

    return act() if key is None else source.api.once(f"{info.field_name}/{key}", act)


def _idempotency_key(node: FieldNode, info: GraphQLResolveInfo) -> str | None:
    found: list[DirectiveNode] = [one for one in node.directives if one.name.value == "idempotent"]
    if not found:
        return None
    value: Any = found[0].arguments[0].value
    named = getattr(value, "name", None)
    return str(info.variable_values.get(named.value)) if named is not None else str(value.value)


def _check_scope(shop: Shop, info: GraphQLResolveInfo, arguments: dict[str, Any]) -> None:
    scope = _SCOPES.get(info.field_name)
    if scope is not None and scope not in shop.options.scopes:
        raise access_denied(info.field_name, f"`{scope}` access scope.")
    topic = arguments.get("topic") if info.field_name == "webhookSubscriptionCreate" else None
    for prefix, needed in _TOPIC_SCOPES.items():
        if topic is not None and topic.startswith(prefix) and needed not in shop.options.scopes:
            raise access_denied("webhookSubscriptionCreate", f"`{needed}` access scope.")


def _kind(value: Any, _info: GraphQLResolveInfo, _abstract: Any) -> str:
    return str(value["__typename"] if isinstance(value, dict) else value.typename)


def _operation(definitions: Any, name: Any) -> OperationDefinitionNode | None:
    operations = [one for one in definitions if isinstance(one, OperationDefinitionNode)]
    if name is not None:
        operations = [one for one in operations if one.name is not None and one.name.value == name]
    return operations[0] if len(operations) == 1 else None


def _shown_error(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "message": error.message,
        "locations": [{"line": one.line, "column": one.column} for one in error.locations or []],
    }
    if error.extensions:
        shown["extensions"] = dict(error.extensions)
    if error.path:
        shown["path"] = list(error.path)
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, Position):
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as failure:
        raise GraphQLError(f"{value!r} is not a valid DateTime") from failure
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read_decimal(value: Any) -> str:
    """Kept as text; an empty one passes here and is refused by the mutation (captured for tax rates)."""
    try:
        Decimal(str(value) or "0")
    except InvalidOperation as failure:
        raise GraphQLError(f"invalid decimal '{value}'") from failure
    return str(value)


def _literal(read: Any) -> Any:
    def parse_literal(node: Any, _variables: Any = None) -> Any:
        if not hasattr(node, "value"):
            raise GraphQLError("expected a value")
        return read(node.value)

    return parse_literal
