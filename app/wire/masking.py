"""Takes secrets and personal data out of texts that people and logs will see."""

import html
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator

from pydantic import ValidationError

_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_TOKEN = re.compile(r"\b(?:ck|cs|shpat|shpss|shpca|Bearer|Basic)[_ ][A-Za-z0-9+/=._-]{6,}")
_QUERY_SECRET = re.compile(
    r"(?i)((?<![a-z])(?:(?:consumer|api|access|private)_key|(?:[a-z]+_)?(?:secret|token|signature)|sig|hmac|password|passwd"
    r"|(?<=[?&])(?:code|key))"
    r"(?:=|\"\s*:\s*\"))[^&\s\"]+"
)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_ESCAPE = re.compile(r"\\u(?!00[0-9]|d[89a-f])([0-9a-f]{4})", re.IGNORECASE)
"""JSON's way to write a letter beyond ASCII; half a pair is no letter."""
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_PHONE = re.compile(r"(?<![\w.-])(?<!\border )\+?\d[\d /()-]{7,}\d(?![\w.-])")


def mask(text: str) -> str:
    """The text with mail addresses, keys, tokens and phone-like numbers replaced by ***."""
    text = _QUERY_SECRET.sub(r"\1***", text)
    text = _JWT.sub("***", _TOKEN.sub("***", text))
    text = _MAIL.sub("***", text)
    return _PHONE.sub("***", text)


def brief(text: str, most: int) -> str:
    """The masked text, cut between two words: half a name would no longer be known as one."""
    return textwrap.shorten(mask(text), most, placeholder=" …", break_on_hyphens=False, break_long_words=False)


def without(text: str, words: Iterable[str]) -> str:
    """The text with each of these words and their parts replaced by ***, however a program wrote them down.

    Found as entities of HTML, as escapes of JSON, with other signs between their parts, with umlauts written out or
    without accents. Words of one or two letters stay, and so do parts of fewer than four.
    """
    ways = {way for word in words for way in _ways(word)}
    if not ways:
        return text
    longest_first = sorted(ways, key=len, reverse=True)
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), html.unescape(text))
    return re.sub("|".join(longest_first), "***", plain, flags=re.IGNORECASE)


def _ways(word: str) -> Iterator[str]:
    """Patterns: the whole word, and its parts."""
    for spelled in {word, word.translate(_WRITTEN_OUT), _accentless(word)}:
        parts = re.findall(r"[^\W_]+", spelled)
        if sum(map(len, parts)) > 2:
            yield _pattern(r"[\W_]*".join(parts), sum(map(len, parts)))
        yield from (_pattern(part, len(part)) for part in parts if len(part) > 3)


def _pattern(letters: str, size: int) -> str:
    # A short name is found as a word of its own only: "Ort" is no part of "import".
    return letters if size > 4 else rf"\b{letters}\b"


def _accentless(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


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
