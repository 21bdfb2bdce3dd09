"""The module's outbox: thin, signed webhooks about orders of idealo, retried until they are taken or dead."""

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sandbox.outbox import Webhook
from sandbox.stores.magento2.model import Delivery, Order
from sandbox.stores.magento2.php import moment
from sandbox.stores.magento2.state import Event, Shop

KIND: Final = "magento2"
MODULE_VERSION: Final = "1.0.0"
PREFIX: Final = "X-Idealo-Connector-"
RETRIES_S: Final = (60, 300, 900, 3600, 6 * 3600, 24 * 3600)
"""Waits after the first and every further failure; after the last the row is dead."""
GONE: Final = 410
_NOWHERE: Final = "http://switched:off/"
"""No valid address: the sandbox's outbox notes it and sends nothing."""


class Outbox:
    """Turns what the observers saw into rows, and rows into webhooks."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        shop.on_commit = self.record
        shop.on_restore = self.resume
        shop.on_options = self.reconfigured
        self._live: dict[int, Webhook] = {}

    def record(self, events: list[Event]) -> None:
        """One row per event of an order that came from idealo; nothing while the module is off."""
        if not self._active():
            return
        for event in events:
            order = self.shop.orders.get(event.order_id)
            if order is None:
                continue
            first = self._first(order)
            if not first.columns.get("ext_order_id"):
                continue
            entity: dict[str, Any] = {"type": event.entity_type, "id": event.entity_id}
            if event.parent_id is not None:
                entity["parent_id"] = event.parent_id
            canceled = event.name == "order.state_changed" and order.state == "canceled"
            self._add("order.canceled" if canceled else event.name, first.id, _named(first), entity)

    def ping(self) -> None:
        """A signed ping, whether or not there are orders; it waits while the module is off."""
        self._add("ping", 0, None, None)

    def _active(self) -> bool:
        options = self.shop.options
        usable = options.webhook_url and options.webhook_secret
        return options.module == "on" and options.webhook_enabled and bool(usable)

    def _first(self, order: Order) -> Order:
        """The first order of a chain of edits: the one the bridge knows."""
        seen = set()
        while order.id not in seen:
            seen.add(order.id)
            parent = self.shop.orders.get(int(order.columns.get("relation_parent_id") or 0))
            if parent is None:
                break
            order = parent
        return order

    def _add(self, event: str, order_id: int, order: dict[str, Any] | None, entity: dict[str, Any] | None) -> None:
        body = {"schema": 1, "event": event, "store": self.shop.options.webhook_store, "order": order, "entity": entity}
        text = json.dumps({name: value for name, value in body.items() if value is not None}, separators=(",", ":"))
        dice = self.shop.world.random("magento2/delivery")
        delay = self.shop.options.outbox_delay_seconds
        row = Delivery(
            id=self.shop.new_id("delivery"),
            uuid=str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            event=event,
            body=text,
            order_id=order_id,
            due=moment(self.shop.now() + timedelta(seconds=delay)),
        )
        self.shop.add(row)
        self._put(row, delay)

    def _put(self, row: Delivery, delay_s: float) -> None:
        if not self._active():
            return
        webhook = Webhook(
            kind=KIND,
            url=self.shop.options.webhook_url,
            headers=lambda body: self._headers(row, body),
            body=row.body.encode(),
            due_at=self.shop.world.now() + timedelta(seconds=delay_s) if delay_s else None,
            on_result=lambda status: self._delivered(row, status),
        )
        self._live[row.id] = webhook
        self.shop.world.outbox.put(webhook)

    def reconfigured(self) -> None:
        """Every attempt goes to the address entered by then, and none leaves while the module is off."""
        for webhook in self._live.values():
            webhook.url = self.shop.options.webhook_url if self._active() else _NOWHERE
        if self._active():
            self.resume()

    def _headers(self, row: Delivery, body: bytes) -> list[tuple[str, str]]:
        """Signed at the moment of sending, so that a late attempt is fresh again.

        By the clock the receiver has too: a sandbox moved by a day still sends webhooks that can be taken.
        """
        options = self.shop.options
        timestamp = str(int(self.shop.world.unmoved().timestamp()))
        return [
            ("Content-Type", "application/json"),
            (f"{PREFIX}Event", row.event),
            (f"{PREFIX}Delivery", row.uuid),
            (f"{PREFIX}Timestamp", timestamp),
            (f"{PREFIX}Key-Id", secret_mark(options.webhook_secret)),
            (f"{PREFIX}Signature", signature(options.webhook_secret, timestamp, row.uuid, body)),
            (f"{PREFIX}Module", f"{MODULE_VERSION} magento2/{options.version}"),
        ]

    def _delivered(self, row: Delivery, status: int | None) -> None:
        """Any 2xx is taken; 410 switches the module off; anything else is tried again until the row is dead."""
        if self.shop.deliverys.get(row.id) is not row:
            return
        self._live.pop(row.id, None)
        if row.status != "pending" or (status is None and not self._active()):
            return
        row.attempts += 1
        self.shop.touch(row)
        if status is not None and 200 <= status < 300:
            row.status = "sent"
            return
        if status == GONE:
            row.status = "dead"
            self.shop.set_options(self.shop.options.changed({"webhook_enabled": False}))
            return
        if row.attempts > len(RETRIES_S):
            row.status = "dead"
            return
        wait = RETRIES_S[row.attempts - 1]
        row.due = moment(self.shop.now() + timedelta(seconds=wait))
        self._put(row, wait)

    def forget(self) -> None:
        """After a reset of the shop: nothing is on its way any more."""
        self._live.clear()

    def resume(self) -> None:
        """Rows that wait and are not on their way are queued, as the module's cron would find them."""
        now = self.shop.now()
        for row in self.shop.deliverys.values():
            if row.status == "pending" and row.id not in self._live:
                due = datetime.fromisoformat(row.due).replace(tzinfo=UTC)
                self._put(row, max((due - now).total_seconds(), 0))


def secret_mark(secret: str) -> str:
    """Shows which secret is in use without showing it."""
    return hmac.new(secret.encode(), b"idealo-connector", hashlib.sha256).hexdigest()[:16]


def signature(secret: str, timestamp: str, delivery: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 over version, time, delivery and the exact bytes of the body."""
    signed = b":".join([b"v1", timestamp.encode(), delivery.encode(), body])
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _named(order: Order) -> dict[str, Any]:
    columns = order.columns
    return {
        "entity_id": order.id,
        "increment_id": columns.get("increment_id"),
        "ext_order_id": columns.get("ext_order_id"),
    }
