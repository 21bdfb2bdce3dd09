"""Tokens: issue, what is taken as a request for one, expiry, revocation, and other shops' paths."""

import httpx
import pytest

from tests.sandbox.merchant import CLIENT_ID, SECRET, Merchant, basic

TOKEN = "/api/v2/oauth/token"


async def test_token_answer_has_the_documented_fields(merchant: Merchant, http: httpx.AsyncClient) -> None:
    answer = await http.post(TOKEN, auth=basic(CLIENT_ID, SECRET))
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "token_type", "expires_in", "scope", "shop_id"}
    assert (body["token_type"], body["expires_in"], body["shop_id"]) == ("bearer", 3599, merchant.shop_id)
    assert body["scope"] == "MERCHANTORDERAPI:READ_ALL MERCHANTORDERAPI:WRITE_ALL"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"[]", "application/x-www-form-urlencoded"),
        (b"grant_type=client_credentials", "application/x-www-form-urlencoded"),
        (b'{"grant_type": "client_credentials"}', "application/json"),
        (b"\xff\xfe", "application/octet-stream"),
    ],
)
async def test_any_body_gets_a_token(merchant: Merchant, body: bytes, content_type: str) -> None:
    answer = await merchant.http.post(
        TOKEN, content=body, headers={"Content-Type": content_type}, auth=basic(CLIENT_ID, SECRET)
    )
    assert answer.status_code == 200


async def test_another_grant_is_refused(merchant: Merchant) -> None:
    answer = await merchant.http.post(TOKEN, data={"grant_type": "password"}, auth=basic(CLIENT_ID, SECRET))
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("auth", [basic(CLIENT_ID, "wrong"), basic("nobody", SECRET), httpx.Auth()])
async def test_wrong_credentials_are_401_in_the_words_of_oauth(merchant: Merchant, auth: httpx.Auth) -> None:
    answer = await merchant.http.post(TOKEN, auth=auth)
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "error_description": "Bad client credentials"}


async def test_broken_basic_header_is_401(merchant: Merchant) -> None:
    for header in ("Basic %%%", "Basic bm9jb2xvbg==", "Bearer x", "Basic"):
        answer = await merchant.http.post(TOKEN, headers={"Authorization": header})
        assert answer.status_code == 401


async def test_token_runs_out_by_the_sandbox_clock(merchant: Merchant) -> None:
    await merchant.wait(3598)
    assert (await merchant.get("new-orders")).status_code == 200
    await merchant.wait(1)
    answer = await merchant.get("new-orders")
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
    await merchant.log_in()
    assert (await merchant.get("new-orders")).status_code == 200


async def test_tokens_can_be_expired_at_once_for_one_shop(merchant: Merchant) -> None:
    other = Merchant(merchant.http, shop_id=99, client_id="other")
    await other.register()
    answer = await merchant.http.post("/_sandbox/idealo/tokens/expire", json={"shop_id": merchant.shop_id})
    assert answer.json() == {"expired": 1}
    assert (await merchant.get("new-orders")).status_code == 401
    assert (await other.get("new-orders")).status_code == 200


async def test_token_of_another_shop_is_403_or_as_the_knob_has_it(merchant: Merchant) -> None:
    other = Merchant(merchant.http, shop_id=99, client_id="other")
    await other.register()
    merchant.shop_id = 99
    assert (await merchant.get("orders")).status_code == 403
    await merchant.turn(foreign_shop_status=404)
    assert (await merchant.get("orders")).status_code == 404


async def test_missing_and_unknown_tokens_are_401_with_a_problem_body(merchant: Merchant) -> None:
    merchant.token = "made-up"
    answer = await merchant.get("orders")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "instance"} <= set(answer.json())


async def test_order_of_another_shop_is_404(merchant: Merchant) -> None:
    other = Merchant(merchant.http, shop_id=99, client_id="other")
    await other.register()
    foreign = await other.place_one(scenario="S1")
    assert (await merchant.get(f"orders/{foreign}")).status_code == 404
    assert (await merchant.get("new-orders")).json() == []


async def test_same_client_id_for_two_shops_is_refused(merchant: Merchant) -> None:
    answer = await merchant.http.post(
        "/_sandbox/idealo/shops", json={"shop_id": 5, "client_id": CLIENT_ID, "client_secret": "x"}
    )
    assert (answer.status_code, answer.json()["field"]) == (409, "client_id")
