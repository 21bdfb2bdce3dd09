"""The ports servers are started on."""

import socket

from app.embedded.process import free_port


def test_a_port_is_named_once_and_lies_below_those_of_outgoing_connections() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == len(ports)
    assert all(1024 < port < 32_768 for port in ports)
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports[0]))
