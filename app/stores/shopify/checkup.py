"""Checks a connection with calls that change nothing: token, version, scopes, currency, webhook secret."""

from typing import Any

from app.domain.errors import SyncError
from app.ports import Checkup, Finding
from app.stores.shopify import documents as d
from app.stores.shopify.client import Graph
from app.stores.shopify.definition import read_type
from app.stores.shopify.orders import read_scopes
from app.stores.shopify.reading import document

NEEDED = {
    "read_orders": "orders and their webhooks",
    "write_orders": "creating and cancelling orders",
    "read_products": "finding variants by SKU",
    "read_inventory": "telling what is short in stock",
    "read_fulfillments": "the shipment webhooks",
    "read_returns": "returns and their webhooks",
}
_WISHED = {"read_all_orders": "orders older than 60 days, such as late returns"}
CURRENCY = "EUR"


async def check(graph: Graph, secrets: tuple[str, ...]) -> Checkup:
    """Findings in the order an operator repairs them; without access the rest cannot be asked."""
    findings: list[Finding] = []
    shop = await _access(graph, findings)
    if shop is not None:
        findings += [_version(graph), await _scopes(graph), *_shop(graph, shop), await _orders(graph)]
        findings += [await _metafield(graph), _secret(graph, secrets)]
    kept = {name: value for name, value in graph.credentials.model_dump().items() if value is not None}
    return Checkup(findings=tuple(findings), credentials=kept)


async def _access(graph: Graph, findings: list[Finding]) -> dict[str, Any] | None:
    try:
        shop = document((await graph.ask(d.SHOP)).get("shop"), "shop")
    except SyncError as e:
        advice = (
            "Enter the store's myshopify.com address and the token of an app that is installed there, or the client id "
            "and secret of an app of the same organization."
        )
        findings.append(Finding(name="access", ok=False, detail=str(e), advice=advice))
        return None
    findings.append(_good("access", f"{shop.get('name')} answers at {graph.credentials.address}"))
    return shop


def _version(graph: Graph) -> Finding:
    """A version that is no longer served falls forward without an error; only the header tells."""
    asked, served = graph.settings.api_version, graph.served
    if served is None or served == asked:
        return _good("API version", asked)
    advice = "Set api_version of this store to a version that is served, after reading Shopify's changes to it."
    return Finding(name="API version", ok=True, detail=f"{asked} was asked for, {served} answers", advice=advice)


async def _scopes(graph: Graph) -> Finding:
    try:
        granted = await read_scopes(graph)
    except SyncError as e:
        return Finding(name="scopes", ok=False, detail=str(e), advice="Try again once Shopify answers.")
    missing = {scope: why for scope, why in NEEDED.items() if not _has(granted, scope)}
    if missing:
        said = "; ".join(f"{scope} ({why})" for scope, why in missing.items())
        advice = "Add the scopes to the app, release its version, and install it again."
        return Finding(name="scopes", ok=False, detail=f"missing: {said}", advice=advice)
    wished = [f"without {scope}: no {why}" for scope, why in _WISHED.items() if not _has(granted, scope)]
    return _good("scopes", "; ".join(["all that are needed", *wished]))


def _has(granted: set[str], scope: str) -> bool:
    """A write scope contains the read scope of the same name, which Shopify then does not list."""
    return scope in granted or scope.replace("read_", "write_", 1) in granted


def _shop(graph: Graph, shop: dict[str, Any]) -> list[Finding]:
    currency, domain = shop.get("currencyCode"), shop.get("myshopifyDomain")
    findings = [_good("currency", f"{currency}")]
    if currency != CURRENCY:
        advice = "Connect a store that sells in euros: refunds and reports of another would mix two currencies."
        detail = f"the store's currency is {currency}; idealo's orders come in {CURRENCY}"
        findings = [Finding(name="currency", ok=False, detail=detail, advice=advice)]
    if domain != graph.credentials.shop_domain:
        advice = f"Enter {domain}; the store was renamed, or the token belongs to another one."
        detail = f"the store calls itself {domain}, not {graph.credentials.shop_domain}"
        stand_in = graph.credentials.base_url is not None
        findings.append(Finding(name="address", ok=stand_in, detail=detail, advice="" if stand_in else advice))
    return findings


async def _orders(graph: Graph) -> Finding:
    """Orders count as protected customer data; an app without any approval is refused here, not at the shop."""
    try:
        await graph.ask(d.ANY_ORDER)
    except SyncError as e:
        advice = (
            "Request access to protected customer data (level 1) for the app in the Dev Dashboard or Partner Dashboard."
        )
        return Finding(name="orders", ok=False, detail=str(e), advice=advice)
    return _good("orders", "the app may read orders")


async def _metafield(graph: Graph) -> Finding:
    try:
        kind = await read_type(graph)
    except SyncError as e:
        return _good("metafield", f"orders will be found by search only: {e}")
    if kind is None:
        return _good("metafield", f"{d.NAMESPACE}.{d.KEY} is not there yet; it is made with the first order")
    unique = "" if kind == "id" else " and not `id`, so that Shopify does not refuse a second order by itself"
    return _good("metafield", f"{d.NAMESPACE}.{d.KEY} is of type {kind}{unique}")


def _secret(graph: Graph, secrets: tuple[str, ...]) -> Finding:
    if graph.credentials.client_secret:
        return _good("webhook secret", "the app's client secret")
    detail = f"{len(secrets)} entered by hand; whether one is the app's API secret key shows with the first webhook"
    advice = "Enter the app's API secret key as client_secret, or as webhook secret."
    return Finding(name="webhook secret", ok=True, detail=detail, advice=advice)


def _good(name: str, detail: str) -> Finding:
    return Finding(name=name, ok=True, detail=detail)
