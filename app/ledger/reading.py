"""Rows to records."""

from typing import Any

from sqlmodel import SQLModel

from app.domain.events import EVENT
from app.ledger.records import AttemptRecord, CursorRecord, DeliveryRecord, EventRecord, OrderRecord, StoreRecord
from app.ledger.tables import AttemptRow, CursorRow, DeliveryRow, EventRow, OrderRow, StoreRow


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


def cursor(row: CursorRow) -> CursorRecord:
    return CursorRecord(**_fields(row, CursorRecord))
