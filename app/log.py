"""Logging of every process: one line per fact, JSON or for the eye, secrets and personal data masked."""

import logging
import logging.config
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.wire.masking import mask, words_of

OURS_UNTOUCHED = frozenset(
    {"timestamp", "level", "logger", "request_id", "store", "order", "event_id", "delivery", "idealo_order_id", "actor"}
)
"""Names and numbers of ours, which a pattern might take for a phone number; and who acted, which is the point."""
QUIET = {
    "httpx": "WARNING",
    "httpcore": "WARNING",
    "sqlalchemy": "WARNING",
    "arq": "WARNING",
    "uvicorn.access": "CRITICAL",
}


def configure_logging(log_format: Literal["json", "console"], level: str = "INFO") -> None:
    """Routes structlog, uvicorn, arq and the standard library to stderr in one shape. Safe to call twice."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:-1],
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_last_steps(log_format))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "arq", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


def _last_steps(log_format: str) -> list[Processor]:
    # Tracebacks become text without local variables and without texts that quote data (see `words_of`).
    steps: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.ExceptionRenderer(_told),
        masked,
    ]
    if log_format == "json":
        return [*steps, structlog.processors.JSONRenderer(ensure_ascii=False, default=_as_text)]
    return [*steps, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain)]


def masked(_: WrappedLogger, __: str, event: EventDict) -> MutableMapping[str, Any]:
    """Masks every text of a log line, however deep it lies."""
    event.pop("color_message", None)  # uvicorn says everything twice, once for terminals
    return {key: value if key in OURS_UNTOUCHED else _mask(value) for key, value in event.items()}


def _mask(value: object) -> object:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: _mask(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(inner) for inner in value]
    return value if isinstance(value, int | float | None) else mask(str(value))


def _as_text(value: object) -> str:
    return mask(str(value))


def _told(exc_info: Any) -> str:
    """A traceback with its causes, oldest first."""
    e: BaseException | None = exc_info[1]
    parts: list[str] = []
    seen: set[int] = set()
    while e is not None and id(e) not in seen:
        seen.add(id(e))
        inner = [f"  | {words_of(one)}\n" for one in e.exceptions] if isinstance(e, BaseExceptionGroup) else []
        frames = "".join(traceback.format_tb(e.__traceback__))
        parts.insert(0, f"Traceback (most recent call last):\n{frames}{words_of(e)}\n{''.join(inner)}")
        e = e.__cause__ or (None if e.__suppress_context__ else e.__context__)
    return "\n".join(parts).rstrip()


def _plain(sio: Any, exc_info: Any) -> None:
    structlog.dev.plain_traceback(sio, exc_info)
