"""Rows to records."""

from typing import Any

from sqlalchemy import Row

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

_Row = Row[*tuple[Any, ...]]


def _fields(row: _Row, record: type[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in record.model_fields}


def store(row: _Row) -> StoreRecord:
    return StoreRecord(**_fields(row, StoreRecord))


def delivery(row: _Row) -> DeliveryRecord:
    return DeliveryRecord(**_fields(row, DeliveryRecord))


def order(row: _Row) -> OrderRecord:
    return OrderRecord(**_fields(row, OrderRecord))


def event(row: _Row) -> EventRecord:
    known = {name: getattr(row, name) for name in EventRecord.model_fields if name != "event"}
    return EventRecord(event=EVENT.validate_python({"type": row.type, **row.data}), **known)


def attempt(row: _Row) -> AttemptRecord:
    return AttemptRecord(**_fields(row, AttemptRecord))


def head(row: _Row) -> HeadRecord:
    return HeadRecord(**_fields(row, HeadRecord))


def buyer(row: _Row) -> BuyerRecord:
    return BuyerRecord(**_fields(row, BuyerRecord))


def cursor(row: _Row) -> CursorRecord:
    return CursorRecord(**_fields(row, CursorRecord))


def reconciliation(row: _Row) -> ReconciliationRecord:
    return ReconciliationRecord.model_validate(_fields(row, ReconciliationRecord))
