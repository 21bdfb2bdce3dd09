"""Read-only routes an integrator looks at before importing: tax table, settings, system status, data of the site."""

from typing import Any

from sandbox.stores.woocommerce.answers import Answer, ApiError, Call, page_of
from sandbox.stores.woocommerce.state import Shop


class SettingsApi:
    """Handlers for `/taxes`, `/settings/...` and `/system_status`."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def taxes(self, call: Call) -> Answer:
        rows = [self._tax(call, number) for number in range(1, len(self.shop.options.tax_rates) + 1)]
        wanted = call.text("class")
        page, headers = page_of(call, [row for row in rows if wanted in {"", row["class"]}])
        return Answer(page, headers=headers)

    def tax(self, call: Call, rate_id: str) -> Answer:
        if not 0 < int(rate_id) <= len(self.shop.options.tax_rates):
            raise ApiError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return Answer(self._tax(call, int(rate_id)))

    def _tax(self, call: Call, number: int) -> dict[str, Any]:
        rate = self.shop.options.tax_rates[number - 1]
        collection = f"{call.base}/wp-json/wc/v3/taxes"
        return {
            "id": number,
            "country": rate.country,
            "state": "",
            "postcode": "",
            "city": "",
            "rate": rate.rate,
            "name": rate.name,
            "priority": 1,
            "compound": False,
            "shipping": rate.shipping,
            "order": number - 1,
            "class": rate.tax_class or "standard",
            "postcodes": [],
            "cities": [],
            "_links": {"self": [{"href": f"{collection}/{number}"}], "collection": [{"href": collection}]},
        }

    def groups(self, call: Call) -> Answer:
        names = {"general": "General", "products": "Products", "tax": "Tax"}
        return Answer([
            {"id": name, "label": label, "description": "", "parent_id": "", "sub_groups": []}
            for name, label in names.items()
        ])  # fmt: skip

    def group(self, call: Call, group: str) -> Answer:
        return Answer([self._setting(call, group, name, value) for name, value in self._values(group).items()])

    def setting(self, call: Call, group: str, name: str) -> Answer:
        values = self._values(group)
        if name not in values:
            raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
        return Answer(self._setting(call, group, name, values[name]))

    def _values(self, group: str) -> dict[str, str]:
        options = self.shop.options
        groups = {
            "general": {
                "woocommerce_default_country": options.base_country,
                "woocommerce_calc_taxes": _yes(options.calc_taxes),
                "woocommerce_currency": "EUR",
                "woocommerce_currency_pos": "right_space",
                "woocommerce_price_thousand_sep": ".",
                "woocommerce_price_decimal_sep": ",",
                "woocommerce_price_num_decimals": str(options.number_of_decimals),
            },
            "tax": {
                "woocommerce_prices_include_tax": _yes(options.prices_include_tax),
                "woocommerce_tax_based_on": options.tax_based_on,
                "woocommerce_shipping_tax_class": options.shipping_tax_class,
                "woocommerce_tax_round_at_subtotal": _yes(options.round_at_subtotal),
                "woocommerce_tax_classes": "Reduced rate\nZero rate",
                "woocommerce_tax_display_shop": "incl",
                "woocommerce_tax_display_cart": "incl",
                "woocommerce_price_display_suffix": "",
                "woocommerce_tax_total_display": "itemized",
            },
            "products": {"woocommerce_manage_stock": _yes(options.manage_stock)},
        }
        if group not in groups:
            raise ApiError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
        return groups[group]

    def _setting(self, call: Call, group: str, name: str, value: str) -> dict[str, Any]:
        collection = f"{call.base}/wp-json/wc/v3/settings/{group}"
        return {
            "id": name,
            "label": name.removeprefix("woocommerce_").replace("_", " ").capitalize(),
            "description": "",
            "type": "checkbox" if value in {"yes", "no"} else "text",
            "default": "",
            "tip": "",
            "value": value,
            "_links": {"self": [{"href": f"{collection}/{name}"}], "collection": [{"href": collection}]},
        }

    def _plugins(self) -> list[tuple[str, str, str]]:
        options = self.shop.options
        plugins = [("woocommerce/woocommerce.php", "WooCommerce", options.version)]
        if options.ast:
            name = "woo-advanced-shipment-tracking/woocommerce-advanced-shipment-tracking.php"
            plugins.append((name, "Advanced Shipment Tracking for WooCommerce", "3.9.2"))
        if options.shiptastic:
            name = "shiptastic-for-woocommerce/shiptastic-for-woocommerce.php"
            plugins.append((name, "Shiptastic for WooCommerce", "5.1.4"))
        return plugins

    def system_status(self, call: Call) -> Answer:
        options = self.shop.options
        return Answer({
            "environment": {
                "home_url": call.base,
                "site_url": call.base,
                "version": options.version,
                "wp_version": options.wordpress_version,
                "wp_multisite": False,
                "wp_memory_limit": 268435456,
                "wp_debug_mode": False,
                "wp_cron": options.cron_delay_seconds == 0,
                "language": "en_US",
                "php_version": "8.2.36",
            },
            "active_plugins": [
                {"plugin": plugin, "name": name, "version": version, "network_activated": False}
                for plugin, name, version in self._plugins()
            ],
            "settings": {
                "api_enabled": False,
                "force_ssl": False,
                "currency": "EUR",
                "currency_symbol": "&euro;",
                "currency_position": "right_space",
                "thousand_separator": ".",
                "decimal_separator": ",",
                "number_of_decimals": options.number_of_decimals,
                "taxes_enabled": options.calc_taxes,
                "HPOS_enabled": True,
                "order_datastore": "Automattic\\WooCommerce\\Internal\\DataStores\\Orders\\OrdersTableDataStore",
                "HPOS_sync_enabled": False,
            },
        })  # fmt: skip


def _yes(value: bool) -> str:  # noqa: FBT001 - a value to be written, not a switch
    return "yes" if value else "no"
