"""How the plugin in use records parcels: core fulfillments, Shiptastic shipments, or the tracking meta."""

import re
from collections.abc import Sequence
from typing import Any

from sandbox.stores.port import Parcel, SandboxRefusal
from sandbox.stores.woocommerce.lifecycle import change_status
from sandbox.stores.woocommerce.model import Fulfillment, Order
from sandbox.stores.woocommerce.parcel_api import note_progress, store_fulfillment
from sandbox.stores.woocommerce.shiptastic import store_shipment
from sandbox.stores.woocommerce.state import Shop
from sandbox.stores.woocommerce.trackings import items_of, new_item, provider_slug, write_items

Chosen = dict[int, int]
"""Units per order item id."""


class ParcelDesk:
    """Writes parcels into an order; what may be shipped is settled before."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def ship(self, order: Order, chosen: Chosen, parcels: Sequence[Parcel], *, last: bool) -> None:
        """Record a shipment of these units; `last`: nothing is open after it."""
        match self.shop.options.tracking_source:
            case "fulfillments":
                self._fulfil(order, chosen, parcels)
            case "shiptastic":
                self._shiptastic(order, chosen, parcels)
                if last:
                    change_status(self.shop, order, "completed")
            case "ast" | "meta" as source:
                self._track_parcels(order, chosen, parcels, last=last, per_item=source == "ast")
            case "completed":
                if not last:
                    raise SandboxRefusal("lines", "this shop only knows completed orders: ship all that is open")
                change_status(self.shop, order, "completed")

    def track(self, order: Order, parcel: Parcel) -> None:
        """Add a parcel to what was shipped."""
        source = self.shop.options.tracking_source
        if source == "fulfillments" and self._track_fulfillment(order, parcel):
            return
        if source == "shiptastic" and order.shipments:
            self._track_shipment(order, parcel)
            return
        write_items(self.shop, order, [*items_of(order), self._tracking(order, parcel, None)])

    def _fulfil(self, order: Order, chosen: Chosen, parcels: Sequence[Parcel]) -> None:
        """One fulfillment per parcel, each with units of its own; parcels beyond the units become AST parcels."""
        shares = _shares(chosen, max(1, len(parcels)))
        for position, share in enumerate(shares):
            rows: list[dict[str, Any]] = [
                {"key": "_items", "value": [{"item_id": key, "qty": count} for key, count in share.items()]}
            ]
            parcel = parcels[position] if parcels else None
            rows += _fulfillment_rows(parcel)
            store_fulfillment(self.shop, order, {"status": "fulfilled", "is_fulfilled": True, "meta_data": rows})
        more = [self._tracking(order, parcel, None) for parcel in parcels[len(shares) :]]
        if more:
            write_items(self.shop, order, [*items_of(order), *more])

    def _track_fulfillment(self, order: Order, parcel: Parcel) -> bool:
        """Into a fulfillment without number, or beside one with units to share; False when neither exists."""
        live = [entry for entry in order.fulfillments if entry.is_fulfilled and entry.deleted is None]
        bare = next((entry for entry in live if not entry.value("_tracking_number")), None)
        if bare is not None:
            store_fulfillment(self.shop, order, {"meta_data": _fulfillment_rows(parcel)}, bare)
            return True
        rich = next((entry for entry in live if sum(int(item["qty"]) for item in entry.value("_items")) > 1), None)
        if rich is None:
            return False
        item = self._split_off(rich)
        rows = [{"key": "_items", "value": [item]}, *_fulfillment_rows(parcel)]
        store_fulfillment(self.shop, order, {"status": "fulfilled", "is_fulfilled": True, "meta_data": rows})
        note_progress(self.shop, order)
        return True

    def _split_off(self, entry: Fulfillment) -> dict[str, int]:
        """Take one unit out of a fulfillment."""
        items = entry.value("_items")
        items[-1]["qty"] = int(items[-1]["qty"]) - 1
        item_id = int(items[-1]["item_id"])
        if not items[-1]["qty"]:
            items.pop()
        return {"item_id": item_id, "qty": 1}

    def _shiptastic(self, order: Order, chosen: Chosen, parcels: Sequence[Parcel]) -> None:
        shares = _shares(chosen, max(1, len(parcels)))
        for position in range(max(len(shares), len(parcels))):
            share = shares[position] if position < len(shares) else {}
            parcel = parcels[position] if parcels else None
            self._put_shipment(order, share, parcel)

    def _put_shipment(self, order: Order, share: Chosen, parcel: Parcel | None) -> None:
        body: dict[str, Any] = {
            "status": "shipped",
            "items": [{"order_item_id": key, "quantity": count} for key, count in share.items()],
        }
        if parcel is not None:
            body |= {
                "tracking_id": parcel.tracking_code,
                "shipping_provider": _slug(parcel.carrier),
                "shipping_provider_title": parcel.carrier,
            }
        store_shipment(self.shop, order, body)

    def _track_shipment(self, order: Order, parcel: Parcel) -> None:
        bare = next((one for one in order.shipments if one.type == "simple" and not one.tracking_id), None)
        if bare is None:
            self._put_shipment(order, {}, parcel)
            return
        body = {
            "tracking_id": parcel.tracking_code,
            "shipping_provider": _slug(parcel.carrier),
            "shipping_provider_title": parcel.carrier,
        }
        store_shipment(self.shop, order, body, bare)

    def _track_parcels(
        self, order: Order, chosen: Chosen, parcels: Sequence[Parcel], *, last: bool, per_item: bool
    ) -> None:
        """Parcels in the tracking meta. Only AST can name a parcel's items (`products_list`)."""
        partial_before = any(item.get("products_list") for item in items_of(order))
        if not last and not (per_item and parcels):
            raise SandboxRefusal("lines", "this shop's plugin records parcels for the whole order only")
        named = _shares(chosen, max(1, len(parcels))) if partial_before or not last else []
        items = [self._tracking(order, parcel, _share_of(named, position)) for position, parcel in enumerate(parcels)]
        if items:
            write_items(self.shop, order, [*items_of(order), *items])
        if last:
            change_status(self.shop, order, "completed")
        elif per_item:
            change_status(self.shop, order, "partial-shipped")

    def _tracking(self, order: Order, parcel: Parcel, share: Chosen | None) -> dict[str, Any]:
        fields = {
            "tracking_provider": provider_slug(parcel.carrier) or parcel.carrier,
            "tracking_number": parcel.tracking_code,
            "status_shipped": "1",
        }
        item = new_item(self.shop, order, fields)
        if share is None and any(other.get("products_list") for other in items_of(order)):
            # Beside parcels that name their items this one must not claim the whole order.
            share = {order.lines[-1].id: 0}
        if share is not None:
            sold = {line.id: line.sold_id for line in order.lines}
            item["products_list"] = [
                {"product": str(sold[key]), "item_id": str(key), "qty": str(count)} for key, count in share.items()
            ]
        return item


def _shares(chosen: Chosen, parcels: int) -> list[Chosen]:
    """Units spread over at most so many parcels, none empty: the first ones get a unit each, the last the rest."""
    single = [key for key, count in chosen.items() for _ in range(count)]
    parts = [single[position : position + 1] for position in range(min(parcels, len(single)) - 1)]
    parts.append(single[len(parts) :])
    return [{key: part.count(key) for key in dict.fromkeys(part)} for part in parts]


def _share_of(named: list[Chosen], position: int) -> Chosen | None:
    """The units of one parcel; a parcel beyond the units carries none of its own."""
    if not named:
        return None
    return named[position] if position < len(named) else dict.fromkeys(named[-1], 0)


def _slug(carrier: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", carrier.casefold()).strip("-")


CORE_PROVIDERS = {
    "dhl": "DHL", "deutsche-post": "Deutsche Post", "dpd": "DPD", "gls": "GLS", "evri-hermes": "Hermes", "ups": "UPS",
    "fedex": "FedEx", "austrian-post": "Österreichische Post", "swiss-post": "Swiss Post", "postnl": "PostNL",
}  # fmt: skip


def _fulfillment_rows(parcel: Parcel | None) -> list[dict[str, Any]]:
    """Meta rows as the order screen writes them; a carrier WooCommerce has no class for is `other` with its name."""
    if parcel is None:
        return [{"key": "_shipping_option", "value": "no-info"}]
    wanted = parcel.carrier.strip().casefold()
    slug = next((key for key, name in CORE_PROVIDERS.items() if wanted in {key, name.casefold()}), None)
    rows = [{"key": "_shipment_provider", "value": slug or "other"}]
    if slug is None:
        rows.append({"key": "_provider_name", "value": parcel.carrier})
    return [
        *rows,
        {"key": "_tracking_number", "value": parcel.tracking_code},
        {"key": "_tracking_url", "value": ""},
        {"key": "_shipping_option", "value": "tracking-number" if slug else "manual-entry"},
    ]
