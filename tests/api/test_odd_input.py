"""Whatever is sent, the answer is a refusal with a reason or a success: never a bug."""

import json
import random
from typing import Any

import httpx

from tests.api.client import connected

SEED = 20261123
ODD_VALUES: tuple[Any, ...] = (
    None, "", "x" * 5000, 0, -1, 2**70, 1e308, True, [], {}, ["a"], {"a": None}, "\0", "\ud800", "\u202e", "' OR 1=1--",
    "%s{}", "../../x", [[[[[[[[[[[[1]]]]]]]]]]]], float("nan"), "\U0001f600" * 300,
)  # fmt: skip
ODD_TEXTS = ("", "x", "\0", "1", "-1", "9" * 40, "2026-11-23", "%ff", "0001-01-01", "9999-12-31T23:59:59+00:00")
FIELDS = ("kind", "name", "credentials", "idealo", "settings", "webhook_secrets", "reason", "store_id", "order_id",
          "idealo_sku", "store_sku", "secret")  # fmt: skip
CALLS_OUT = ("/check", "/webhooks")
"""Left out: they would call a shop that is not there."""


async def test_no_odd_input_makes_a_bug(client: httpx.AsyncClient) -> None:
    dice = random.Random(SEED)
    print(f"seed {SEED}")
    store = await connected(client)
    document = (await client.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.endswith(CALLS_OUT) or path == "/readyz":
                continue
            for _ in range(8):
                answer = await client.request(method, odd_path(dice, path, store["id"]), **odd_call(dice, operation))
                assert answer.status_code < 500, (method, str(answer.request.url), answer.request.content, answer.text)


def odd_path(dice: random.Random, path: str, store_id: str) -> str:
    values: dict[str, list[Any]] = {
        "store_id": [store_id, "x", "%00", "%ff"],
        "order_id": [1, 0, -1, "x", 2**80],
        "event_id": [1, "x", 2**63],
        "number": [1, 3, "x"],
    }
    for name, choices in values.items():
        path = path.replace(f"{{{name}}}", str(dice.choice(choices)))
    return path


def odd_call(dice: random.Random, operation: dict[str, Any]) -> dict[str, Any]:
    names = [parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"]
    query = {name: dice.choice(ODD_TEXTS) for name in names if dice.random() < 0.5}
    if "check" in names:
        query["check"] = "false"
    if "requestBody" not in operation:
        return {"params": query}
    body = {name: dice.choice(ODD_VALUES) for name in FIELDS if dice.random() < 0.3}
    content = json.dumps(body if dice.random() < 0.7 else dice.choice(ODD_VALUES)).encode()
    return {"params": query, "content": content, "headers": {"Content-Type": "application/json"}}
