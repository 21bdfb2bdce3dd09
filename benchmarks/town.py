"""A shop and an idealo account in the sandbox, connected to a bridge, and the hands that move them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.plain import SECRET
from benchmarks.rig import BenchError, House, Rig, Running, call, until

SHOP_ID = 318204
SKU = "100002"
LISTS = ("/oauth/token", "/new-orders", "/orders")
"""Calls of a poll as a whole: their cost is shared by all orders it finds."""


@dataclass
class Town:
    """One connected sandbox store."""

    rig: Rig
    house: House
    api: Running
    sandbox: Running
    kind: str
    token: str
    store_id: str

    @classmethod
    def build(cls, rig: Rig, kind: str = "woocommerce") -> "Town":
        """Starts sandbox and API and connects the store."""
        house = rig.house()
        sandbox, api = rig.sandbox(), rig.api(house)
        token = rig.token(house)
        account = {"shop_id": SHOP_ID, "client_id": "bench", "client_secret": "bench-secret"}
        call("POST", f"{sandbox.url}/_sandbox/idealo/shops", account)
        credentials = call("GET", f"{sandbox.url}/_sandbox/stores")[kind]
        entry = {
            "kind": kind,
            "name": f"Bench {kind}",
            "credentials": {**credentials, "base_url": f"{sandbox.url}/stores/{kind}"},
            "idealo": {"client_id": "bench", "client_secret": "bench-secret", "base_url": sandbox.url},
            "webhook_secrets": [SECRET.decode()],
        }
        store = call("POST", f"{api.url}/admin/v1/stores", entry, token)
        town = cls(rig, house, api, sandbox, kind, token, store["id"])
        town.control("PUT", f"/stores/{kind}/products/{SKU}", {"stock": 1_000_000})
        return town

    def control(self, method: str, path: str, body: object = None) -> Any:
        return call(method, f"{self.sandbox.url}/_sandbox{path}", body)

    def place(self, count: int) -> list[str]:
        """Buyers order two units of one product each; answers idealo's ids."""
        lines = [{"sku": SKU, "quantity": 2}]
        ids: list[str] = []
        while len(ids) < count:
            body = {"shop_id": SHOP_ID, "lines": lines, "count": min(count - len(ids), 100)}
            ids += self.control("POST", "/idealo/orders", body)["ids"]
        return ids

    def first_polls(self, worker: Running) -> None:
        """Lets the worker poll both sides of the empty shop and make its webhooks; then they are dropped: we send them.

        A shop whose webhooks are made waits for the door to answer: five seconds for each that nobody answers.
        """
        open_yet = (
            "SELECT 1 FROM cursors WHERE polled_at IS NULL OR claimed_until IS NOT NULL",
            "SELECT 1 FROM stores WHERE webhooks_checked_at IS NULL",
        )
        until(lambda: not any(self.sql(sql) for sql in open_yet), worker)
        self.control("POST", f"/stores/{self.kind}/webhooks", {"mode": "drop"})

    def poll_idealo(self) -> None:
        """Makes idealo's poll due; the worker's next round takes it up."""
        self.sql("UPDATE cursors SET polled_at = NULL WHERE stream = 'idealo'")

    def poll_store(self) -> None:
        self.sql("UPDATE cursors SET polled_at = NULL WHERE stream = 'store'")

    def settled(self, kind: str) -> int:
        """How many events of a type are done; BenchError when one is dead."""
        found = self.sql("SELECT type, state, count(*) FROM events GROUP BY type, state")
        dead = [(row[0], row[2]) for row in found if row[1] == "dead"]
        if dead:
            raise BenchError(f"dead events: {dead}")
        return sum(row[2] for row in found if row[0] == kind and row[1] == "done")

    def sql(self, statement: str) -> list[Any]:
        return self.rig.run_sql(statement, self.house.database_url)

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """The sandbox's record, oldest first, `at` as seconds of the wall clock; from a call's number on."""
        found: list[dict[str, Any]] = self.control("GET", f"/calls?since={since}")["calls"]
        for one in found:
            one["at"] = datetime.fromisoformat(one["time"]).timestamp()
        return found

    def forget_calls(self) -> None:
        self.control("DELETE", "/calls")

    def import_all(self, worker: Running, count: int, before: int = 0) -> None:
        """Polls idealo and waits until so many more orders are acknowledged there."""
        self.poll_idealo()
        until(lambda: self.settled("order.imported") >= before + count, worker, patience_s=240, every_s=0.2)

    def store_orders(self) -> list[tuple[str, str]]:
        """(idealo order id, store order id) of all imported orders, oldest first."""
        rows = self.sql("SELECT idealo_order_id, store_order_id FROM orders WHERE store_order_id <> '' ORDER BY id")
        return [(row[0], row[1]) for row in rows]

    def ship(self, store_order_id: str, number: int) -> None:
        parcel = {"carrier": "DHL", "tracking_code": f"0034043{number:013d}"}
        self.control("POST", f"/stores/{self.kind}/orders/{store_order_id}/ship", {"parcels": [parcel]})


def of_orders(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Calls made for single orders: all but lists, tokens and the upkeep of webhooks."""
    upkeep = [c for c in calls if "/webhooks" in c["path"] or (c["side"] == "idealo" and c["path"].endswith(LISTS))]
    numbers = {c["number"] for c in upkeep}
    return [c for c in calls if c["number"] not in numbers]
