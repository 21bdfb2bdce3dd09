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
_SEPARATORS = re.compile(r"[,;|\n\r]+")
_LINK = re.compile(r"(?i)[a-z][a-z0-9+.-]*://|(?:[\w-]+\.)+[a-z]{2,}[/?#]")
_CODE = re.compile(r"(?=.*[0-9])[!-?A-~]{1,100}")
"""A word of printable ASCII with a digit and without an `@`: what a field for codes holds when it holds one word."""
_WHOLE_CODE = re.compile(r"(?=.*[0-9])[A-Za-z0-9-]{6,40}")
"""Long enough to be a code beside others of its kind."""
_GROUP = re.compile(r"[A-Z0-9-]+")
"""A piece of a code printed in groups: `RR 123 456 785 DE`."""
_SURE_CODE = re.compile(r"(?=(?:.*[0-9]){6})[A-Z0-9-]{8,40}")
"""Within a sentence: six digits at least, no small letter."""
_GROUPED_DIGITS = range(14, 41)
"""Digits in groups within a sentence: from 14 on, which no phone number has."""
_CODE_PARAMETERS = (
    "idc", "piececode", "tracking", "trackingnumber", "tracking_number", "tracknumber", "parcelno", "parcelnumber",
    "piececodes", "tracknum", "tracknums", "tracknumbers", "trknbr", "match", "suche", "barcode", "n",
    "number", "q", "id",
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
_CARRIERS = frozenset(_BY_LETTERS) | frozenset(_ALIASES)


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
    """Bare codes out of what shops store: several in one field, codes printed in groups, whole tracking links.

    People also write to each other in such fields. What holds no digit is no code, and out of a sentence only what can
    hardly be anything else is taken: names and mail addresses are neither told to idealo nor kept as facts.

    >>> tracking_codes("00340434161094042557, 00340434161094042564")
    ('00340434161094042557', '00340434161094042564')
    >>> tracking_codes("DHL 0034 0434 1610 9404 2557"), tracking_codes("RR 123 456 785 DE"), tracking_codes("SG 42")
    (('00340434161094042557',), ('RR123456785DE',), ('SG42',))
    >>> tracking_codes("https://example.test/track?piececode=JJD0001"), tracking_codes("Abholung durch Max, Tor 3")
    (('JJD0001',), ())
    """
    if raw is None:
        return ()
    texts = [raw] if isinstance(raw, str) else list(raw)
    codes = [code for text in texts for part in _SEPARATORS.split(text) for code in _of_part(part.split())]
    return tuple(dict.fromkeys(codes))


def _of_part(words: list[str]) -> list[str]:
    links = [word for word in words if _LINK.match(word)]
    if links:
        return [code for link in links for code in _of_link(link)]
    words = [word for word in words if _letters(word.strip(":")) not in _CARRIERS]
    if len(words) < 2:
        return [word for word in words if _CODE.fullmatch(word)]
    if all(_WHOLE_CODE.fullmatch(word) for word in words):
        return words
    if all(_GROUP.fullmatch(word) for word in words) and any(c.isdigit() for word in words for c in word):
        return ["".join(words)]
    sure = [word for word in words if _SURE_CODE.fullmatch(word)]
    digits = "".join(word for word in words if word.isascii() and word.isdigit())
    return sure or ([digits] if len(digits) in _GROUPED_DIGITS else [])


def _of_link(link: str) -> list[str]:
    try:
        url = urlsplit(link if "://" in link else f"//{link}")
    except ValueError:  # brackets that are no IPv6 address
        return []
    given = {key.lower(): value for key, value in parse_qsl(url.query)}
    for name in _CODE_PARAMETERS:
        codes = [code for part in _SEPARATORS.split(given.get(name, "")) for code in _of_value(part)]
        if codes:
            return codes
    return _of_value(url.path.rstrip("/").rsplit("/", 1)[-1])


def _of_value(text: str) -> list[str]:
    code = "".join(text.split())
    return [code] if _CODE.fullmatch(code) else []
