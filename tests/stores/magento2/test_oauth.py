"""Signatures against published vectors: the reference's, and RFC 5849's own base string."""

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stores.magento2 import oauth
from app.stores.magento2.criteria import Filter, search
from app.stores.magento2.oauth import Token

TOKEN = Token(consumer_key="ck_demo", consumer_secret="cs_demo", access_token="at_demo", access_token_secret="ats_demo")
LIST = [("searchCriteria[pageSize]", "50"), ("searchCriteria[currentPage]", "1")]
URL = "https://shop.example/rest/all/V1/orders"


def test_the_reference_vector_is_reproduced() -> None:
    header = oauth.authorization(TOKEN, "GET", URL, LIST, "nonce123", 1767225600)
    assert 'oauth_signature="oPoEu7ubbFyECVrbe4AQCQ%2FY%2BOlVyuWhO97BZOExSnA%3D"' in header
    assert header.startswith('OAuth oauth_consumer_key="ck_demo", oauth_nonce="nonce123"')
    assert 'oauth_signature_method="HMAC-SHA256"' in header


def test_the_base_string_of_rfc_5849_is_reproduced() -> None:
    # RFC 5849 section 3.4.1.1, its example request with all parameters decoded.
    params = [
        ("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b"), ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"), ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"), ("c2", ""), ("a3", "2 q"),
    ]  # fmt: skip
    assert oauth.base_string("post", "http://EXAMPLE.COM:80/request", params) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Shop.Example:443/rest/V1", "https://shop.example/rest/V1"),
        ("http://shop.example:8080/a/index.php/rest", "http://shop.example:8080/a/index.php/rest"),
        ("https://shop.example?x=1", "https://shop.example/"),
        ("http://[2001:DB8::1]:80/rest", "http://[2001:db8::1]/rest"),
        ("https://shop.example/V1/products/A%2FB", "https://shop.example/V1/products/A%2FB"),
    ],
)
def test_the_base_address_is_normalised_as_the_rfc_says(url: str, expected: str) -> None:
    assert oauth.base_address(url) == expected


def test_brackets_are_escaped_once_on_the_wire_and_twice_in_the_base_string() -> None:
    assert oauth.query(LIST[:1]) == "searchCriteria%5BpageSize%5D=50"
    assert "searchCriteria%255BpageSize%255D%3D50" in oauth.base_string("GET", URL, LIST)


def test_only_unreserved_characters_stay() -> None:
    assert oauth.escaped("AZaz09-._~ +*!'()/ü🎁") == "AZaz09-._~%20%2B%2A%21%27%28%29%2F%C3%BC%F0%9F%8E%81"


def test_one_changed_part_changes_the_signature() -> None:
    signed = oauth.signature(TOKEN, "GET", URL, LIST)
    others = [
        oauth.signature(TOKEN, "POST", URL, LIST),
        oauth.signature(TOKEN, "GET", URL.replace("https", "http"), LIST),
        oauth.signature(TOKEN, "GET", URL, LIST[:1]),
        oauth.signature(TOKEN.model_copy(update={"access_token_secret": ""}), "GET", URL, LIST),
    ]
    assert len({signed, *others}) == 5


def test_a_token_does_not_show_its_secrets() -> None:
    assert "cs_demo" not in f"{TOKEN!r} {TOKEN}"


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=8)), max_size=5))
def test_what_is_sent_is_what_was_signed(params: list[tuple[str, str]]) -> None:
    params = [(k.encode("utf-8", "ignore").decode(), v.encode("utf-8", "ignore").decode()) for k, v in params]
    sent = httpx.Request("GET", f"{URL}?{oauth.query(params)}").url
    assert sent.query.decode() == oauth.query(params)


def test_a_search_survives_the_client_unchanged() -> None:
    params = search([[Filter(field="sku", value="LAB/04 ü,%+")]], "entity_id,items[sku]")
    sent = httpx.Request("GET", f"{URL}?{oauth.query(params)}").url
    assert urlsplit(str(sent)).query == oauth.query(params)
