"""The fake Magento behind a real server: escaped slashes, signatures over its address, the sandbox's controls."""

from datetime import UTC, datetime
from typing import Any

import httpx

from sandbox.stores.magento2 import FakeMagento2
from sandbox.world import World
from tests.sandbox.magento2_lab import Lab, order_entity
from tests.sandbox.served import served


def test_signed_calls_and_merchant_actions_over_a_socket() -> None:
    signer = Lab()
    signer.moment = datetime.now(UTC)
    world = World()
    shop = world.stores["magento2"]
    assert isinstance(shop, FakeMagento2)
    with served(world) as site, httpx.Client(trust_env=False) as client:

        def call(method: str, path: str, body: Any = None) -> httpx.Response:
            address = f"{site}/stores/magento2/rest/all/V1{path}"
            return client.request(method, address, json=body, headers={"Authorization": signer.sign(method, address)})

        assert call("GET", "/products/KB%2F2-45").json()["sku"] == "KB/2-45"
        views = call("GET", "/store/storeConfigs").json()
        assert views[0]["base_url"] == f"{site}/stores/magento2/"
        assert views[0]["base_currency_code"] == "EUR"
        created = call("POST", "/idealo-connector/orders", {"order": order_entity([("100000", 2)]), "invoice": True})
        assert created.json()["order_id"] == 1
        control = f"{site}/_sandbox/stores/magento2/orders"
        parcels = {"parcels": [{"carrier": "DHL", "tracking_code": "JJD0001"}]}
        assert client.post(f"{control}/1/ship", json=parcels).status_code == 200
        returned = client.post(f"{control}/1/return", json={"lines": [{"sku": "100000", "quantity": 1}]})
        assert returned.json()["orders"][0]["lines"][0]["returned"] == 1
        refused = client.post(f"{control}/1/cancel", json={})
        assert refused.status_code == 409
        found = client.get(control, params={"idealo_order_id": "IDE123AB"}).json()["orders"]
        assert [(order["number"], order["state"]) for order in found] == [("000000001", "complete")]
        assert client.post(f"{site}/_sandbox/reset").is_success
        assert client.get(control).json()["orders"] == []
        assert len(shop.products()) == 15
