"""Finds an order's parcels in the five places WooCommerce shops keep them, best source first, merged by code."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime

from app.domain.carriers import carrier_name, tracking_codes
from app.domain.orders import Shipment
from app.domain.value import Value
from app.stores.woocommerce.reading import document, entries, metas, moment, text, text_or_none, unwrapped, whole
from app.stores.woocommerce.settings import Settings, TrackingRule
from app.wire.json_fields import flag

AST_KEY = "_wc_shipment_tracking_items"
WHOLE_ORDER = "order"
"""The shipment of everything at once: its codes come from any plugin, at any time, or never."""
_SHIPPED = ("shipped", "delivered")


class Parcel(Value):
    """One consignment; `items` are units per order line id, None where the source does not say what is inside."""

    source: str
    shipment_id: str
    carrier: str | None
    codes: tuple[str, ...]
    items: tuple[tuple[str, int], ...] | None
    shipped_at: AwareDatetime | None
    by_day: bool = False
    """`shipped_at` is a day's midnight, not a time."""

    def shipment(self) -> Shipment:
        return Shipment(shipment_id=self.shipment_id, carrier=self.carrier, codes=self.codes)


def parcels_of(
    order: dict[str, Any], fulfillments: Any, settings: Settings, where: str, *, shipped: bool
) -> list[Parcel]:
    """All parcels that have left; `shipped` says whether the order's status counts as shipped."""
    found = [
        *_fulfillments(fulfillments, f"{where}: fulfillments"),
        *_shiptastic(order.get("shipments"), f"{where}: shipments"),
        *_tracking_items(order, where),
        *_configured(order, settings.tracking_meta, where, shipped=shipped),
    ]
    return _merged(found)


def returned_items(order: dict[str, Any], where: str) -> list[tuple[str, int]]:
    """Units per order line id in Shiptastic return shipments that have arrived back."""
    return [
        pair
        for i, entry in _simple_or_return(order.get("shipments"), f"{where}: shipments", "return")
        if entry.get("status") == "delivered"
        for pair in _items(entry.get("items"), ("order_item_id", "quantity"), f"{where}: shipments[{i}].items")
    ]


def _merged(found: Iterable[Parcel]) -> list[Parcel]:
    """Later sources add only codes that earlier ones do not have.

    With core fulfillments on, Shiptastic shows its shipments as fulfillments under the same id (its version 5.1.4).
    """
    parcels: list[Parcel] = []
    known: set[str] = set()
    for parcel in found:
        new = tuple(code for code in parcel.codes if code not in known)
        twin = any(p.shipment_id[1:] == parcel.shipment_id[1:] and p.items == parcel.items for p in parcels)
        if (parcel.codes and not new) or (not parcel.codes and twin):
            continue
        known.update(new)
        parcels.append(parcel.model_copy(update={"codes": new}))
    return parcels


def _items(value: Any, keys: tuple[str, str], where: str) -> list[tuple[str, int]]:
    item, quantity = keys
    return [
        (str(whole(entry.get(item), f"{where}[{i}].{item}")), whole(entry.get(quantity), f"{where}[{i}].{quantity}"))
        for i, entry in enumerate(entries(unwrapped(value), where))
    ]


def _fulfillments(answer: Any, where: str) -> Iterator[Parcel]:
    """Source 1: core fulfillments. Recorded 2026-11-23 (WooCommerce 10.9.1): `is_fulfilled` is "1" in lists and true
    when created, the provider stands in `_shipment_provider`; its API document says `_shipping_provider`.
    """
    if isinstance(answer, dict):
        answer = answer.get("fulfillments", [])  # older betas wrapped the list
    for i, entry in enumerate(entries(answer or [], where)):
        at = f"{where}[{i}]"
        if entry.get("date_deleted") or not flag(entry.get("is_fulfilled")):
            continue
        kept = dict(reversed(list(metas(entry, at))))
        provider = kept.get("_shipping_provider") or kept.get("_shipment_provider")
        if provider in (None, "", "other"):
            provider = kept.get("_provider_name") or provider
        items = kept.get("_items")
        yield Parcel(
            source="fulfillment",
            shipment_id=f"f{whole(entry.get('id'), f'{at}.id')}",
            carrier=carrier_name(text_or_none(provider, f"{at}._shipping_provider")),
            codes=tracking_codes(text_or_none(kept.get("_tracking_number"), f"{at}._tracking_number")),
            items=tuple(_items(items, ("item_id", "qty"), f"{at}._items")) if items else None,
            shipped_at=moment(kept.get("_date_fulfilled"), f"{at}._date_fulfilled"),
        )


def _simple_or_return(value: Any, where: str, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for i, entry in enumerate(entries(value or [], where)):
        if entry.get("type", "simple") == kind:
            yield i, entry


def _shiptastic(value: Any, where: str) -> Iterator[Parcel]:
    """Source 2: Shiptastic / Germanized. A code exists from the printed label on; only shipped ones have left."""
    for i, entry in _simple_or_return(value, where, "simple"):
        at = f"{where}[{i}]"
        if entry.get("status") not in _SHIPPED:
            continue
        provider = entry.get("shipping_provider_title") or entry.get("shipping_provider")
        items = entry.get("items")
        yield Parcel(
            source="shiptastic",
            shipment_id=f"s{whole(entry.get('id'), f'{at}.id')}",
            carrier=carrier_name(text_or_none(provider, f"{at}.shipping_provider")),
            codes=tracking_codes(text_or_none(entry.get("tracking_id"), f"{at}.tracking_id")),
            items=tuple(_items(items, ("order_item_id", "quantity"), f"{at}.items")) if items else None,
            shipped_at=moment(entry.get("date_sent_gmt"), f"{at}.date_sent_gmt"),
        )


def _tracking_items(order: dict[str, Any], where: str) -> Iterator[Parcel]:
    """Source 3: Shipment Tracking and AST. Their `date_shipped` is usually a day's midnight, sometimes tomorrow's
    (recorded 2026-11-23, AST 3.9); AST PRO may add `products_list`.
    """
    for key, value in metas(order, where):
        value = unwrapped(value)  # noqa: PLW2901 - the same value, parsed
        if key != AST_KEY or not value or isinstance(value, str):
            continue  # text that is no JSON is serialized PHP of old plugins: nothing we can read safely
        at = f"{where}: {AST_KEY}"
        for i, entry in enumerate(entries(value, at)):
            yield _tracking_item(entry, f"{at}[{i}]")


def _tracking_item(entry: dict[str, Any], at: str) -> Parcel:
    number = text_or_none(entry.get("tracking_number"), f"{at}.tracking_number") or ""
    link = text_or_none(entry.get("custom_tracking_link"), f"{at}.custom_tracking_link") or ""
    codes = tracking_codes(number) or (tracking_codes(link) if "%" not in link else ())
    provider = entry.get("custom_tracking_provider") or entry.get("tracking_provider")
    listed = unwrapped(entry.get("products_list"))
    items = _listed(listed, at) if isinstance(listed, list) and listed else None
    own_id = text_or_none(entry.get("tracking_id"), f"{at}.tracking_id") or _named_by(codes)
    shipped_at = moment(entry.get("date_shipped"), f"{at}.date_shipped")
    return Parcel(
        source="tracking",
        shipment_id=f"t{own_id}" if items else WHOLE_ORDER,
        carrier=carrier_name(text_or_none(provider, f"{at}.tracking_provider")),
        codes=codes,
        items=items,
        shipped_at=shipped_at,
        by_day=shipped_at is not None and _midnight(shipped_at),
    )


def _listed(listed: list[Any], at: str) -> tuple[tuple[str, int], ...] | None:
    """Units per line of AST PRO's `products_list`, None where entries name no order line."""
    where = f"{at}.products_list"
    if any(not document(entry, where).get("item_id") for entry in listed):
        return None
    return tuple(_items(listed, ("item_id", "qty"), where))


def _named_by(codes: Sequence[str]) -> str:
    return hashlib.sha256("/".join(codes).encode()).hexdigest()[:16]


def _midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second) == (0, 0, 0)


def _configured(order: dict[str, Any], rules: Sequence[TrackingRule], where: str, *, shipped: bool) -> Iterator[Parcel]:
    """Source 4: meta keys the merchant names; one parcel per rule."""
    kept = list(metas(order, where))
    for rule in rules:
        if rule.counts == "when_shipped" and not shipped:
            continue
        codes = [code for key, value in kept if key == rule.meta_key for code in _codes(value, rule, where)]
        if not codes:
            continue
        carrier = rule.carrier or next(
            (text_or_none(v, f"{where}.{k}") for k, v in kept if k == rule.carrier_meta_key and v), None
        )
        yield Parcel(
            source="meta",
            shipment_id=WHOLE_ORDER,
            carrier=carrier_name(carrier),
            codes=tuple(dict.fromkeys(codes)),
            items=None,
            shipped_at=None,
        )


def _codes(value: Any, rule: TrackingRule, where: str) -> list[str]:
    at = f"{where}: {rule.meta_key}"
    found = [text(v, at) for v in _walk(unwrapped(value), rule.path.split(".") if rule.path else []) if v]
    if not rule.pattern:
        return list(tracking_codes(found))
    matches = [m for raw in found for m in re.finditer(rule.pattern, raw)]
    return list(tracking_codes(m.group(1) if m.re.groups else m.group(0) for m in matches))


def _walk(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """The scalar values at a path; what does not exist yields nothing, as most orders have no code yet."""
    if not path:
        nested = isinstance(value, dict | list)
        yield from (v for v in value if not isinstance(v, dict | list)) if isinstance(value, list) else ()
        if not nested:
            yield value
        return
    head, rest = path[0], path[1:]
    if isinstance(value, list):
        value = {str(i): v for i, v in enumerate(value)}
    if isinstance(value, dict):
        for key in [*value] if head == "*" else [head]:
            if key in value:
                yield from _walk(value[key], rest)
