"""Routes of products, tax tables, stores and modules."""

from decimal import Decimal
from typing import Final

from sandbox.stores.magento2.answers import Answer, ApiError, Call, number_in
from sandbox.stores.magento2.model import Product, Row, TaxRate, TaxRule
from sandbox.stores.magento2.modules import MODULES, MSI_MODULES, OWN_MODULE
from sandbox.stores.magento2.php import ZERO, decimal, moment, whole, words
from sandbox.stores.magento2.product_view import FIELDS, ProductView
from sandbox.stores.magento2.search import criteria_of, search
from sandbox.stores.magento2.state import Shop

_RATE_FIELDS: Final = frozenset(words("id tax_calculation_rate_id tax_country_id tax_region_id tax_postcode rate code"))
_RULE_FIELDS: Final = frozenset(words("id tax_calculation_rule_id code priority position calculate_subtotal"))
_CLASSES: Final = (
    {"class_id": 2, "class_name": "Taxable Goods", "class_type": "PRODUCT"},
    {"class_id": 3, "class_name": "Retail Customer", "class_type": "CUSTOMER"},
    {"class_id": 4, "class_name": "Taxable Goods reduced", "class_type": "PRODUCT"},
)


class CatalogApi:
    """Handlers of everything that is no order, cart or stock."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.view = ProductView(shop)

    def product(self, sku: str) -> Product:
        """404 for an unknown SKU."""
        found = self.shop.product(sku)
        if found is None:
            raise ApiError(404, "The product that was requested doesn't exist. Verify the product and try again.")
        return found

    def get_product(self, call: Call, sku: str) -> Answer:
        return Answer(self.view.product(self.product(sku)))

    def list_products(self, call: Call) -> Answer:
        criteria = criteria_of(call)
        wrong = ApiError(400, "Invalid attribute name: %1", [_first_unknown(criteria.names(), FIELDS)])
        rows, total = search(
            criteria,
            [self.view.row(product) for product in self.shop.products.values()],
            FIELDS,
            wrong_field=wrong,
        )
        items = [self.view.listed(self.shop.products[row["id"]]) for row in rows]
        return Answer({"items": items, "search_criteria": criteria.echo(), "total_count": total})

    def children(self, call: Call, sku: str) -> Answer:
        """Variants of a configurable product; other types have none."""
        parent = self.product(sku)
        children = [product for product in self.shop.products.values() if product.parent_id == parent.id]
        return Answer([self.view.listed(child) for child in children])

    def save_product(self, call: Call, sku: str | None = None) -> Answer:
        """POST and PUT alike create or change by SKU; absent fields stay as they are."""
        given = call.part("product")
        wanted = sku or given.get("sku")
        if not wanted:
            raise ApiError.required("sku")
        product = self.shop.product(str(wanted))
        stamp = moment(self.shop.now())
        if product is None:
            product = Product(
                id=self.shop.new_id("product"),
                sku=str(wanted),
                name="",
                price=ZERO,
                created=stamp,
                updated=stamp,
                weight=None,
            )
            self.shop.add(product)
        self._take(product, given)
        product.updated = stamp
        self.shop.touch(product)
        return Answer(self.view.product(product, saved=True))

    def _take(self, product: Product, given: Row) -> None:
        product.name = str(given.get("name", product.name))
        product.type_id = str(given.get("type_id", product.type_id))
        product.price = decimal(given.get("price", product.price))
        product.status = whole(given.get("status", product.status))
        product.visibility = whole(given.get("visibility", product.visibility))
        product.attribute_set_id = whole(given.get("attribute_set_id", product.attribute_set_id))
        if given.get("weight") is not None:
            product.weight = decimal(given["weight"])
        for attribute in given.get("custom_attributes") or []:
            code, value = attribute.get("attribute_code"), attribute.get("value")
            if code == "tax_class_id":
                product.tax_class = str(value)
            else:
                product.custom[str(code)] = value
        item = (given.get("extension_attributes") or {}).get("stock_item")
        if isinstance(item, dict):
            self.take_stock(product, item)

    def take_stock(self, product: Product, item: Row) -> None:
        """A legacy stock item; with MSI the default source follows it."""
        quantity: Decimal = decimal(item.get("qty", product.stock_qty))
        product.stock_qty = quantity
        product.in_stock = bool(item.get("is_in_stock", quantity > 0))
        product.manage_stock = bool(item.get("manage_stock", product.manage_stock))
        product.backorders = whole(item.get("backorders", product.backorders))
        stock = self.shop.stock_of(product.sku)
        stock.quantity, stock.status = quantity, int(product.in_stock)
        self.shop.touch(stock)

    def search_rates(self, call: Call) -> Answer:
        return self._search(call, [self._rate(rate) for rate in self.shop.taxrates.values()], _RATE_FIELDS)

    def get_rate(self, call: Call, number: str) -> Answer:
        rate = self.shop.taxrates.get(number_in(number))
        if rate is None:
            raise _no_row("taxRateId", number)
        return Answer(self._rate(rate))

    def create_rate(self, call: Call) -> Answer:
        given = call.part("taxRate")
        if any(rate.columns["code"] == given.get("code") for rate in self.shop.taxrates.values()):
            raise ApiError(400, "The Tax Rate code already exists.")
        number = self.shop.new_id("taxrate")
        columns = {
            "tax_country_id": given.get("tax_country_id"),
            "tax_region_id": given.get("tax_region_id", 0),
            "tax_postcode": given.get("tax_postcode", "*"),
            "rate": decimal(given.get("rate")),
            "code": given.get("code"),
        }
        rate = TaxRate(id=number, columns=columns)
        self.shop.add(rate)
        return Answer(self._rate(rate))

    def _rate(self, rate: TaxRate) -> Row:
        return {"id": rate.id, **rate.columns, "titles": []}

    def search_rules(self, call: Call) -> Answer:
        rows = [{"id": rule.id, **rule.columns} for rule in self.shop.taxrules.values()]
        return self._search(call, rows, _RULE_FIELDS)

    def get_rule(self, call: Call, number: str) -> Answer:
        rule = self.shop.taxrules.get(number_in(number))
        if rule is None:
            raise _no_row("taxRuleId", number)
        return Answer({"id": rule.id, **rule.columns})

    def create_rule(self, call: Call) -> Answer:
        given = call.part("rule")
        names = "code priority position customer_tax_class_ids product_tax_class_ids tax_rate_ids calculate_subtotal"
        rule = TaxRule(
            id=self.shop.new_id("taxrule"), columns={name: given.get(name) for name in names.split() if name in given}
        )
        self.shop.add(rule)
        return Answer({"id": rule.id, **rule.columns})

    def search_classes(self, call: Call) -> Answer:
        return self._search(call, list(_CLASSES), frozenset({"class_id", "class_name", "class_type"}))

    def _search(self, call: Call, rows: list[Row], fields: frozenset[str]) -> Answer:
        criteria = criteria_of(call)
        found, total = search(criteria, rows, fields, wrong_field=internal_error(self.shop))
        return Answer({"items": found, "search_criteria": criteria.echo(), "total_count": total})

    def store_configs(self, call: Call) -> Answer:
        """Recorded 004; `storeCodes[]` narrows it down."""
        base = call.base
        static = f"{base}static/version1795422700/"
        urls = {"base": base, "base_link": base, "base_static": static, "base_media": f"{base}media/"}
        config = {
            "id": 1,
            "code": "default",
            "website_id": 1,
            "locale": "de_DE",
            "base_currency_code": "EUR",
            "default_display_currency_code": "EUR",
            "timezone": "Europe/Berlin",
            "weight_unit": "lbs",
            **{f"{name}_url": url for name, url in urls.items()},
            **{f"secure_{name}_url": url for name, url in urls.items()},
        }
        wanted = [value for name, value in call.query if name.startswith("storeCodes")]
        return Answer([config] if not wanted or "default" in wanted else [])

    def store_views(self, call: Call) -> Answer:
        admin = {"id": 0, "code": "admin", "name": "Admin", "website_id": 0, "store_group_id": 0, "is_active": 1}
        view = {
            "id": 1, "code": "default", "name": "Default Store View", "website_id": 1, "store_group_id": 1,
            "is_active": 1,
        }  # fmt: skip
        return Answer([view, admin])

    def websites(self, call: Call) -> Answer:
        return Answer(
            [
                {"id": 1, "code": "base", "name": "Main Website", "default_group_id": 1},
                {"id": 0, "code": "admin", "name": "Admin", "default_group_id": 0},
            ]
        )

    def modules(self, call: Call) -> Answer:
        """Names only, and whatever searchCriteria says, all of them (recorded 005)."""
        names = [name for name in MODULES if self.shop.options.msi or name not in MSI_MODULES]
        return Answer([*names, *([OWN_MODULE] if self.shop.options.module == "on" else [])])


def internal_error(shop: Shop) -> ApiError:
    """500 as production mode words it; the report's number means something to the log only (recorded 084)."""
    digits = f"{shop.world.random('magento2/report').getrandbits(52):013x}"
    return ApiError(500, f"Internal Error. Details are available in Magento log file. Report ID: webapi-{digits}")


def _first_unknown(names: set[str], known: frozenset[str]) -> str:
    return next(iter(sorted(names - known)), "")


def _no_row(name: str, value: str) -> ApiError:
    return ApiError(404, "No such entity with %fieldName = %fieldValue", {"fieldName": name, "fieldValue": value})
