"""idealo's error answers (reference section 4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One fault in a request."""

    field: str
    message: str


class Problem(Exception):
    """A call that idealo refuses, with the parts of the problem body."""

    def __init__(
        self,
        status: int,
        title: str,
        *,
        field_errors: Sequence[FieldError] = (),
        reason: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.field_errors = tuple(field_errors)
        self.reason = reason
        self.retry_after_s = retry_after_s

    def body(self, instance: str) -> dict[str, object]:
        """Problem body; `instance` is the called URL. There is no `status` and no `detail` in the copies seen."""
        body: dict[str, object] = {"type": "about:blank", "title": self.title, "instance": instance}
        if self.field_errors:
            body["fieldErrors"] = [{"field": error.field, "message": error.message} for error in self.field_errors]
        if self.reason is not None:
            body["reason"] = self.reason
        return body


def invalid(field: str, message: str) -> Problem:
    """400 that names one field."""
    return Problem(400, "Bad Request", field_errors=[FieldError(field=field, message=message)])


def conflict(title: str) -> Problem:
    """409: not in this state."""
    return Problem(409, title)
