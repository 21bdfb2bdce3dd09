"""How webhooks come in from each store: how many, how many usually, and what polling found instead of them."""

from datetime import datetime, timedelta
from statistics import median
from typing import Annotated

from pydantic import AwareDatetime, Field

from app.domain.value import Value
from app.ledger.views.page import View

DAY = timedelta(days=1)
USUAL_DAYS = 7
FEWEST_DAYS = 3
"""A usual rate needs so many whole days since the store was connected."""
ON_ITS_WAY = timedelta(minutes=15)
"""A webhook may come that much later than the poll that found the same; until then nothing counts as missed."""


class Hearing(Value):
    """One store's webhooks within the last 24 hours."""

    store_id: str
    last_webhook_at: AwareDatetime | None
    received: Annotated[int, Field(description="webhooks within 24 hours")]
    usual_per_day: Annotated[
        float | None, Field(description="median of the seven days before; null in a store's first days")
    ]
    told: Annotated[int, Field(description="shipments, units and refunds a webhook told within 24 hours")]
    missed: Annotated[int, Field(description="those polling found, with no webhook about their order near them")]
    missed_in_a_row: Annotated[int, Field(description="of these, since the last webhook of any kind")]
    last_missed_at: Annotated[AwareDatetime | None, Field(description="when polling found the newest of these")] = None


class HearingViews(View):
    """Served by the indexes on (store_id, received_at) and recorded_at: a week of webhooks, a day of events."""

    async def hearings(self, now: datetime) -> dict[str, Hearing]:
        """Of every live store, by its id."""
        heard: dict[str, dict[int, int]] = {}
        for row in await self._rows(_PER_DAY, {"since": now - (USUAL_DAYS + 1) * DAY, "now": now}):
            heard.setdefault(row.store_id, {})[int(row.days_ago)] = row.n
        facts = await self._rows(
            _FACTS, {"since": now - DAY, "until": now - ON_ITS_WAY, "now": now, "near": ON_ITS_WAY}
        )
        return {
            row.store_id: Hearing(
                store_id=row.store_id,
                last_webhook_at=row.last_webhook_at,
                received=heard.get(row.store_id, {}).get(0, 0),
                usual_per_day=_usual(heard.get(row.store_id, {}), (now - row.created_at) // DAY),
                told=row.told,
                missed=row.missed,
                missed_in_a_row=row.missed_in_a_row,
                last_missed_at=row.last_missed_at,
            )
            for row in facts
        }


def _usual(per_day: dict[int, int], whole_days: int) -> float | None:
    days = min(whole_days - 1, USUAL_DAYS)
    return float(median(per_day.get(ago, 0) for ago in range(1, days + 1))) if days >= FEWEST_DAYS else None


_PER_DAY = """
SELECT d.store_id, count(*) AS n,
    floor(extract(epoch FROM CAST(:now AS timestamptz) - d.received_at) / 86400) AS days_ago
FROM deliveries d JOIN stores s ON s.id = d.store_id
WHERE s.archived_at IS NULL AND d.received_at > :since AND d.received_at <= :now AND d.topic NOT LIKE 'idealo.%'
GROUP BY d.store_id, days_ago"""

# An order's own webhook near the poll means both were on their way: then the poll was only quicker.
_FACTS = """
WITH seen AS (
    SELECT o.store_id, e.recorded_at, e.found_by = 'poll' AND NOT EXISTS (
        SELECT 1 FROM deliveries d
        WHERE d.store_id = o.store_id AND d.store_order_id = o.store_order_id
        AND d.received_at BETWEEN e.recorded_at - CAST(:near AS interval) AND e.recorded_at + CAST(:near AS interval)
    ) AS missed
    FROM events e JOIN orders o ON o.id = e.order_id
    WHERE e.recorded_at > :since AND e.recorded_at <= :until AND e.found_by IN ('webhook', 'poll')
    AND e.type IN ('shipment.created', 'line.cancelled', 'line.returned', 'refund.issued')
)
SELECT s.id AS store_id, s.created_at, heard.last_webhook_at,
    count(seen.missed) FILTER (WHERE NOT seen.missed) AS told,
    count(seen.missed) FILTER (WHERE seen.missed) AS missed,
    count(seen.missed) FILTER (
        WHERE seen.missed AND (heard.last_webhook_at IS NULL OR seen.recorded_at > heard.last_webhook_at)
    ) AS missed_in_a_row,
    max(seen.recorded_at) FILTER (WHERE seen.missed) AS last_missed_at
FROM stores s
LEFT JOIN LATERAL (
    SELECT max(received_at) AS last_webhook_at FROM deliveries
    WHERE store_id = s.id AND topic NOT LIKE 'idealo.%') AS heard ON TRUE
LEFT JOIN seen ON seen.store_id = s.id
WHERE s.archived_at IS NULL
GROUP BY s.id, s.created_at, heard.last_webhook_at"""
