"""The fake Shopify as a server: tokens, versions, limits and its bad days."""

from typing import Any

import pytest

from tests.sandbox.shopify_lab import Lab

TOKEN_PATH = "/admin/oauth/access_token"


async def _grant(lab: Lab, *, as_json: bool = False, **changes: str) -> Any:
    given = lab.store.credentials()
    body = {
        "grant_type": "client_credentials", "client_id": given["client_id"], "client_secret": given["client_secret"],
        **changes,
    }  # fmt: skip
    if as_json:
        return await lab.client.post(TOKEN_PATH, json=body)
    return await lab.client.post(TOKEN_PATH, data=body)


@pytest.mark.parametrize("as_json", [True, False])
async def test_client_credentials_give_a_token_for_a_day(*, as_json: bool) -> None:
    lab = Lab()
    answer = await _grant(lab, as_json=as_json)
    assert answer.status_code == 200
    granted = answer.json()
    assert granted["expires_in"] == 86_399
    assert "read_orders" in granted["scope"].split(",")
    lab.token = granted["access_token"]
    assert (await lab.ok("{ shop { myshopifyDomain } }"))["shop"] == {"myshopifyDomain": "idealo-sandbox.myshopify.com"}
    lab.world.advance(86_400)
    assert (await lab.post("{ shop { name } }")).status_code == 401


async def test_wrong_secrets_and_foreign_shops_get_no_token() -> None:
    lab = Lab()
    wrong = await _grant(lab, client_secret="x")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    lab.store.set_options({"foreign_organization": True})
    foreign = await _grant(lab)
    assert (foreign.status_code, foreign.json()["error"]) == (400, "shop_not_permitted")
    assert (await _grant(lab, grant_type="password")).json()["error"] == "unsupported_grant_type"


async def test_without_a_known_token_the_answer_is_401_in_the_stores_words() -> None:
    lab = Lab()
    lab.token = "shpat_x"
    answer = await lab.post("{ shop { name } }")
    assert answer.status_code == 401
    assert answer.json() == {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
    lab = Lab(uninstalled=True)
    assert (await lab.post("{ shop { name } }")).status_code == 401


@pytest.mark.parametrize(("state", "status"), [("unpaid", 402), ("forbidden", 403), ("gone", 404), ("locked", 423)])
async def test_a_store_in_trouble_answers_with_its_status(state: str, status: int) -> None:
    answer = await Lab(shop_state=state).post("{ shop { name } }")
    assert answer.status_code == status
    assert isinstance(answer.json()["errors"], str)


@pytest.mark.parametrize(
    ("asked", "served"),
    [("2026-07", "2026-07"), ("2026-10", "2026-10"), ("2024-01", "2025-10"), ("nonsense", "2025-10")],
)
async def test_old_versions_fall_forward_to_the_oldest_one_served(asked: str, served: str) -> None:
    lab = Lab()
    answer = await lab.post("{ shop { name } }", version=asked)
    assert answer.headers["X-Shopify-API-Version"] == served
    assert answer.headers["X-Request-ID"]


async def test_costs_are_taken_from_a_bucket_that_fills_again() -> None:
    lab = Lab(bucket_size=20)
    text = "{ products(first: 50) { nodes { id } } }"
    answer = await lab.ask(text)
    cost = answer["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (9, 7)
    assert cost["throttleStatus"] == {"maximumAvailable": 20.0, "currentlyAvailable": 13, "restoreRate": 100.0}
    await lab.ask(text)
    throttled = await lab.ask(text)
    assert "data" not in throttled
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert throttled["extensions"]["cost"]["actualQueryCost"] is None
    lab.world.advance(1)
    assert "data" in await lab.ask(text)


async def test_a_query_can_be_too_dear() -> None:
    lab = Lab(max_query_cost=5)
    answer = await lab.ask("{ products(first: 50) { nodes { id } } }")
    assert answer["errors"][0]["extensions"] == {"code": "MAX_COST_EXCEEDED", "cost": 9, "maxCost": 5}


async def test_the_edge_turns_calls_away_and_the_store_stumbles_so_often() -> None:
    lab = Lab(edge_429=1, internal_errors=1)
    turned = await lab.post("{ shop { name } }")
    assert (turned.status_code, turned.headers["Retry-After"]) == (429, "2.0")
    stumbled = await lab.ask("{ shop { name } }")
    assert stumbled["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert (await lab.ok("{ shop { name } }"))["shop"] == {"name": "Elbe Haushalt"}


async def test_what_is_no_graphql_is_refused() -> None:
    lab = Lab()
    headers = {"X-Shopify-Access-Token": lab.token}
    path = "/admin/api/2026-07/graphql.json"
    assert (await lab.client.get(path, headers=headers)).status_code == 405
    assert (await lab.client.post(path, content=b"{", headers=headers)).status_code == 400
    assert (await lab.client.get("/admin/api/2026-07/orders.json", headers=headers)).status_code == 404
    assert "errors" in await lab.ask("{ shop { ")
    assert await lab.ask(" ") == {"errors": [{"message": "No query string was present"}]}


async def test_switches_are_turned_over_http() -> None:
    lab = Lab()
    turned = await lab.client.post("/_options", json={"index_delay_seconds": 30})
    assert turned.json()["index_delay_seconds"] == 30
    wrong = await lab.client.post("/_options", json={"customer_data": "some"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "customer_data")
    assert (await lab.client.post("/_options", content=b"[1]")).status_code == 422
    assert lab.store.options()["index_delay_seconds"] == 30


async def test_lists_must_say_how_long_they_are() -> None:
    answer = await Lab().ask("{ products { nodes { id } } }")
    assert answer["errors"][0]["message"] == "you must provide one of first or last"
