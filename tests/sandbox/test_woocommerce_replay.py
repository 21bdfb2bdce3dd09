"""Every recorded REST request is sent to the fake, in order, and the answers must be the recorded ones."""

from typing import Any

from tests.sandbox.woocommerce_lab import SITE, Lab, recorded_time, rest_recordings

# Chosen by dice, by the order of database rows, or by work the recordings do not show.
_FREE_VALUES = {"order_key", "payment_url", "related_ids", "tracking_id"}
_FREE_HEADERS = {"host", "date", "connection", "content-length"}


def _comparable(value: Any, path: str = "") -> Any:
    """The same document with times reduced to their presence and free values to their type."""
    if isinstance(value, dict):
        result: dict[str, Any] = {}
        for key, entry in value.items():
            if key in _FREE_VALUES:
                result[key] = type(entry).__name__
            elif key.startswith("date_") and path != "tracking":
                result[key] = None if entry is None else "time"
            else:
                result[key] = _comparable(entry, f"{path}/{key}")
        if result.get("key") in {"_date_fulfilled", "_wp_trash_meta_time"}:
            result["value"] = "time"
        return result
    if isinstance(value, list):
        rows = [_comparable(entry, path) for entry in value]
        return sorted(rows, key=lambda row: row["id"]) if path.endswith("/meta_data") else rows
    if isinstance(value, str):
        for word in ("/shipment-trackings/", "/notes/"):
            if word in value:
                return value.partition(word)[0] + word
    return value


def _key_order(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, _key_order(entry)) for key, entry in value.items()]
    if isinstance(value, list):
        return sorted((_key_order(entry) for entry in value if isinstance(entry, dict)), key=str)
    return None


async def _between(lab: Lab, name: str) -> None:
    """What was done in the recorded shop's back office, or without being recorded, before this request."""
    if name.startswith("036-"):
        await lab.ok("DELETE", "/orders/26")
        lab.woo.untrash("26")
    if name.startswith("051-"):
        # Numbers taken by the shop's own rows while AST was switched on.
        counters = lab.woo.shop.counters
        assert counters["order_meta"] == 81
    if name.startswith("059-"):
        lab.answer_with = 500
        for change in range(8):
            await lab.ok("PUT", "/orders/18", {"customer_note": f"change {change}"})
            await lab.deliver()


async def test_every_recorded_request_gets_the_recorded_answer() -> None:
    lab = Lab()
    seen = 0
    for name, entry in rest_recordings():
        lab.moment = recorded_time(entry)
        await _between(lab, name)
        request, expected = entry["request"], entry["response"]
        path = request["path"]
        if name.startswith("056-"):
            path = path.replace("40ebcce51e4beb78a4525dbe23878fd5", await _first_tracking(lab))
        answer = await lab.client.request(request["method"], path, json=request["body"])
        await lab.deliver()
        assert answer.status_code == expected["status"], (name, answer.text)
        shown, wanted = _comparable(answer.json()), _comparable(expected["body"])
        if "/notes" in path:
            shown["id"] = wanted["id"]  # the shop's own notes count too
        assert shown == wanted, name
        assert _key_order(answer.json()) == _key_order(expected["body"]), f"{name}: order of keys"
        assert _headers(answer.headers.multi_items(), name) == _headers(expected["headers"], name), name
        seen += 1
    assert seen == 59


async def _first_tracking(lab: Lab) -> str:
    trackings = await lab.client.get("/wp-json/wc-ast/v3/orders/33/shipment-trackings")
    return str(trackings.json()[0]["tracking_id"])


def _headers(pairs: Any, name: str) -> list[tuple[str, str]]:
    kept = [(key.lower(), value) for key, value in pairs if key.lower() not in _FREE_HEADERS]
    if "shipment-trackings" in name or "notes" in name:
        kept = [(key, value.rpartition("/")[0] if key == "location" else value) for key, value in kept]
    return kept


def test_the_site_of_the_recordings_is_the_one_the_lab_serves() -> None:
    assert SITE == "https://127.0.0.1:8081"
