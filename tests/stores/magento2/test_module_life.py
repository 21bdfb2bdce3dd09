"""The module at work under php, in a shop in memory: what it notes, sends, tries again and gives up."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.ports import Delivery
from app.stores.magento2 import webhook
from tests.stores.magento2.php import MODULE, PHP, PHP_FILES, configuration, printed, says_so
from tests.stores.magento2.test_webhook import SECRET

SCRIPT = Path(__file__).parent / "shop_around_the_module.php"
TOLD = "the bridge finds by polling what they told"


@cache
def life() -> dict[str, Any]:
    return printed(str(SCRIPT), str(MODULE))


def cannot_run(capsys: pytest.CaptureFixture[str], what: str) -> bool:
    """Without php only the script's own outline can be looked at."""
    if PHP is None:
        says_so(capsys, what)
        assert "Idealo\\Connector" in SCRIPT.read_text(encoding="utf-8")
    return PHP is None


def test_every_class_keeps_what_its_interface_promises(capsys: pytest.CaptureFixture[str]) -> None:
    if cannot_run(capsys, "what the classes promise"):
        return
    assert life()["classes"] == len(PHP_FILES) - 1  # all but registration.php


def test_what_happens_to_idealos_orders_is_noted_once_under_the_first_of_their_chain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    if cannot_run(capsys, "what is noted"):
        return
    noted = life()["noted"]
    assert [event for event, _ in noted] == [
        "shipment.saved",
        "shipment.track.saved",
        "creditmemo.saved",
        "order.canceled",
        "order.state_changed",
        "order.state_changed",
    ]
    first = {"entity_id": 1, "increment_id": "000000001", "ext_order_id": "IDE1"}
    assert all(body["order"] == first for _, body in noted)
    assert noted[1][1]["entity"] == {"type": "track", "id": 3, "parent_id": 7}
    assert noted[5][1]["entity"] == {"type": "order", "id": 2}


def test_a_process_that_lives_on_notes_the_next_change_of_the_same_thing(capsys: pytest.CaptureFixture[str]) -> None:
    if cannot_run(capsys, "a second note"):
        return
    assert life()["noted_again_later"] == 1
    assert life()["noted_while_off"] == 0


def test_a_note_that_fails_breaks_no_save(capsys: pytest.CaptureFixture[str]) -> None:
    if cannot_run(capsys, "a failing note"):
        return
    assert life()["logged"] == ["idealo Connector: shipment.saved was not noted: table is gone"]


def test_every_attempt_is_signed_anew_and_keeps_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    if cannot_run(capsys, "an attempt"):
        return
    seen = life()
    assert seen["sent_before_its_time"] == 0
    waiting, sent = seen["after_500"], seen["after_202"]
    assert (waiting["status"], waiting["attempts"], waiting["last_answer"]) == ("waiting", 1, "HTTP 500")
    assert waiting["next_attempt_at"] - waiting["created_at"] == 10 + 60
    assert (sent["status"], sent["attempts"]) == ("sent", 2)
    keys, signatures = set(), set()
    for attempt in seen["attempts"]:
        headers = attempt["headers"]
        at = datetime.fromtimestamp(int(headers["x-idealo-connector-timestamp"]), UTC)
        delivery = Delivery(headers=headers, body=attempt["body"].encode(), received_at=at)
        webhook.verify(delivery, ["a newer one", SECRET])
        notice = webhook.read(delivery)
        assert (notice.topic, notice.order_id) == ("shipment.saved", "1")
        keys.add(notice.key)
        signatures.add(headers["x-idealo-connector-signature"])
    assert (len(keys), len(signatures)) == (1, 2)
    assert SECRET not in seen["sealed"]
    assert seen["after_cleaning"] == 0


def test_a_bridge_that_does_not_answer_holds_up_one_attempt_per_run(capsys: pytest.CaptureFixture[str]) -> None:
    if cannot_run(capsys, "silence"):
        return
    assert life()["silent"] == [1, [1, 0, 0]]
    assert life()["given_up"] == [["dead"] * 3, [7] * 3, [f"webhooks given up: 1; {TOLD}"] * 3]


def test_staff_hear_once_of_all_that_were_given_up_in_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    if cannot_run(capsys, "giving up"):
        return
    assert life()["refused"] == [["dead"] * 3, [f"webhooks given up: 3; {TOLD}"]]


def test_a_bridge_that_is_gone_is_not_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    if cannot_run(capsys, "a bridge that is gone"):
        return
    assert life()["gone"] == [1, ["dead", "waiting"], False, 1]


def test_the_jobs_run_in_a_group_that_is_defined_and_has_its_own_process() -> None:
    used = {group.attrib["id"] for group in configuration("crontab.xml").findall("group")}
    groups = {group.attrib["id"]: group for group in configuration("cron_groups.xml").findall("group")}
    assert used == set(groups)
    assert all(group.findtext("use_separate_process") == "1" for group in groups.values())


def test_the_secret_is_encrypted_in_the_admin_and_left_out_of_dumps() -> None:
    fields = {f.attrib["id"]: f for f in configuration("adminhtml/system.xml").iter("field")}
    assert fields["secret"].attrib["type"] == "obscure"
    assert fields["secret"].findtext("backend_model") == "Magento\\Config\\Model\\Config\\Backend\\Encrypted"
    sensitive = configuration("di.xml").find(".//argument[@name='sensitive']")
    assert sensitive is not None
    assert [item.attrib["name"] for item in sensitive] == ["idealo_connector/webhook/secret"]


def test_no_order_is_loaded_while_it_is_being_saved() -> None:
    for name in ("Outbox", "OrderFacts"):
        assert "OrderRepository" not in (MODULE / "Model" / f"{name}.php").read_text(encoding="utf-8")
