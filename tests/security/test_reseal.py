"""A rotation of the master key can be finished: afterwards the old one opens nothing that is still there."""

import base64

import pytest
from sqlalchemy import text

from app.bootstrap import Bridge
from app.config import Settings
from app.sync import reseal as resealing
from app.sync.erase import show_buyer
from app.sync.reseal import reseal
from app.wire.vault import Vault
from tests.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.ledger.books import superuser, two_stores
from tests.ledger.test_erasure import keep_a_body

OLD, NEW = bytes(range(32)), bytes(reversed(range(32)))


def text_of(*keys: bytes) -> str:
    return ",".join(base64.urlsafe_b64encode(key).decode() for key in keys)


def under(settings: Settings, clock: Clock, *keys: bytes) -> Bridge:
    given = {**settings.model_dump(), "master_keys": text_of(*keys)}
    return Bridge(Settings.model_validate(given), queue=MemoryQueue(), now=clock)


async def test_a_rotation_is_finished_by_sealing_everything_anew(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)
    old = under(settings, clock, OLD)
    orders = await two_stores(old, clock)
    async with old.engine.begin() as connection:
        await connection.execute(text("UPDATE stores SET sealed = :s"), {"s": old.deps.vault.seal({"a": "secret"})})
    await keep_a_body(old, clock, "shop/one")
    async with superuser(old) as connection:
        await connection.execute(text("UPDATE deliveries SET body = :b"), {"b": old.deps.vault.seal_bytes(b"body")})
        before = old.deps.vault.seal(orders[0].idealo_order_id)
        await connection.execute(
            text("UPDATE buyers SET sealed = :s, sealed_key = NULL WHERE order_id = :id"),
            {"s": before, "id": orders[0].id},
        )
    await old.aclose()
    both = under(settings, clock, NEW, OLD)
    done = {one.kind: (one.records, one.resealed, one.unreadable) for one in await reseal(both.deps)}
    assert done == {"stores": (2, 2, 0), "buyers": (2, 2, 0), "old buyers": (1, 1, 0), "deliveries": (1, 1, 0)}
    assert {one.resealed for one in await reseal(both.deps)} == {0}, "once is enough"
    await both.aclose()
    new = under(settings, clock, NEW)
    shown = await show_buyer(new.deps, orders[1], "erika")
    assert shown.matches is True
    async with new.engine.connect() as connection:
        [body] = await connection.execute(text("SELECT body FROM deliveries"))
        stores = list(await connection.execute(text("SELECT sealed FROM stores")))
        [bare] = await connection.execute(text("SELECT sealed FROM buyers WHERE sealed_key IS NULL"))
    assert new.deps.vault.open_bytes(body.body) == b"body"
    assert [new.deps.vault.open(row.sealed) for row in stores] == [{"a": "secret"}] * 2
    assert new.deps.vault.open(bare.sealed) == orders[0].idealo_order_id
    await new.aclose()


async def test_what_no_key_opens_is_counted_and_left_alone(settings: Settings, clock: Clock) -> None:
    old = under(settings, clock, OLD)
    await two_stores(old, clock)
    await old.aclose()
    new = under(settings, clock, NEW)
    done = {one.kind: (one.records, one.resealed, one.unreadable) for one in await reseal(new.deps)}
    assert done["buyers"] == (3, 0, 3)
    await new.aclose()


def test_a_record_under_the_first_key_is_not_sealed_again() -> None:
    vault = Vault((NEW, OLD))
    assert vault.reseal(vault.seal({"a": 1})) is None
    anew = vault.reseal(Vault((OLD,)).seal({"a": 1}))
    assert anew is not None
    assert Vault((NEW,)).open(anew) == {"a": 1}
