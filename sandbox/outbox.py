"""Webhooks waiting to leave the fake stores, and the ways in which they can go wrong on the road."""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from sandbox.stores.port import SandboxRefusal

MODES: Final = ("deliver", "drop", "repeat", "delay", "reorder", "disable")
DEFAULT_DELAY_S: Final = 30.0
KEPT_DELIVERIES: Final = 10_000

Headers = Sequence[tuple[str, str]]


@dataclass(slots=True, kw_only=True, eq=False)
class Webhook:
    """One webhook to be sent.

    `body` may be built at the moment of delivery (WooCommerce does); `headers` may then be made from that body, which
    is how a signature gets in. `coalesce_key`: while one of the same kind and key waits, a further one is swallowed.
    `due_at` (aware UTC, by the sandbox's clock; None: at once) serves a store's own retries. `on_result` is told the
    answer's status, or None when nobody answered; a webhook lost on purpose (mode `drop`) tells nobody.
    """

    kind: str
    url: str
    headers: Headers | Callable[[bytes], Headers]
    body: bytes | Callable[[], bytes]
    method: str = "POST"
    coalesce_key: str | None = None
    due_at: datetime | None = None
    on_result: Callable[[int | None], None] | None = None


@dataclass(slots=True)
class Mode:
    """How the webhooks of one kind go out: `share` (0..1) of them meet the `name`d fate, chosen by `seed`."""

    name: str = "deliver"
    share: float = 1.0
    seed: int = 1
    seconds: float = DEFAULT_DELAY_S
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def strikes(self) -> bool:
        """Whether the next webhook meets this fate."""
        return self.name != "deliver" and self.chance.random() < self.share

    def to_json(self) -> dict[str, Any]:
        """What the controls show."""
        return {"mode": self.name, "share": self.share, "seed": self.seed, "seconds": self.seconds}


@dataclass(slots=True, eq=False)
class _Waiting:
    webhook: Webhook
    due_at: datetime
    since: datetime
    copies: int = 1
    shuffled: bool = False


class Outbox:
    """Waiting webhooks of all stores, in the order in which they were put in.

    Not kept over a restart: a restart of the sandbox is one more way in which a webhook can get lost.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._waiting: list[_Waiting] = []
        self._modes: dict[str, Mode] = {}
        self.delivered: deque[dict[str, Any]] = deque(maxlen=KEPT_DELIVERIES)

    def put(self, webhook: Webhook) -> None:
        """Queue a webhook; its fate (see `set_mode`) is decided now."""
        if webhook.coalesce_key is not None and any(
            (item.webhook.kind, item.webhook.coalesce_key) == (webhook.kind, webhook.coalesce_key)
            for item in self._waiting
        ):
            return
        now = self._now()
        item = _Waiting(webhook, webhook.due_at or now, now)
        mode = self.mode(webhook.kind)
        if mode.strikes():
            match mode.name:
                case "drop" | "disable":
                    self._note(webhook, "dropped", None)
                    return
                case "repeat":
                    item.copies = 2
                case "delay":
                    item.due_at += timedelta(seconds=mode.seconds)
                case "reorder":
                    item.shuffled = True
        self._waiting.append(item)

    def mode(self, kind: str) -> Mode:
        """How webhooks of this kind go out at present."""
        return self._modes.get(kind) or Mode()

    def set_mode(
        self, kind: str, name: str, *, share: float = 1.0, seed: int = 1, seconds: float = DEFAULT_DELAY_S
    ) -> None:
        """Change how webhooks of this kind go out from now on; SandboxRefusal names what is wrong."""
        if name not in MODES:
            raise SandboxRefusal("mode", f"unknown mode {name!r}; one of {', '.join(MODES)}", status=422)
        if not 0 <= share <= 1:
            raise SandboxRefusal("share", "must be between 0 and 1", status=422)
        if seconds < 0:
            raise SandboxRefusal("seconds", "must not be negative", status=422)
        self._modes[kind] = Mode(name, share, seed, seconds, random.Random(seed))

    def waiting(self, kind: str | None = None) -> list[Webhook]:
        """What has not left yet."""
        return [item.webhook for item in self._waiting if kind in {None, item.webhook.kind}]

    def clear(self) -> None:
        """Forget everything: waiting webhooks, modes and the list of deliveries."""
        self._waiting.clear()
        self._modes.clear()
        self.delivered.clear()

    async def deliver(self, client: httpx.AsyncClient, *, patience_s: float = 0.0) -> int:
        """Send all that is due, once each, and return how many requests left.

        `patience_s`: how long webhooks in mode `reorder` are held to gather company they can change places with.
        """
        now = self._now()
        patience = timedelta(seconds=patience_s)
        due = [
            item for item in self._waiting if item.due_at <= now and (not item.shuffled or now - item.since >= patience)
        ]
        taken = {id(item) for item in due}
        self._waiting = [item for item in self._waiting if id(item) not in taken]
        sent = 0
        for item in self._in_sending_order(due):
            for _ in range(item.copies):
                await self._send(client, item.webhook)
                sent += 1
        return sent

    def _in_sending_order(self, due: list[_Waiting]) -> list[_Waiting]:
        """Shuffled ones change places among themselves; the others keep theirs."""
        places = [place for place, item in enumerate(due) if item.shuffled]
        if not places:
            return due
        shuffled = [due[place] for place in places]
        self.mode(shuffled[0].webhook.kind).chance.shuffle(shuffled)
        ordered = list(due)
        for place, item in zip(places, shuffled, strict=True):
            ordered[place] = item
        return ordered

    async def _send(self, client: httpx.AsyncClient, webhook: Webhook) -> None:
        body = webhook.body() if callable(webhook.body) else webhook.body
        headers = webhook.headers(body) if callable(webhook.headers) else webhook.headers
        status: int | None = None
        outcome = "answered"
        try:
            answer = await client.request(webhook.method, webhook.url, content=body, headers=list(headers))
            status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            outcome = f"{type(failure).__name__}: {failure}"
        self._note(webhook, outcome, status, headers, body)
        if webhook.on_result is not None:
            webhook.on_result(status)

    def _note(
        self, webhook: Webhook, outcome: str, status: int | None, headers: Headers = (), body: bytes = b""
    ) -> None:
        self.delivered.append(
            {
                "kind": webhook.kind,
                "time": self._now().isoformat(),
                "method": webhook.method,
                "url": webhook.url,
                "headers": [list(pair) for pair in headers],
                "body": body.decode("utf-8", "replace"),
                "outcome": outcome,
                "status": status,
            }
        )
