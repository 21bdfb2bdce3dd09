"""Every recorded payload, changed in a few places, through every pure mapping: understood, or refused by us."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import Permanent, Problem
from app.domain.orders import StoreOrder
from app.idealo.mapping import Unreadable, entries_of, read_entry, read_order, read_refunds
from app.registry import ADAPTERS
from app.stores.magento2 import mapping as of_magento2
from app.stores.magento2.settings import Settings as OfMagento2
from app.stores.shopify import mapping as of_shopify
from app.stores.shopify.settings import Settings as OfShopify
from app.stores.woocommerce import mapping as of_woocommerce
from app.stores.woocommerce.settings import Settings as OfWooCommerce
from tests.idealo.orders import a_freight_order, a_refund, an_order
from tests.stores.magento2 import recordings as magento2_recordings
from tests.stores.shapes import examples, mutated
from tests.stores.shopify import recordings as shopify_recordings
from tests.stores.shopify import shapes
from tests.stores.snapshots import conserves
from tests.stores.woocommerce import recordings as woocommerce_recordings

Mapping = Callable[[Any, Any, Any], StoreOrder]
SETTINGS = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def _woocommerce() -> Iterator[Any]:
    for name in woocommerce_recordings.CALLS:
        yield from _each(woocommerce_recordings.answer(name))
    for name in woocommerce_recordings.DELIVERIES:
        body = woocommerce_recordings.delivery(name).body
        if body.startswith(b"{"):
            yield json.loads(body, parse_float=Decimal)


def _magento2() -> Iterator[Any]:
    for name in magento2_recordings.CALLS:
        answer = magento2_recordings.answer(name)
        yield from _each(
            answer.get("items", answer) if isinstance(answer, dict) and "entity_id" not in answer else answer
        )


def _shopify() -> Iterator[Any]:
    """Captures are read where they lie; a made-up order stands in where this machine has none."""
    money = shapes.refund(61, shapes.about(9001, 1, restockType="RETURN"), money=[shapes.paid("5.0")])
    yield shapes.order(shapes.line(9001, 3), refunds=[money], totalRefundedSet=shapes.bag("5.0"))
    for name in shopify_recordings.captures():
        yield from shopify_recordings.orders_in(shopify_recordings.capture(name))


def _each(answer: Any) -> Iterator[Any]:
    yield from answer if isinstance(answer, list) else [answer]


def _is_wanted(document: Any) -> bool:
    return isinstance(document, dict) and len(json.dumps(document, default=str)) < 20_000


RECORDED: dict[str, Callable[[], Iterator[Any]]] = {
    "woocommerce": _woocommerce,
    "magento2": _magento2,
    "shopify": _shopify,
}
MAPPINGS: dict[str, Mapping] = {
    "woocommerce": lambda a, b, c: of_woocommerce.store_order(a, [b], [c], OfWooCommerce()),
    "magento2": lambda a, b, c: of_magento2.store_order([a], [b], [c], OfMagento2()),
    "shopify": lambda a, _, __: of_shopify.store_order(a, OfShopify()),
}


@cache
def recorded(kind: str) -> list[Any]:
    return [document for document in RECORDED[kind]() if _is_wanted(document)]


@cache
def sent(kind: str) -> st.SearchStrategy[tuple[Any, Any, Any]]:
    """An order that was changed, and two more answers about it that may not fit."""
    return st.tuples(mutated(recorded(kind), most=4), st.sampled_from(recorded(kind)), st.sampled_from(recorded(kind)))


PERSONAL = frozenset(
    {
        "first_name", "last_name", "address_1", "city", "email", "phone", "firstname", "lastname", "street",
        "telephone", "firstName", "lastName", "address1", "customer_email", "customer_firstname", "customer_lastname",
    }
)  # fmt: skip


@cache
def personal(kind: str) -> frozenset[str]:
    """What the recordings say of their buyers, in words long enough to be nobody's field name."""
    return frozenset(word for word in _personal(recorded(kind)) if len(word) > 5)


def _personal(document: Any) -> Iterator[str]:
    for key, inner in document.items() if isinstance(document, dict) else enumerate(document):
        if isinstance(inner, str) and key in PERSONAL:
            yield inner
        elif isinstance(inner, list) and key in PERSONAL:
            yield from (text for text in inner if isinstance(text, str))
        elif isinstance(inner, dict | list):
            yield from _personal(inner)


def test_every_kind_is_here() -> None:
    assert set(RECORDED) == set(MAPPINGS) == set(ADAPTERS)


@pytest.mark.parametrize("kind", sorted(RECORDED))
@SETTINGS
@given(st.data())
def test_no_changed_recording_crashes_a_mapping(kind: str, data: st.DataObject) -> None:
    document, other, another = data.draw(sent(kind))
    refusal = refusal_of(lambda: conserved(MAPPINGS[kind](document, other, another)))
    assert not [word for word in personal(kind) if word in refusal], "the refusal quotes the buyer"


def conserved(snapshot: StoreOrder) -> None:
    assert conserves(snapshot)


def refusal_of(read: Callable[[], object]) -> str:
    """Why it was refused; nothing where it was understood."""
    try:
        read()
    except Permanent as e:
        problem, text = e.problem, str(e)
    else:
        return ""
    assert problem is Problem.STATE_CONFLICT
    return text


IDEALO = [an_order(), a_freight_order(), an_order(refunds=[a_refund()])]


@SETTINGS
@given(mutated(IDEALO, most=4))
def test_no_changed_order_of_idealo_crashes_the_mapping(document: Any) -> None:
    entry = read_entry(document)
    if isinstance(entry, Unreadable):
        with pytest.raises(Permanent) as refused:
            read_order(document)
        assert refused.value.problem is Problem.STATE_CONFLICT
        return
    assert read_order(document) == entry
    assert all(units >= 0 for units in entry.remaining.values())


@SETTINGS
@given(mutated([[a_refund(), a_refund()], {"content": [an_order()]}], most=3))
def test_no_changed_list_of_idealo_crashes_the_mapping(document: Any) -> None:
    refusal_of(lambda: read_refunds(document, "00T4NQ8ZHC"))
    for entry in entries_of(document) or ():
        read_entry(entry)
