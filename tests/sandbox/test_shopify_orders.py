"""Orders of the fake Shopify through its own API: made, found, cancelled, edited, refunded, sent back."""

import base64
import json
from typing import Any

from tests.sandbox.shopify_lab import KANNE, Lab, euros, number_of

READ = """query($id: ID!) { order(id: $id) {
  closed cancelledAt cancelReason displayFinancialStatus displayFulfillmentStatus sourceIdentifier
  currentTotalPriceSet { shopMoney { amount } } totalRefundedSet { shopMoney { amount } }
  lineItems(first: 5) { nodes { quantity currentQuantity unfulfilledQuantity refundableQuantity } }
  fulfillmentOrders(first: 5) { nodes { id status
    lineItems(first: 5) { nodes { id totalQuantity remainingQuantity } } } }
  refunds(first: 5) { refundLineItems(first: 5) { nodes { quantity restockType restocked } }
    transactions(first: 5) { nodes { kind status gateway amountSet { shopMoney { amount } } } } } } }"""
CANCEL = """mutation($id: ID!, $restock: Boolean!) { orderCancel(orderId: $id, reason: CUSTOMER, restock: $restock,
  refundMethod: {originalPaymentMethodsRefund: true}, notifyCustomer: false, staffNote: "idealo") {
  job { id done } orderCancelUserErrors { code field message } userErrors { field message } } }"""
FULFIL = """mutation($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) {
  fulfillment { id name status trackingInfo(first: 5) { number company } } userErrors { field message } } }"""
STOCK = """query($id: ID!) { productVariant(id: $id) { inventoryQuantity inventoryItem { inventoryLevels(first: 1) {
  nodes { quantities(names: ["available", "committed", "on_hand"]) { name quantity } } } } } }"""


async def _order(lab: Lab, order_id: str) -> Any:
    return (await lab.ok(READ, id=order_id))["order"]


async def _stock(lab: Lab) -> list[int]:
    data = await lab.ok(STOCK, id=await lab.variant())
    (level,) = data["productVariant"]["inventoryItem"]["inventoryLevels"]["nodes"]
    return [entry["quantity"] for entry in level["quantities"]]


async def test_an_order_keeps_our_prices_and_sets_stock_aside() -> None:
    lab = Lab()
    before = await _stock(lab)
    created = await lab.place()
    assert created["userErrors"] == []
    order = created["order"]
    assert (order["name"], order["displayFinancialStatus"]) == ("#1001", "PAID")
    assert order["totalPriceSet"]["shopMoney"]["amount"] == "79.84"
    assert order["totalTaxSet"]["shopMoney"]["amount"] == "11.95"
    assert await _stock(lab) == [before[0] - 3, before[1] + 3, before[2]]
    assert int(number_of(order["id"])) > 2**53


async def test_stock_is_left_alone_by_default_and_can_refuse_the_order() -> None:
    lab = Lab()
    before = await _stock(lab)
    await lab.place({"inventoryBehaviour": "BYPASS"})
    assert await _stock(lab) == before
    order = await lab.order_input()
    order["lineItems"][0]["quantity"] = 500
    refused = await lab.place({"inventoryBehaviour": "DECREMENT_OBEYING_POLICY"}, lineItems=order["lineItems"])
    assert (refused["order"], refused["userErrors"][0]["code"]) == (None, "INVENTORY_CLAIM_FAILED")
    await lab.place(lineItems=order["lineItems"])
    assert (await _stock(lab))[0] == before[0] - 500


async def test_an_unknown_variant_refuses_the_whole_order() -> None:
    lab = Lab()
    lines = [{"variantId": "gid://shopify/ProductVariant/1", "quantity": 1}]
    refused = await lab.place(lineItems=lines)
    assert refused["order"] is None
    assert refused["userErrors"][0]["field"] == ["order", "lineItems", 0, "variantId"]


async def test_the_index_lags_and_unknown_search_fields_match_everything() -> None:
    lab = Lab()
    created = await lab.place()
    text = "query($q: String!) { orders(first: 5, query: $q) { nodes { id sourceIdentifier } } }"
    wanted = "source_identifier:'A1B2C3D4'"
    assert (await lab.ok(text, q=wanted))["orders"]["nodes"] == []
    assert await _order(lab, created["order"]["id"]) is not None
    lab.world.advance(3)
    assert len((await lab.ok(text, q=wanted))["orders"]["nodes"]) == 1
    assert (await lab.ok(text, q="source_identifier:'OTHER'"))["orders"]["nodes"] == []
    answer = await lab.ask(text, q="source_identifer:'OTHER'")
    assert len(answer["data"]["orders"]["nodes"]) == 1
    (search,) = answer["extensions"]["search"]
    assert search["warnings"][0]["code"] == "invalid_field"


async def test_searches_understand_tags_times_and_connectives() -> None:
    lab = Lab()
    await lab.place()
    lab.world.advance(600)
    await lab.place(tags=["other"], sourceIdentifier="B")
    lab.world.advance(3)
    text = "query($q: String!) { orders(first: 9, query: $q, sortKey: UPDATED_AT) { nodes { name } } }"

    async def names(query: str) -> list[str]:
        return [node["name"] for node in (await lab.ok(text, q=query))["orders"]["nodes"]]

    assert await names("tag:'idealo-A1B2C3D4'") == ["#1001"]
    assert await names("tag:other OR tag:idealo") == ["#1001", "#1002"]
    assert await names("-tag:idealo") == ["#1002"]
    assert await names("updated_at:>='2026-11-23T09:05:00Z'") == ["#1002"]
    assert await names("updated_at:>='2026-11-23T08:55:00Z' AND tag:'idealo'") == ["#1001"]
    assert await names("(tag:idealo OR tag:other) sku:'100000' financial_status:paid name:#1002") == ["#1002"]
    assert await names("status:cancelled") == []


async def test_pages_go_on_where_the_cursor_stood() -> None:
    lab = Lab()
    for _ in range(5):
        await lab.place()
        lab.world.advance(1)
    text = """query($after: String) { orders(first: 2, sortKey: UPDATED_AT, after: $after) {
      nodes { name } pageInfo { hasNextPage endCursor } } }"""
    names: list[str] = []
    after = None
    while True:
        page = (await lab.ok(text, after=after))["orders"]
        names += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert {"last_id", "last_value"} == json.loads(base64.b64decode(after)).keys()
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == ["#1001", "#1002", "#1003", "#1004", "#1005"]


async def test_a_cancellation_is_done_by_a_job_and_only_once() -> None:
    lab = Lab()
    before = await _stock(lab)
    order_id = (await lab.place())["order"]["id"]
    first = (await lab.ok(CANCEL, id=order_id, restock=True))["orderCancel"]
    assert first["job"]["done"] is False
    second = (await lab.ok(CANCEL, id=order_id, restock=True))["orderCancel"]
    assert (await _order(lab, order_id))["cancelledAt"] is None
    lab.world.advance(1)
    job = "query($id: ID!) { job(id: $id) { done } }"
    assert (await lab.ok(job, id=first["job"]["id"]))["job"] == {"done": True}
    assert (await lab.ok(job, id=second["job"]["id"]))["job"] == {"done": True}
    order = await _order(lab, order_id)
    assert (order["closed"], order["cancelReason"]) == (True, "CUSTOMER")
    assert order["displayFinancialStatus"] == "REFUNDED"
    assert order["currentTotalPriceSet"]["shopMoney"]["amount"] == "0.0"
    assert order["totalRefundedSet"]["shopMoney"]["amount"] == "79.84"
    assert [node["status"] for node in order["fulfillmentOrders"]["nodes"]] == ["CLOSED"]
    assert order["fulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"][0]["totalQuantity"] == 0
    assert order["lineItems"]["nodes"] == [
        {"quantity": 3, "currentQuantity": 0, "unfulfilledQuantity": 0, "refundableQuantity": 0}
    ]
    assert await _stock(lab) == before
    again = (await lab.ok(CANCEL, id=order_id, restock=True))["orderCancel"]
    assert again["job"] is None
    assert again["userErrors"][0]["message"] == "Cannot cancel an order that has already been canceled"


async def test_a_shipped_order_is_not_cancelled_and_a_called_off_fulfillment_can_be_sent_again() -> None:
    lab = Lab()
    order_id = (await lab.place())["order"]["id"]
    work = (await _order(lab, order_id))["fulfillmentOrders"]["nodes"][0]
    part = [{"id": work["lineItems"]["nodes"][0]["id"], "quantity": 2}]
    tracking = {"company": "DHL", "numbers": ["1", "2"]}
    sent = await lab.ok(
        FULFIL,
        f={
            "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": work["id"], "fulfillmentOrderLineItems": part}],
            "trackingInfo": tracking,
        },
    )
    fulfillment = sent["fulfillmentCreate"]["fulfillment"]
    assert fulfillment["name"] == "#1001-F1"
    assert fulfillment["trackingInfo"] == [{"number": "1", "company": "DHL"}, {"number": "2", "company": "DHL"}]
    refused = (await lab.ok(CANCEL, id=order_id, restock=True))["orderCancel"]
    assert refused["orderCancelUserErrors"][0]["message"] == "Cannot cancel an order that has outstanding fulfillments"
    assert (await _order(lab, order_id))["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    text = "mutation($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status } userErrors { field message } } }"
    assert (await lab.ok(text, id=fulfillment["id"]))["fulfillmentCancel"]["fulfillment"] == {"status": "CANCELLED"}
    order = await _order(lab, order_id)
    assert order["displayFulfillmentStatus"] == "UNFULFILLED"
    assert [node["status"] for node in order["fulfillmentOrders"]["nodes"]] == ["CLOSED", "OPEN"]
    assert order["fulfillmentOrders"]["nodes"][1]["lineItems"]["nodes"][0]["remainingQuantity"] == 3


async def test_a_refund_needs_the_directive_since_2026_04_and_its_key_works_once() -> None:
    lab = Lab()
    order_id = (await lab.place())["order"]["id"]
    bare = "mutation($i: RefundInput!) { refundCreate(input: $i) { refund { id } userErrors { message } } }"
    money = {"orderId": order_id, "kind": "REFUND", "gateway": "idealo", "amount": "5.00"}
    given = {"orderId": order_id, "transactions": [money]}
    answer = await lab.ask(bare, i=given)
    assert answer["data"] == {"refundCreate": None}
    assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    assert answer["errors"][0]["path"] == ["refundCreate"]
    keyed = bare.replace("refundCreate(input: $i)", 'refundCreate(input: $i) @idempotent(key: "k-1")')
    one, two = await lab.ok(keyed, i=given), await lab.ok(keyed, i=given)
    assert one == two
    assert (await _order(lab, order_id))["totalRefundedSet"]["shopMoney"]["amount"] == "5.0"
    assert (await lab.ask(bare, version="2026-01", i=given))["data"]["refundCreate"]["userErrors"] == []


async def test_an_order_edit_lowers_current_quantity_and_keeps_the_line() -> None:
    lab = Lab()
    await lab.subscribe("ORDERS_EDITED")
    order_id = (await lab.place())["order"]["id"]
    begun = await lab.ok(
        """mutation($id: ID!) { orderEditBegin(id: $id) { calculatedOrder { id lineItems(first: 5) {
           nodes { id quantity } } } userErrors { message } } }""",
        id=order_id,
    )
    edit = begun["orderEditBegin"]["calculatedOrder"]
    line_id = edit["lineItems"]["nodes"][0]["id"]
    await lab.ok(
        """mutation($id: ID!, $line: ID!) {
           orderEditSetQuantity(id: $id, lineItemId: $line, quantity: 1, restock: true) {
             calculatedLineItem { quantity } userErrors { message } } }""",
        id=edit["id"],
        line=line_id,
    )
    commit = "mutation($id: ID!) { orderEditCommit(id: $id) { successMessages userErrors { field message } } }"
    assert (await lab.ok(commit, id=edit["id"]))["orderEditCommit"]["successMessages"] == ["Order updated"]
    order = await _order(lab, order_id)
    assert order["lineItems"]["nodes"] == [
        {"quantity": 3, "currentQuantity": 1, "unfulfilledQuantity": 1, "refundableQuantity": 1}
    ]
    assert order["refunds"] == []
    (edited,) = await lab.deliver()
    removals = json.loads(edited.content)["order_edit"]["line_items"]["removals"]
    assert removals == [{"id": int(number_of(line_id)), "delta": 2}]


async def test_a_unique_metafield_finds_the_order_at_once_and_refuses_a_second() -> None:
    lab = Lab()
    await lab.ok(
        """mutation($d: MetafieldDefinitionInput!) { metafieldDefinitionCreate(definition: $d) {
           createdDefinition { id capabilities { uniqueValues { enabled } } } userErrors { code message } } }""",
        d={"namespace": "idealo", "key": "order_id", "name": "idealo", "ownerType": "ORDER", "type": "id"},
    )
    field = [{"namespace": "idealo", "key": "order_id", "value": "A1B2C3D4"}]
    order_id = (await lab.place(metafields=field))["order"]["id"]
    text = """query($i: OrderIdentifierInput!) { orderByIdentifier(identifier: $i) { id } }"""
    identifier = {"customId": {"namespace": "idealo", "key": "order_id", "value": "A1B2C3D4"}}
    assert (await lab.ok(text, i=identifier))["orderByIdentifier"] == {"id": order_id}
    second = await lab.place(metafields=field)
    assert (second["order"], second["userErrors"][0]["message"]) == (
        None, "Value must be unique, this value is already in use.",
    )  # fmt: skip


async def test_old_orders_vanish_for_an_app_that_may_not_read_them() -> None:
    lab = Lab()
    order_id = (await lab.place())["order"]["id"]
    lab.world.advance(61 * 86_400)
    assert await _order(lab, order_id) is not None
    lab.store.set_options({"scopes": [one for one in lab.store.options()["scopes"] if one != "read_all_orders"]})
    assert await _order(lab, order_id) is None
    assert (await lab.ok("{ orders(first: 5) { nodes { id } } }"))["orders"]["nodes"] == []


async def test_customer_data_and_scopes_can_be_missing() -> None:
    lab = Lab(customer_data="denied")
    order_id = (await lab.place())["order"]["id"]
    text = "query($id: ID!) { order(id: $id) { name email shippingAddress { city } } }"
    answer = await lab.ask(text, id=order_id)
    assert answer["data"]["order"] == {"name": "#1001", "email": None, "shippingAddress": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"ACCESS_DENIED"}
    lab.store.set_options({"customer_data": "null"})
    assert "errors" not in await lab.ask(text, id=order_id)
    lab.store.set_options({"scopes": ["read_products"]})
    denied = await lab.ask(text, id=order_id)
    assert denied["data"] == {"order": None}
    assert denied["errors"][0]["extensions"]["requiredAccess"] == "`read_orders` access scope."


async def test_development_stores_take_five_orders_a_minute() -> None:
    lab = Lab(creates_per_minute=5)
    for _ in range(5):
        assert (await lab.place())["userErrors"] == []
    slowed = await lab.place()
    assert slowed["userErrors"] == [
        {"code": None, "field": None, "message": "Too many attempts. Please try again later."}
    ]
    lab.world.advance(61)
    assert (await lab.place())["userErrors"] == []


async def test_tags_and_notes_are_added_or_overwritten() -> None:
    lab = Lab()
    order_id = (await lab.place())["order"]["id"]
    add = "mutation($id: ID!, $t: [String!]!) { tagsAdd(id: $id, tags: $t) { node { id } userErrors { message } } }"
    await lab.ok(add, id=order_id, t=["revoked"])
    text = (
        """mutation($i: OrderInput!) { orderUpdate(input: $i) { order { tags note } userErrors { field message } } }"""
    )
    data = await lab.ok(text, i={"id": order_id, "note": "Storno"})
    assert data["orderUpdate"]["order"] == {"tags": ["idealo", "idealo-A1B2C3D4", "revoked"], "note": "Storno"}
    data = await lab.ok(text, i={"id": order_id, "tags": ["x"]})
    assert data["orderUpdate"]["order"]["tags"] == ["x"]
    unknown = await lab.ok(text, i={"id": "gid://shopify/Order/1", "note": "x"})
    assert unknown["orderUpdate"]["userErrors"] == [{"field": ["id"], "message": "Order does not exist"}]


async def test_ids_of_another_kind_are_invalid_and_unknown_fields_are_refused() -> None:
    lab = Lab()
    answer = await lab.ask("query($id: ID!) { order(id: $id) { id } }", id="gid://shopify/Product/1")
    assert answer["errors"][0]["extensions"]["code"] == "RESOURCE_NOT_FOUND"
    assert answer["errors"][0]["message"] == "invalid id"
    answer = await lab.ask("{ shop { secret } }")
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "undefinedField"
    order = {**(await lab.order_input()), "transactions": [{"amountSet": euros("1.00"), "paymentId": "x"}]}
    answer = await lab.ask("mutation($o: OrderCreateOrderInput!) { orderCreate(order: $o) { order { id } } }", o=order)
    assert answer["errors"][0]["extensions"]["problems"] == [
        {"path": ["transactions", 0, "paymentId"],
         "explanation": "Field is not defined on OrderCreateOrderTransactionInput"}
    ]  # fmt: skip


async def test_variants_are_found_by_their_exact_sku_only_by_comparing() -> None:
    lab = Lab()
    assert await lab.variant(KANNE)
    data = await lab.ok('{ productVariants(first: 50, query: "barcod:x") { nodes { sku } } }')
    assert len(data["productVariants"]["nodes"]) > 10
