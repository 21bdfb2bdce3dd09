"""Buyers are erased and old content goes; the books verify as before, and nothing comes back."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.bootstrap import Bridge
from app.domain.buyer import Buyer
from app.domain.chain import commitment_to
from app.domain.events import OrderPlaced, OrderRevoked
from app.ledger.records import OrderRecord
from app.ledger.tables import DeliveryRow
from app.ledger.views import Views
from app.sync.erase import StillNeededError, erase, seal_buyer, show_buyer
from app.sync.observe import look_at_idealo_order
from app.sync.replay import preview
from app.sync.retention import Keep, retain
from app.sync.verify import verify_ledger
from tests.clock import Clock
from tests.factories import a_buyer, a_purchase, an_idealo_order
from tests.ledger.books import a_year_later, settle_and_close, superuser, two_stores

EVERYTHING = Keep(deliveries=30, buyers=180, events=200)


async def erased(bridge: Bridge, order: OrderRecord) -> None:
    assert (await erase(bridge.deps, order, "erika", "asked for")).done


async def test_an_erased_buyer_is_gone_and_the_books_hold(bridge: Bridge, clock: Clock) -> None:
    [order, *_] = await two_stores(bridge, clock)
    shown = await show_buyer(bridge.deps, order, "erika")
    assert shown.matches is True
    assert shown.buyer == a_buyer().model_dump(mode="json")
    assert commitment_to(shown.buyer, bytes.fromhex(shown.salt or "")).hex() == shown.commitment
    await settle_and_close(bridge, order, clock)
    await keep_a_body(bridge, clock, f"idealo/{order.idealo_order_id}/x")
    await keep_a_body(bridge, clock, f"idealo/{order.idealo_order_id}1/x")
    await erased(bridge, order)
    async with bridge.engine.connect() as connection:
        [row] = await connection.execute(text("SELECT * FROM buyers WHERE order_id = :id"), {"id": order.id})
        assert (row.sealed, row.sealed_key, row.erased_by, row.erase_reason) == (None, None, "erika", "asked for")
        bodies = await connection.execute(text("SELECT body IS NULL AS gone FROM deliveries ORDER BY id"))
        assert [one.gone for one in bodies] == [True, False], "only of this order"
    clock.pass_time(minutes=1)
    again = await erase(bridge.deps, order, "anna", "once more")
    assert (again.done, again.erased_by, again.reason, again.erased_at) == (False, "erika", "asked for", row.erased_at)
    assert (await show_buyer(bridge.deps, order, "erika")).buyer is None
    assert (await verify_ledger(bridge.deps)).holds


async def keep_a_body(bridge: Bridge, clock: Clock, key: str) -> None:
    row = DeliveryRow(
        store_id="shop-1", key=key, topic="idealo.unreadable", headers={}, body_sha256="x", body_size=1, body=b"sealed",
        received_at=clock(), looked_at=clock(),
    )  # fmt: skip
    async with bridge.deps.ledger() as book:
        await book.keep_answer(row)


async def test_idealo_shows_an_erased_buyer_again_in_vain(bridge: Bridge, clock: Clock) -> None:
    [order, *_] = await two_stores(bridge, clock)
    await settle_and_close(bridge, order, clock)
    await erased(bridge, order)
    async with bridge.deps.ledger() as book:
        store = await book.store("shop-1")
    assert store is not None
    snapshot = an_idealo_order(a_purchase(idealo_order_id="A1"), status="COMPLETED")
    await look_at_idealo_order(bridge.deps, store, snapshot, "poll")
    async with bridge.deps.ledger() as book:
        kept = await book.buyer(order.id)
    assert kept is not None
    assert (kept.sealed, kept.erased_by) == (None, "erika")


async def test_a_buyer_is_needed_until_the_order_is_in_the_store(bridge: Bridge, clock: Clock) -> None:
    [order, *_] = await two_stores(bridge, clock)
    with pytest.raises(StillNeededError, match="settle event 1 first"):
        await erase(bridge.deps, order, "erika", "asked for")
    async with bridge.engine.begin() as connection:
        await connection.execute(text("UPDATE orders SET store_order_id = '18' WHERE id = :id"), {"id": order.id})
    await erased(bridge, order)


async def test_a_new_order_commits_to_its_buyer_once(bridge: Bridge, clock: Clock) -> None:
    await two_stores(bridge, clock)
    async with bridge.deps.ledger() as book:
        store = await book.store("shop-1")
    assert store is not None
    snapshot = an_idealo_order(a_purchase(idealo_order_id="NEW"))
    order = await look_at_idealo_order(bridge.deps, store, snapshot, "poll")
    assert order is not None
    other = snapshot.model_copy(update={"buyer": a_buyer(email="other@checkout.idealo.de"), "status": "COMPLETED"})
    await look_at_idealo_order(bridge.deps, store, other, "poll")
    shown = await show_buyer(bridge.deps, order, "erika")
    assert shown.matches is True
    assert Buyer.model_validate(shown.buyer) == a_buyer()


async def test_a_buyer_sealed_by_an_older_version_still_opens(bridge: Bridge, clock: Clock) -> None:
    [order, *_] = await two_stores(bridge, clock)
    sealed = bridge.deps.vault.seal(a_buyer().model_dump(mode="json"))
    async with superuser(bridge) as connection:
        await connection.execute(
            text("UPDATE buyers SET sealed = :s, sealed_key = NULL WHERE order_id = :id"), {"s": sealed, "id": order.id}
        )
    shown = await show_buyer(bridge.deps, order, "erika")
    assert (shown.buyer, shown.matches) == (a_buyer().model_dump(mode="json"), None)


async def test_two_equal_buyers_have_nothing_in_common(bridge: Bridge) -> None:
    one, two = seal_buyer(bridge.deps.vault, a_buyer()), seal_buyer(bridge.deps.vault, a_buyer())
    assert one.commitment != two.commitment
    assert len({one.sealed, two.sealed, one.sealed_key, two.sealed_key}) == 4


async def test_retention_counts_first_and_takes_only_what_is_over(bridge: Bridge, clock: Clock) -> None:
    [over, other, open_] = await two_stores(bridge, clock)
    await keep_a_body(bridge, clock, "seen")
    async with bridge.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO deliveries (store_id, key, topic, headers, body_sha256, body_size, received_at) "
                "VALUES ('shop-1', 'unseen', 't', '{}', 'x', 1, '2020-01-01Z')"
            )
        )
    await a_year_later(bridge, [over], clock)
    await settle_and_close(bridge, other, clock)
    for apply, done in ((False, (0, 0, 0)), (True, (1, 1, 12)), (True, (0, 0, 0))):
        outcomes = await retain(bridge.deps, EVERYTHING, apply=apply)
        assert tuple(one.done for one in outcomes) == done
        assert apply or tuple(one.due for one in outcomes) == (1, 1, 12)
    verdict = await verify_ledger(bridge.deps)
    assert verdict.holds, verdict.wrong
    assert [(s.facts, s.reduced) for s in verdict.stretches] == [(12, 6), (6, 6)]
    assert (await show_buyer(bridge.deps, over, "erika")).erased_by == "retention"
    assert (await show_buyer(bridge.deps, other, "erika")).buyer
    assert (await show_buyer(bridge.deps, open_, "erika")).buyer
    for_good = await retain(bridge.deps, Keep(deliveries=0, buyers=0, events=0), apply=True)
    assert [one.due for one in for_good] == [0, 0, 0]


async def test_a_reduced_order_can_be_read_and_takes_no_more_facts(bridge: Bridge, clock: Clock) -> None:
    [order, *_] = await two_stores(bridge, clock)
    await a_year_later(bridge, [order], clock)
    await retain(bridge.deps, EVERYTHING, apply=True)
    async with bridge.deps.ledger() as book:
        shown = await Views(book).timeline(order.id)
        store = await book.store("shop-1")
        assert await book.history(order.id) == []
    assert shown is not None
    assert store is not None
    assert (shown.state, shown.paid, shown.lines) == ("closed", shown.gross, ())
    assert [e.data for e in shown.timeline] == [{}] * 6
    assert await preview(bridge.deps, shown.timeline[0].id) is None
    revoked = an_idealo_order(a_purchase(idealo_order_id="A1"), revoked=True, remaining={})
    await look_at_idealo_order(bridge.deps, store, revoked, "poll")
    async with bridge.deps.ledger() as book:
        assert await book.history(order.id) == []
    assert (await verify_ledger(bridge.deps)).holds


REFUSED = [
    "UPDATE events SET data = '{}'",
    "UPDATE events SET data = '{}', reduced_at = now(), state = 'done'",
    "UPDATE events SET reduced_at = now() WHERE state = 'done'",
    "UPDATE events SET hash = 'x'",
    "UPDATE events SET commitment = 'x'",
    "UPDATE events SET chain_no = chain_no + 100",
    "UPDATE attempts SET action = NULL, detail = ''",
    "UPDATE chain_heads SET hash = 'x'",
    "DELETE FROM chain_heads",
    "DELETE FROM chains",
    "TRUNCATE chains",
]


async def test_nothing_but_a_whole_reduction_is_let_through(bridge: Bridge, clock: Clock) -> None:
    [order, other, _] = await two_stores(bridge, clock)
    async with bridge.deps.ledger() as book:
        await book.note_heads(clock().date(), clock())
    async with bridge.engine.begin() as connection:
        await connection.execute(text("UPDATE events SET state = 'dead', problem = 'rejected' WHERE id = 1"))
        await connection.execute(text("UPDATE events SET state = 'done' WHERE order_id = :id"), {"id": other.id})
    async with bridge.deps.ledger() as book:
        assert await book.dismiss(1, "erika", "because", clock())
    for statement in REFUSED:
        with pytest.raises(IntegrityError, match=r"append-only|cannot be changed"):
            async with bridge.engine.begin() as connection:
                await connection.execute(text(statement))
    clock.pass_time(seconds=timedelta(days=400).total_seconds())
    await settle_and_close(bridge, order, clock)
    await retain(bridge.deps, EVERYTHING, apply=True)
    async with bridge.engine.connect() as connection:
        [attempt] = await connection.execute(text("SELECT action, detail, actor, outcome FROM attempts"))
    assert tuple(attempt) == (None, "", "erika", "dismissed")
    with pytest.raises(IntegrityError, match="cannot be changed"):
        async with bridge.engine.begin() as connection:
            await connection.execute(text("UPDATE events SET reduced_at = NULL WHERE reduced_at IS NOT NULL"))


async def test_the_chain_holds_no_personal_data(bridge: Bridge, clock: Clock) -> None:
    await two_stores(bridge, clock)
    async with bridge.engine.connect() as connection:
        rows = await connection.execute(text("SELECT row_to_json(e)::text AS said FROM events e"))
        everything = "".join(row.said for row in rows)
    buyer = a_buyer()
    assert OrderPlaced(purchase=a_purchase()).key in everything
    assert OrderRevoked().type in everything
    for secret in (buyer.email, buyer.billing.last_name, buyer.billing.line1):
        assert secret not in everything
