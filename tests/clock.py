"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Callable like `utc_now`; `pass_time` moves it on."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def pass_time(self, **how_long: float) -> None:
        """E.g. pass_time(minutes=5)."""
        self._now += timedelta(**how_long)
