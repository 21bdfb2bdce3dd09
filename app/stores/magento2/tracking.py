"""Reads parcels out of a shipment's tracks: carriers, codes, return labels and what people type there; pure."""

import re
from collections.abc import Sequence
from typing import Any

from app.domain.carriers import KNOWN, carrier_name, tracking_codes
from app.domain.orders import Shipment
from app.stores.magento2.reading import entries, identity, text_or_none

_LOOKS_LIKE_A_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9-]{6,}")
_NO_CARRIER = {"", "custom", "benutzerdefiniert", "custom value"}


def shipments_of(found: Any, where: str, return_words: Sequence[str]) -> tuple[Shipment, ...]:
    """One entry per shipment and carrier, all of a shipment under its id; an entry without codes where it has none."""
    shipments: list[Shipment] = []
    for i, shipment in enumerate(entries(found, where)):
        at = f"{where}[{i}]"
        shipment_id = identity(shipment.get("entity_id"), f"{at}.entity_id")
        by_carrier: dict[str | None, list[str]] = {}
        for j, track in enumerate(entries(shipment.get("tracks"), f"{at}.tracks")):
            spot = f"{at}.tracks[{j}]"
            title = text_or_none(track.get("title"), f"{spot}.title") or ""
            if any(word.lower() in title.lower() for word in return_words):
                continue
            carrier = _carrier(text_or_none(track.get("carrier_code"), f"{spot}.carrier_code") or "", title)
            codes = codes_in(text_or_none(track.get("track_number"), f"{spot}.track_number") or "")
            if codes:
                by_carrier.setdefault(carrier, []).extend(codes)
        for carrier, all_codes in by_carrier.items():
            codes_once = tuple(dict.fromkeys(all_codes))
            shipments.append(Shipment(shipment_id=shipment_id, carrier=carrier, codes=codes_once))
        if not by_carrier:
            shipments.append(Shipment(shipment_id=shipment_id))
    return tuple(shipments)


def _carrier(code: str, title: str) -> str | None:
    """The carrier code where idealo knows it; else the title, as most European carriers are `custom` with a name, and
    label services (sendcloud, shipcloud) put the real carrier there.
    """
    by_code = carrier_name(code)
    if by_code in KNOWN and code.lower() not in _NO_CARRIER:
        return by_code
    if title.strip().lower() not in _NO_CARRIER:
        return carrier_name(title)
    return by_code if code.strip().lower() not in _NO_CARRIER else None


def codes_in(raw: str) -> tuple[str, ...]:
    """The codes in a track number; several only where every part looks like one, none where it holds no digit.

    >>> codes_in(" JJD000123 ; JJD000124"), codes_in("SG 42"), codes_in("kein Tracking"), codes_in("-")
    (('JJD000123', 'JJD000124'), ('SG42',), (), ())
    """
    parts = tracking_codes(raw)
    if len(parts) > 1 and not all(_LOOKS_LIKE_A_CODE.fullmatch(part) for part in parts):
        parts = ("".join(raw.split()),)
    return tuple(part for part in parts if any(c.isdigit() for c in part))
