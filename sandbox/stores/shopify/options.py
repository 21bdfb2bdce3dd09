"""The switches of the fake store: its plan, its app's rights, and its bad days."""

from typing import Final, Literal

from pydantic import Field

from sandbox.stores.switches import Switches

VERSIONS: Final = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")
"""Versions that are served on 2026-11-23, oldest first."""

ALL_SCOPES: Final = (
    "read_all_orders", "read_assigned_fulfillment_orders", "read_customers", "read_fulfillments", "read_inventory",
    "read_locations", "read_merchant_managed_fulfillment_orders", "read_orders", "read_products", "read_returns",
    "read_third_party_fulfillment_orders", "write_customers", "write_fulfillments", "write_inventory",
    "write_merchant_managed_fulfillment_orders", "write_order_edits", "write_orders", "write_returns",
)  # fmt: skip


class Options(Switches):
    """All switches; the defaults are a paid German store with a custom app of the same organization."""

    # The store
    shop_state: Literal["open", "unpaid", "forbidden", "gone", "locked"] = "open"
    """Answers 402, 403, 404 or 423 to everything but `open`."""
    development_store: bool = False
    currency: str = "EUR"
    timezone: str = "Europe/Berlin"
    shop_taxes_included: bool = True

    # The app
    scopes: list[str] = Field(default_factory=lambda: list(ALL_SCOPES))
    customer_data: Literal["full", "null", "denied"] = "full"
    """Protected customer data: shown, silently null, or null with ACCESS_DENIED beside it."""
    foreign_organization: bool = False
    """The client credentials grant is refused with `shop_not_permitted`."""
    uninstalled: bool = False
    token_seconds: int = Field(default=86_399, ge=1)
    client_secrets: list[str] = Field(default_factory=list)
    """Secrets not yet revoked, oldest first; webhooks are signed with the oldest. Empty: the published one."""
    webhook_version: str = "2026-07"
    strict_addresses: bool = False
    """Refuse webhook addresses on loopback or without TLS, as the real store does; off, or no sandbox could run."""

    # Speed
    bucket_size: int = Field(default=2000, ge=1)
    restore_rate: int = Field(default=100, ge=1)
    max_query_cost: int = Field(default=1000, ge=1)
    index_delay_seconds: float = Field(default=2, ge=0)
    """How long the search index lags behind."""
    job_seconds: float = Field(default=0.5, ge=0)
    """How long a cancellation takes."""
    creates_per_minute: int | None = None
    """Trial and development stores allow 5 orderCreate a minute."""
    edge_429: int = Field(default=0, ge=0)
    """So many of the next calls are turned away before the store sees them."""
    internal_errors: int = Field(default=0, ge=0)
    """So many of the next queries answer 200 with INTERNAL_SERVER_ERROR."""

    # How the merchant works
    cancel_part: Literal["refund", "restock_only", "edit"] = "refund"
    """Units taken out before shipping: by a refund with money, by a refund without, or by an order edit."""
    cancel_refunds: bool = True
    """Cancelling a whole order pays it back."""
    return_by: Literal["return", "refund"] = "return"
    """Goods that came back: a return with its refund, or a refund alone with restock type RETURN."""
    return_pays: bool = True
    refund_lines: Literal["amount", "no_restock"] = "amount"
    """Paying back the worth of lines: money only, or naming the units with NO_RESTOCK."""
