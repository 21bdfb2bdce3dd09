"""Checks a connection with calls that change nothing, and finds the shop's real address and the way its key travels."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from app.domain.errors import SyncError
from app.ports import Checkup, Finding
from app.stores.woocommerce.client import Rest, code_of, parsed
from app.stores.woocommerce.rates import Place, TaxTable
from app.stores.woocommerce.settings import Credentials, Settings
from app.stores.woocommerce.shop import read_taxes, settings_group
from app.wire.http import Http, Refused
from app.wire.json_fields import flag
from app.wire.targets import is_inner_name, same_site

_REDIRECTS = 5


async def check(http: Http, given: Credentials, settings: Settings) -> Checkup:
    """Findings in the order an operator repairs them; the first that blocks ends the check."""
    findings: list[Finding] = []
    key = await _address(http, given, findings)
    if key and _all_ok(findings):
        key = await _access(http, key, findings)
    if key and _all_ok(findings):
        rest = Rest(http, key)
        findings += [await _write_access(rest), await _webhook_access(rest), *await _shop_settings(rest, settings)]
    return Checkup(findings=tuple(findings), credentials=(key or given).model_dump())


def _all_ok(findings: list[Finding]) -> bool:
    return all(f.ok for f in findings)


async def _address(http: Http, given: Credentials, findings: list[Finding]) -> Credentials | None:
    """Follows redirects of the API's index within the shop's site: a redirected POST would become a GET later."""
    try:
        key, index = await _index(http, given)
    except SyncError as e:
        advice = "Open the address with /wp-json/ behind it in a browser; maintenance pages and firewalls block it too."
        findings.append(Finding(name="address", ok=False, detail=str(e), advice=advice))
        return None
    findings.append(_named("address", f"the shop answers at {key.base_url} with {key.permalinks} permalinks"))
    namespaces = index.get("namespaces")
    if not isinstance(namespaces, list) or "wc/v3" not in namespaces:
        advice = "Activate WooCommerce, and let no security plugin block its REST API."
        findings.append(Finding(name="WooCommerce", ok=False, detail="no wc/v3 in the API's index", advice=advice))
    findings.append(_encryption(key.base_url))
    return key


async def _index(http: Http, given: Credentials) -> tuple[Credentials, Mapping[str, Any]]:
    """Pretty permalinks first; with plain ones `/wp-json/` is a page that is not there, or the shop's front page."""
    try:
        base, index = await _followed(http, given.base_url, "/wp-json/", {})
        return given.model_copy(update={"base_url": base, "permalinks": "pretty"}), index
    except SyncError as e:
        if isinstance(e, Refused) and e.status != 404:
            raise
        first = e
    try:
        base, index = await _followed(http, given.base_url, "/", {"rest_route": "/"})
    except SyncError:
        raise first from None
    return given.model_copy(update={"base_url": base, "permalinks": "plain"}), index


async def _followed(http: Http, base: str, tail: str, params: dict[str, str]) -> tuple[str, Mapping[str, Any]]:
    """The base under which `tail` answers, and its JSON. Raises what `Http.send` raises."""
    url = f"{base}{tail}"
    left = _REDIRECTS
    while True:
        try:
            index = parsed(await http.send("GET", url, params=params))
        except Refused as e:
            if e.location is None or not left:
                raise
            left -= 1
            target = urlsplit(urljoin(url, e.location))
            if not same_site(base, target.geturl()):
                raise  # its text names the place; the keys were entered for this shop
            url = f"{target.scheme}://{target.netloc}{target.path.rstrip('/')}/"
        else:
            return url.removesuffix(tail).rstrip("/"), index if isinstance(index, dict) else {}


def _encryption(base_url: str) -> Finding:
    parts = urlsplit(base_url)
    if parts.scheme == "https":
        return _named("encryption", "https")
    host = parts.hostname or ""
    if is_inner_name(host):
        return _named("encryption", f"http to {host}, accepted because it is a local address; keys travel readable")
    advice = "Install a certificate, switch the shop's address to https, and enter it so."
    return Finding(name="encryption", ok=False, detail=f"{host} is reached without encryption", advice=advice)


async def _access(http: Http, key: Credentials, findings: list[Finding]) -> Credentials | None:
    """Basic first, then the key in the query: some hosts take the Authorization header away."""
    refusals: list[str] = []
    ways = ("basic", "query") if key.auth == "basic" else ("query", "basic")
    for way in ways:
        tried = key.model_copy(update={"auth": way})
        try:
            await Rest(http, tried).get("/wc/v3/orders", per_page="1", _fields="id")
        except Refused as e:
            refusals.append(f"{way}: {_cause(e)}")
            if e.status not in {401, 403}:
                break
        except SyncError as e:
            refusals.append(f"{way}: {e}")
            break
        else:
            where = "in the Authorization header" if way == "basic" else "in the address, as the host drops the header"
            findings.append(_named("key", f"reads orders; it travels {where}"))
            return tried
    advice = "Make a key under WooCommerce > Settings > Advanced > REST API, for an administrator, with read/write."
    findings.append(Finding(name="key", ok=False, detail="; ".join(refusals), advice=advice))
    return None


def _cause(refused: Refused) -> str:
    """What an authentication error means, as integrators know it."""
    causes = {
        "woocommerce_rest_cannot_view": "no key arrived, or its user may not see orders",
        "woocommerce_rest_authentication_error": "the key or its secret is wrong",
        "invalid_username": "another plugin took the Authorization header for a login",
        "incorrect_password": "another plugin took the Authorization header for a login",
    }
    cause = causes.get(code_of(refused)) or ("" if code_of(refused) else "a firewall or login page answered")
    return f"{refused}{f': {cause}' if cause else ''}"


async def _write_access(rest: Rest) -> Finding:
    """Changing order 0 fails for everybody; only a key that may write learns that there is no such order."""
    try:
        await rest.put("/wc/v3/orders/0", {})
    except Refused as e:
        if code_of(e).endswith("invalid_id"):
            return _named("permission", "the key may change orders")
        advice = "Give the key the permission read/write, and its user the role administrator or shop manager."
        return Finding(name="permission", ok=False, detail=_cause(e), advice=advice)
    except SyncError as e:
        return Finding(name="permission", ok=False, detail=str(e), advice="Try again once the shop answers.")
    return _named("permission", "the key may change orders")


async def _webhook_access(rest: Rest) -> Finding:
    try:
        await rest.get("/wc/v3/webhooks", per_page="1", _fields="id")
    except SyncError as e:
        advice = "The key's user needs the role administrator or shop manager."
        return Finding(name="webhooks", ok=False, detail=str(e), advice=advice)
    return _named("webhooks", "the key may look after webhooks")


async def _shop_settings(rest: Rest, settings: Settings) -> list[Finding]:
    try:
        general = await settings_group(rest, "general")
        products = await settings_group(rest, "products")
        tax = await settings_group(rest, "tax")
        table = await read_taxes(rest)
    except SyncError as e:
        advice = "The key's user needs the role administrator or shop manager to show settings."
        return [Finding(name="settings", ok=False, detail=str(e), advice=advice)]
    return [
        _decimals(general),
        _named("currency", f"the shop sells in {general.get('woocommerce_currency')}; idealo's orders come in EUR"),
        _named("tax", _tax_said(tax, table)),
        *_rates(table, settings),
        _named("stock", "counted by the shop" if flag(products.get("woocommerce_manage_stock")) else "not counted"),
    ]


def _decimals(general: Mapping[str, Any]) -> Finding:
    places = str(general.get("woocommerce_price_num_decimals"))
    if places == "2":
        return _named("decimals", "2")
    detail = f"prices have {places} decimals, totals would differ"
    advice = "Set WooCommerce > Settings > General > Number of decimals to 2."
    return Finding(name="decimals", ok=False, detail=detail, advice=advice)


def _tax_said(tax: Mapping[str, Any], table: TaxTable) -> str:
    if not table.calculates:
        return "the shop calculates no tax; amounts are entered gross"
    entered = "with" if flag(tax.get("woocommerce_prices_include_tax")) else "without"
    rounding = "at the subtotal" if flag(tax.get("woocommerce_tax_round_at_subtotal")) else "per line"
    rates = ", ".join(f"{name or 'standard'} {table.rate(name, Place(country='DE')):f} %" for name in table.classes)
    return (
        f"prices entered {entered} tax, based on the {table.based_on} address, rounded {rounding}, "
        f"shipping class {table.shipping_class or 'standard'}; in Germany: {rates}"
    )


def _rates(table: TaxTable, settings: Settings) -> list[Finding]:
    """Configured rates the shop cannot book; gross totals stay exact, so this warns and does not block."""
    missing = [
        f"{r.rate} % for {r.sku_pattern} in {r.country}"
        for r in settings.tax_rates
        if table.calculates and table.class_with(r.rate, Place(country=r.country), r.tax_class) is None
    ]
    text = f"no tax class of the shop has {'; '.join(missing)}: such lines are booked at the product's own rate"
    return [_named("tax rates", text)] if missing else []


def _named(name: str, detail: str) -> Finding:
    return Finding(name=name, ok=True, detail=detail)
