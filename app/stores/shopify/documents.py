"""Every GraphQL document we send, checked in the tests against Shopify's schema of 2026-07.

One query may cost at most 1000 points, and what is nested multiplies, so an order is read in several documents. No
field about the buyer is selected: an app without approval for his name and address can do all of this.
"""

NAMESPACE = "idealo"
KEY = "order_id"
"""Metafield of type `id` (unique in the store) that carries idealo's order id."""
LISTED = 10
"""Fulfillments and refunds are plain lists without a cursor; beyond this many each is read on its own."""
LIST_LIMIT = 250
TRACKING_LIMIT = 10

_MONEY = "{ presentmentMoney { amount currencyCode } }"
_PAGE = "pageInfo { hasNextPage endCursor }"
_LINES = f"nodes {{ id sku quantity currentQuantity unfulfilledQuantity customAttributes {{ key value }} }} {_PAGE}"
_HEAD = f"""
    id name createdAt cancelledAt edited returnStatus sourceIdentifier
    customAttributes {{ key value }}
    metafield(namespace: "{NAMESPACE}", key: "{KEY}") {{ value }}
    totalPriceSet {_MONEY} totalTaxSet {_MONEY} totalRefundedSet {_MONEY}
    fulfillmentsCount {{ count }}
    refunds(first: 1) {{ id }}
"""

ORDER = f"""query Order($id: ID!, $after: String) {{
  order(id: $id) {{ {_HEAD} lineItems(first: 25, after: $after) {{ {_LINES} }} }}
}}"""

_PARCEL = "id status displayStatus requiresShipping"
_PARCEL_LINES = f"nodes {{ quantity lineItem {{ id }} }} {_PAGE}"

FULFILLMENTS = f"""query Fulfillments($id: ID!) {{
  order(id: $id) {{
    fulfillments(first: {LISTED}) {{
      {_PARCEL}
      trackingInfo(first: {TRACKING_LIMIT}) {{ company number url }}
      fulfillmentLineItems(first: 20) {{ {_PARCEL_LINES} }}
    }}
  }}
}}"""

FULFILLMENT_IDS = f"""query FulfillmentIds($id: ID!) {{
  order(id: $id) {{ fulfillments(first: {LIST_LIMIT}) {{ id }} }}
}}"""

FULFILLMENT = f"""query Fulfillment($id: ID!, $after: String) {{
  fulfillment(id: $id) {{
    {_PARCEL}
    trackingInfo(first: {LIST_LIMIT}) {{ company number url }}
    fulfillmentLineItems(first: 100, after: $after) {{ {_PARCEL_LINES} }}
  }}
}}"""

_REFUND = f"id return {{ id }} totalRefundedSet {_MONEY}"
_REFUND_LINES = f"nodes {{ quantity restockType lineItem {{ id }} }} {_PAGE}"
_TRANSACTIONS = f"nodes {{ kind status gateway amountSet {_MONEY} }} {_PAGE}"

REFUNDS = f"""query Refunds($id: ID!) {{
  order(id: $id) {{
    totalRefundedSet {_MONEY}
    refunds(first: {LISTED}) {{
      {_REFUND}
      refundLineItems(first: 20) {{ {_REFUND_LINES} }}
      transactions(first: 5) {{ {_TRANSACTIONS} }}
    }}
  }}
}}"""

REFUND_IDS = f"""query RefundIds($id: ID!) {{
  order(id: $id) {{ totalRefundedSet {_MONEY} refunds(first: {LIST_LIMIT}) {{ id }} }}
}}"""

REFUND = f"""query Refund($id: ID!, $after: String) {{
  refund(id: $id) {{
    {_REFUND}
    refundLineItems(first: 100, after: $after) {{ {_REFUND_LINES} }}
    transactions(first: 100) {{ {_TRANSACTIONS} }}
  }}
}}"""

_RETURN_LINES = f"""nodes {{ ... on ReturnLineItem {{
    quantity processedQuantity fulfillmentLineItem {{ lineItem {{ id }} }}
  }} }} {_PAGE}"""

RETURNS = f"""query Returns($id: ID!, $after: String) {{
  order(id: $id) {{
    returns(first: 10, after: $after) {{
      nodes {{
        id status
        returnLineItems(first: 20) {{ {_RETURN_LINES} }}
        exchangeLineItems(first: 1) {{ nodes {{ id }} }}
      }}
      {_PAGE}
    }}
  }}
}}"""

RETURN = f"""query Return($id: ID!, $after: String) {{
  return(id: $id) {{ id status returnLineItems(first: 100, after: $after) {{ {_RETURN_LINES} }} }}
}}"""

_IDENTITY = f'id createdAt sourceIdentifier metafield(namespace: "{NAMESPACE}", key: "{KEY}") {{ value }}'

BY_IDENTIFIER = f"""query OrderByIdentifier($value: String!) {{
  orderByIdentifier(identifier: {{customId: {{namespace: "{NAMESPACE}", key: "{KEY}", value: $value}}}}) {{
    {_IDENTITY}
  }}
}}"""

SEARCH = f"""query SearchOrders($query: String!, $after: String) {{
  orders(first: 50, after: $after, sortKey: CREATED_AT, query: $query) {{ nodes {{ {_IDENTITY} }} {_PAGE} }}
}}"""

CHANGED = f"""query ChangedOrders($query: String!, $after: String) {{
  orders(first: 100, after: $after, sortKey: UPDATED_AT, query: $query) {{ nodes {{ id updatedAt }} {_PAGE} }}
}}"""

_VARIANT = """id sku inventoryPolicy inventoryQuantity inventoryItem { tracked } product { id title status }"""

VARIANTS = f"""query Variants($query: String!, $after: String) {{
  productVariants(first: 25, after: $after, query: $query) {{ nodes {{ {_VARIANT} }} {_PAGE} }}
}}"""

VARIANTS_BY_ID = f"""query VariantsById($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on ProductVariant {{ {_VARIANT} }} }}
}}"""

CREATE_ORDER = f"""mutation CreateOrder($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {{
  orderCreate(order: $order, options: $options) {{
    order {{ {_HEAD} lineItems(first: 25) {{ {_LINES} }} }}
    userErrors {{ code field message }}
  }}
}}"""

CANCEL_ORDER = """mutation CancelOrder(
  $id: ID!, $restock: Boolean!, $refund: OrderCancelRefundMethodInput, $note: String
) {
  orderCancel(
    orderId: $id, reason: CUSTOMER, restock: $restock, refundMethod: $refund, notifyCustomer: false, staffNote: $note
  ) {
    job { id done }
    orderCancelUserErrors { code field message }
  }
}"""

JOB = """query Job($id: ID!) { job(id: $id) { id done } }"""

DEFINITIONS = f"""query Definitions {{
  metafieldDefinitions(first: 1, ownerType: ORDER, namespace: "{NAMESPACE}", key: "{KEY}") {{
    nodes {{ id type {{ name }} }}
  }}
}}"""

CREATE_DEFINITION = """mutation CreateDefinition($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) {
    createdDefinition { id type { name } }
    userErrors { code field message }
  }
}"""

SHOP = """query Shop { shop { id name myshopifyDomain currencyCode taxesIncluded } }"""

SCOPES = """query Scopes { currentAppInstallation { accessScopes { handle } } }"""

ANY_ORDER = """query AnyOrder { orders(first: 1) { nodes { id } } }"""

SUBSCRIPTIONS = f"""query Subscriptions($after: String) {{
  webhookSubscriptions(first: 100, after: $after) {{ nodes {{ id topic uri format filter includeFields }} {_PAGE} }}
}}"""

SUBSCRIBE = """mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}"""

RESUBSCRIBE = """mutation Resubscribe($id: ID!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}"""

UNSUBSCRIBE = """mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}"""

ALL = (
    ORDER, FULFILLMENTS, FULFILLMENT_IDS, FULFILLMENT, REFUNDS, REFUND_IDS, REFUND, RETURNS, RETURN, BY_IDENTIFIER,
    SEARCH, CHANGED, VARIANTS, VARIANTS_BY_ID, CREATE_ORDER, CANCEL_ORDER, JOB, DEFINITIONS, CREATE_DEFINITION, SHOP,
    SCOPES, ANY_ORDER, SUBSCRIPTIONS, SUBSCRIBE, RESUBSCRIBE, UNSUBSCRIBE,
)  # fmt: skip
