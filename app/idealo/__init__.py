"""The only place that knows idealo's API and its spellings."""

from app.idealo.client import IdealoClient
from app.idealo.mapping import Unreadable
from app.idealo.token import BASE_URLS, IdealoCredentials

__all__ = ["BASE_URLS", "IdealoClient", "IdealoCredentials", "Unreadable"]
