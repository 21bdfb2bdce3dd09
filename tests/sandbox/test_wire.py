"""What real clients put on the wire, byte for byte, against the served sandbox (reference section 16)."""

import base64
import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.world import World
from tests.sandbox.merchant import CLIENT_ID, SECRET, SHOP_ID
from tests.sandbox.served import served


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    world = World(seed=7, stores=lambda _: {})
    world.idealo.register_shop(SHOP_ID, CLIENT_ID, SECRET)
    with served(world) as found:
        yield found


def talk(address: str, head: bytes, body: bytes = b"") -> tuple[bytes, bytes]:
    """Send a request head, then its body once the server says Continue; returns interim and final answer."""
    url = urlsplit(address)
    with contextlib.closing(socket.create_connection((url.hostname or "", url.port or 0), timeout=5)) as connection:
        connection.sendall(head)
        interim = connection.recv(65_536) if b"100-continue" in head else b""
        connection.sendall(body)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
        return interim, answer


def token_head(*headers: str) -> bytes:
    """The head of a request for a token that ends the connection."""
    key = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
    lines = ("POST /api/v2/oauth/token HTTP/1.1", "Host: sandbox", f"Authorization: Basic {key}", *headers)
    return "".join(f"{line}\r\n" for line in (*lines, "Connection: close", "")).encode()


def test_token_with_chunked_empty_body_and_expect_continue(address: str) -> None:
    head = token_head("Transfer-Encoding: chunked", "Expect: 100-continue")
    interim, answer = talk(address, head, b"0\r\n\r\n")
    assert interim.startswith(b"HTTP/1.1 100 Continue")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b'"shop_id":318204' in answer


def test_token_with_form_content_type_and_a_literal_list(address: str) -> None:
    head = token_head("Content-Length: 2", "Content-Type: application/x-www-form-urlencoded")
    _, answer = talk(address, head, b"[]")
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_token_with_no_length_at_all(address: str) -> None:
    _, answer = talk(address, token_head())
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_search_with_raw_commas_and_colons(address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        token = client.post("/api/v2/oauth/token", auth=(CLIENT_ID, SECRET)).json()["access_token"]
    head = (
        f"GET /api/v2/shops/{SHOP_ID}/orders?status=PROCESSING,REVOKING&from=2021-01-01T00:00Z&acknowledged=0 HTTP/1.1"
        f"\r\nHost: sandbox\r\nAuthorization: Bearer {token}\r\nERP-Shop-System:\r\nConnection: close\r\n\r\n"
    )
    _, answer = talk(address, head.encode())
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b'{"content":[],"totalElements":0,"totalPages":0}')


def test_errors_name_the_called_url(address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        answer = client.get(f"/api/v2/shops/{SHOP_ID}/orders?pageNumber=0")
    assert answer.json()["instance"] == f"{address}/api/v2/shops/{SHOP_ID}/orders?pageNumber=0"
