"""Keeps outgoing calls off private networks: the address that was checked is the address that is connected to."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/3",
        "168.63.129.16/32",  # public by its number, but inside Azure the machine's own host answers there
    )
)  # fmt: skip
"""IANA's special-purpose registry of 2026; written out, since each Python release knows another part of it."""
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")  # Teredo lies in the first
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Where a network with IPv6 only shows the IPv4 internet (RFC 6052); its last 32 bits are what is called."""


_AZURE = ipaddress.IPv4Address("168.63.129.16")

Refusal = Callable[[str, str], str | None]
"""Host and address to the reason why it is not called."""


class TargetRefused(Exception):
    """The host resolves to an address the bridge does not call, or would be called without TLS."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name once, refuses addresses, non-public ones by default, and connects to exactly what it checked."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, refusal: Refusal | None = None) -> None:
        self._inner = inner
        self._refusal = refusal or not_public

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Tries the checked addresses in order. Raises TargetRefused or httpcore.ConnectError."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await _addresses(host, port, self._refusal):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as e:
                failure = e
        raise failure

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        msg = "unix sockets are not called"
        raise TargetRefused(msg)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Calls through the guard, and without TLS only inside: whoever listens outside would read the credentials."""

    def __init__(self, ssl_context: ssl.SSLContext, limits: httpx.Limits, *, allow_private: bool) -> None:
        self._secure = _pool(ssl_context, limits, metadata if allow_private else not_public)
        self._plain = _pool(ssl_context, limits, not_inside) if allow_private else None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises TargetRefused for http:// where private targets are not allowed, or the host is a public one."""
        transport = self._secure if request.url.scheme == "https" else self._plain
        if transport is None:
            raise TargetRefused(_PLAIN.format(request.url.host))
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._secure.aclose()
        if self._plain is not None:
            await self._plain.aclose()


def _pool(ssl_context: ssl.SSLContext, limits: httpx.Limits, refusal: Refusal) -> httpx.AsyncHTTPTransport:
    transport = httpx.AsyncHTTPTransport(verify=ssl_context, limits=limits, trust_env=False)
    # httpx 0.28 offers no parameter for the network backend; the pool it made is still unused here.
    transport._pool._network_backend = GuardedBackend(httpcore.AnyIOBackend(), refusal)  # noqa: SLF001  # type: ignore[attr-defined]
    return transport


_PLAIN = "{} would be called without TLS; enter its https:// address"


def not_public(host: str, address: str) -> str | None:
    """Why an address is not called; None where it is on the public internet."""
    if is_public(address):
        return None
    return f"{host} is at {address}, a private or local address; set BRIDGE_ALLOW_PRIVATE_TARGETS=on to allow it"


def metadata(host: str, address: str) -> str | None:
    """Why an address is not called even where private ones are: a cloud's own services answer there, no shop does."""
    ip = _looked_at(address)
    if ip.is_link_local or ip == _AZURE:
        return f"{host} is at {address}, where a machine asks for its own credentials; no shop is there"
    return None


def not_inside(host: str, address: str) -> str | None:
    """Why an address is not called without TLS, although private ones are allowed."""
    if is_public(address):
        return _PLAIN.format(f"{host} is at {address}, a public address, and")
    return metadata(host, address)


async def _addresses(host: str, port: int, refusal: Refusal) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as e:
        raise httpcore.ConnectError(f"{host} cannot be resolved: {e}") from e
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if why := refusal(host, address):
            raise TargetRefused(why)
    return addresses


def _looked_at(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or _translated(ip) or ip
    return ip


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet; IPv4 inside IPv6 is looked at as IPv4."""
    ip = _looked_at(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return ip in _UNICAST_V6 and not any(ip in network for network in _REFUSED_V6)
    return not any(ip in network for network in _REFUSED_V4)


def same_site(entered: str, other: str) -> bool:
    """Whether credentials entered for one address may go to another: the same host with or without `www.` or another
    part before it, or any where a host of the inner network says so; and never from https to http.
    """
    one, two = urlsplit(entered), urlsplit(other)
    hosts = [(parts.hostname or "").removeprefix("www.") for parts in (one, two)]
    if not all(hosts) or (one.scheme, two.scheme) == ("https", "http"):
        return False
    if is_inner_name(hosts[0]) or hosts[0] == hosts[1]:
        return True
    shorter, longer = sorted(hosts, key=len)
    return "." in shorter and longer.endswith(f".{shorter}")


def is_inner_name(host: str) -> bool:
    """Whether a host is written as one of the inner network: a private address, or a name no public DNS knows."""
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost", ".test", ".invalid", ".lan"))


def _translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


def guarded_transport(
    ssl_context: ssl.SSLContext, limits: httpx.Limits, *, allow_private: bool
) -> httpx.AsyncBaseTransport:
    """An httpx transport whose pools connect through the guard."""
    return GuardedTransport(ssl_context, limits, allow_private=allow_private)
