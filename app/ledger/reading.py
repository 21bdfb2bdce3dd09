"""Rows to records."""

from typing import Any

from sqlmodel import SQLModel

from app.domain.events import EVENT
from app.ledger.records import (
    AttemptRecord,
    BuyerRecord,
    CursorRecord,
    DeliveryRecord,
    EventRecord,
    HeadRecord,
    OrderRecord,
    ReconciliationRecord,
    StoreRecord,
)
from app.ledger.tables import (
    AttemptRow,
    BuyerRow,
    CursorRow,
    DeliveryRow,
    EventRow,
    HeadRow,
    OrderRow,
    ReconciliationRow,
    StoreRow,
)


def _fields(row: SQLModel, record: type[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in record.model_fields}


def store(row: StoreRow) -> StoreRecord:
    return StoreRecord(**_fields(row, StoreRecord))


def delivery(row: DeliveryRow) -> DeliveryRecord:
    return DeliveryRecord(**_fields(row, DeliveryRecord))


def order(row: OrderRow) -> OrderRecord:
    return OrderRecord(**_fields(row, OrderRecord))


def event(row: EventRow) -> EventRecord:
    known = {name: getattr(row, name) for name in EventRecord.model_fields if name != "event"}
    return EventRecord(event=EVENT.validate_python({"type": row.type, **row.data}), **known)


def attempt(row: AttemptRow) -> AttemptRecord:
    return AttemptRecord(**_fields(row, AttemptRecord))


def head(row: HeadRow) -> HeadRecord:
    return HeadRecord(**_fields(row, HeadRecord))


def buyer(row: BuyerRow) -> BuyerRecord:
    return BuyerRecord(**_fields(row, BuyerRecord))


def cursor(row: CursorRow) -> CursorRecord:
    return CursorRecord(**_fields(row, CursorRecord))


def reconciliation(row: ReconciliationRow) -> ReconciliationRecord:
    return ReconciliationRecord.model_validate(_fields(row, ReconciliationRecord))
