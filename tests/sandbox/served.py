"""Serves a world on a free port of the loopback, in a thread of its own, for the length of a with block."""

import contextlib
import threading
import time
from collections.abc import Iterator

from sandbox.server import make_server
from sandbox.world import World


@contextlib.contextmanager
def served(world: World) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, world)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the sandbox did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
