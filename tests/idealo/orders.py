"""Order JSON as idealo sends it, invented data in the recorded shape; a test states only what matters to it."""

from decimal import Decimal
from typing import Any

ADDRESS = {
    "salutation": "MRS",
    "firstName": "Jördis",
    "lastName": "Großkopf",
    "addressLine1": "Lindenstraße 14a",
    "addressLine2": "Hinterhaus, 3. OG",
    "postalCode": "04317",
    "city": "Leipzig",
    "countryCode": "DE",
}


def a_line(**changed: Any) -> dict[str, Any]:
    line = {
        "title": "Wera Bit-Satz 30-teilig",
        "price": "14.95",
        "quantity": 2,
        "remainingQuantity": 2,
        "sku": "WE-BIT-30",
        "merchantDeliveryText": "Lieferzeit 1-2 Werktage",
    }
    return without_none(line | changed)


def an_order(**changed: Any) -> dict[str, Any]:
    """One parcel order over two lines, 134.75 in all; a value of None leaves its key out."""
    drill = a_line(
        title="Bosch Akku-Bohrschrauber", price="99.90", priceRangeAmount="2.00", sku="BO-GSR12-15",
        quantity=1, remainingQuantity=1,
    )  # fmt: skip
    order = {
        "idealoOrderId": "00K7MPX24R",
        "created": "2022-03-01T08:14:07Z",
        "updated": "2022-03-01T08:14:07.512Z",
        "status": "PROCESSING",
        "currency": "EUR",
        "offersPrice": "129.80",
        "grossPrice": "134.75",
        "shippingCosts": "4.95",
        "lineItems": [drill, a_line()],
        "customer": {"email": "m-4kq8z1t7wv0b2nxd@checkout.idealo.de"},
        "payment": {"paymentMethod": "PAYPAL", "transactionId": "8HX42917KT553201B"},
        "billingAddress": dict(ADDRESS),
        "shippingAddress": dict(ADDRESS),
        "fulfillment": {"method": "POSTAL", "tracking": [], "options": []},
        "refunds": [],
    }
    return without_none(order | changed)


def a_freight_order() -> dict[str, Any]:
    """Carried in, old appliance taken back, shipped, partly refunded, paid through idealo, with a voucher."""
    return an_order(
        idealoOrderId="00T4NQ8ZHC",
        merchantOrderNumber="SH-2022-10417",
        status="COMPLETED",
        offersPrice="549.00",
        grossPrice="613.90",
        shippingCosts="64.90",
        lineItems=[
            a_line(
                price="549.00", quantity=1, remainingQuantity=1, sku="SIE-WM14N0K4",
                merchantId="haushalt-nord", merchantName="Haushalt Nord GmbH",
            )
        ],
        customer={"email": "m-0r7c5ykq9d3mhs2x@checkout.idealo.de", "phone": "0341 5557812"},
        payment={"paymentMethod": "IDEALO_CHECKOUT_PAYMENTS", "transactionId": "icp-7731-40a2"},
        fulfillment={
            "method": "FORWARDING",
            "tracking": [{"code": "SP-88120937", "carrier": "Cargo"}],
            "options": [
                {"forwardOption": "TWO_MAN_DELIVERY", "price": "25.00"},
                {"forwardOption": "PICKUP_SERVICE", "price": "10.00"},
            ],
        },
        refunds=[a_refund()],
        voucher={"code": "WINTER10 (10 %, max. 20 EUR)"},
    )  # fmt: skip


def a_refund(**changed: Any) -> dict[str, Any]:
    refund = {
        "refundId": "rf-20220215-0001",
        "refundTransactionId": "icp-rf-5521",
        "status": "OPEN",
        "currency": "EUR",
        "refundAmount": Decimal("20.00"),
        "created": "2022-02-15T09:03:50.902114Z",
        "updated": "2022-02-15T09:03:50.902114Z",
    }
    return without_none(refund | changed)


def without_none(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value is not None}
