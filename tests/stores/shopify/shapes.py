"""Answers in Shopify's shape, made up here; a test states only what matters to it."""

from typing import Any

ORDER_GID = "gid://shopify/Order/7001"


def bag(amount: str, currency: str = "EUR") -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def page(*nodes: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor}}


def line(number: int = 9001, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "sku": f"SKU-{number}",
        "quantity": quantity,
        "currentQuantity": quantity,
        "unfulfilledQuantity": quantity,
        "customAttributes": [],
        **more,
    }


def about(number: int, quantity: int, **more: Any) -> dict[str, Any]:
    """A line of a fulfillment or refund."""
    return {"quantity": quantity, "lineItem": {"id": f"gid://shopify/LineItem/{number}"}, **more}


def fulfillment(
    number: int, *lines: dict[str, Any], tracking: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Fulfillment/{number}",
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "requiresShipping": True,
        "trackingInfo": tracking or [],
        "fulfillmentLineItems": page(*lines),
        **more,
    }


def track(number: str | None, company: str | None = "DHL", url: str | None = None) -> dict[str, Any]:
    return {"company": company, "number": number, "url": url}


def paid(amount: str, status: str = "SUCCESS", gateway: str = "idealo", kind: str = "REFUND") -> dict[str, Any]:
    return {"kind": kind, "status": status, "gateway": gateway, "amountSet": bag(amount)}


def refund(
    number: int, *lines: dict[str, Any], money: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Refund/{number}",
        "return": None,
        "totalRefundedSet": bag("0.0"),
        "refundLineItems": page(*lines),
        "transactions": page(*(money or [])),
        **more,
    }


def a_return(number: int, status: str, *lines: tuple[int, int, int], **more: Any) -> dict[str, Any]:
    """Lines as (line, quantity, processed)."""
    shown = [
        {
            "quantity": quantity,
            "processedQuantity": processed,
            "fulfillmentLineItem": {"lineItem": {"id": f"gid://shopify/LineItem/{own}"}},
        }
        for own, quantity, processed in lines
    ]
    return {
        "id": f"gid://shopify/Return/{number}",
        "status": status,
        "returnLineItems": page(*shown),
        "exchangeLineItems": {"nodes": []},
        **more,
    }


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order read whole, as `orders.read_order` puts it together."""
    return {
        "id": ORDER_GID,
        "name": "#1042",
        "createdAt": "2026-11-22T18:30:11Z",
        "cancelledAt": None,
        "edited": False,
        "returnStatus": "NO_RETURN",
        "sourceIdentifier": "A1B2C3D4",
        "customAttributes": [],
        "metafield": {"value": "A1B2C3D4"},
        "totalPriceSet": bag("104.79"),
        "totalTaxSet": bag("16.73"),
        "totalRefundedSet": bag("0.0"),
        "fulfillmentsCount": {"count": 0},
        "lineItems": page(*(lines or (line(),))),
        "fulfillments": [],
        "refunds": [],
        "returns": page(),
        **more,
    }
