"""bridge doctor: looks at everything orders depend on, and says what to do about each failure."""

from datetime import timedelta

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.api.state import ApiState
from app.api.store_shapes import health_of
from app.cli.output import cell, print_json, say
from app.cli.session import AsJson, with_bridge
from app.ledger.records import StoreRecord
from app.ledger.session import LedgerUnavailable
from app.ledger.tables import REVISION
from app.ledger.views import Views
from app.ports import Finding
from app.sync.connect import check_sides
from app.sync.keys import open_keys
from app.wire.vault import SealBrokenError

PULSE_WITHIN = timedelta(seconds=60)


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(*, as_json: AsJson = False) -> None:
    """Check database, migration level, Redis, worker, keys, idealo and every store."""
    findings = with_bridge(examine)
    if as_json:
        print_json({"ok": all(f.ok for f in findings), "findings": findings})
    else:
        for f in findings:
            say(f"{'ok  ' if f.ok else 'FAIL'}  {f.name}: {f.detail if not f.ok else cell(f.detail)}")
            if f.advice and not f.ok:
                say(f"      -> {f.advice}")
    if not all(f.ok for f in findings):
        raise typer.Exit(1)


async def examine(state: ApiState) -> list[Finding]:
    """All findings, our own side first."""
    findings = [await _redis(state)]
    try:
        async with state.deps.statements() as ledger:
            revision = await Views(ledger).revision()
    except LedgerUnavailable as e:
        advice = "start Postgres, or correct BRIDGE_DATABASE_URL"
        return [Finding(name="database", ok=False, detail=str(e), advice=advice), *findings]
    findings.insert(0, Finding(name="database", ok=True, detail="reachable"))
    wanted = REVISION
    detail = f"at {revision or 'nothing'}, this version needs {wanted}"
    findings.insert(1, Finding(name="migration", ok=revision == wanted, detail=detail, advice="run: bridge migrate"))
    if revision != wanted:
        return findings
    findings.append(await _worker(state))
    async with state.deps.statements() as ledger:
        stores = await ledger.stores()
    if not stores:
        advice = "connect one with: bridge stores add"
        return [*findings, Finding(name="stores", ok=True, detail=f"none is connected; {advice}")]
    for store in stores:
        findings += await _store(state, store)
    return findings


async def _redis(state: ApiState) -> Finding:
    url = state.bridge.settings.redis_url.get_secret_value()
    redis: Redis = Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)
    advice = "start it, or correct BRIDGE_REDIS_URL; until then the worker goes round by itself and is slower"
    try:
        await redis.ping()
    except (RedisError, OSError, TimeoutError) as e:
        return Finding(name="redis", ok=False, detail=f"does not answer: {type(e).__name__}", advice=advice)
    finally:
        await redis.aclose()
    return Finding(name="redis", ok=True, detail="answers")


async def _worker(state: ApiState) -> Finding:
    async with state.deps.statements() as ledger:
        seen_at = await Views(ledger).last_pulse("worker")
    age = state.deps.now() - seen_at if seen_at else None
    detail = f"last seen {round(age.total_seconds())} s ago" if age else "none has ever reported"
    ok = age is not None and age < PULSE_WITHIN
    return Finding(name="worker", ok=ok, detail=detail, advice="start one with: bridge worker")


async def _store(state: ApiState, store: StoreRecord) -> list[Finding]:
    name = f"store {store.name} ({store.kind})"
    try:
        open_keys(state.deps.vault, store.sealed)
    except SealBrokenError as e:
        advice = "add the key it was sealed with to BRIDGE_MASTER_KEYS, behind the first one"
        return [Finding(name=f"{name}: keys", ok=False, detail=str(e), advice=advice)]
    findings = [Finding(name=f"{name}: keys", ok=True, detail="open")]
    sides, _, _ = await check_sides(state.deps, store)
    for side in sides:
        where = "idealo" if side.side == "idealo" else "shop"
        findings += [f.model_copy(update={"name": f"{name}: {where}: {f.name}"}) for f in side.findings]
    advice = f"correct what it names; POST /admin/v1/stores/{store.id}/webhooks repairs them at once"
    well = store.webhooks_note or "in order"
    detail = store.webhooks_problem or (well if store.webhooks_checked_at else "not looked at yet")
    findings.append(Finding(name=f"{name}: webhooks", ok=store.webhooks_problem is None, detail=detail, advice=advice))
    findings += [f.model_copy(update={"name": f"{name}: {f.name}"}) for f in await _health(state, store)]
    async with state.deps.statements() as ledger:
        cursors = [c for c in await ledger.cursors() if c.store_id == store.id]
    for cursor in cursors:
        polled = f"last polled {cursor.polled_at:%Y-%m-%d %H:%M:%S} UTC" if cursor.polled_at else "not polled yet"
        detail = f"{cursor.failures} failed in a row: {cursor.trouble}" if cursor.failures else polled
        advice = "correct what it names; it is tried again by itself"
        findings.append(
            Finding(name=f"{name}: poll {cursor.stream}", ok=not cursor.failures, detail=detail, advice=advice)
        )
    if store.paused_at:
        findings.append(Finding(name=name, ok=True, detail=f"paused since {store.paused_at:%Y-%m-%d %H:%M} UTC"))
    return findings


async def _health(state: ApiState, store: StoreRecord) -> list[Finding]:
    """Whether webhooks tell what happens, and what the last reconciliation left."""
    health = await health_of(state, [store])
    findings: list[Finding] = []
    if heard := health.webhooks.get(store.id):
        said = f"{heard.verdict}: {heard.received} webhooks in 24 hours"
        findings.append(Finding(name="hearing", ok=not heard.silent, detail=said, advice=heard.advice))
    report = health.reconciliations.get(store.id)
    if report is None or report.ended_at is None:
        return [*findings, Finding(name="reconciliation", ok=True, detail="none yet; bridge reconcile makes one")]
    said = f"{report.open} differences left of {report.orders} orders at {report.ended_at:%Y-%m-%d %H:%M} UTC"
    advice = f"see what is left: bridge reconcile --store {store.id}"
    return [*findings, Finding(name="reconciliation", ok=not report.open, detail=said, advice=advice)]
