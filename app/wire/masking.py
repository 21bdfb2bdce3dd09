"""Takes secrets and personal data out of texts that people and logs will see."""

import re
from collections.abc import Iterable

from pydantic import ValidationError

_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_TOKEN = re.compile(r"\b(?:ck|cs|shpat|shpss|shpca|Bearer|Basic)[_ ][A-Za-z0-9+/=._-]{6,}")
_QUERY_SECRET = re.compile(
    r"(?i)((?:consumer_key|consumer_secret|access_token|api_key|secret|token|signature)=)[^&\s]+"
)
_PHONE = re.compile(r"(?<![\w.-])(?<!\border )\+?\d[\d /()-]{7,}\d(?![\w.-])")


def mask(text: str) -> str:
    """The text with mail addresses, keys, tokens and phone-like numbers replaced by ***."""
    text = _QUERY_SECRET.sub(r"\1***", text)
    text = _TOKEN.sub("***", text)
    text = _MAIL.sub("***", text)
    return _PHONE.sub("***", text)


def without(text: str, words: Iterable[str]) -> str:
    """The text with each of these words replaced by ***, however it is written; those of one or two letters stay."""
    for word in sorted({w.strip() for w in words}, key=len, reverse=True):
        if len(word) > 2:
            text = re.sub(re.escape(word), "***", text, flags=re.IGNORECASE)
    return text


_TELLING = (AttributeError, TypeError, NameError, ImportError, IndexError, OSError)
"""Errors whose text names types, names and places; what others say may quote the data they stumbled over."""


def words_of(e: BaseException) -> str:
    """An error as logs and attempts may show it: its type, and its text where that cannot hold anybody's data."""
    name = type(e).__name__
    if isinstance(e, ValidationError):
        faults = (
            f"{'.'.join(map(str, f['loc']))} {f['type']}" for f in e.errors(include_input=False, include_url=False)
        )
        return f"{name} of {e.title}: {'; '.join(faults)}"[:500]
    ours = type(e).__module__.partition(".")[0] in {"app", "workers"}
    text = str(e) if ours or isinstance(e, _TELLING) else ""
    return f"{name}: {mask(text)[:500]}" if text else name
