"""The ledger within one transaction: every write, and the reads a write depends on."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.ledger.audits import AuditBook
from app.ledger.buyers import BuyerBook
from app.ledger.events import LEASE, EventBook, LeaseLost
from app.ledger.orders import OrderBook
from app.ledger.retention import RetentionBook
from app.ledger.stores import StoreBook
from app.ledger.worklist import Worklist

__all__ = ["LEASE", "LeaseLost", "Ledger"]


class Ledger(StoreBook, OrderBook, EventBook, Worklist, AuditBook, BuyerBook, RetentionBook):
    """One open transaction; app.ledger.session.transaction() makes it and commits it."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
