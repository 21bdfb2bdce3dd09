"""No call leaves for an inner network, whatever its address looks like, whoever changes DNS, or without TLS."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from app.bootstrap import Bridge
from app.config import Settings
from app.domain.errors import Permanent, Problem, Retryable
from app.registry import ADAPTERS
from app.wire import http as wire
from app.wire.http import Http, Refused, open_http
from app.wire.targets import GuardedBackend, TargetRefused, is_public, same_site
from tests.api.client import ENTRY, caller
from tests.fakes.queue import MemoryQueue
from tests.security.certificate import self_signed
from tests.stores.asked import connection

INNER = (
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::",
    "2001::1", "2001:0:7f00:1::", "2001:db8::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1",
    "ff02::1", "100::1", "3fff::1", "5f00::1",
)  # fmt: skip
OUTER = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::8.8.8.8", "2002:808:808::")
SPELLINGS = (
    "localhost", "localhost.", "LOCALHOST", "127.1", "127.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "0", "127.0.0.1.",
    "１２７.０.０.１", "①②⑦.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTER)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


def guarded(context: ssl.SSLContext | None = None) -> Http:
    return open_http("store", lambda *_: None, allow_private=False, ssl_context=context or ssl.create_default_context())


def trusting(transport: httpx.AsyncBaseTransport | None = None, context: ssl.SSLContext | None = None) -> Http:
    return open_http(
        "store",
        lambda *_: None,
        allow_private=True,
        ssl_context=context or ssl.create_default_context(),
        transport=transport,
    )


@pytest.fixture
async def listener() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on the loopback that must not be reached: its port, and what came in."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], heard
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_the_loopback_is_called(listener: tuple[int, list[bytes]], host: str) -> None:
    port, heard = listener
    http = guarded()
    with pytest.raises((Permanent, Retryable)) as refused:
        await http.send("GET", f"https://{host}:{port}/", timeout_s=2)
    assert heard == [], refused.value
    await http.aclose()


async def test_the_guard_says_what_to_do() -> None:
    http = guarded()
    with pytest.raises(Permanent, match="BRIDGE_ALLOW_PRIVATE_TARGETS") as refused:
        await http.send("GET", "https://localhost/")
    assert refused.value.problem is Problem.REJECTED
    await http.aclose()


async def test_plain_http_is_not_called() -> None:
    http = guarded()
    with pytest.raises(Permanent, match="without TLS"):
        await http.send("GET", "http://shop.example/", auth=("key", "secret"))
    await http.aclose()


class Recorder(httpcore.AsyncNetworkBackend):
    """Where connections would have gone."""

    def __init__(self) -> None:
        self.called: list[str] = []

    async def connect_tcp(self, host: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        self.called.append(host)
        raise httpcore.ConnectError("nobody is called in tests")

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise AssertionError("no unix sockets")

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """DNS: each question takes the next list of addresses, the last one stays."""
    answers: list[list[str]] = []

    async def getaddrinfo(_: object, host: str, port: int, **__: Any) -> list[Any]:
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return iter([answers])


async def test_a_name_that_changes_between_check_and_call_is_called_where_it_was_checked(
    names: Iterator[list[list[str]]],
) -> None:
    next(names).extend([["93.184.216.34"], ["127.0.0.1"]])
    inner = Recorder()
    backend = GuardedBackend(inner)
    with pytest.raises(httpcore.ConnectError):
        await backend.connect_tcp("rebinding.example", 443)
    assert inner.called == ["93.184.216.34"], "the address that was checked, not the name"
    with pytest.raises(TargetRefused):
        await backend.connect_tcp("rebinding.example", 443)
    assert len(inner.called) == 1


async def test_a_name_with_one_inner_address_among_others_is_refused(names: Iterator[list[list[str]]]) -> None:
    next(names).append(["93.184.216.34", "10.0.0.1"])  # one answer with both
    inner = Recorder()
    with pytest.raises(TargetRefused):
        await GuardedBackend(inner).connect_tcp("mixed.example", 443)
    assert inner.called == []


async def test_unix_sockets_are_refused() -> None:
    with pytest.raises(TargetRefused):
        await GuardedBackend(Recorder()).connect_unix_socket("/var/run/docker.sock")


async def test_redirects_are_never_followed() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(307, headers={"Location": "http://169.254.169.254/latest/meta-data"})

    with pytest.raises(Refused, match="redirect"):
        await trusting(httpx.MockTransport(answer)).send("POST", "https://shop.example/x", json_body={"a": 1})
    assert asked == ["https://shop.example/x"]


@pytest.mark.parametrize("place", ["credentials", "idealo"])
@pytest.mark.parametrize(
    "address",
    ["https://127.0.0.1", "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]", "https://2130706433",
     "https://localhost.", "http://shop.example"],
)  # fmt: skip
async def test_no_address_an_operator_enters_reaches_inside(settings: Settings, place: str, address: str) -> None:
    strict = Settings.model_validate({**settings.model_dump(), "sandbox": False, "allow_private_targets": False})
    bridge = Bridge(strict, queue=MemoryQueue())
    entry = {**ENTRY, "idealo": {"client_id": "x", "client_secret": "y", "environment": "production"}}
    if place == "idealo":
        entry["idealo"] = {"client_id": "x", "client_secret": "y", "base_url": address}
        entry["credentials"] = {**ENTRY["credentials"], "base_url": "https://127.0.0.1"}
    else:
        entry["credentials"] = {**ENTRY["credentials"], "base_url": address}
        entry["idealo"]["base_url"] = "https://127.0.0.1"
        del entry["idealo"]["environment"]
    async with caller(bridge, "configure") as operator:
        answer = await operator.post("/admin/v1/stores", json=entry)
    assert answer.status_code == 422, answer.text
    assert "private or local address" in answer.text or "without TLS" in answer.text
    await bridge.aclose()


@asynccontextmanager
async def served(answer: bytes, context: ssl.SSLContext | None = None, *, pause_s: float = 0) -> AsyncIterator[int]:
    """A server that says these bytes to everybody, perhaps one by one; its port."""
    talks: set[asyncio.Task[Any]] = set()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if talk := asyncio.current_task():
            talks.add(talk)
        try:
            await reader.readuntil(b"\r\n\r\n")
            for start in range(0, len(answer), 1 if pause_s else len(answer)):
                writer.write(answer[start : start + 1] if pause_s else answer)
                await writer.drain()
                await asyncio.sleep(pause_s)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the caller has left, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks)


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path, "localhost"))
    async with served(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", context) as port:
        http = trusting()
        with pytest.raises(Retryable, match=r"(?i)certificate"):
            await http.send("GET", f"https://localhost:{port}/", timeout_s=5)
        await http.aclose()


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "shop.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    vouched = ssl.create_default_context(cafile=str(certificate))
    async with served(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", context) as port:
        http = trusting(context=vouched)
        with pytest.raises(Retryable, match=r"(?i)certificate"):
            await http.send("GET", f"https://localhost:{port}/", timeout_s=5)
        await http.aclose()


async def test_an_answer_that_unpacks_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER_BYTES", 1024 * 1024)
    packed = gzip.compress(b"\0" * 50 * 1024 * 1024)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    assert len(packed) < 100_000
    async with served(head + packed) as port:
        http = trusting()
        with pytest.raises(Retryable, match="larger than 1 MiB"):
            await http.send("GET", f"http://127.0.0.1:{port}/", timeout_s=5)
        await http.aclose()


async def test_an_answer_that_comes_byte_by_byte_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "WHOLE_ANSWER_S", 0)
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b" " * 100
    async with served(body, pause_s=0.05) as port:
        http = trusting()
        with pytest.raises(Retryable, match="not complete"):
            await http.send("GET", f"http://127.0.0.1:{port}/", timeout_s=0.3)
        await http.aclose()


@pytest.mark.parametrize("value", ["tok\nen", "tok\ren", "tok\0en", "tökén", " \udcff"])
async def test_a_secret_that_no_header_can_carry_is_not_quoted(value: str) -> None:
    http = trusting()
    async with served(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        url = f"http://127.0.0.1:{port}/"
        with pytest.raises(Permanent, match="cannot carry") as refused:
            await http.send("GET", url, headers={"Authorization": f"Bearer {value}"}, timeout_s=1)
    assert "tok" not in str(refused.value)
    assert refused.value.problem is Problem.CREDENTIALS
    await http.aclose()


async def test_private_targets_still_get_tls_outside_and_no_metadata_service(names: Iterator[list[list[str]]]) -> None:
    answers = next(names)
    http = trusting()
    for addresses, url, why in (
        (["93.184.216.34"], "http://shop.example/", "without TLS"),
        (["169.254.169.254"], "http://shop.example/", "its own credentials"),
        (["169.254.169.254"], "https://shop.example/", "its own credentials"),
        (["168.63.129.16"], "https://shop.example/", "its own credentials"),
        (["10.0.0.1", "93.184.216.34"], "http://shop.example/", "without TLS"),
    ):
        answers[:] = [addresses]
        with pytest.raises(Permanent, match=why):
            await http.send("GET", url, auth=("key", "secret"))
    await http.aclose()


async def test_private_targets_are_reached_without_tls_inside(listener: tuple[int, list[bytes]]) -> None:
    port, heard = listener
    http = trusting()
    with pytest.raises(Retryable):
        await http.send("GET", f"http://127.0.0.1:{port}/", timeout_s=2)
    assert heard
    await http.aclose()


@pytest.mark.parametrize(
    ("entered", "other", "same"),
    [
        ("https://shop.example", "https://www.shop.example/x", True),
        ("https://www.shop.example", "https://shop.example", True),
        ("http://shop.example", "https://shop.example", True),
        ("https://shop.example", "https://store.shop.example", True),
        ("https://shop.example", "http://shop.example", False),
        ("https://shop.example", "https://evil.example", False),
        ("https://shop.example", "https://notshop.example", False),
        ("https://shop.example", "https://shop.example.evil.test", False),
        ("https://shop.example", "https://example", False),
        ("http://127.0.0.1:8100", "http://www.shop.test", True),
        ("http://magento.internal", "https://www.shop.example", True),
        ("https://shop.example", "https:///x", False),
    ],
)
def test_credentials_stay_within_the_site_they_were_entered_for(entered: str, other: str, *, same: bool) -> None:
    assert same_site(entered, other) is same


@pytest.mark.parametrize(
    ("kind", "credentials"),
    [
        ("woocommerce", {"base_url": "https://shop.example", "consumer_key": "ck_1", "consumer_secret": "cs_1"}),
        ("magento2", {"base_url": "https://shop.example", "bearer_token": "secrettoken"}),
    ],
)
async def test_a_shop_that_redirects_elsewhere_takes_no_credentials_along(
    kind: str, credentials: dict[str, str]
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == "shop.example":
            return httpx.Response(302, headers={"location": f"https://evil.example{request.url.path}"})
        return httpx.Response(200, json={"namespaces": ["wc/v3"]})

    http = trusting(httpx.MockTransport(answer))
    adapter: Any = ADAPTERS[kind]
    to_it = connection(adapter.Credentials.model_validate(credentials), adapter.Settings())
    checkup = await adapter(to_it, http).check()
    assert not checkup.ok
    assert set(asked) == {"shop.example"}
    assert any("evil.example" in finding.detail for finding in checkup.findings), "where it leads is said"
    await http.aclose()
