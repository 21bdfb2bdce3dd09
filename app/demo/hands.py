"""The hands of the demonstration: the admin API as an operator, the sandbox as idealo, buyer and merchant."""

from typing import Any

from app.domain.errors import Permanent, Retryable
from app.wire.http import Http

SHOP = {"shop_id": 318204, "client_id": "demo-client", "client_secret": "demo-secret"}


class Hands:
    """Calls over HTTP only: what works here works for everybody."""

    def __init__(self, http: Http, api_url: str, sandbox_url: str, token: str, kind: str) -> None:
        self._http = http
        self._admin = f"{api_url}/admin/v1"
        self._sandbox = f"{sandbox_url}/_sandbox"
        self._sandbox_url = sandbox_url
        self._bearer = {"Authorization": f"Bearer {token}"}
        self.kind = kind

    async def admin(self, method: str, path: str, body: object = None) -> Any:
        """One call to the admin API. Raises Retryable and Permanent."""
        answer = await self._http.send(method, f"{self._admin}{path}", headers=self._bearer, json_body=body)
        return answer.json() if answer.body else None

    async def sandbox(self, method: str, path: str, body: object = None) -> Any:
        """One call to the sandbox's controls. Raises Retryable and Permanent."""
        return (await self._http.send(method, f"{self._sandbox}{path}", json_body=body)).json()

    async def connect(self) -> str:
        """Registers a shop at the sandbox's idealo and connects the sandbox's store; answers the store's id."""
        await self.sandbox("POST", "/idealo/shops", SHOP)
        credentials = (await self.sandbox("GET", "/stores"))[self.kind]
        store: dict[str, Any] = await self.admin(
            "POST",
            "/stores",
            {
                "kind": self.kind,
                "name": f"Sandbox {self.kind}",
                "credentials": {**credentials, "base_url": f"{self._sandbox_url}/stores/{self.kind}"},
                "idealo": {
                    "client_id": SHOP["client_id"],
                    "client_secret": SHOP["client_secret"],
                    "base_url": self._sandbox_url,
                },
                "settings": {"tracking_grace_minutes": 1},
            },
        )
        await self.admin("POST", f"/stores/{store['id']}/webhooks")
        return str(store["id"])

    async def place(self, lines: list[dict[str, object]]) -> str:
        """A buyer orders at idealo, paid with idealo's own payment method; answers the idealo order id."""
        placed = await self.sandbox("POST", "/idealo/orders", {"shop_id": SHOP["shop_id"], "lines": lines})
        return str(placed["ids"][0])

    async def merchant(self, action: str, idealo_order_id: str, body: object) -> None:
        """ship, cancel, return or refund in the shop."""
        found = await self.sandbox("GET", f"/stores/{self.kind}/orders?idealo_order_id={idealo_order_id}")
        store_order_id = found["orders"][0]["store_order_id"]
        await self.sandbox("POST", f"/stores/{self.kind}/orders/{store_order_id}/{action}", body)

    async def order(self, idealo_order_id: str) -> dict[str, Any] | None:
        """The bridge's own view of an order with its timeline; None before it knows it."""
        try:
            found = await self.admin("GET", f"/orders?idealo_order_id={idealo_order_id}")
            if not found["items"]:
                return None
            order: dict[str, Any] = await self.admin("GET", f"/orders/{found['items'][0]['id']}")
        except (Retryable, Permanent):
            return None
        return order
