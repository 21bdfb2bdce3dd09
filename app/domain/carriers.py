"""Carrier names idealo knows, and tracking codes as carriers print them."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

# idealo Merchant Order API v1 manual (2016) named these; other names were accepted, but lose the tracking link.
KNOWN = (
    "Cargo", "DHL", "DPD", "Der Courier", "Deutsche Post", "FedEx", "GLS", "GO!", "GdSK", "Hermes", "Midway",
    "Noxxs Logistic", "TOMBA", "UPS", "eparcel", "iloxx", "paket.ag", "primeMail",
)  # fmt: skip
_LETTERS = re.compile(r"[^a-z0-9]+")
_SEPARATORS = re.compile(r"[\s,;|]+")
_CODE_PARAMETERS = (
    "idc", "piececode", "tracking", "trackingnumber", "tracking_number", "tracknumber", "parcelno", "parcelnumber",
    "match", "suche", "barcode", "n", "number", "q", "id",
)  # fmt: skip


def _letters(text: str) -> str:
    return _LETTERS.sub("", text.lower())


_BY_LETTERS = {_letters(name): name for name in KNOWN}
# Spellings seen in shops' carrier fields, letters only; the longest that starts the field wins.
_ALIASES = {
    "deutschepost": "Deutsche Post", "dhl": "DHL", "dpd": "DPD", "gls": "GLS", "hermes": "Hermes", "myhermes": "Hermes",
    "evri": "Hermes", "ups": "UPS", "unitedparcelservice": "UPS", "fedex": "FedEx", "federalexpress": "FedEx",
    "spedition": "Cargo", "freight": "Cargo", "cargo": "Cargo", "gogeneralovernight": "GO!", "iloxx": "iloxx",
}  # fmt: skip


def carrier_name(raw: str | None) -> str | None:
    """Idealo's spelling of a shop's carrier, the shop's own text where idealo's list has none, None for nothing.

    >>> carrier_name("dhl-germany"), carrier_name("  "), carrier_name("Spedition Groß")
    ('DHL', None, 'Cargo')
    """
    text = " ".join((raw or "").split())
    letters = _letters(text)
    if not text:
        return None
    if letters in _BY_LETTERS:
        return _BY_LETTERS[letters]
    starts = [alias for alias in _ALIASES if letters.startswith(alias)]
    return _ALIASES[max(starts, key=len)] if starts else text


def tracking_codes(raw: str | Iterable[str] | None) -> tuple[str, ...]:
    """Bare codes out of what shops store: several in one field, blanks inside a code's groups, whole tracking links.

    >>> tracking_codes("00340434161094042557, 00340434161094042564")
    ('00340434161094042557', '00340434161094042564')
    >>> tracking_codes("https://example.test/track?piececode=JJD0001")
    ('JJD0001',)
    """
    if raw is None:
        return ()
    texts = [raw] if isinstance(raw, str) else list(raw)
    codes = [code for text in texts for part in _parts(text.strip()) for code in _bare(part)]
    return tuple(dict.fromkeys(codes))


def _parts(text: str) -> list[str]:
    digits = re.fullmatch(r"[0-9 ]{10,40}", text)
    if digits:
        # "0034 0434 1610 9404 2557" is one code printed in groups; groups of ten or more digits are codes of their own.
        groups = text.split()
        return groups if all(len(g) >= 10 for g in groups) else ["".join(groups)]
    return [part for part in _SEPARATORS.split(text) if part]


def _bare(part: str) -> list[str]:
    if "://" not in part:
        return [part]
    url = urlsplit(part)
    given = {key.lower(): value for key, value in parse_qsl(url.query)}
    for name in _CODE_PARAMETERS:
        if given.get(name):
            return [given[name]]
    last = url.path.rstrip("/").rsplit("/", 1)[-1]
    return [last] if any(c.isdigit() for c in last) else []
