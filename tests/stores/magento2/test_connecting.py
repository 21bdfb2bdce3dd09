"""Checking a connection and setting up our module, with well and badly run hosts."""

from typing import Any

import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.stores.magento2.checkup import own_address
from app.stores.magento2.settings import Credentials, Settings
from tests.factories import a_buyer, a_line
from tests.stores.asked import KANNE, WEBHOOK_SECRET, an_order
from tests.stores.magento2.shops import BASE, HOOK_URL, FakeShop


async def test_the_module_is_configured_once_and_repaired() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    findings = await adapter.ensure_webhooks(HOOK_URL)
    assert [(f.name, f.ok) for f in findings] == [("webhook", True)]
    shop.sent.clear()
    await adapter.ensure_webhooks(HOOK_URL)
    assert shop.sent == ["GET 200"]
    shop.store.disable_webhooks()
    assert "switched on" in (await adapter.ensure_webhooks(HOOK_URL))[0].detail
    rotated = shop.adapter(secrets=("n" * 48, WEBHOOK_SECRET))
    assert (await rotated.ensure_webhooks(HOOK_URL))[0].detail.endswith("secret entered")
    moved = HOOK_URL.replace("bridge", "moved")
    assert "address entered" in (await rotated.ensure_webhooks(moved))[0].detail
    options = shop.store.options()
    assert (options["webhook_url"], options["webhook_secret"], options["webhook_enabled"]) == (moved, "n" * 48, True)


async def test_without_the_module_a_finding_says_how_to_install_it_and_orders_go_on() -> None:
    shop = FakeShop(module="off")
    adapter = shop.adapter()
    (finding,) = await adapter.ensure_webhooks(HOOK_URL)
    assert (finding.name, finding.ok, finding.level) == ("module", True, "absent")
    assert "setup:upgrade" in finding.advice
    assert (await adapter.check()).ok
    made = await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    assert any("reserved no stock" in note for note in made.notes)


async def test_a_shop_told_to_import_through_the_module_refuses_without_it() -> None:
    adapter = FakeShop(module="off").adapter(Settings(import_route="module"))
    assert [f.name for f in (await adapter.check()).findings if not f.ok] == ["module"]
    with pytest.raises(Permanent) as caught:
        await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    assert caught.value.problem is Problem.UNSUPPORTED


async def test_a_check_of_a_healthy_shop_is_all_green() -> None:
    shop = FakeShop()
    before = len(shop.store.orders(None, None))
    checkup = await shop.adapter().check()
    assert checkup.ok, checkup.findings
    assert checkup.credentials == {"base_url": BASE, **shop.store.credentials()}
    assert {f.name for f in checkup.findings} >= {"address", "token", "store view", "reading", "writing", "stock"}
    assert len(shop.store.orders(None, None)) == before


@pytest.mark.parametrize(
    ("options", "credentials", "name"),
    [
        ({}, {"consumer_secret": "wrong"}, "token"),
        ({"clock_behind_seconds": 3600}, {}, "token"),
        ({"denied_resources": ["Magento_Sales::cancel"]}, {}, "writing"),
        ({"denied_resources": ["Magento_Sales::actions_view"]}, {}, "reading"),
        ({"waf": "403"}, {}, "token"),
        ({"waf": "503"}, {}, "address"),
        ({}, {"base_url": "http://127.0.0.1:8100/nothing"}, "address"),
    ],
    ids=str,
)
async def test_a_check_says_what_is_wrong_and_what_to_do(
    options: dict[str, Any], credentials: dict[str, str], name: str
) -> None:
    shop = FakeShop(**options)
    given = {**shop.store.credentials(), **credentials}
    checkup = await shop.adapter(None, given).check()
    wrong = [f for f in checkup.findings if not f.ok]
    assert name in [f.name for f in wrong]
    assert all(f.advice for f in wrong)
    assert shop.store.credentials()["consumer_secret"] not in str(checkup.findings)


async def test_a_host_without_rewrites_is_found_under_index_php() -> None:
    shop = FakeShop(base_path="/index.php")
    checkup = await shop.adapter().check()
    assert checkup.ok, checkup.findings
    assert checkup.credentials["base_url"] == f"{BASE}/index.php"
    adapter = shop.adapter(None, dict(checkup.credentials))
    made = await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    assert (await adapter.fetch_order(made.store_order_id)).total == made.total


async def test_a_bearer_token_works_only_where_the_shop_allows_it() -> None:
    for allowed in ("allowed", "refused"):
        shop = FakeShop(bearer=allowed)
        adapter = shop.adapter(None, {"bearer_token": shop.store.credentials()["access_token"]})
        assert (await adapter.check()).ok is (allowed == "allowed")


async def test_an_unknown_store_view_is_named() -> None:
    checkup = await FakeShop().adapter(Settings(store_view="nowhere")).check()
    wrong = [f for f in checkup.findings if not f.ok]
    assert [f.name for f in wrong] == ["store view"]
    assert "default" in wrong[0].advice


@pytest.mark.parametrize(("waf", "expected"), [("403", Permanent), ("503", Retryable)])
async def test_a_firewall_is_translated(waf: str, expected: type[Exception]) -> None:
    shop = FakeShop(waf=waf)
    with pytest.raises(expected):
        await shop.adapter().fetch_order("18")


VIEWS: list[dict[str, Any]] = [
    {"id": 1, "code": "de", "base_url": "http://shop.example/", "secure_base_url": "https://shop.example/"},
    {"id": 2, "code": "at", "base_url": "http://shop.example.at/", "secure_base_url": "https://shop.example.at/"},
]


@pytest.mark.parametrize(
    ("base", "store_view", "expected"),
    [
        ("https://shop.example.at", "", "https://shop.example.at"),
        ("https://shop.example.at", "de", "https://shop.example.at"),
        ("http://shop.example.at", "", "https://shop.example.at"),
        ("https://www.shop.example", "at", "https://shop.example.at"),
        ("https://www.shop.example", "", "https://shop.example"),
        ("https://www.shop.example", "nowhere", ""),
    ],
)
def test_the_address_of_one_website_is_not_swapped_for_anothers(base: str, store_view: str, expected: str) -> None:
    assert own_address(VIEWS, base, Settings(store_view=store_view)) == expected


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("shop.example/rest/V1", "https://shop.example"),
        (" https://shop.example/de/ ", "https://shop.example/de"),
        ("https://shop.example/admin/dashboard", "https://shop.example"),
        ("http://127.0.0.1:8083/index.php/rest/all/V1", "http://127.0.0.1:8083/index.php"),
    ],
)
def test_an_address_is_tidied(entered: str, kept: str) -> None:
    assert Credentials(base_url=entered, bearer_token="t").base_url == kept


@pytest.mark.parametrize(
    "given",
    [
        {}, {"consumer_key": "a"}, {"consumer_key": "a", "consumer_secret": "b", "access_token": "c"},
        {"bearer_token": "t\nX: y"}, {"bearer_token": "t", "consumer_key": "a"},
    ],
)  # fmt: skip
def test_incomplete_credentials_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="value"):
        Credentials(base_url="https://shop.example", **given)


def test_credentials_do_not_show_their_secrets() -> None:
    shop = FakeShop()
    key = Credentials(base_url=BASE, **shop.store.credentials())
    assert not any(secret in repr(key) for secret in shop.store.credentials().values())
