"""Roads between the processes: TCP relays that can be cut, blocked and slowed while traffic is on them."""

import asyncio
import contextlib
import re
from collections.abc import Callable

Tap = Callable[[bytes], None]
_CHUNK = 64 * 1024
_ACCEPTED = re.compile(rb'"status": ?"accepted", ?"delivery_id": ?(\d+)\}')
_LONGEST_ANSWER = 80


class Road:
    """One relay to a port of this machine. `tap` hears what the far side says, per connection from the beginning."""

    def __init__(self, target_port: int, make_tap: Callable[[], Tap] | None = None) -> None:
        self._target_port = target_port
        self._make_tap = make_tap or (lambda: _deaf)
        self._open = asyncio.Event()
        self._open.set()
        self._delay_s = 0.0
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._travelling: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.answers = 0
        """HTTP answers that came back over it."""

    async def build(self) -> int:
        """Opens the road; answers the port it begins at."""
        self._server = await asyncio.start_server(self._travel, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def trouble(self, how: str, delay_s: float = 0.0, lasts_s: float | None = None) -> None:
        """`cut` resets every connection and every new one, `blocked` lets nothing arrive and tells nobody.

        `slow` makes every piece travel `delay_s` longer. With `lasts_s` it ends by itself.
        """
        match how:
            case "cut":
                self._is_cut = True
                self._abort()
            case "blocked":
                self._open.clear()
            case _:
                self._delay_s = delay_s
        if lasts_s is not None:
            asyncio.get_running_loop().call_later(lasts_s, self._clear)

    async def clear(self) -> None:
        """As new; what was blocked arrives now."""
        self._clear()

    async def close(self) -> None:
        """Ends the road and all traffic on it."""
        if self._server is not None:
            self._server.close()
        await self.clear()
        self._abort()
        if self._travelling:
            await asyncio.wait(self._travelling)

    def _clear(self) -> None:
        self._is_cut, self._delay_s = False, 0.0
        self._open.set()

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _travel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        ways = {
            asyncio.create_task(self._carry(reader, far_writer, _deaf)),
            asyncio.create_task(self._carry(far_reader, writer, self._counted(self._make_tap()))),
        }
        self._travelling |= ways
        try:
            await asyncio.wait(ways)
        finally:
            self._travelling -= ways
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    def _counted(self, tap: Tap) -> Tap:
        def listen(data: bytes) -> None:
            self.answers += data.startswith(b"HTTP/1.1 ")
            tap(data)

        return listen

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tap: Tap) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                tap(data)
                await self._open.wait()
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()


class Promises:
    """The deliveries the bridge's door said it keeps, read off the wire: true whatever becomes of the answer."""

    def __init__(self) -> None:
        self.delivery_ids: set[int] = set()

    def tap(self) -> Tap:
        """A listener for one connection."""
        rest = b""

        def listen(data: bytes) -> None:
            nonlocal rest
            heard = rest + data
            self.delivery_ids |= {int(found) for found in _ACCEPTED.findall(heard)}
            rest = heard[-_LONGEST_ANSWER:]

        return listen


def _deaf(_: bytes) -> None:
    return
