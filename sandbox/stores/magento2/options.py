"""The switches of the fake shop: its settings, what is installed in it, and its host's bad habits."""

from typing import Literal

from pydantic import Field

from sandbox.stores.switches import Switches


class Options(Switches):
    """All switches; the defaults are those of the recorded shop (2.4.6, 2026-11-23) with the bridge's module in it."""

    version: str = "2.4.6"
    base_path: Literal["", "/index.php"] = ""
    """A host without rewriting knows its REST API under /index.php/rest only."""

    # Services > OAuth
    bearer: Literal["refused", "allowed"] = "refused"
    """Whether an integration's access token alone opens the API; refused by default since 2.4.4."""
    clock_behind_seconds: float = 0
    """The shop's clock is late by this much; beyond 600 s signed calls are refused."""
    denied_resources: list[str] = Field(default_factory=list)
    """ACL resources the merchant did not tick for the integration."""

    # Settings of the shop
    prices_include_tax: bool = True
    shipping_price: str = "3.35"
    guest_checkout: bool = True
    msi: bool = True
    """Magento's inventory modules; without them /V1/inventory is no route and stock lives in stock items."""
    payment_methods: list[str] = Field(default_factory=lambda: ["checkmo", "purchaseorder", "banktransfer"])

    # The bridge's own module
    module: Literal["on", "off"] = "on"
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_store: str = "default"
    webhook_enabled: bool = True
    outbox_delay_seconds: float = Field(default=0, ge=0)
    """The module's cron sends this much after the event; a real one waits until the transaction is through (10 s)."""
    commit_lag_seconds: float = Field(default=0, ge=0)
    """A new order is not readable for this long, as when a webhook overtakes the transaction it tells of."""

    # The host
    encoded_slashes: Literal["accepted", "refused"] = "accepted"
    """Apache without AllowEncodedSlashes answers 404 to %2F in a path; only %252F gets through."""
    waf: Literal["off", "403", "503"] = "off"
    fail_after_save: int = Field(default=0, ge=0)
    """So many of the next order saves answer 500 although the order was saved (an observer of some extension)."""
