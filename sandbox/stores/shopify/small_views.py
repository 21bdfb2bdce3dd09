"""The small objects of the Admin API: addresses, customers, taxes, metafields, and what the store says of itself."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from sandbox.stores.shopify.errors import gid
from sandbox.stores.shopify.model import Address, Metafield, Tax
from sandbox.stores.shopify.money import bag, fixed
from sandbox.stores.shopify.options import VERSIONS
from sandbox.stores.shopify.state import SHOP_DOMAIN, Shop
from sandbox.stores.shopify.store_model import Customer, Definition, Hook

LOCATION_ID: Final = 106_318_430_514
COUNTRIES: Final = {
    "DE": "Germany", "AT": "Austria", "CH": "Switzerland", "FR": "France", "IT": "Italy", "ES": "Spain",
    "GB": "United Kingdom", "NL": "Netherlands", "BE": "Belgium", "LU": "Luxembourg", "PL": "Poland",
    "CA": "Canada",
}  # fmt: skip


def attributes(pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """`Attribute` objects."""
    return [{"key": key, "value": value} for key, value in pairs]


def tax_lines(taxes: Sequence[Tax], currency: str) -> list[dict[str, Any]]:
    """`TaxLine` objects."""
    return [
        {
            "title": tax.title,
            "rate": float(tax.rate),
            "ratePercentage": float(tax.rate * 100),
            "price": fixed(tax.amount),
            "priceSet": bag(tax.amount, currency),
            "channelLiable": None,
        }
        for tax in taxes
    ]


class AddressView:
    typename: ClassVar = "MailingAddress"

    def __init__(self, address: Address) -> None:
        self.id = gid("MailingAddress", f"{address.id}?model_name=Address")
        self.first_name, self.last_name, self.company = address.first_name, address.last_name, address.company
        self.name = " ".join(part for part in (address.first_name, address.last_name) if part) or None
        self.address1, self.address2 = address.address1, address.address2
        self.zip, self.city, self.phone = address.zip, address.city, address.phone
        self.province = self.province_code = address.province_code
        self.country = COUNTRIES.get(address.country_code or "", address.country_code)
        self.country_code_v2 = address.country_code


class CustomerView:
    typename: ClassVar = "Customer"

    def __init__(self, customer: Customer) -> None:
        self.id = gid("Customer", customer.id)
        self.legacy_resource_id = str(customer.id)
        self.first_name, self.last_name = customer.first_name, customer.last_name
        self.email, self.phone = customer.email, customer.phone
        name = " ".join(part for part in (customer.first_name, customer.last_name) if part)
        self.display_name = name or customer.email or customer.phone or ""
        self.created_at, self.updated_at = customer.created, customer.updated


class MetafieldView:
    typename: ClassVar = "Metafield"

    def __init__(self, field: Metafield) -> None:
        self.id = gid("Metafield", field.id)
        self.legacy_resource_id = str(field.id)
        self.namespace, self.key, self.type, self.value = field.namespace, field.key, field.type, field.value
        self.owner_type = "ORDER"
        self.created_at, self.updated_at = field.created, field.updated


class DefinitionView:
    typename: ClassVar = "MetafieldDefinition"

    def __init__(self, definition: Definition) -> None:
        self.id = gid("MetafieldDefinition", definition.id)
        self.name, self.namespace, self.key = definition.name, definition.namespace, definition.key
        self.description, self.owner_type = definition.description, definition.owner
        self.type = {"name": definition.type}
        self.capabilities = {"uniqueValues": {"enabled": definition.unique, "eligible": True}}


class HookView:
    typename: ClassVar = "WebhookSubscription"

    def __init__(self, shop: Shop, hook: Hook) -> None:
        self.id = gid("WebhookSubscription", hook.id)
        self.legacy_resource_id = str(hook.id)
        self.topic, self.uri, self.callback_url, self.format = hook.topic, hook.uri, hook.uri, hook.format
        self.endpoint = {"__typename": "WebhookHttpEndpoint", "callbackUrl": hook.uri}
        self.filter, self.include_fields, self.name = hook.filter, hook.include_fields, hook.name
        self.metafield_namespaces = hook.metafield_namespaces
        self.api_version = version(shop.options.webhook_version)
        self.created_at, self.updated_at = hook.created, hook.updated


def version(handle: str) -> dict[str, Any]:
    """An `ApiVersion`."""
    latest = " (Latest)" if handle == VERSIONS[-1] else ""
    return {"handle": handle, "displayName": f"{handle}{latest}", "supported": handle in VERSIONS}


def shop_view(shop: Shop) -> dict[str, Any]:
    """The `Shop`."""
    opened = shop.world.now().replace(year=2021, month=3, day=1, hour=9, minute=0, second=0, microsecond=0)
    plan = "Development" if shop.options.development_store else "Basic"
    return {
        "__typename": "Shop",
        "id": gid("Shop", 74_392_404_278),
        "name": "Elbe Haushalt",
        "myshopifyDomain": SHOP_DOMAIN,
        "primaryDomain": {
            "id": gid("Domain", 1), "host": SHOP_DOMAIN, "url": f"https://{SHOP_DOMAIN}", "sslEnabled": True,
        },
        "url": f"https://{SHOP_DOMAIN}",
        "email": "shop@elbe-haushalt.example",
        "contactEmail": "shop@elbe-haushalt.example",
        "currencyCode": shop.options.currency,
        "ianaTimezone": shop.options.timezone,
        "taxesIncluded": shop.options.shop_taxes_included,
        "taxShipping": True,
        "plan": {
            "displayName": plan, "publicDisplayName": plan, "shopifyPlus": False,
            "partnerDevelopment": shop.options.development_store,
        },
        "createdAt": opened,
        "updatedAt": opened,
    }  # fmt: skip


def installation(shop: Shop, api_key: str) -> dict[str, Any]:
    """The `AppInstallation` of the app that asks."""
    return {
        "__typename": "AppInstallation",
        "id": gid("AppInstallation", 640_211_099_882),
        "app": {
            "__typename": "App", "id": gid("App", 580_111), "title": "idealo Bridge", "handle": "idealo-bridge",
            "apiKey": api_key, "developerName": "Elbe Haushalt",
        },
        "accessScopes": [
            {"handle": scope, "description": scope.replace("_", " ").capitalize()}
            for scope in sorted(shop.options.scopes)
        ],
        "launchUrl": "https://bridge.example/",
        "uninstallUrl": None,
    }  # fmt: skip


class LocationView:
    typename: ClassVar = "Location"

    def __init__(self, shop: Shop) -> None:
        self.id = gid("Location", LOCATION_ID)
        self.legacy_resource_id = str(LOCATION_ID)
        self.name = "Shop location"
        self.is_active = self.fulfills_online_orders = self.has_active_inventory = self.ships_inventory = True
        self.is_fulfillment_service = False
        self.created_at = self.updated_at = shop_view(shop)["createdAt"]


def assigned_location(shop: Shop) -> dict[str, Any]:
    """Where a fulfillment order is to be sent from."""
    return {"name": "Shop location", "countryCode": "DE", "location": LocationView(shop)}
