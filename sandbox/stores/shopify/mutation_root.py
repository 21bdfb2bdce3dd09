"""What can be done: one method per mutation; business refusals come back as userErrors."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.stores.shopify import cancelling, changing, editing, fulfilling, placing, refunding, returning
from sandbox.stores.shopify.after_sale_view import FulfillmentView, RefundView, ReturnView
from sandbox.stores.shopify.edit_view import CalculatedOrderView, session
from sandbox.stores.shopify.errors import UserError, gid, numeric, without_code
from sandbox.stores.shopify.hook_api import HookApi
from sandbox.stores.shopify.model import Order, Return
from sandbox.stores.shopify.order_view import OrderView
from sandbox.stores.shopify.small_views import DefinitionView, MetafieldView
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Edit

Payload = dict[str, Any]


class MutationRoot(HookApi):
    """Bound to one request."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._shop = shop

    # Orders

    def order_create(self, order: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> Payload:
        return self._try(
            lambda: {"order": OrderView(self._shop, placing.place(self._shop, order, options or {}))}, "order"
        )

    def order_cancel(self, order_id: str, **arguments: Any) -> Payload:
        values = {_camel(name): value for name, value in arguments.items()}

        def act() -> Payload:
            job = cancelling.request(self._shop, self._order(order_id, "orderId", code="NOT_FOUND"), values)
            return {"job": {"id": gid("Job", job.id), "done": False}}

        payload = self._try(act, "job")
        errors = payload.pop("userErrors")
        return {**payload, "orderCancelUserErrors": errors, "userErrors": without_code(errors)}

    def order_update(self, input: Mapping[str, Any]) -> Payload:
        return self._on_order(input["id"], lambda order: changing.update(self._shop, order, input))

    def order_close(self, input: Mapping[str, Any]) -> Payload:
        return self._on_order(input["id"], lambda order: changing.close(self._shop, order))

    def order_open(self, input: Mapping[str, Any]) -> Payload:
        return self._on_order(input["id"], lambda order: changing.reopen(self._shop, order))

    def tags_add(self, id: str, tags: list[str]) -> Payload:
        return self._on_order(id, lambda order: changing.add_tags(self._shop, order, tags), "node")

    def tags_remove(self, id: str, tags: list[str]) -> Payload:
        return self._on_order(id, lambda order: changing.remove_tags(self._shop, order, tags), "node")

    def metafields_set(self, metafields: list[Mapping[str, Any]]) -> Payload:
        def act() -> Payload:
            done = []
            for at, values in enumerate(metafields):
                order = self._shop.orders.get(numeric(values["ownerId"], "Order"))
                if order is None:
                    raise UserError(["metafields", str(at), "ownerId"], "Owner does not exist.", "INVALID")
                done.append(MetafieldView(changing.put_metafield(self._shop, order, values)))
                changing.changed(self._shop, order)
            return {"metafields": done}

        return self._try(act, "metafields")

    def metafield_definition_create(self, definition: Mapping[str, Any]) -> Payload:
        return self._try(
            lambda: {"createdDefinition": DefinitionView(changing.define(self._shop, definition))}, "createdDefinition"
        )

    # Order edits: begun, set, committed

    def order_edit_begin(self, id: str) -> Payload:
        def act() -> Payload:
            order = self._shop.orders.get(numeric(id, "Order"))
            if order is None:
                raise UserError(["id"], "The order does not exist.")
            edit = editing.begin(self._shop, order)
            return {"calculatedOrder": CalculatedOrderView(self._shop, edit), "orderEditSession": session(edit)}

        return self._try(act, "calculatedOrder", "orderEditSession")

    def order_edit_set_quantity(
        self, id: str, line_item_id: str, quantity: int, *, restock: bool | None = None, location_id: str | None = None
    ) -> Payload:
        def act() -> Payload:
            edit = self._edit(id)
            line_id = numeric(line_item_id, "CalculatedLineItem")
            editing.set_quantity(self._shop, edit, line_id, quantity, restock=bool(restock))
            view = CalculatedOrderView(self._shop, edit)
            return {
                "calculatedLineItem": view.line(line_id), "calculatedOrder": view, "orderEditSession": session(edit)
            }  # fmt: skip

        return self._try(act, "calculatedLineItem", "calculatedOrder", "orderEditSession")

    def order_edit_commit(
        self, id: str, *, notify_customer: bool | None = None, staff_note: str | None = None
    ) -> Payload:
        def act() -> Payload:
            order = editing.commit(self._shop, self._edit(id), staff_note)
            messages = ["Order updated", *(["Notification sent"] if notify_customer else [])]
            return {"order": OrderView(self._shop, order), "successMessages": messages}

        return self._try(act, "order", "successMessages")

    # Shipping

    def fulfillment_create(self, fulfillment: Mapping[str, Any], message: str | None = None) -> Payload:
        def act() -> Payload:
            made = fulfilling.create(self._shop, fulfillment)
            return self._shown_fulfillment(made.id)

        return self._try(act, "fulfillment")

    def fulfillment_tracking_info_update(
        self, fulfillment_id: str, tracking_info_input: Mapping[str, Any], *, notify_customer: bool | None = None
    ) -> Payload:
        def act() -> Payload:
            found = fulfilling.find(self._shop, numeric(fulfillment_id, "Fulfillment"))
            if found is None:
                raise UserError(["fulfillmentId"], "Fulfillment does not exist.")
            fulfilling.update_tracking(self._shop, *found, tracking_info_input)
            return self._shown_fulfillment(found[1].id)

        return self._try(act, "fulfillment")

    def fulfillment_cancel(self, id: str) -> Payload:
        def act() -> Payload:
            found = fulfilling.find(self._shop, numeric(id, "Fulfillment"))
            if found is None:
                raise UserError(["id"], "Fulfillment not found.")
            fulfilling.cancel(self._shop, *found)
            return self._shown_fulfillment(found[1].id)

        return self._try(act, "fulfillment")

    def _shown_fulfillment(self, fulfillment_id: int) -> Payload:
        found = fulfilling.find(self._shop, fulfillment_id)
        return {"fulfillment": None if found is None else FulfillmentView(self._shop, *found)}

    # Money and goods that go back

    def refund_create(self, input: Mapping[str, Any]) -> Payload:
        order = self._shop.orders.get(numeric(input["orderId"], "Order"))

        def act() -> Payload:
            if order is None:
                raise UserError(["orderId"], "Order does not exist")
            return {"refund": RefundView(self._shop, order, refunding.refund_by_api(self._shop, order, input))}

        payload = self._try(act, "refund")
        # The order is shown beside the errors as well (captured).
        return {**payload, "order": None if order is None else OrderView(self._shop, order)}

    def return_create(self, return_input: Mapping[str, Any]) -> Payload:
        def act() -> Payload:
            order = self._shop.orders.get(numeric(return_input["orderId"], "Order"))
            if order is None:
                raise UserError(["returnInput", "orderId"], "Order not found.", "NOT_FOUND")
            back = returning.open_return(self._shop, order, return_input["returnLineItems"])
            return {"return": ReturnView(self._shop, order, back)}

        return self._try(act, "return")

    def return_close(self, id: str) -> Payload:
        return self._on_return(id, returning.close)

    def return_reopen(self, id: str) -> Payload:
        return self._on_return(id, returning.reopen)

    def return_cancel(self, id: str, *, notify_customer: bool = False) -> Payload:
        return self._on_return(id, returning.cancel)

    def return_process(self, input: Mapping[str, Any]) -> Payload:
        entries = input.get("returnLineItems") or []

        def act(shop: Shop, order: Order, back: Return) -> None:
            returning.process(shop, order, back, entries)

        return self._on_return(input["returnId"], act)

    def _on_return(self, id: str, action: Callable[[Shop, Order, Return], None]) -> Payload:
        def act() -> Payload:
            found = returning.find(self._shop, numeric(id, "Return"))
            if found is None:
                raise UserError(["id"], "Return not found.", "NOT_FOUND")
            action(self._shop, *found)
            return {"return": ReturnView(self._shop, *found)}

        return self._try(act, "return")

    def _on_order(self, id: str, action: Callable[[Order], None], field: str = "order") -> Payload:
        found = self._shop.orders.get(numeric(id, "Order"))

        def act() -> Payload:
            action(self._order(id, "id"))
            return {}

        payload = self._try(act)
        # Refused changes show the order as it is (capture orderUpdate-input-validation).
        return {**payload, field: None if found is None else OrderView(self._shop, found)}

    def _order(self, id: str, field: str, code: str | None = None) -> Order:
        order = self._shop.orders.get(numeric(id, "Order"))
        if order is None:
            raise UserError([field], "Order does not exist", code)
        return order

    def _edit(self, id: str) -> Edit:
        edit = self._shop.edits.get(numeric(id, "CalculatedOrder"))
        if edit is None or edit.committed:
            raise UserError(["id"], "The calculated order does not exist.")
        return edit


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
