"""idealo's side of the wire as a script: what it answers, and every request it got."""

import asyncio
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from app.idealo import IdealoClient, IdealoCredentials
from app.wire.http import open_http

SHOP = "318204"
Answering = Callable[[httpx.Request], httpx.Response]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2022, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Wire:
    """Hands out numbered tokens, accepts the newest only, and answers everything else from `answers`, then 204."""

    def __init__(self, *answers: httpx.Response | Answering) -> None:
        self.answers = list(answers)
        self.calls: list[httpx.Request] = []
        self.token_calls: list[httpx.Request] = []
        self.valid: set[str] = set()
        self.token_answer: Callable[[int], httpx.Response] = lambda n: httpx.Response(
            200,
            json={
                "access_token": f"tok{n}",
                "token_type": "bearer",
                "expires_in": 3599,
                "scope": "MERCHANTORDERAPI:READ_ALL MERCHANTORDERAPI:WRITE_ALL",
                "shop_id": int(SHOP),
            },
        )

    async def handle(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if request.url.path == "/api/v2/oauth/token":
            self.token_calls.append(request)
            number = len(self.token_calls)
            self.valid = {f"Bearer tok{number}"}
            return self.token_answer(number)
        self.calls.append(request)
        if request.headers["authorization"] not in self.valid:
            return httpx.Response(401, json={"error": "invalid_token"})
        if not self.answers:
            return httpx.Response(204)
        answer = self.answers.pop(0)
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @property
    def paths(self) -> list[str]:
        return [f"{call.method} {call.url.raw_path.decode()}" for call in self.calls]

    def sent(self) -> object:
        """The JSON body of the last call."""
        return json.loads(self.calls[-1].content)


def a_client(wire: Wire, clock: Clock | None = None, **given: str) -> IdealoClient:
    credentials = IdealoCredentials(
        client_id="id", client_secret=SecretStr("s3cret"), base_url="https://orders.example.test/"
    )
    http = open_http(
        "idealo",
        lambda *_: None,
        allow_private=True,
        ssl_context=ssl.create_default_context(),
        transport=httpx.MockTransport(wire.handle),
    )
    return IdealoClient(credentials, http, clock or Clock(), **given)


def answer(status: int, body: object = None) -> httpx.Response:
    """A JSON answer as idealo's errors are typed; None is an empty body."""
    content = b"" if body is None else json.dumps(body).encode()
    return httpx.Response(status, content=content, headers={"content-type": "application/problem+json"})
