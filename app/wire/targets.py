"""Keeps outgoing calls off private networks: the address that was checked is the address that is connected to."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx


class TargetRefused(Exception):
    """The host resolves to an address the bridge does not call."""


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


async def _public_addresses(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as e:
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
        ip = ip.ipv4_mapped or ip.sixtofour or ip
    return ip.is_global and not ip.is_multicast


def guarded_transport(
    ssl_context: ssl.SSLContext, limits: httpx.Limits, *, allow_private: bool
) -> httpx.AsyncHTTPTransport:
    """An httpx transport whose pool connects through the guard, unless private targets are allowed."""
    transport = httpx.AsyncHTTPTransport(verify=ssl_context, limits=limits, trust_env=False)
    if not allow_private:
        # httpx 0.28 offers no parameter for the network backend; the pool it made is still unused here.
        transport._pool._network_backend = GuardedBackend(httpcore.AnyIOBackend())  # noqa: SLF001  # type: ignore[attr-defined]
    return transport
