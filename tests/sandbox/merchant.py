"""A merchant who talks to the sandbox as any client does, over HTTP."""

from dataclasses import dataclass, field
from typing import Any

import httpx

SHOP_ID = 318204
CLIENT_ID = "bridge-test"
SECRET = "s3cret-für-tests"


@dataclass
class Merchant:
    """One shop with its token."""

    http: httpx.AsyncClient
    shop_id: int = SHOP_ID
    client_id: str = CLIENT_ID
    secret: str = SECRET
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def register(self) -> None:
        body = {"shop_id": self.shop_id, "client_id": self.client_id, "client_secret": self.secret}
        answer = await self.http.post("/_sandbox/idealo/shops", json=body)
        assert answer.status_code == 201, answer.text
        await self.log_in()

    async def log_in(self) -> None:
        answer = await self.http.post("/api/v2/oauth/token", auth=basic(self.client_id, self.secret))
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]

    async def place(self, **body: Any) -> list[str]:
        answer = await self.http.post("/_sandbox/idealo/orders", json={"shop_id": self.shop_id, **body})
        assert answer.status_code == 201, answer.text
        ids: list[str] = answer.json()["ids"]
        return ids

    async def place_one(self, **body: Any) -> str:
        ids = await self.place(**{"count": 1, **body})
        return ids[0]

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(self._url(path), params=query or None, headers=self._headers())

    async def post(self, path: str, json: Any = None, content: bytes | None = None) -> httpx.Response:
        headers = self._headers()
        if content is not None:
            headers["Content-Type"] = "application/json"
            return await self.http.post(self._url(path), content=content, headers=headers)
        return await self.http.post(self._url(path), json=json, headers=headers)

    async def order(self, idealo_order_id: str) -> dict[str, Any]:
        answer = await self.get(f"orders/{idealo_order_id}")
        assert answer.status_code == 200, answer.text
        order: dict[str, Any] = answer.json()
        return order

    async def revoke(self, idealo_order_id: str, **body: Any) -> httpx.Response:
        return await self.post(f"orders/{idealo_order_id}/revocations", {"reason": "MERCHANT_DECLINE", **body})

    async def refund(self, idealo_order_id: str, amount: Any, currency: str = "EUR") -> httpx.Response:
        return await self.post(f"orders/{idealo_order_id}/refunds", {"refundAmount": amount, "currency": currency})

    async def turn(self, **knobs: Any) -> None:
        answer = await self.http.post("/_sandbox/knobs", json=knobs)
        assert answer.status_code == 200, answer.text

    async def wait(self, seconds: float) -> None:
        answer = await self.http.post("/_sandbox/clock", json={"advance_seconds": seconds})
        assert answer.status_code == 200, answer.text

    async def history(self, idealo_order_id: str) -> list[dict[str, Any]]:
        answer = await self.http.get(f"/_sandbox/idealo/orders/{idealo_order_id}")
        history: list[dict[str, Any]] = answer.json()["history"]
        return history

    def _url(self, path: str) -> str:
        return f"/api/v2/shops/{self.shop_id}/{path}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **self.headers}


def basic(client_id: str, secret: str) -> httpx.BasicAuth:
    return httpx.BasicAuth(client_id, secret)
