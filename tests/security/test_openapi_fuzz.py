"""Every operation of the API document with made-up input, without a token and with two: documented answers only."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.auth import Scope
from app.main import create_app
from tests.api.client import ENTRY, caller
from tests.stores.shapes import examples
from tests.town import IDEALO_URL, Town

AnyCase = Case[Any]
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SENT_BY_THE_CLIENT = {"host", "content-length", "transfer-encoding", "connection", "authorization"}


@dataclass
class House:
    """A bridge with a store, an order with a dead event, and callers with different rights."""

    town: Town
    operations: list[APIOperation[Any, Any, Any, Any]]
    known: dict[str, list[Any]]
    spare: str
    callers: dict[str, httpx.AsyncClient]


@pytest.fixture
def kind() -> str:
    """The API is the same for every kind."""
    return "woocommerce"


@pytest.fixture
async def house(town: Town) -> AsyncIterator[House]:
    """One order waits for a SKU, so that there is something to preview, replay and dismiss."""
    await town.place(scenario="S1")
    await town.place(lines=[{"sku": "no-such-sku", "title": "Ghost", "price": "9.99", "quantity": 1}])
    await town.import_new()
    async with town.bridge.deps.ledger() as ledger:
        await ledger.beat("worker/host/1", "worker", {}, town.clock())
    app = create_app(town.bridge)
    assert isinstance(app, FastAPI)
    schema = schemathesis.openapi.from_dict(app.openapi())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    async with AsyncExitStack() as stack:
        rights: dict[str, tuple[Scope, ...]] = {"nobody": (), "reader": ("read",), "owner": ("configure",)}
        callers = {
            name: await stack.enter_async_context(caller(town.bridge, *scopes)) for name, scopes in rights.items()
        }
        callers["everybody"] = await stack.enter_async_context(caller(town.bridge, "read", "operate", "configure"))
        orders = (await callers["reader"].get("/admin/v1/orders")).json()["items"]
        events = (await callers["reader"].get("/admin/v1/events")).json()["items"]
        spare = await callers["owner"].post("/admin/v1/stores", params={"check": "false"}, json=ENTRY)
        known = {
            "store_id": [town.store.id],
            "order_id": [order["id"] for order in orders],
            "event_id": [event["id"] for event in events],
            "idealo_sku": ["no-such-sku"],
            "kind": ["woocommerce"],
        }
        yield House(town, operations, known, spare.json()["id"], callers)


@st.composite
def cases(draw: st.DrawFn, house: House) -> AnyCase:
    """A request for one operation, right or wrong in its form, often about something that is there."""
    operation = draw(st.sampled_from(house.operations))
    modes = [GenerationMode.POSITIVE]
    if operation.body or operation.query or operation.path_parameters:
        modes.append(GenerationMode.NEGATIVE)
    case: AnyCase = draw(operation.as_strategy(generation_mode=draw(st.sampled_from(modes))))
    for holder in (case.path_parameters, case.query, case.body):
        if isinstance(holder, dict):
            for name in holder.keys() & house.known.keys():
                if draw(st.integers(0, 3)):
                    holder[name] = draw(st.sampled_from(house.known[name]))
    if isinstance(case.body, dict) and "idealo" in case.body and draw(st.booleans()):
        case.body["idealo"] = {"client_id": "client", "client_secret": "secret", "base_url": IDEALO_URL}
    if (case.method, operation.path) == ("DELETE", "/admin/v1/stores/{store_id}"):
        case.path_parameters = {"store_id": house.spare}
    return case


async def send(client: httpx.AsyncClient, case: AnyCase) -> httpx.Response | None:
    """The answer; None where httpx itself refuses to send such a request."""
    given_up = case.as_transport_kwargs(base_url="http://bridge.test")
    headers = {k: v for k, v in (given_up.pop("headers", None) or {}).items() if k.lower() not in SENT_BY_THE_CLIENT}
    given_up.pop("cookies", None)
    if "data" in given_up:
        data = given_up.pop("data")
        given_up["content"] = data if isinstance(data, str | bytes) else str(data).encode()
    try:
        return await client.request(**given_up, headers={**headers})
    except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeEncodeError, ValueError):
        return None


@pytest.mark.parametrize("who", ["nobody", "reader", "owner", "everybody"])
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(st.data())
async def test_every_operation_answers_as_documented(house: House, who: str, data: st.DataObject) -> None:
    case = data.draw(cases(house))
    answer = await send(house.callers[who], case)
    if answer is None:
        return
    assert answer.status_code < 500 or answer.status_code == 502, (case.method, str(answer.request.url), answer.text)
    admin = case.operation.path.startswith("/admin/")
    if who == "nobody" and admin:
        assert answer.status_code == 401
    case.validate_response(Response.from_httpx(answer, verify=False), checks=CHECKS)
