"""The switches of the fake shop: its settings, its plugins, its version's abilities and its host's bad habits."""

from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from sandbox.stores.switches import Switches

TrackingSource = Literal["fulfillments", "ast", "shiptastic", "meta", "completed"]


class TaxRate(BaseModel):
    """One row of the shop's tax table; `country` empty means everywhere, `tax_class` "" is the standard class."""

    model_config = ConfigDict(extra="forbid")
    country: str = "DE"
    rate: str = "19.0000"
    name: str = "MwSt."
    tax_class: str = ""
    shipping: bool = True


def _german_rates() -> list[TaxRate]:
    return [
        TaxRate(),
        TaxRate(rate="7.0000", name="MwSt. ermäßigt", tax_class="reduced-rate"),
        TaxRate(rate="0.0000", name="MwSt. frei", tax_class="zero-rate"),
    ]


class Options(Switches):
    """All switches with the values of the recorded shop (WooCommerce 10.9.1, 2026-11-23) as defaults."""

    needs: ClassVar[dict[str, str]] = {"fulfillments": "fulfillments", "ast": "ast", "shiptastic": "shiptastic"}

    version: str = "10.9.1"
    wordpress_version: str = "7.0.4"
    home_url: str | None = None
    """Site address used in webhooks; None: the address the last API call came in by."""

    # Settings of the shop
    prices_include_tax: bool = True
    calc_taxes: bool = True
    round_at_subtotal: bool = False
    tax_based_on: Literal["shipping", "billing", "base"] = "shipping"
    shipping_tax_class: Literal["inherit", "", "reduced-rate", "zero-rate"] = "inherit"
    tax_rates: list[TaxRate] = Field(default_factory=_german_rates)
    base_country: str = "DE"
    number_of_decimals: int = Field(default=2, ge=0, le=6)
    manage_stock: bool = True

    # Plugins and features; `tracking_source` says which one the merchant ships with
    tracking_source: TrackingSource = "fulfillments"
    fulfillments: bool = True
    ast: bool = True
    shiptastic: bool = False
    tracking_items_as: Literal["list", "object", "json"] = "list"
    duplicate_skus: bool = False

    # What versions differ in
    created_via_writable: bool = True
    created_via_filterable: bool = True
    orderby_modified: bool = True
    refunds_list: bool = True
    variations_list: bool = True
    refund_delete_fires: bool = False
    draft_on_failure: bool = True
    fail_creates: int = Field(default=0, ge=0)
    """So many of the next order creations break off with a data exception."""

    # The host
    key_permissions: Literal["read", "write", "read_write"] = "read_write"
    strip_authorization: bool = False
    canonical_host: str | None = None
    plain_permalinks: bool = False
    waf: Literal["off", "403", "429", "503"] = "off"
    php_notice: bool = False
    slow_seconds: float = Field(default=0, ge=0, le=600)
    cron_delay_seconds: float = Field(default=0, ge=0)
    """WP-Cron runs by traffic: webhooks leave this much later."""
    webhook_owner_lost: bool = False
    """The webhooks' owner has no rights any more: they carry a signed error instead of an order."""

    def changed(self, values: dict[str, Any]) -> Self:
        """As of all switches; a source of tracking brings its plugin with it."""
        implied: dict[str, Any] = {}
        source = values.get("tracking_source")
        if isinstance(source, str) and source in self.needs:
            implied[self.needs[source]] = True
        if source == "meta":
            implied["ast"] = values.get("ast", False)
        return super().changed({**values, **implied})
