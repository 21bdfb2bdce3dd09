"""The ledger within one transaction: every write, and the reads a write depends on."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.ledger.events import LEASE, EventBook, LeaseLost
from app.ledger.orders import OrderBook
from app.ledger.stores import StoreBook
from app.ledger.worklist import Worklist

__all__ = ["LEASE", "LeaseLost", "Ledger"]


class Ledger(StoreBook, OrderBook, EventBook, Worklist):
    """One open transaction; app.ledger.session.transaction() makes it and commits it."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
