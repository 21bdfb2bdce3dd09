"""The ledger on one connection: every write, and the reads a write depends on."""

from app.ledger.audits import AuditBook
from app.ledger.buyers import BuyerBook
from app.ledger.events import LEASE, EventBook, Leased, LeaseLost
from app.ledger.orders import OrderBook
from app.ledger.retention import RetentionBook
from app.ledger.seals import SealBook
from app.ledger.stores import StoreBook
from app.ledger.worklist import Worklist

__all__ = ["LEASE", "LeaseLost", "Leased", "Ledger"]


class Ledger(StoreBook, OrderBook, EventBook, Worklist, AuditBook, BuyerBook, RetentionBook, SealBook):
    """One connection: in a transaction, or each statement for itself; app.ledger.session makes it."""
