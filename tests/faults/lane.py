"""An event loop in a thread of its own: traffic goes on while the main thread kills and starts processes."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Lane:
    """Servers must be started by the main thread, which waits for them; what must not wait runs in here."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lane", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T], timeout_s: float = 60) -> T:
        """Runs a coroutine in the lane and waits for it. Raises what it raises, TimeoutError when it is late."""
        return self.start(work).result(timeout_s)

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Runs a coroutine in the lane; cancelling what is answered cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Cancels what still runs and ends the thread."""
        self.call(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
