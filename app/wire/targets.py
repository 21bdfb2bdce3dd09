"""Keeps outgoing calls off private networks: the address that was checked is the address that is connected to."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any

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


class TargetRefused(Exception):
    """The host resolves to an address the bridge does not call, or would be called without TLS."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name once, refuses non-public addresses, and connects to exactly what it checked."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

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
        for address in await _public_addresses(host, port):
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


class GuardedTransport(httpx.AsyncHTTPTransport):
    """Calls over TLS only, through the guard: whoever listens on the way would read the store's credentials."""

    def __init__(self, ssl_context: ssl.SSLContext, limits: httpx.Limits) -> None:
        super().__init__(verify=ssl_context, limits=limits, trust_env=False)
        # httpx 0.28 offers no parameter for the network backend; the pool it made is still unused here.
        self._pool._network_backend = GuardedBackend(httpcore.AnyIOBackend())  # noqa: SLF001  # type: ignore[attr-defined]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises TargetRefused for http://."""
        if request.url.scheme != "https":
            msg = f"{request.url.host} would be called without TLS; enter its https:// address"
            raise TargetRefused(msg)
        return await super().handle_async_request(request)


async def _public_addresses(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as e:
        raise httpcore.ConnectError(f"{host} cannot be resolved: {e}") from e
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_public(address):
            msg = f"{host} is at {address}, a private or local address; set BRIDGE_ALLOW_PRIVATE_TARGETS=on to allow it"
            raise TargetRefused(msg)
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet; IPv4 inside IPv6 is looked at as IPv4."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or _translated(ip)
        if inner is None:
            return ip in _UNICAST_V6 and not any(ip in network for network in _REFUSED_V6)
        ip = inner
    return not any(ip in network for network in _REFUSED_V4)


def _translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


def guarded_transport(
    ssl_context: ssl.SSLContext, limits: httpx.Limits, *, allow_private: bool
) -> httpx.AsyncHTTPTransport:
    """An httpx transport whose pool connects through the guard, unless private targets are allowed."""
    if allow_private:
        return httpx.AsyncHTTPTransport(verify=ssl_context, limits=limits, trust_env=False)
    return GuardedTransport(ssl_context, limits)
