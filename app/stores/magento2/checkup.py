"""Checks a connection with calls that change nothing, and finds the shop's real address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from app.domain.errors import Permanent, Problem, SyncError
from app.ports import Checkup, Finding
from app.stores.magento2.client import Rest, said
from app.stores.magento2.module import INSTALL, info
from app.stores.magento2.settings import Credentials, Settings
from app.stores.magento2.shop import chosen_view, store_views
from app.wire.http import Http, Refused
from app.wire.targets import is_inner_name, same_site

_REDIRECTS = 5
_TAIL = "/rest/all/V1/store/storeConfigs"
_NO_ORDER = 4294967295
"""The largest id Magento's order table can hold: nobody has it, and only a token with the right learns so."""
_READS = (("orders", "/V1/orders"), ("shipments", "/V1/shipments"), ("credit memos", "/V1/creditmemos"),
          ("products", "/V1/products"))  # fmt: skip
_WRITES = (("cancel", f"/V1/orders/{_NO_ORDER}/cancel"), ("unhold", f"/V1/orders/{_NO_ORDER}/unhold"),
           ("invoice", f"/V1/order/{_NO_ORDER}/invoice"), ("refund", f"/V1/order/{_NO_ORDER}/refund"))  # fmt: skip
_ADVICE_KEY = (
    "Enter the four values of an active integration (System > Extensions > Integrations). A bearer_token alone works "
    "only where Magento allows it (off since 2.4.4). The shop's and the bridge's clock must agree."
)
_ADVICE_RESOURCES = (
    "Give the integration the resources Sales, Catalog, Inventory and Stores, or All, save it and reauthorize it."
)


async def check(http: Http, given: Credentials, settings: Settings) -> Checkup:
    """Findings in the order an operator repairs them; the first that blocks ends the check."""
    findings: list[Finding] = []
    reached = await _reached(http, given, settings, findings)
    if reached is not None:
        rest, views = reached
        findings += _view(views, settings)
        findings += [await _reading(rest), await _writing(rest)]
        if all(f.ok for f in findings):
            findings += [await _module(rest, settings), await _stock(rest)]
    kept = reached[0].credentials if reached else given
    return Checkup(findings=tuple(findings), credentials={k: v for k, v in kept.model_dump().items() if v})


async def _reached(
    http: Http, given: Credentials, settings: Settings, findings: list[Finding]
) -> tuple[Rest, list[dict[str, Any]]] | None:
    """The API under the address it answers at: redirects are followed, /index.php tried where rewrites are off."""
    try:
        rest, views = await _followed(http, given)
    except SyncError as e:
        findings.append(_not_reached(e))
        return None
    canonical = await _canonical(http, rest.credentials, own_address(views, rest.credentials.base_url, settings))
    if canonical is not None:
        rest = canonical
    base = rest.credentials.base_url
    findings += [_named("address", f"the shop answers at {base}"), _encryption(base)]
    findings.append(_named("token", "travels signed" if rest.credentials.token else "travels as bearer token"))
    return rest, views


async def _followed(http: Http, given: Credentials) -> tuple[Rest, list[dict[str, Any]]]:
    key, left, tried_index = given, _REDIRECTS, False
    while True:
        rest = Rest(http, key)
        try:
            return rest, await store_views(rest)
        except Refused as e:
            base = _redirected(key.base_url, e)
            if base is not None and left:
                left -= 1
            elif e.status == 404 and not said(e) and not tried_index:
                base, tried_index = f"{key.base_url}/index.php", True
            else:
                raise
            key = key.model_copy(update={"base_url": base})


def _redirected(base: str, refused: Refused) -> str | None:
    """The base a redirect leads to, if it stays within the shop's site; redirects are never followed later, as a
    signature holds for one address.
    """
    if refused.location is None:
        return None
    target = urlsplit(urljoin(f"{base}{_TAIL}", refused.location))
    if not same_site(base, target.geturl()):
        return None
    if target.scheme not in {"http", "https"} or not target.netloc or not target.path.rstrip("/").endswith(_TAIL):
        return None
    return f"{target.scheme}://{target.netloc}{target.path.rstrip('/').removesuffix(_TAIL)}"


def _not_reached(e: SyncError) -> Finding:
    if isinstance(e, Permanent) and e.problem is Problem.CREDENTIALS:
        return Finding(name="token", ok=False, detail=str(e), advice=_ADVICE_KEY)
    advice = "Open the address with /rest/all/V1/store/storeConfigs behind it; maintenance and firewalls block it too."
    return Finding(name="address", ok=False, detail=str(e), advice=advice)


def own_address(views: list[dict[str, Any]], base: str, settings: Settings) -> str:
    """The address the shop has for itself: each website may have its own, so one of them that was entered stays, and
    else the one of the store view orders belong to is taken.
    """
    addresses = [tuple(str(v.get(n) or "").rstrip("/") for n in ("secure_base_url", "base_url")) for v in views]
    if any(base == secure for secure, _ in addresses):
        return base
    same = [secure for secure, plain in addresses if base == plain]
    chosen = [a for a, v in zip(addresses, views, strict=True) if settings.store_view in {"", v.get("code")}]
    found = [*same, *(secure or plain for secure, plain in chosen)]
    return found[0] if found else ""


async def _canonical(http: Http, key: Credentials, said: str) -> Rest | None:
    """The shop under its own address: kept where it differs, lies within the same site, and answers as well."""
    if not said or key.base_url in {said, f"{said}/index.php"} or not same_site(key.base_url, said):
        return None
    rest = Rest(http, key.model_copy(update={"base_url": said}))
    try:
        await store_views(rest)
    except SyncError:
        return None
    return rest


def _encryption(base_url: str) -> Finding:
    parts = urlsplit(base_url)
    if parts.scheme == "https":
        return _named("encryption", "https")
    host = parts.hostname or ""
    if is_inner_name(host):
        return _named("encryption", f"http to {host}, accepted because it is a local address")
    advice = "Install a certificate, set the shop's secure base URL to https, and enter it so."
    return Finding(name="encryption", ok=False, detail=f"{host} is reached without encryption", advice=advice)


def _view(views: list[dict[str, Any]], settings: Settings) -> list[Finding]:
    try:
        shop = chosen_view(views, settings.store_view)
    except SyncError as e:
        codes = ", ".join(sorted(str(v.get("code")) for v in views))
        return [Finding(name="store view", ok=False, detail=str(e), advice=f"Enter one of: {codes}.")]
    if shop.currency != "EUR":
        text = f"the shop's base currency is {shop.currency}, idealo's orders come in EUR"
        return [Finding(name="currency", ok=False, detail=text, advice="Connect a website whose base currency is EUR.")]
    return [_named("store view", f"orders belong to store view {shop.store_id}, base currency EUR")]


async def _reading(rest: Rest) -> Finding:
    missing = []
    for name, path in _READS:
        try:
            await rest.get(path, [("searchCriteria[pageSize]", "1"), ("fields", "items[entity_id],total_count")])
        except SyncError as e:
            missing.append(f"{name}: {e}")
    if missing:
        return Finding(name="reading", ok=False, detail="; ".join(missing), advice=_ADVICE_RESOURCES)
    return _named("reading", "the token may read orders, shipments, credit memos and products")


async def _writing(rest: Rest) -> Finding:
    """An order nobody has: 404 means the right is there, 401 that it is not (recorded 083 and 001)."""
    missing = []
    for name, path in _WRITES:
        try:
            await rest.post(path, {})
        except Refused as e:
            if e.status in {401, 403}:
                missing.append(f"{name}: {e}")
        except SyncError as e:
            missing.append(f"{name}: {e}")
    if missing:
        return Finding(name="writing", ok=False, detail="; ".join(missing), advice=_ADVICE_RESOURCES)
    return _named("writing", "the token may cancel, release, invoice and refund orders")


async def _module(rest: Rest, settings: Settings) -> Finding:
    try:
        found = await info(rest)
    except Refused as e:
        if e.status not in {401, 403}:
            return _named("module", f"does not answer: {e}")
        advice = "Tick idealo Connector among the integration's resources, save and reauthorize it."
        return Finding(name="module", ok=False, detail=str(e), advice=advice)
    except SyncError as e:
        return _named("module", f"does not answer: {e}")
    if found is not None:
        return _named("module", f"version {found.version} is installed, stock {found.stock or 'as the shop keeps it'}")
    if settings.import_route == "module":
        return Finding(name="module", ok=False, detail="import_route is `module`, but it is missing", advice=INSTALL)
    text = "not installed: changes are found by polling, and direct imports reserve no stock"
    return _named("module", text)


async def _stock(rest: Rest) -> Finding:
    try:
        modules: Any = await rest.get("/V1/modules")
    except SyncError:
        return _named("stock", "the shop does not say how it keeps stock")
    msi = isinstance(modules, list | Mapping) and "Magento_InventorySales" in (
        modules if isinstance(modules, list) else modules.values()
    )
    return _named("stock", "sources and reservations (MSI)" if msi else "legacy stock items")


def _named(name: str, detail: str) -> Finding:
    return Finding(name=name, ok=True, detail=detail)
