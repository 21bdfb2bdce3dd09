"""Serves the sandbox with uvicorn, in a way that lets faults reach down to the connection."""

import contextlib

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.app import create_sandbox
from sandbox.traffic import TRANSPORT
from sandbox.world import World


class FaultyProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that hands its transport to the application, so that it can reset the connection."""

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]


def make_server(host: str, port: int, world: World) -> uvicorn.Server:
    """A server ready to run (`serve`, or `startup` in a loop of the caller's); port 0 takes a free one."""
    config = uvicorn.Config(
        create_sandbox(world),
        host=host,
        port=port,
        http=FaultyProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def serve(host: str, port: int, world: World) -> None:
    """Serve until interrupted, then commit and close the world."""
    try:
        # uvicorn ends in good order on Ctrl-C and then passes it on.
        with contextlib.suppress(KeyboardInterrupt):
            make_server(host, port, world).run()
    finally:
        world.close()
