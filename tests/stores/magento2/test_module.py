"""The module that runs inside the shop: its files fit together, and its plain parts agree with our verifier."""

import base64
import hashlib
import hmac
import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import SignatureInvalid
from app.ports import Delivery
from app.stores.magento2 import module, webhook
from tests.stores.magento2.php import MODULE, PHP, PHP_FILES, configuration, printed, says_so
from tests.stores.magento2.test_webhook import BODY, NAME, SECRET, SENT_AT, SIGNATURE, signed

# What php 8.2 answered on 2026-11-23; stands in where no php is installed.
RECORDED = {
    "signature": SIGNATURE,
    "mark": "fe48d5bf58cf1c01",
    "payload": BODY.decode(),
    "waits": [60, 300, 900, 3600, 21600, 86400, None],
}
SCRIPT = """
foreach (['Signature', 'Payload', 'Backoff'] as $name) { require $argv[1] . '/Wire/' . $name . '.php'; }
$in = json_decode(stream_get_contents(STDIN), true, 8, JSON_THROW_ON_ERROR);
$sign = new Idealo\\Connector\\Wire\\Signature();
$pay = new Idealo\\Connector\\Wire\\Payload();
$back = new Idealo\\Connector\\Wire\\Backoff();
$out = ['signatures' => [], 'waits' => []];
foreach ($in['cases'] as $c) {
    $body = base64_decode($c['body'], true);
    $out['signatures'][] = $sign->of($c['secret'], $c['timestamp'], $c['delivery'], $body);
}
$out['signature'] = $out['signatures'][0];
$out['mark'] = $sign->mark($in['cases'][0]['secret']);
$out['payload'] = $pay->build('shipment.track.saved', 'demo', 42, '000000042', 'IDE123AB', 'track', 7, 5);
$out['other'] = $pay->build('order.canceled', "sch\\xf6n/\\u{fc}", 42, '000000042', 'IDE"1', 'order', 42);
$out['ping'] = $pay->ping('demo');
for ($n = 1; $n <= 7; $n++) { $out['waits'][] = $back->wait($n); }
$out['taken'] = array_map([$back, 'delivered'], [0, 199, 200, 202, 299, 300, 410, 500]);
$out['headers'] = $sign->headers($in['cases'][0]['secret'], 1767225600, 'd', 'ping', '{}', '1.0.0 magento2/2.4.6');
$out['empty'] = 'signed';
try { $sign->of('', 1, 'd', ''); } catch (InvalidArgumentException $e) { $out['empty'] = 'refused'; }
echo json_encode($out, JSON_THROW_ON_ERROR);
"""


def cases() -> list[dict[str, Any]]:
    bodies = [BODY, b"", b"{}", "Grüße 🎁".encode(), bytes(range(256)), b"x" * 65536]
    return [
        {"secret": secret, "timestamp": SENT_AT + n, "delivery": NAME, "body": body}
        for n, (body, secret) in enumerate([(b, s) for b in bodies for s in (SECRET, "ä&b", "0")])
    ]


def run() -> dict[str, Any]:
    given = [{**c, "body": base64.b64encode(c["body"]).decode()} for c in cases()]
    return printed("-r", SCRIPT, "--", str(MODULE), given={"cases": given})


def delivered(body: bytes, signature: str, sent_at: int) -> Delivery:
    headers = {
        "x-idealo-connector-signature": signature,
        "x-idealo-connector-timestamp": str(sent_at),
        "x-idealo-connector-delivery": NAME,
        "x-idealo-connector-event": "ping",
    }
    return Delivery(headers=headers, body=body, received_at=datetime.fromtimestamp(sent_at, UTC))


def test_the_shops_signatures_and_ours_are_the_same_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    if PHP is None:
        says_so(capsys, "the signature")
        webhook.verify(delivered(BODY, str(RECORDED["signature"]), SENT_AT), [SECRET])
        assert module.mark_of(SECRET) == RECORDED["mark"]
        return
    answered = run()
    for case, signature in zip(cases(), answered["signatures"], strict=True):
        assert signature == signed(case["body"], case["secret"], case["timestamp"])
        webhook.verify(delivered(case["body"], signature, case["timestamp"]), ["another", case["secret"]])
        with pytest.raises(SignatureInvalid):
            webhook.verify(delivered(case["body"] + b" ", signature, case["timestamp"]), [case["secret"]])
    assert {name: answered[name] for name in RECORDED} == RECORDED
    assert answered["mark"] == module.mark_of(SECRET)
    assert answered["empty"] == "refused"


def test_the_payload_the_headers_and_the_back_off_are_as_agreed(capsys: pytest.CaptureFixture[str]) -> None:
    if PHP is None:
        says_so(capsys, "the payload")
        assert webhook.read(delivered(str(RECORDED["payload"]).encode(), SIGNATURE, SENT_AT)).order_id is None
        return
    answered = run()
    assert answered["payload"] == BODY.decode()
    assert json.loads(answered["other"])["entity"] == {"type": "order", "id": 42}
    assert json.loads(answered["ping"]) == {"schema": 1, "event": "ping", "store": "demo"}
    assert answered["taken"] == [False, False, True, True, True, False, False, False]
    headers = {name.lower(): value for name, value in answered["headers"].items()}
    mac = hmac.new(SECRET.encode(), b"v1:1767225600:d:{}", hashlib.sha256).hexdigest()
    assert headers["x-idealo-connector-signature"] == f"v1={mac}"
    assert headers["content-type"] == "application/json"
    assert headers["x-idealo-connector-key-id"] == module.mark_of(SECRET)


@pytest.mark.parametrize("file", PHP_FILES, ids=lambda f: str(f.relative_to(MODULE)))
def test_every_php_file_is_well_formed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("<?php\ndeclare(strict_types=1);\n")
    assert text.count("{") == text.count("}")
    if file.parent != MODULE:
        folder = "\\".join(file.parent.relative_to(MODULE).parts)
        assert f"namespace Idealo\\Connector\\{folder};" in text
        assert re.search(rf"^(final )?(class|interface) {file.stem}\b", text, re.MULTILINE)
    if PHP is None:
        says_so(capsys, f"{file.name}'s outline")
        return
    done = subprocess.run([PHP, "-l", str(file)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_every_class_the_configuration_names_is_there() -> None:
    named = set()
    for file in (MODULE / "etc").rglob("*.xml"):
        for element in configuration(str(file.relative_to(MODULE / "etc"))).iter():
            named |= {v for v in element.attrib.values() if v.startswith("Idealo\\Connector\\")}
    known = {"\\".join(("Idealo", "Connector", *f.relative_to(MODULE).with_suffix("").parts)) for f in PHP_FILES}
    assert named <= known
    assert len(named) >= 15


def test_every_route_has_its_method_and_our_resource() -> None:
    routes = configuration("webapi.xml").findall("route")
    assert len(routes) == 5
    for route in routes:
        service, resource = route.find("service"), route.find("resources/resource")
        assert service is not None
        assert resource is not None
        assert resource.attrib["ref"] == "Idealo_Connector::connector"
        file = MODULE.joinpath(*service.attrib["class"].split("\\")[2:]).with_suffix(".php")
        assert f"function {service.attrib['method']}(" in file.read_text(encoding="utf-8")


def test_the_schema_and_its_whitelist_name_the_same() -> None:
    whitelist = json.loads((MODULE / "etc" / "db_schema_whitelist.json").read_text(encoding="utf-8"))
    for table in configuration("db_schema.xml").findall("table"):
        listed = whitelist[table.attrib["name"]]
        assert {c.attrib["name"] for c in table.findall("column")} == set(listed["column"])
        assert {c.attrib["referenceId"] for c in table.findall("constraint")} == set(listed["constraint"])
        assert {c.attrib["referenceId"] for c in table.findall("index")} == set(listed.get("index", {}))


def test_the_plain_parts_know_nothing_of_magento() -> None:
    for file in (MODULE / "Wire").glob("*.php"):
        assert "use Magento" not in file.read_text(encoding="utf-8")


def test_no_observer_waits_for_a_commit_that_may_not_come() -> None:
    events = {e.attrib["name"] for e in configuration("events.xml").findall("event")}
    assert all(name.endswith("_save_after") for name in events)
    assert len(events) == 4
