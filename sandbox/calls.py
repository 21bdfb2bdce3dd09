"""The log of every request the sandbox received, with its answer."""

import fnmatch
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_PREFIX: Final = re.compile(r"^/(stores/[^/]+|api/v2)(?=/)")
KEPT_CALLS: Final = 50_000
KEPT_BYTES: Final = 128 * 1024 * 1024


def path_matches(pattern: str, path: str) -> bool:
    """Whether a path begins with the pattern or, if that has wildcards, fits it in the manner of fnmatch.

    The pattern may leave out what the sandbox or the API puts before it: `/stores/{kind}`, `/api/v2`.
    """
    return _fits(pattern, path) or _fits(pattern, _PREFIX.sub("", path))


def _fits(pattern: str, path: str) -> bool:
    if any(sign in pattern for sign in "*?["):
        return fnmatch.fnmatchcase(path, pattern)
    return path.startswith(pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request and what came of it.

    `status` is None when no answer was given at all; `fault` is the kind of the fault that was applied, if any. With
    `after_success` the answer recorded is the one that was made and then dropped.
    """

    number: int
    time: datetime
    side: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int | None
    answer_headers: tuple[tuple[str, str], ...]
    answer: bytes
    fault: str | None = None

    def header(self, name: str) -> str | None:
        """First request header of that name, in any spelling."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def to_json(self) -> dict[str, Any]:
        """What `GET /_sandbox/calls` shows; bodies as text, bytes that are not UTF-8 replaced."""
        return {
            "number": self.number,
            "time": self.time.isoformat(),
            "side": self.side,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": dict(self.headers),
            "body": self.body.decode("utf-8", "replace"),
            "status": self.status,
            "answer_headers": dict(self.answer_headers),
            "answer": self.answer.decode("utf-8", "replace"),
            "fault": self.fault,
        }


class CallLog:
    """The last calls, oldest first: at most 50 000 and 128 MiB of bodies. Numbers go on counting after `clear`."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()
        self._bytes = 0
        self._number = 0

    def next_number(self) -> int:
        """A number for the next call."""
        self._number += 1
        return self._number

    def append(self, call: Call) -> None:
        """Keep a call; the oldest ones leave when the log is full."""
        self._calls.append(call)
        self._bytes += len(call.body) + len(call.answer)
        while len(self._calls) > KEPT_CALLS or (self._bytes > KEPT_BYTES and len(self._calls) > 1):
            oldest = self._calls.popleft()
            self._bytes -= len(oldest.body) + len(oldest.answer)

    def list(
        self, side: str | None = None, path: str | None = None, since: datetime | int | None = None
    ) -> Sequence[Call]:
        """Calls of a side, under a path (prefix or wildcards), from a moment on or after a call's number."""
        return [call for call in self._calls if _matches(call, side, path, since)]

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()
        self._bytes = 0

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        return len(self._calls)


def _matches(call: Call, side: str | None, path: str | None, since: datetime | int | None) -> bool:
    if side is not None and call.side != side:
        return False
    if path is not None and not path_matches(path, call.path):
        return False
    if since is None:
        return True
    return call.number > since if isinstance(since, int) else call.time >= since
