"""Every call that leaves the bridge: time limits, Retry-After, transport trouble and status codes become our errors."""

import asyncio
import base64
import functools
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from app.domain.errors import Permanent, Problem, Retryable
from app.wire.masking import brief, mask
from app.wire.targets import TargetRefused, guarded_transport

USER_AGENT = "idealo-bridge/0.1.0"
_HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
}
NOT_JSON = (ValueError, ArithmeticError, RecursionError)
"""What json.loads raises on hostile input: no JSON, a number no Decimal holds, brackets without end."""
MAX_CONNECTIONS = 8
"""httpx's pool degrades with many connections; one small client per remote side stays fast (docs/decisions/0008)."""
MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Unpacked: a few kilobytes of gzip can hold gigabytes."""
WHOLE_ANSWER_S = 60
"""Added to the time for one read: an answer that comes byte by byte ends then."""
Transport = httpx.AsyncBaseTransport
"""What carries a request; only this module knows whose class it is."""
Observer = Callable[[str, str, str, float], None]
"""Called once per call with side, method, outcome (a status code or an error's name) and seconds."""


class Refused(Permanent):
    """The other side answered 4xx; adapters may catch it and say what it means there."""

    def __init__(self, problem: Problem, detail: str, status: int, body: bytes, location: str | None = None) -> None:
        super().__init__(problem, detail)
        self.status = status
        self.body = body
        self.location = location
        """Where a redirect pointed, verbatim; for checks that look for the canonical address."""

    def json(self) -> Any:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.body, parse_float=Decimal)
        except NOT_JSON:
            return None


class Answer:
    """A successful answer: status below 300."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, what: str) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self._what = what

    def json(self) -> Any:
        """The body as JSON with Decimals. Retryable when it is cut off or not JSON: the call may have succeeded."""
        try:
            return json.loads(self.body, parse_float=Decimal)
        except NOT_JSON as e:
            kind = self.headers.get("content-type", "")[:80] or "of no type"
            msg = f"{self._what}: the answer ({len(self.body)} bytes, {mask(kind)}) is not JSON"
            raise Retryable(msg) from e


@dataclass
class _Seen:
    """How a request ended, for the counts."""

    outcome: str = "error"


class Http:
    """One remote side: a store or idealo. Never retries, never follows redirects, keeps no cookies, never logs.

    On httpx's transport, without its client: what that adds (redirects, sessions, log lines) is not wanted here. A PHP
    shop that got its session back would answer our requests one after the other.
    """

    def __init__(self, side: str, transport: httpx.AsyncBaseTransport, observe: Observer) -> None:
        self.side = side
        self._transport = transport
        self._observe = observe

    async def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json_body: object = None,
        auth: tuple[str, str] | None = None,
        timeout_s: float = 30,
    ) -> Answer:
        """One request. Raises Retryable (transport, 429, 5xx) or Refused (3xx, 4xx); answers anything below 300."""
        what = f"{method} {url.split('?', maxsplit=1)[0]}"
        sent = dict(_HEADERS)
        if json_body is not None:
            content = json.dumps(json_body, ensure_ascii=False, separators=(",", ":")).encode()
            sent["Content-Type"] = "application/json"
        timeout = httpx.Timeout(timeout_s, connect=min(5.0, timeout_s))
        with self._told(what, method, timeout_s + WHOLE_ANSWER_S) as seen:
            if auth is not None:
                sent["Authorization"] = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"
            request = httpx.Request(
                method,
                url,
                params=params,
                headers={**sent, **(headers or {})},
                content=content,
                extensions={"timeout": timeout.as_dict()},
            )
            async with asyncio.timeout(timeout_s + WHOLE_ANSWER_S):
                response = await self._transport.handle_async_request(request)
                seen.outcome = str(response.status_code)
                body = await _read(response, what)
        return _translate(what, response, body)

    @contextmanager
    def _told(self, what: str, method: str, limit_s: float) -> Iterator[_Seen]:
        """Observes one request and makes its trouble ours. Raises Retryable and Permanent."""
        started = time.perf_counter()
        seen = _Seen()
        try:
            yield seen
        except TargetRefused as e:
            seen.outcome = "refused_target"
            raise Permanent(Problem.REJECTED, f"{what}: {e}") from e
        except (httpx.LocalProtocolError, UnicodeEncodeError):
            # Its own text quotes the header, which is a secret more often than not.
            seen.outcome = "not_sendable"
            msg = f"{what}: an address or a credential holds a character that a request cannot carry; enter it anew"
            raise Permanent(Problem.CREDENTIALS, msg) from None
        except TimeoutError as e:
            seen.outcome = "endless"
            raise Retryable(f"{what}: the answer was not complete after {limit_s:g} s") from e
        except (httpx.HTTPError, httpx.InvalidURL) as e:
            seen.outcome = type(e).__name__
            raise Retryable(f"{what}: {_trouble(e)}") from e
        finally:
            self._observe(self.side, method, seen.outcome, time.perf_counter() - started)

    async def aclose(self) -> None:
        await self._transport.aclose()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """One for the whole process: reading the system's certificates takes longer than a call."""
    return ssl.create_default_context()


def open_http(
    side: str,
    observe: Observer,
    *,
    allow_private: bool,
    ssl_context: ssl.SSLContext | None = None,
    transport: Transport | None = None,
) -> Http:
    """A client for one remote side: few connections, no proxies from the environment, private targets refused.

    Without an `ssl_context` the system's certificates vouch for the other side.
    """
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)
    wire = transport or guarded_transport(ssl_context or _trusted(), limits, allow_private=allow_private)
    return Http(side, wire, observe)


_CODE = re.compile(r"[a-z][a-z0-9]*(?:[_.-][a-z0-9]+){1,8}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")


def _trouble(e: Exception) -> str:
    # Others' texts may quote what was on the wire; these two speak of addresses and certificates.
    text = mask(str(e)) if isinstance(e, httpx.ConnectError | httpx.InvalidURL) else ""
    name = {"ReadTimeout": "no answer in time", "ConnectTimeout": "no connection in time"}.get(type(e).__name__)
    return f"{name or type(e).__name__}{': ' + text if text else ''}"


async def _read(response: httpx.Response, what: str) -> bytes:
    """The unpacked body. Raises Retryable for one over MAX_ANSWER_BYTES: the call may have succeeded."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise Retryable(f"{what}: the answer is larger than {MAX_ANSWER_BYTES // 2**20} MiB")
            chunks.append(chunk)
    finally:
        await response.aclose()
    return b"".join(chunks)


def _translate(what: str, response: httpx.Response, body: bytes) -> Answer:
    status = response.status_code
    if status < 300:
        return Answer(status, response.headers, body, what)
    detail = f"{what} answered {status}{_reason(status, body)}"
    if status == 429 or status >= 500:
        raise Retryable(detail, after=retry_after(response.headers.get("retry-after"), datetime.now(UTC)))
    if status < 400:
        place = mask(response.headers.get("location", "nowhere"))
        detail = f"{detail} with a redirect to {place}; enter the address it redirects to as base URL"
    problem = Problem.CREDENTIALS if status in {401, 403} else Problem.REJECTED
    raise Refused(problem, detail, status, body, response.headers.get("location"))


def _reason(status: int, answer: bytes) -> str:
    """What a JSON error body says of itself; HTML pages and other noise stay out of our texts.

    Of a failure (5xx) only its code: its message is a programmer's, and may quote the order that broke the program.
    """
    try:
        body = json.loads(answer)
    except NOT_JSON:
        return ""
    if not isinstance(body, dict):
        return ""
    said = [str(body[k]) for k in ("code", "error", "title", "reason", "message", "error_description") if body.get(k)]
    if status >= 500:
        code = next((text for text in said if _CODE.fullmatch(text)), None)
        return f" ({code})" if code else ""
    fields = body.get("fieldErrors")
    if isinstance(fields, list):
        said += [f"{f.get('field')}: {f.get('message')}" for f in fields if isinstance(f, dict)]
    return f" ({brief('; '.join(said), 300)})" if said else ""


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Retry-After in seconds or as a date (RFC 9110 10.2.3), between one second and one hour; None if unusable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    if seconds != seconds:  # noqa: PLR0124 - NaN is the only number unequal to itself
        return None
    return timedelta(seconds=min(max(seconds, 1), 3600))
