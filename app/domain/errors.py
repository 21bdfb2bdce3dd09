"""The two questions every failure answers: try again, or call a person?"""

from datetime import timedelta
from enum import StrEnum


class Problem(StrEnum):
    """Why an event needs a person; a closed list."""

    UNKNOWN_SKU = "unknown_sku"
    STATE_CONFLICT = "state_conflict"
    CREDENTIALS = "credentials"
    REJECTED = "rejected"
    UNSUPPORTED = "unsupported"
    EXHAUSTED = "exhausted"
    BUG = "bug"


class SyncError(Exception):
    """Base of the errors that settle an attempt; its text says what was tried, on what, and what came back."""


class Retryable(SyncError):
    """Trouble that may pass: timeout, connection, 5xx, 429, not yet visible.

    `after` is how long the other side asked us to wait, if it did.
    """

    def __init__(self, detail: str, after: timedelta | None = None) -> None:
        super().__init__(detail)
        self.after = after


class Permanent(SyncError):
    """Refused, misconfigured or impossible: a person is needed; `problem` says which kind of person."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(detail)
        self.problem = problem


class SignatureInvalid(Exception):
    """A webhook whose signature is missing or wrong; answered 401 at the door, leaves no row."""
