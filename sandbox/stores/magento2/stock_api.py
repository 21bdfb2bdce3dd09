"""Routes of stock: legacy stock items, and Magento's inventory modules with one source and one stock."""

from decimal import Decimal

from sandbox.stores.magento2.answers import Answer, ApiError, Call, number_in
from sandbox.stores.magento2.catalog_api import CatalogApi, internal_error
from sandbox.stores.magento2.model import Row, Stock
from sandbox.stores.magento2.php import decimal, whole
from sandbox.stores.magento2.search import criteria_of, search
from sandbox.stores.magento2.state import Shop

_SOURCE_FIELDS = frozenset({"sku", "source_code", "quantity", "status", "source_item_id"})
_EXPORT_FIELDS = frozenset({"sku", "name", "type_id", "entity_id"})
_NO_SOURCES = "Can't check requested quantity for products without Source Items support."


class StockApi:
    """Handlers of stock."""

    def __init__(self, shop: Shop, catalog: CatalogApi) -> None:
        self.shop = shop
        self.catalog = catalog

    def stock_item(self, call: Call, sku: str) -> Answer:
        """Recorded 014; the unknown SKU 015."""
        product = self.shop.product(sku)
        if product is None:
            raise ApiError(404, 'The Product with the "%1" SKU doesn\'t exist.', [sku])
        return Answer(self.catalog.view.stock_item(product))

    def put_stock_item(self, call: Call, sku: str, item_id: str) -> Answer:
        """Answers the item's id (recorded 087)."""
        product = self.catalog.product(sku)
        if product.id != number_in(item_id):
            raise ApiError(400, 'The "%1" value for the "%2" field isn\'t valid.', [item_id, "itemId"])
        self.catalog.take_stock(product, call.part("stockItem"))
        self.shop.touch(product)
        return Answer(product.id)

    def source_items(self, call: Call) -> Answer:
        criteria = criteria_of(call)
        rows = [_source_row(stock) for stock in self.shop.stocks.values()]
        found, total = search(criteria, rows, _SOURCE_FIELDS, wrong_field=internal_error(self.shop))
        return Answer({"items": found, "search_criteria": criteria.echo(), "total_count": total})

    def put_source_items(self, call: Call) -> Answer:
        """Absolute quantities; the legacy item of the same SKU follows (recorded 013: an empty list)."""
        given = call.maybe("sourceItems")
        if not isinstance(given, list) or not given:
            raise ApiError(400, "Input data is empty")
        for entry in given:
            if entry.get("source_code") != "default":
                raise ApiError(400, "Validation Failed")
            stock = self.shop.stock_of(str(entry.get("sku")))
            stock.quantity, stock.status = decimal(entry.get("quantity")), whole(entry.get("status", 1))
            self.shop.touch(stock)
            product = self.shop.product(stock.sku)
            if product is not None:
                product.stock_qty, product.in_stock = stock.quantity, bool(stock.status)
                self.shop.touch(product)
        return Answer([])

    def salable(self, call: Call, sku: str, stock_id: str) -> Answer:
        """What may still be sold (recorded 017, 027, 052, 058)."""
        return Answer(self._salable(sku, stock_id))

    def _salable(self, sku: str, stock_id: str) -> Decimal:
        if number_in(stock_id) != 1:
            raise ApiError(404, "No linked stock found")
        product = self.shop.product(sku)
        if product is None:
            raise ApiError(404, 'The product with the "%1" SKU doesn\'t exist.', [sku])
        if product.type_id == "configurable":
            raise ApiError(400, _NO_SOURCES)
        stock = self.shop.stock(sku)
        return Decimal(0) if stock is None else stock.salable

    def are_salable(self, call: Call) -> Answer:
        """`skus[0]=A&skus[1]=B&stockId=1`."""
        stock_id = call.parameter("stockId", "1")
        skus = [value for name, value in call.query if name.startswith("skus")]
        return Answer(
            [{"sku": sku, "stock_id": whole(stock_id), "salable": self._salable(sku, stock_id) > 0} for sku in skus]
        )

    def is_salable_for(self, call: Call, sku: str, stock_id: str, quantity: str) -> Answer:
        wanted = decimal(quantity)
        if self._salable(sku, stock_id) >= wanted:
            return Answer({"salable": True, "errors": []})
        error = {"code": "is_salable_with_reservations-not_enough_qty", "message": "The requested qty is not available"}
        return Answer({"salable": False, "errors": [error]})

    def resolve(self, call: Call, website: str) -> Answer:
        """The stock of a sales channel."""
        if website != "base":
            raise ApiError(404, "No linked stock found")
        channel = {"type": "website", "code": "base"}
        return Answer({"stock_id": 1, "name": "Default Stock", "extension_attributes": {"sales_channels": [channel]}})

    def export(self, call: Call, website: str) -> Answer:
        """Salable quantities of a website, reservations included; composite products are left out."""
        criteria = criteria_of(call)
        rows = [self.catalog.view.row(product) for product in self.shop.products.values()]
        simple = [row for row in rows if row["type_id"] != "configurable"]
        found, total = search(criteria, simple, _EXPORT_FIELDS, wrong_field=internal_error(self.shop))
        items = [self._exported(str(row["sku"])) for row in found]
        return Answer({"items": items, "search_criteria": criteria.echo(), "total_count": total})

    def _exported(self, sku: str) -> Row:
        quantity = self._salable(sku, "1")
        return {"sku": sku, "qty": quantity, "is_salable": quantity > 0}

    def dump(self, call: Call, website: str) -> Answer:
        """The stock index: quantities before reservations, null for composite products."""
        rows = []
        for product in self.shop.products.values():
            stock = self.shop.stock(product.sku)
            quantity = None if product.type_id == "configurable" or stock is None else stock.quantity
            rows.append({"sku": product.sku, "qty": quantity, "is_salable": product.in_stock})
        return Answer(rows)


def _source_row(stock: Stock) -> Row:
    return {"sku": stock.sku, "source_code": "default", "quantity": stock.quantity, "status": stock.status}
