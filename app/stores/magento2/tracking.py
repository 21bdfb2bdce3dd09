"""Reads parcels out of a shipment's tracks: carriers, codes, return labels and what people type there; pure."""

from collections.abc import Sequence
from typing import Any

from app.domain.carriers import KNOWN, carrier_name, tracking_codes
from app.domain.orders import Shipment
from app.stores.magento2.reading import entries, identity, text_or_none

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
            codes = tracking_codes(text_or_none(track.get("track_number"), f"{spot}.track_number"))
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
