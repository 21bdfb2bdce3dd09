"""What `bridge up` asks the network: whether a port is free, whether a process answers, under which address."""

import errno
import http.client
import socket
from urllib.parse import urlsplit


class StartError(Exception):
    """`bridge up` cannot start. Its text is one line: what failed and what to do."""


def reachable(host: str) -> str:
    """The address to call a server on that listens on `host`."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{here}]" if ":" in here else here


def check_port(host: str, port: int, name: str) -> None:
    """Raises StartError, naming the variable to change, when the port cannot be taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise StartError(
            f"BRIDGE_API_HOST is {host!r}, which is no address of this machine: {error.strerror}"
        ) from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartError(f"port {port} is in use: stop what uses it, or set {name} to another port") from error
            raise StartError(
                f"{host}:{port} cannot be used ({error.strerror}): change {name} or BRIDGE_API_HOST"
            ) from error


def get(url: str) -> tuple[int, str]:
    """Status and body of a GET, or status 0 and the reason when nothing answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()
