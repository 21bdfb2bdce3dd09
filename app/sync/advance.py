"""Lease an order, settle its due events oldest first, release. The one place where errors end."""

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.events import Event, OrderImported
from app.domain.orders import StoreOrder
from app.ledger.ledger import Leased, LeaseLost, Ledger
from app.ledger.records import (
    AttemptRecord,
    EventRecord,
    EventState,
    OrderRecord,
    Outcome,
    Settlement,
    StoreRecord,
    next_of,
)
from app.ledger.session import LedgerUnavailable
from app.sync.actions import WRITES_TO_IDEALO, Action
from app.sync.case import Case, Seen
from app.sync.decide import Decision, Do, Later, decide
from app.sync.deps import Deps
from app.sync.perform import perform
from app.sync.quoted import discreet
from app.sync.run import STEP_S, Run, look_back
from app.wire.masking import mask, words_of

WAITS = (
    timedelta(seconds=15), timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5),
    timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=3), timedelta(hours=6),
    timedelta(hours=12),
)  # fmt: skip
"""After the nth failed attempt: no longer than the trouble has lasted by then, so that its end is noticed soon."""
PATIENCE = sum(WAITS, timedelta())
"""The event is dead when all waits are used up and it has been tried for that long."""
MOST_DEFERRALS = 200
"""A side that says for ever when to come back is shown to a person at last, and not before PATIENCE."""
DEFERRALS_PER_WAIT = 20
LONGEST_OF_OURS = timedelta(minutes=5)
"""A side that puts us off again and again, with a second each time, is asked less often: one of WAITS per so many."""
log = structlog.get_logger("bridge")


async def advance(deps: Deps, order_id: int) -> int:
    """Settles everything due of one order; answers how many attempts it took. Harmless to call at any time.

    Raises LedgerUnavailable; then nothing is lost: the lease runs out and the sweep rings again.
    """
    attempts = 0
    # What was recorded while we held the lease rang for a worker that could not get it: so we ask once more.
    while leased := await _lease(deps, order_id):
        run = Run(deps, leased.token, deps.now())
        try:
            case = await _next_case(deps, leased.order)
            while case is not None:
                case = await _step(run, case)
                attempts += 1
        except LeaseLost:
            if run.acting is not None:
                await look_back(deps, order_id)
            return attempts
        finally:
            # Whoever comes next would ask too soon whether a call that was cut off has had its effect.
            if run.acting is None:
                await _release(deps, order_id, leased.token)
    return attempts


async def _lease(deps: Deps, order_id: int) -> Leased | None:
    async with deps.statements() as ledger:
        return await ledger.lease(order_id, deps.now())


async def _release(deps: Deps, order_id: int, token: str) -> None:
    try:
        async with deps.statements() as ledger:
            await ledger.release(order_id, token)
    except LedgerUnavailable:
        # The lease runs out by itself; the error that brought us here must not be covered up.
        log.warning("lease.not_released", order=order_id)


async def _step(run: Run, case: Case) -> Case | None:
    """One event, one decision, at most one call, one settlement. Answers what is due next, None when nothing is."""
    order_id = case.order.id
    await run.hold(order_id)
    end = await _try(case, run)
    if isinstance(end, Later):
        await run.postpone(order_id, case.record.id, end.due_at)
        return await _next_case(run.deps, case.order, case)
    action = run.acting
    how = _settlement(case, await _discreet(end, run, order_id), action, run.deps.now())
    order = await run.settle(order_id, how)
    _report(case, how)
    return await _next_case(run.deps, order, case, action)


async def _next_case(
    deps: Deps, order: OrderRecord, earlier: Case | None = None, wrote: Action | None = None
) -> Case | None:
    """The oldest pending event with what a decision about it needs, if it is due; `earlier` is the step before."""
    async with deps.statements() as ledger:
        history = await ledger.history(order.id)
        due = next_of(history, deps.now())
        if due is None:
            return None
        case = await _open(deps, ledger, order, due, history)
    if case is None or not case.store.working:
        return None
    # A fact must not be judged by what was read before it was found; this run's own conclusions were drawn from it.
    if earlier and due.found_by == "ledger" and not due.attempts:
        case.seen = earlier.seen.kept(wrote, case.now)
    return case


async def open_case(deps: Deps, order_id: int, event_id: int) -> Case | None:
    """What a decision about any event needs, without the right to act on it."""
    async with deps.statements() as ledger:
        order = await ledger.order(order_id)
        history = await ledger.history(order_id)
        record = next((r for r in history if r.id == event_id), None)
        if record is None or order is None:
            return None
        return await _open(deps, ledger, order, record, history)


async def _open(
    deps: Deps, ledger: Ledger, order: OrderRecord, record: EventRecord, history: list[EventRecord]
) -> Case | None:
    """Reads the rest; None when the store is gone."""
    found = await ledger.store_with_aliases(order.store_id)
    attempts = await ledger.attempts(order.id) if any(r.attempts for r in history) else []
    if found is None:
        return None
    store, aliases = found
    return _case(deps, record, store, order, history, attempts, aliases)


def _case(
    deps: Deps,
    record: EventRecord,
    store: StoreRecord,
    order: OrderRecord,
    history: list[EventRecord],
    attempts: list[AttemptRecord],
    aliases: dict[str, str],
) -> Case:
    adapter = deps.sides.adapter(store)
    now = deps.now()
    last = {a.event_id: a.outcome for a in attempts}
    return Case(
        record=record,
        store=store,
        order=order,
        history=history,
        tried=[a for a in attempts if a.event_id == record.id],
        dismissed=frozenset(i for i, outcome in last.items() if outcome == "dismissed"),
        aliases=aliases,
        settings=adapter.Settings.model_validate(store.settings),
        adapter=adapter,
        idealo=deps.sides.idealo(store),
        now=now,
        seen=Seen(now),
    )


@dataclass(frozen=True)
class _End:
    """How a try ended, before it is turned into bookkeeping."""

    outcome: Outcome
    detail: str
    follow: tuple[Event, ...] = ()
    linked: StoreOrder | None = None
    problem: Problem | None = None
    after: timedelta | None = None
    bug: bool = False


async def _try(case: Case, run: Run) -> _End | Later:
    """Decides and performs; every error ends here."""
    try:
        async with asyncio.timeout(STEP_S):
            return await _decide_and_perform(case, run)
    except Retryable as e:
        return _End("deferred" if e.after else "retry", str(e), after=e.after)
    except Permanent as e:
        return _End("dead", str(e), problem=e.problem)
    except TimeoutError:
        return _End("retry", f"broken off after {STEP_S} s")
    except (LedgerUnavailable, LeaseLost):
        raise
    except Exception as e:
        log.exception("event.bug", event_id=case.record.id, type=case.record.event.type)
        return _End("retry", f"bug: {words_of(e)}", bug=True)


async def _discreet(end: _End, run: Run, order_id: int) -> _End:
    """The same end in words that do not name the buyer; what went well without a remark names nobody."""
    remarked = any(isinstance(e, OrderImported) and e.notes for e in end.follow)
    if end.outcome in {"done", "skipped"} and not remarked:
        return end
    # What idealo answers to a refund or a shipment stays in any case: it was told no name.
    refused = end.problem is Problem.REJECTED and not isinstance(run.acting, WRITES_TO_IDEALO)
    [detail] = await discreet(run.deps, order_id, end.detail, refused=refused)
    follow: list[Event] = []
    for event in end.follow:
        if isinstance(event, OrderImported):
            notes = await discreet(run.deps, order_id, *event.notes, refused=False)
            follow.append(event.model_copy(update={"notes": tuple(notes)}))
        else:
            follow.append(event)
    return replace(end, detail=detail, follow=tuple(follow))


async def _decide_and_perform(case: Case, run: Run) -> _End | Later:
    decision: Decision = await decide(case)
    if isinstance(decision, Later):
        return decision
    if not isinstance(decision, Do):
        return _End("skipped", decision.reason, follow=decision.follow)
    await run.begin(decision.action, case.order.id)
    done = await perform(decision.action, case, functools.partial(run.announce, case.order.id))
    return _End("done", done.detail, done.follow, done.linked)


def _settlement(case: Case, end: _End, action: Action | None, now: datetime) -> Settlement:
    number = case.record.attempts + 1
    outcome, state, problem, due_at = end.outcome, _STATES[end.outcome], end.problem, now
    if outcome in {"retry", "deferred"}:
        failed = _failures_since_replay(case, outcome)
        if _exhausted(outcome, failed, now):
            outcome, state = "dead", "dead"
            problem = Problem.BUG if end.bug else Problem.EXHAUSTED
        else:
            due_at = now + _wait(end.after, len(failed))
    attempt = AttemptRecord(
        event_id=case.record.id,
        number=number,
        actor="bridge",
        action=action.model_dump(mode="json") if action else None,
        outcome=outcome,
        detail=mask(end.detail),
        started_at=case.now,
        ended_at=now,
    )
    return Settlement(
        attempt=attempt,
        state=state,
        due_at=due_at,
        problem=problem,
        follow=end.follow,
        store_order_id=end.linked.store_order_id if end.linked else None,
        store_order_number=end.linked.number if end.linked else None,
    )


_STATES: dict[Outcome, EventState] = {
    "done": "done",
    "skipped": "skipped",
    "retry": "pending",
    "deferred": "pending",
    "dead": "dead",
}


def _exhausted(outcome: Outcome, failed: Sequence[AttemptRecord], now: datetime) -> bool:
    """Tries that a recovered side brought forward (app.sync.reconcile) use up waits, and never the patience."""
    most = MOST_DEFERRALS if outcome == "deferred" else len(WAITS)
    return len(failed) >= most and now - failed[0].ended_at >= PATIENCE


def _wait(asked: timedelta | None, failed: int) -> timedelta:
    """At least what the side asked for, where it did."""
    if asked is None:
        return WAITS[min(failed, len(WAITS) - 1)]
    ours = [wait for wait in (timedelta(), *WAITS) if wait <= LONGEST_OF_OURS]
    return max(asked, ours[min(failed // DEFERRALS_PER_WAIT, len(ours) - 1)])


def _failures_since_replay(case: Case, outcome: Outcome) -> list[AttemptRecord]:
    """Tries that ended this way, oldest first; a person's replay begins the count anew."""
    since: list[AttemptRecord] = []
    for attempt in case.tried:
        since = [] if attempt.outcome == "replayed" else [*since, attempt]
    return [a for a in since if a.outcome == outcome]


def _report(case: Case, how: Settlement) -> None:
    """The one wide line per attempt."""
    attempt = how.attempt
    log.info(
        "event.attempted",
        store=case.store.id,
        kind=case.store.kind,
        order=case.order.id,
        idealo_order_id=case.order.idealo_order_id,
        event_id=case.record.id,
        type=case.record.event.type,
        key=case.record.event.key,
        attempt=attempt.number,
        action=(attempt.action or {}).get("name"),
        outcome=attempt.outcome,
        problem=how.problem,
        detail=attempt.detail,
        ms=round((attempt.ended_at - attempt.started_at).total_seconds() * 1000),
        next_due=how.due_at.isoformat() if how.state == "pending" else None,
    )
