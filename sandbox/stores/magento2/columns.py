"""The order in which Magento's data interfaces list their fields; what is null is left out of the answer.

Sources: Magento.Sales.Api.Data interfaces of 2.4.6, fixed by the recordings' key order (2026-11-23).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stores.magento2.php import words

ORDER: Final = words("""
    adjustment_negative adjustment_positive applied_rule_ids base_adjustment_negative base_adjustment_positive
    base_currency_code base_discount_amount base_discount_canceled base_discount_invoiced base_discount_refunded
    base_grand_total base_discount_tax_compensation_amount base_discount_tax_compensation_invoiced
    base_discount_tax_compensation_refunded base_shipping_amount base_shipping_canceled base_shipping_discount_amount
    base_shipping_discount_tax_compensation_amnt base_shipping_incl_tax base_shipping_invoiced base_shipping_refunded
    base_shipping_tax_amount base_shipping_tax_refunded base_subtotal base_subtotal_canceled base_subtotal_incl_tax
    base_subtotal_invoiced base_subtotal_refunded base_tax_amount base_tax_canceled base_tax_invoiced base_tax_refunded
    base_total_canceled base_total_due base_total_invoiced base_total_invoiced_cost base_total_offline_refunded
    base_total_online_refunded base_total_paid base_total_qty_ordered base_total_refunded base_to_global_rate
    base_to_order_rate billing_address_id can_ship_partially can_ship_partially_item coupon_code created_at
    customer_dob customer_email customer_firstname customer_gender customer_group_id customer_id customer_is_guest
    customer_lastname customer_middlename customer_note customer_note_notify customer_prefix customer_suffix
    customer_taxvat discount_amount discount_canceled discount_description discount_invoiced discount_refunded
    edit_increment email_sent entity_id ext_customer_id ext_order_id forced_shipment_with_invoice global_currency_code
    grand_total discount_tax_compensation_amount discount_tax_compensation_invoiced discount_tax_compensation_refunded
    hold_before_state hold_before_status increment_id is_virtual order_currency_code original_increment_id
    payment_authorization_amount payment_auth_expiration protect_code quote_address_id quote_id relation_child_id
    relation_child_real_id relation_parent_id relation_parent_real_id remote_ip shipping_amount shipping_canceled
    shipping_description shipping_discount_amount shipping_discount_tax_compensation_amount shipping_incl_tax
    shipping_invoiced shipping_refunded shipping_tax_amount shipping_tax_refunded state status store_currency_code
    store_id store_name store_to_base_rate store_to_order_rate subtotal subtotal_canceled subtotal_incl_tax
    subtotal_invoiced subtotal_refunded tax_amount tax_canceled tax_invoiced tax_refunded total_canceled total_due
    total_invoiced total_item_count total_offline_refunded total_online_refunded total_paid total_qty_ordered
    total_refunded updated_at weight x_forwarded_for
    """)

ITEM: Final = words("""
    additional_data amount_refunded applied_rule_ids base_amount_refunded base_cost base_discount_amount
    base_discount_invoiced base_discount_refunded base_discount_tax_compensation_amount
    base_discount_tax_compensation_invoiced base_discount_tax_compensation_refunded base_original_price base_price
    base_price_incl_tax base_row_invoiced base_row_total base_row_total_incl_tax base_tax_amount
    base_tax_before_discount base_tax_invoiced base_tax_refunded created_at description discount_amount
    discount_invoiced discount_percent discount_refunded event_id ext_order_item_id free_shipping
    discount_tax_compensation_amount discount_tax_compensation_canceled discount_tax_compensation_invoiced
    discount_tax_compensation_refunded is_qty_decimal is_virtual item_id locked_do_invoice locked_do_ship name
    no_discount order_id original_price parent_item_id price price_incl_tax product_id product_type qty_backordered
    qty_canceled qty_invoiced qty_ordered qty_refunded qty_returned qty_shipped quote_item_id row_invoiced row_total
    row_total_incl_tax row_weight sku store_id tax_amount tax_before_discount tax_canceled tax_invoiced tax_percent
    tax_refunded updated_at weee_tax_applied weight parent_item product_option
    """)

ADDRESS: Final = words("""
    address_type city company country_id customer_address_id customer_id email entity_id fax firstname lastname
    middlename parent_id postcode prefix region region_code region_id street suffix telephone vat_id vat_is_valid
    """)

PAYMENT: Final = words("""
    account_status additional_data additional_information address_status amount_authorized amount_canceled
    amount_ordered amount_paid amount_refunded base_amount_authorized base_amount_canceled base_amount_ordered
    base_amount_paid base_amount_refunded base_shipping_amount base_shipping_captured base_shipping_refunded
    cc_last4 entity_id last_trans_id method parent_id po_number quote_payment_id shipping_amount shipping_captured
    shipping_refunded
    """)

HISTORY: Final = words(
    "comment created_at entity_id entity_name is_customer_notified is_visible_on_front parent_id status"
)

SHIPPING_TOTAL: Final = words("""
    base_shipping_amount base_shipping_canceled base_shipping_discount_amount
    base_shipping_discount_tax_compensation_amnt base_shipping_incl_tax base_shipping_invoiced base_shipping_refunded
    base_shipping_tax_amount base_shipping_tax_refunded shipping_amount shipping_canceled shipping_discount_amount
    shipping_discount_tax_compensation_amount shipping_incl_tax shipping_invoiced shipping_refunded
    shipping_tax_amount shipping_tax_refunded
    """)

SAVED_ITEM: Final = dict.fromkeys(
    words(
        """
    amount_refunded base_amount_refunded base_cost base_discount_amount base_discount_invoiced base_row_invoiced
    base_tax_invoiced discount_amount discount_invoiced discount_percent free_shipping no_discount qty_backordered
    qty_canceled qty_invoiced qty_refunded qty_shipped row_invoiced row_weight tax_invoiced weight
    """
    ),
    0,
)
"""Database defaults of an order item: absent from the answer to the call that saved it, there from then on."""

SHOWN_NULLS: Final = frozenset({"account_status", "cc_last4"})
"""Fields of a payment that are shown although they are null (recorded 024)."""


def shown(row: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """A row as an answer lists it: known fields in their order, nulls left out."""
    return {name: row.get(name) for name in fields if row.get(name) is not None or name in SHOWN_NULLS}
