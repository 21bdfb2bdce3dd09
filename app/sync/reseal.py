"""After a new master key was put first: everything older keys sealed is sealed under it, so that they can go."""

import structlog

from app.domain.value import Value
from app.ledger.seals import SEALED, Sealed
from app.sync.deps import Deps
from app.wire.vault import SealBrokenError

BATCH = 500

log = structlog.get_logger("bridge")


class Resealed(Value):
    """One kind of record: how many there are, how many were sealed anew, and how many no key opens."""

    kind: Sealed
    records: int
    resealed: int
    unreadable: int


async def reseal(deps: Deps) -> list[Resealed]:
    """Batch after batch, each in a transaction of its own; interrupted or repeated, it does no harm."""
    return [await _reseal(deps, kind) for kind in SEALED]


async def _reseal(deps: Deps, kind: Sealed) -> Resealed:
    records = resealed = unreadable = 0
    last: int | str | None = None
    while True:
        async with deps.ledger() as ledger:
            batch = await ledger.sealed_after(kind, last, BATCH)
            for row_id, content in batch:
                try:
                    anew = deps.vault.reseal(content)
                except SealBrokenError:
                    unreadable += 1
                    log.warning("reseal.unreadable", kind=kind, record=str(row_id))
                    continue
                if anew is not None:
                    await ledger.seal_anew(kind, row_id, anew)
                    resealed += 1
        if not batch:
            return Resealed(kind=kind, records=records, resealed=resealed, unreadable=unreadable)
        records += len(batch)
        last = batch[-1][0]
        log.info("reseal.progress", kind=kind, records=records, resealed=resealed)
