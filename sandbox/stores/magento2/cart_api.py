"""Routes of carts: the guest's and the integration's, which differ in how the cart is named and who may use it."""

from decimal import Decimal

from sandbox.stores.magento2.answers import Answer, ApiError, Call, number_in
from sandbox.stores.magento2.cart import METHOD_TITLES, Cart
from sandbox.stores.magento2.checkout import place
from sandbox.stores.magento2.model import Product, Quote, Row
from sandbox.stores.magento2.php import cents, decimal
from sandbox.stores.magento2.state import Shop
from sandbox.stores.magento2.taxes import SHIPPING_CLASS, Calculator, unit_net

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_FLATRATE = "flatrate_flatrate"


class CartApi:
    """Handlers of carts."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def create_guest(self, call: Call) -> Answer:
        """The masked id (recorded 018)."""
        return Answer(self._create().masked)

    def create(self, call: Call) -> Answer:
        return Answer(self._create().id)

    def _create(self) -> Quote:
        # A quote gets its number with its first save; a cart that never takes anything leaves a gap all the same.
        masked = "".join(self.shop.world.random("magento2/cart").choices(_LETTERS, k=32))
        quote = Quote(id=self.shop.new_id("quote"), masked=masked)
        self.shop.add(quote)
        return quote

    def _quote(self, name: str) -> Quote:
        for quote in self.shop.quotes.values():
            if quote.order_id is None and name in {quote.masked, str(quote.id)}:
                return quote
        raise ApiError(404, "No such entity with %fieldName = %fieldValue", {"fieldName": "cartId", "fieldValue": name})

    def items(self, call: Call, cart: str) -> Answer:
        return Answer([self._item(self._quote(cart), item) for item in self._quote(cart).items])

    def add_item(self, call: Call, cart: str) -> Answer:
        """Recorded 019; prices sent along are not taken (reference 5.1)."""
        quote, given = self._quote(cart), call.part("cartItem")
        product = self.shop.product(str(given.get("sku") or ""))
        if product is None:
            raise ApiError(404, "The product that was requested doesn't exist. Verify the product and try again.")
        if product.status != 1 or product.type_id == "configurable":
            raise ApiError(400, "Product that you are trying to add is not available.")
        quantity = decimal(given.get("qty"))
        known = next((item for item in quote.items if item["product_id"] == product.id), None)
        self._check_stock(product, quantity + (decimal(known["qty"]) if known else Decimal(0)))
        if known is None:
            known = {"item_id": self.shop.new_id("quote_item"), "product_id": product.id, "qty": Decimal(0)}
            quote.items.append(known)
        known["qty"] = decimal(known["qty"]) + quantity
        self.shop.touch(quote)
        return Answer(self._item(quote, known))

    def _check_stock(self, product: Product, quantity: Decimal) -> None:
        if not product.manage_stock or product.backorders:
            return
        stock = self.shop.stock(product.sku)
        free = stock.salable if stock is not None and self.shop.options.msi else product.stock_qty
        if free <= 0 or not product.in_stock:
            raise ApiError(400, "Product that you are trying to add is not available.")
        if quantity > free:
            raise ApiError(400, "The requested qty is not available")

    def _item(self, quote: Quote, item: Row) -> Row:
        product = self.shop.products[item["product_id"]]
        return {
            "item_id": item["item_id"],
            "sku": product.sku,
            "qty": item["qty"],
            "name": product.name,
            "price": cents(unit_net(self.shop, product)),
            "product_type": product.type_id,
            "quote_id": str(quote.id),
        }

    def estimate(self, call: Call, cart: str) -> Answer:
        """Flat rate for a cart with something in it, nothing for an empty one (recorded 021, 073)."""
        quote = self._quote(cart)
        if not quote.items:
            return Answer([])
        address = call.maybe("address") or {}
        amount = decimal(self.shop.options.shipping_price)
        # Priced alone, without what the goods' rounding would carry over: the order may differ by a cent (061, 064).
        priced = Calculator(self.shop, str(address.get("country_id") or "DE")).row(amount, SHIPPING_CLASS)
        return Answer(
            [
                {
                    "carrier_code": "flatrate",
                    "method_code": "flatrate",
                    "carrier_title": "Flat Rate",
                    "method_title": "Fixed",
                    "amount": amount,
                    "base_amount": amount,
                    "available": True,
                    "error_message": "",
                    "price_excl_tax": priced.net,
                    "price_incl_tax": priced.gross,
                }
            ]
        )

    def shipping_information(self, call: Call, cart: str) -> Answer:
        """Recorded 022, 074."""
        quote, given = self._quote(cart), call.part("addressInformation")
        if not quote.items:
            raise ApiError(
                400, "The shipping method can't be set for an empty cart. Add an item to cart and try again."
            )
        method = f"{given.get('shipping_carrier_code')}_{given.get('shipping_method_code')}"
        if method != _FLATRATE:
            carrier, code = given.get("shipping_carrier_code"), given.get("shipping_method_code")
            raise ApiError(404, "Carrier with such method not found: %1, %2", [carrier, code])
        shipping = given.get("shipping_address")
        if not isinstance(shipping, dict) or not shipping.get("country_id"):
            raise ApiError(400, "The shipping address is missing. Set the address and try again.")
        quote.shipping, quote.method = shipping, method
        if isinstance(given.get("billing_address"), dict):
            quote.billing = given["billing_address"]
        self.shop.touch(quote)
        return Answer({"payment_methods": self._methods(), "totals": Cart(self.shop, quote).totals()})

    def totals(self, call: Call, cart: str) -> Answer:
        return Answer(Cart(self.shop, self._quote(cart)).totals())

    def payment_methods(self, call: Call, cart: str) -> Answer:
        return Answer(self._methods())

    def billing_address(self, call: Call, cart: str) -> Answer:
        quote = self._quote(cart)
        quote.billing = call.part("address")
        self.shop.touch(quote)
        return Answer(self.shop.new_id("quote_address"))

    def set_payment(self, call: Call, cart: str) -> Answer:
        quote = self._quote(cart)
        self._payable(quote, (call.maybe("method") or {}).get("method"))
        return Answer(quote.id)

    def place(self, call: Call, cart: str) -> Answer:
        """PUT …/order: the order's number (recorded 023)."""
        return self._place(self._quote(cart), call.part("paymentMethod"))

    def payment_information(self, call: Call, cart: str) -> Answer:
        """POST …/payment-information: billing address, e-mail and method at once, then the order."""
        quote = self._quote(cart)
        if isinstance(call.maybe("billingAddress"), dict):
            quote.billing = call.maybe("billingAddress")
        if call.maybe("email"):
            quote.billing = {**(quote.billing or quote.shipping or {}), "email": call.maybe("email")}
        return self._place(quote, call.part("paymentMethod"))

    def _methods(self) -> list[Row]:
        """Only what the checkout may use: the module's hidden method is not among them."""
        return [{"code": code, "title": METHOD_TITLES.get(code, code)} for code in self.shop.options.payment_methods]

    def _payable(self, quote: Quote, method: str | None) -> None:
        if not quote.items or method not in self.shop.options.payment_methods:
            raise ApiError(400, "The requested Payment Method is not available.")

    def _place(self, quote: Quote, payment: Row) -> Answer:
        self._payable(quote, payment.get("method"))
        if payment["method"] == "purchaseorder" and not payment.get("po_number"):
            raise ApiError(400, "Purchase order number is a required field.")
        if quote.shipping is None or not quote.method:
            raise ApiError(400, "The shipping method is missing. Select the shipping method and try again.")
        for item in quote.items:
            self._check_stock(self.shop.products[item["product_id"]], decimal(item["qty"]))
        email = (quote.billing or {}).get("email") or quote.shipping.get("email")
        if not email or not self.shop.options.guest_checkout:
            word = (
                "Email has a wrong format"
                if self.shop.options.guest_checkout
                else "Sorry, guest checkout is not available."
            )
            raise ApiError(400, word)
        return Answer(place(Cart(self.shop, quote), payment, str(email)).id)

    def get(self, call: Call, cart: str) -> Answer:
        quote = self._quote(cart)
        return Answer(
            {
                "id": number_in(str(quote.id)),
                "is_active": True,
                "is_virtual": False,
                "items": [self._item(quote, item) for item in quote.items],
                "items_count": len(quote.items),
                "store_id": 1,
            }
        )
