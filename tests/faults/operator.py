"""The operator of the bridge: connects stores and rotates secrets through the admin API, patiently while it is away."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import httpx

from app.api.auth import issue_token
from app.api.report_shapes import ReportShape
from app.config import Settings
from app.ledger.audits import SILENT_AFTER

PATIENCE_S = 45
KINDS = ("magento2", "shopify", "woocommerce")
FIRST_SHOP = 318204


class RefusedError(Exception):
    """The admin API said no, or nothing at all for too long."""


class Operator:
    """Speaks with one API. `settings` are the processes' own, read for every token; `meanwhile` fills the waits."""

    def __init__(self, api_url: str, settings: Mapping[str, str], meanwhile: Callable[[], None]) -> None:
        self._url = f"{api_url}/admin/v1"
        self._settings = settings
        self._meanwhile = meanwhile
        self.stores: dict[str, str] = {}
        """Store ids by kind."""

    def connect(self, credentials: Mapping[str, Mapping[str, Any]], idealo_url: str, store_url: str) -> None:
        """One store of each kind, each with an idealo shop of its own (see `shop_of`), checked on both sides."""
        for kind in KINDS:
            entry = {
                "kind": kind,
                "name": f"The {kind} shop",
                "credentials": {**credentials[kind], "base_url": f"{store_url}/stores/{kind}"},
                "idealo": {**idealo_account(kind), "base_url": idealo_url},
                "settings": {"tracking_grace_minutes": 0},
            }
            self.stores[kind] = self.ask("POST", "/stores", entry)["id"]
            self.ask("POST", f"/stores/{self.stores[kind]}/webhooks")

    def poll(self, kind: str) -> None:
        """Both sides, now."""
        self.ask("POST", f"/stores/{self.stores[kind]}/poll")

    def new_webhook_secret(self, kind: str) -> None:
        """As the manual says: a new secret beside the old one, webhooks repaired so that the store signs with it."""
        store = f"/stores/{self.stores[kind]}"
        self.ask("POST", f"{store}/secrets")
        self.ask("POST", f"{store}/webhooks")

    def retire_webhook_secret(self, kind: str) -> None:
        """The older of two; none is there to retire when a repetition has done it already."""
        self.ask("DELETE", f"/stores/{self.stores[kind]}/secrets/2", also=(404,))

    def repair_webhooks(self) -> None:
        for store_id in self.stores.values():
            self.ask("POST", f"/stores/{store_id}/webhooks")

    def reconcile(self, kind: str) -> ReportShape:
        """Compares the three sides of a store and mends, as an operator does; answers the report when it has ended.

        Raises RefusedError.
        """
        reports = f"/stores/{self.stores[kind]}/reconciliations"
        # The daily run may be at it, or have died with its worker: then nobody may before it counts as dead.
        deadline = time.monotonic() + SILENT_AFTER.total_seconds() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = self.ask("POST", f"/stores/{self.stores[kind]}/reconcile", also=(409,))
            while answer.get("status") == "running":
                self._pause()
                listed = self.ask("GET", reports)["items"]
                answer = next(report for report in listed if report["id"] == answer["id"])
            if "differences" in answer:
                return ReportShape.model_validate(answer)
            self._pause()
        raise RefusedError(f"another reconciliation of the {kind} shop does not end")

    def wait(self, seconds: float) -> None:
        """Lets the bridge go on with what it does."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._pause()

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, also: Iterable[int] = ()
    ) -> dict[str, Any]:
        """One call, repeated while nothing answers or the API is unavailable. Raises RefusedError."""
        deadline, said = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < deadline:
            try:
                answer = httpx.request(
                    method, self._url + path, json=body, headers=self._headers(), timeout=60, trust_env=False
                )
            except httpx.HTTPError as e:
                said = f"{type(e).__name__} {e}"
            else:
                if answer.is_success or answer.status_code in also:
                    found: dict[str, Any] = answer.json() if answer.content else {}
                    return found
                said = f"{answer.status_code} {answer.text[:500]}"
                if answer.status_code < 500:
                    break
            self._pause()
        raise RefusedError(f"{method} {path}: {said}")

    def _pause(self) -> None:
        self._meanwhile()
        time.sleep(0.5)

    def _headers(self) -> dict[str, str]:
        given = {name.removeprefix("BRIDGE_").lower(): value for name, value in self._settings.items()}
        settings = Settings.model_validate(given)
        token = issue_token(settings, ["read", "operate", "configure"], timedelta(hours=8), "campaign")
        return {"Authorization": f"Bearer {token}"}


def shop_of(kind: str) -> int:
    """The idealo shop of a store."""
    return FIRST_SHOP + KINDS.index(kind)


def idealo_account(kind: str) -> dict[str, str]:
    return {"client_id": f"client-{shop_of(kind)}", "client_secret": "secret"}
