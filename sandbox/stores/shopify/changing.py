"""What is written on an existing order: notes, tags, attributes, addresses, metafields."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.stores.shopify.errors import UserError
from sandbox.stores.shopify.model import Address, Metafield, Order
from sandbox.stores.shopify.rest_order import order_body
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Definition

_TAG_LENGTH = 255
_ADDRESS = {
    "firstName": "first_name", "lastName": "last_name", "company": "company", "address1": "address1",
    "address2": "address2", "zip": "zip", "city": "city", "provinceCode": "province_code",
    "countryCode": "country_code", "phone": "phone",
}  # fmt: skip


def update(shop: Shop, order: Order, values: Mapping[str, Any]) -> None:
    """`orderUpdate`: what is named replaces what was there, whole lists included."""
    if len(values) == 1:
        raise UserError(None, "No valid update parameters have been provided")
    phone = values.get("phone")
    if phone is not None and not phone.lstrip("+").replace(" ", "").replace("-", "").isdecimal():
        raise UserError(["phone"], "Phone is invalid")
    if "shippingAddress" in values:
        _must_be_whole(values["shippingAddress"] or {})
        order.shipping = address_from(shop, values["shippingAddress"])
    order.note = values.get("note", order.note)
    order.email = values.get("email", order.email)
    order.phone = values.get("phone", order.phone)
    order.po_number = values.get("poNumber", order.po_number)
    if "tags" in values:
        order.tags = merged([], values["tags"] or [])
    if "customAttributes" in values:
        order.attributes = [(one["key"], one["value"]) for one in values["customAttributes"] or []]
    for field in values.get("metafields") or []:
        put_metafield(shop, order, field)
    changed(shop, order)


def add_tags(shop: Shop, order: Order, tags: Sequence[str]) -> None:
    """`tagsAdd`; one string may hold several tags divided by commas."""
    order.tags = merged(order.tags, tags)
    changed(shop, order)


def remove_tags(shop: Shop, order: Order, tags: Sequence[str]) -> None:
    """`tagsRemove`."""
    gone = {tag.strip().casefold() for entry in tags for tag in entry.split(",")}
    order.tags = [tag for tag in order.tags if tag.casefold() not in gone]
    changed(shop, order)


def merged(tags: Sequence[str], more: Sequence[str]) -> list[str]:
    """Tags once each, case apart, sorted; UserError for one that is too long."""
    known = {tag.casefold(): tag for tag in tags}
    for tag in (part.strip() for entry in more for part in entry.split(",")):
        if len(tag) > _TAG_LENGTH:
            raise UserError(["tags"], "Tag exceeds the maximum length of 255 characters")
        if tag:
            known.setdefault(tag.casefold(), tag)
    return sorted(known.values())


def close(shop: Shop, order: Order) -> None:
    """`orderClose`: archive; repeating it is harmless (capture orderClose-noop-on-already-closed)."""
    if order.closed is None:
        order.closed = shop.now()
        changed(shop, order)


def reopen(shop: Shop, order: Order) -> None:
    """`orderOpen`."""
    if order.closed is not None and order.cancelled is None:
        order.closed = None
        changed(shop, order)


def changed(shop: Shop, order: Order) -> None:
    """Save and tell."""
    shop.save(order)
    shop.fire("orders/updated", order_body(shop, order))


def address_from(shop: Shop, values: Mapping[str, Any] | None) -> Address | None:
    """An address as given; `country` and `province` (deprecated) count where no code is given."""
    if values is None:
        return None
    fields: dict[str, Any] = {own: values.get(name) for name, own in _ADDRESS.items()}
    fields["country_code"] = fields["country_code"] or values.get("country")
    fields["province_code"] = fields["province_code"] or values.get("province")
    return Address(id=shop.new_id("MailingAddress"), **fields)


def _must_be_whole(values: Mapping[str, Any]) -> None:
    for name, message in (("lastName", "Enter a last name"), ("zip", "Enter a ZIP code")):
        if not values.get(name):
            raise UserError(["shippingAddress", name], message)


def put_metafield(shop: Shop, order: Order, values: Mapping[str, Any]) -> Metafield:
    """Create or replace a metafield; a value that a definition keeps unique is refused with TAKEN."""
    namespace, key = values.get("namespace") or "$app", values.get("key") or ""
    if not key:
        raise UserError(["metafields", "key"], "Key can't be blank", "BLANK")
    value = values.get("value")
    if not value:
        raise UserError(["metafields", "value"], "Value can't be blank", "BLANK")
    definition = definition_of(shop, namespace, key)
    if definition is not None and definition.unique:
        holder = by_metafield(shop, namespace, key, value)
        if holder is not None and holder is not order:
            raise UserError(["metafields", "value"], "Value must be unique, this value is already in use.", "TAKEN")
    now = shop.now()
    known = [field for field in order.metafields if (field.namespace, field.key) == (namespace, key)]
    if known:
        known[0].value, known[0].updated = value, now
        return known[0]
    kind = values.get("type") or (definition.type if definition is not None else None)
    if kind is None:
        raise UserError(["metafields", "type"], "Type can't be blank", "BLANK")
    field = Metafield(
        id=shop.new_id("Metafield"), namespace=namespace, key=key, type=kind, value=value, created=now, updated=now
    )
    order.metafields.append(field)
    return field


def define(shop: Shop, values: Mapping[str, Any]) -> Definition:
    """`metafieldDefinitionCreate`; `id` fields are unique by nature."""
    namespace, key, owner = values.get("namespace") or "$app", values["key"], values["ownerType"]
    if definition_of(shop, namespace, key) is not None:
        message = f"Key is in use for {owner.capitalize()} metafields on the '{namespace}' namespace."
        raise UserError(["definition", "key"], message, "TAKEN")
    unique = ((values.get("capabilities") or {}).get("uniqueValues") or {}).get("enabled", False)
    definition = Definition(
        id=shop.new_id("MetafieldDefinition"), owner=owner, namespace=namespace, key=key, name=values["name"],
        type=values["type"], description=values.get("description"), unique=unique or values["type"] == "id",
    )  # fmt: skip
    shop.definitions[definition.id] = definition
    shop.touch(definition)
    return definition


def definition_of(shop: Shop, namespace: str, key: str) -> Definition | None:
    """The definition of an order's metafield."""
    found = [one for one in shop.definitions.values() if (one.namespace, one.key) == (namespace, key)]
    return found[0] if found else None


def by_metafield(shop: Shop, namespace: str, key: str, value: str) -> Order | None:
    """The order that holds this value."""
    for order in shop.orders.values():
        if any((one.namespace, one.key, one.value) == (namespace, key, value) for one in order.metafields):
            return order
    return None
