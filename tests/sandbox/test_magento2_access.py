"""Who gets into the fake Magento: signed calls, bearer tokens, administrators, and hosts that stand in the way."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.stores.magento2.oauth import signature
from tests.sandbox.magento2_lab import SITE, Lab

ORDERS = f"{SITE}/rest/all/V1/orders"
PAGE = [("searchCriteria[pageSize]", "1")]


async def _get(lab: Lab, header: str, query: str = "searchCriteria%5BpageSize%5D=1") -> httpx.Response:
    return await lab.client.get(f"{ORDERS}?{query}", headers={"Authorization": header} if header else {})


def test_signature_of_the_published_vector() -> None:
    parameters = [
        ("searchCriteria[pageSize]", "50"),
        ("searchCriteria[currentPage]", "1"),
        ("oauth_consumer_key", "ck_demo"),
        ("oauth_nonce", "nonce123"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_timestamp", "1767225600"),
        ("oauth_token", "at_demo"),
        ("oauth_version", "1.0"),
    ]
    made = signature("GET", "https://shop.example/rest/all/V1/orders", parameters, "cs_demo", "ats_demo")
    assert made == "oPoEu7ubbFyECVrbe4AQCQ/Y+OlVyuWhO97BZOExSnA="


async def test_signed_call_is_let_in() -> None:
    assert await Lab().ok("GET", "/orders", params=PAGE) == {
        "items": [],
        "search_criteria": {"filter_groups": [], "page_size": 1},
        "total_count": 0,
    }


async def test_wrong_signature_is_401_and_uses_the_nonce_up() -> None:
    lab = Lab()
    refused = await _get(lab, lab.sign("GET", ORDERS, PAGE, oauth_signature="bm9uc2Vuc2U=", oauth_nonce="n1"))
    assert (refused.status_code, refused.json()) == (
        401,
        {"message": "The signature is invalid. Verify and try again."},
    )
    again = await _get(lab, lab.sign("GET", ORDERS, PAGE, oauth_nonce="n1"))
    assert again.status_code == 401
    assert again.json()["parameters"] == ["1"]


async def test_parameter_changed_on_the_way_breaks_the_signature() -> None:
    lab = Lab()
    refused = await _get(lab, lab.sign("GET", ORDERS, PAGE), "searchCriteria%5BpageSize%5D=2")
    assert refused.status_code == 401


async def test_plus_for_a_blank_breaks_the_signature() -> None:
    lab = Lab()
    params = [("searchCriteria[filter_groups][0][filters][0][value]", "2026-01-01 00:00:00")]
    plus = "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=2026-01-01+00:00:00"
    assert (await _get(lab, lab.sign("GET", ORDERS, params), plus)).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"oauth_signature_method": "HMAC-SHA1"}, 400, "Signature method %1 is not supported"),
        ({"oauth_token": "short"}, 400, "The token length is invalid. Check the length and try again."),
        ({"oauth_consumer_key": "x" * 32}, 401, "A consumer having the specified key does not exist"),
        ({"oauth_token": "x" * 32}, 401, "Specified token does not exist"),
        ({"oauth_timestamp": "0"}, 400, "Incorrect timestamp value in the oauth_timestamp parameter"),
        ({"oauth_timestamp": "4102444800"}, 400, "Incorrect timestamp value in the oauth_timestamp parameter"),
        ({"oauth_version": "2.0"}, 400, 'The "%1" Oauth version isn\'t supported.'),
        ({"oauth_nonce": ""}, 400, '"%fieldName" is required. Enter and try again.'),
    ],
)
async def test_bad_oauth_values_are_named(changes: dict[str, Any], status: int, message: str) -> None:
    lab = Lab()
    answer = await _get(lab, lab.sign("GET", ORDERS, PAGE, **changes))
    assert (answer.status_code, answer.json()["message"]) == (status, message)


async def test_integration_token_as_bearer_is_refused_until_the_merchant_allows_it() -> None:
    lab = Lab()
    header = f"Bearer {lab.keys['access_token']}"
    assert (await _get(lab, header)).status_code == 401
    lab.magento.set_options({"bearer": "allowed"})
    assert (await _get(lab, header)).status_code == 200
    lab.magento.set_options({"denied_resources": ["Magento_Sales::actions_view"]})
    refused = await _get(lab, header)
    assert refused.json()["parameters"] == {"resources": "Magento_Sales::actions_view"}


async def test_admin_token_lasts_an_hour() -> None:
    lab = Lab()
    login = {"username": "lab", "password": "labLAB12345"}
    token = (await lab.client.post(f"{SITE}/rest/V1/integration/admin/token", json=login)).json()
    assert (await _get(lab, f"Bearer {token}")).status_code == 200
    lab.moment += timedelta(seconds=3601)
    assert (await _get(lab, f"Bearer {token}")).status_code == 401


async def test_host_without_rewriting_knows_only_index_php() -> None:
    lab = Lab()
    lab.magento.set_options({"base_path": "/index.php", "bearer": "allowed"})
    header = {"Authorization": f"Bearer {lab.keys['access_token']}"}
    page = await lab.client.get(f"{SITE}/rest/V1/store/storeConfigs", headers=header)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=UTF-8")
    assert (await lab.client.get(f"{SITE}/index.php/rest/V1/store/storeConfigs", headers=header)).status_code == 200


async def test_maintenance_page_is_html() -> None:
    lab = Lab()
    lab.magento.set_options({"waf": "503"})
    answer = await lab.call("GET", "/orders", params=PAGE)
    assert (answer.status_code, answer.text[:6]) == (503, "<html>")


async def test_options_over_http_name_what_is_wrong() -> None:
    lab = Lab()
    assert (await lab.client.post(f"{SITE}/_options", json={"module": "off"})).json()["module"] == "off"
    wrong = await lab.client.post(f"{SITE}/_options", json={"module": "maybe"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "module")
    assert (await lab.client.get(f"{SITE}/_options")).json()["module"] == "off"


async def test_body_of_the_wrong_shape_is_an_internal_error_not_a_crash() -> None:
    lab = Lab()
    answer = await lab.call("PUT", "/orders/create", {"entity": {"billing_address": {}, "payment": {"method": "x"}}})
    assert answer.status_code == 400
    answer = await lab.call("POST", "/inventory/source-items", {"sourceItems": ["nonsense"]})
    assert answer.status_code == 500
    assert answer.json()["message"].startswith("Internal Error.")
