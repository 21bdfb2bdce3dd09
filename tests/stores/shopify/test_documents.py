"""Every document we send against Shopify's own schema, and what must not be in one."""

import json
import re

import pytest
from graphql import FieldNode, InlineFragmentNode, OperationDefinitionNode, SelectionSetNode, parse, validate

from app.domain.orders import DeliveryOption
from app.domain.tax import draft
from app.stores.shopify import documents as d
from app.stores.shopify.definition import _WANTED
from app.stores.shopify.placing import placement
from app.stores.shopify.products import Variant
from app.stores.shopify.settings import Settings
from app.stores.shopify.subscriptions import TOPICS
from tests.factories import a_buyer, a_line, a_purchase
from tests.stores.shopify.recordings import schema


def test_every_document_of_the_module_is_in_the_list() -> None:
    written = {
        value for value in vars(d).values() if isinstance(value, str) and value.startswith(("query ", "mutation "))
    }
    assert written == set(d.ALL)


def test_every_document_fits_shopifys_schema() -> None:
    known = schema()
    if known is None:
        return
    wrong = {doc[:40]: [e.message for e in validate(known, parse(doc))] for doc in d.ALL}
    assert {name: errors for name, errors in wrong.items() if errors} == {}


@pytest.mark.parametrize("more", [{}, {"total": "1.00"}, {"total": "99.00"}], ids=["plain", "less", "more"])
def test_a_new_orders_input_fits_shopifys_schema(more: dict[str, str]) -> None:
    known = schema()
    if known is None:
        return
    options = (DeliveryOption(kind="TWO_MAN_DELIVERY", price="2.00"),)
    bought = a_purchase(a_line("A", 2), a_line("B"), delivery_options=options, voucher="HERBST").model_copy(
        update={k: type(a_purchase().total)(v) for k, v in more.items()}
    )
    variants = {s: Variant(sku=s, variant_id="gid://shopify/ProductVariant/1", active=True, stock=1) for s in "AB"}
    made = placement(
        draft(bought, "DE", (), {}), a_buyer(phone="+49 30 1"), variants, "id", Settings(buyer_mail="relay")
    )
    call = f"orderCreate(order: {_literal(made.order)}, options: {_literal(made.options)})"
    assert validate(known, parse(f"mutation {{ {call} {{ order {{ id }} }} }}")) == []


def test_topics_and_the_definition_fit_shopifys_schema() -> None:
    known = schema()
    if known is None:
        return
    for topic in TOPICS:
        call = f'webhookSubscriptionCreate(topic: {topic}, webhookSubscription: {{uri: "https://x.test"}})'
        assert validate(known, parse(f"mutation {{ {call} {{ webhookSubscription {{ id }} }} }}")) == []
    call = f"metafieldDefinitionCreate(definition: {_literal(_WANTED)})"
    assert validate(known, parse(f"mutation {{ {call} {{ createdDefinition {{ id }} }} }}")) == []


@pytest.mark.parametrize("document", d.ALL, ids=lambda doc: re.split(r"\W+", doc)[1])
def test_no_document_asks_for_the_buyer(document: str) -> None:
    for field in ("customer", "email", "phone", "Address", "clientIp", "displayName"):
        assert field not in document


def test_no_call_we_make_needs_an_idempotency_key() -> None:
    """Since 2026-04 Shopify demands `@idempotent` for refundCreate and for changes of stock; we make neither."""
    roots = {
        field.name.value
        for doc in d.ALL
        for operation in parse(doc).definitions
        if isinstance(operation, OperationDefinitionNode)
        for field in operation.selection_set.selections
        if hasattr(field, "name")
    }
    assert not [root for root in roots if root.startswith(("refund", "inventory")) and root != "refund"]


def _literal(value: object) -> str:
    """A value as GraphQL literal; words in capitals that are enums in Shopify's inputs go without quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_field(key, entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(entry) for entry in value) + "]"
    return json.dumps(value, ensure_ascii=False)


_ENUMS = {"currency", "currencyCode", "countryCode", "kind", "status", "inventoryBehaviour", "ownerType"}


def _field(key: str, entry: object) -> str:
    return str(entry) if key in _ENUMS else _literal(entry)


@pytest.mark.parametrize("document", d.ALL, ids=lambda doc: re.split(r"\W+", doc)[1])
def test_no_document_costs_more_than_shopify_takes_by_its_dearest_rule(document: str) -> None:
    """1000 points are the limit; counted as if every entry of every page were there and each object cost one."""
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert _cost(operation.selection_set) < 1000


def _cost(selected: SelectionSetNode) -> int:
    """A connection's entries stand in its `nodes`, a list's in itself."""
    total = 0
    for field in selected.selections:
        assert isinstance(field, FieldNode | InlineFragmentNode)
        below = _cost(field.selection_set) if field.selection_set else 0
        if isinstance(field, InlineFragmentNode):
            total += below
        elif field.selection_set is not None and field.name.value != "pageInfo":
            sizes = [a.value.value for a in field.arguments if a.name.value == "first" and hasattr(a.value, "value")]
            entry = below if "nodes" in {f.name.value for f in _fields(field)} else 1 + below
            total += 2 + int(sizes[0]) * entry if sizes else 1 + below
    return total


def _fields(field: FieldNode) -> list[FieldNode]:
    chosen = field.selection_set.selections if field.selection_set else ()
    return [entry for entry in chosen if isinstance(entry, FieldNode)]
