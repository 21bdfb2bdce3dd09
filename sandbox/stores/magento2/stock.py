"""How orders move stock: reservations when sold or cancelled, source quantities when shipped or taken back."""

from decimal import Decimal

from sandbox.stores.magento2.state import Shop


def reserve(shop: Shop, sku: str, quantity: Decimal) -> None:
    """Add to a SKU's reservations; selling is negative. Without MSI the stock item itself moves."""
    if not shop.options.msi:
        move_source(shop, sku, quantity)
        return
    stock = shop.stock_of(sku)
    stock.reserved += quantity
    shop.touch(stock)


def move_source(shop: Shop, sku: str, quantity: Decimal) -> None:
    """Goods come (positive) to the source or leave it; the legacy stock item follows."""
    stock = shop.stock_of(sku)
    stock.quantity += quantity
    shop.touch(stock)
    product = shop.product(sku)
    if product is not None:
        product.stock_qty = stock.quantity
        shop.touch(product)


def ship(shop: Shop, sku: str, quantity: Decimal) -> None:
    """Goods leave: out of the source, and the reservation they had is compensated, whether there was one or not.

    An order saved without reservation so ends with too much to sell (reference 5.3).
    """
    if not shop.options.msi:
        return
    move_source(shop, sku, -quantity)
    reserve(shop, sku, quantity)
