"""The products a fresh sandbox knows on both sides, so that demo orders can be imported."""

from decimal import Decimal
from typing import Final

from sandbox.stores.port import Product

_REDUCED: Final = Decimal(7)

DEFAULT_CATALOGUE: Final[tuple[Product, ...]] = (
    Product(sku="100000", title="Emsa Isolierkanne Samba, 1 l, weiß", price=Decimal("24.95"), stock=120),
    Product(sku="100001", title="Rosenstein Akku-Bohrschrauber 12 V, 2 x 2,0 Ah", price=Decimal("99.90"), stock=35),
    Product(sku="100002", title="Bitsatz 30-teilig mit Magnethalter", price=Decimal("14.95"), stock=400),
    Product(sku="100003", title="Waschmaschine WM 7-1400, 7 kg, A", price=Decimal("549.00"), stock=9),
    Product(sku="100004", title="Kühl-Gefrier-Kombination KGC 185", price=Decimal("699.00"), stock=6),
    Product(sku="100005", title="Bildband: Die Elbe von oben", price=Decimal("29.90"), stock=80, tax_rate=_REDUCED),
    Product(
        sku="100006",
        title="Röstkaffee Hausmischung, ganze Bohne, 1 kg",
        price=Decimal("18.49"),
        stock=250,
        tax_rate=_REDUCED,
    ),
    Product(sku="100007", title="Fotosoftware Studio 9 (Download)", price=Decimal("59.00"), stock=1000),
    Product(sku="100008", title="Geschenkgutschein-Karte Motiv Herbst", price=Decimal("4.90"), stock=600),
    Product(sku="SHIRT-100", title="Arbeitsshirt Nord", price=Decimal("17.95"), stock=0),
    Product(
        sku="SHIRT-100-BL-M",
        title="Arbeitsshirt Nord, Blau, M",
        price=Decimal("17.95"),
        stock=60,
        parent="SHIRT-100",
        attributes=(("Farbe", "Blau"), ("Größe", "M")),
    ),
    Product(
        sku="SHIRT-100-BL-L",
        title="Arbeitsshirt Nord, Blau, L",
        price=Decimal("18.95"),
        stock=45,
        parent="SHIRT-100",
        attributes=(("Farbe", "Blau"), ("Größe", "L")),
    ),
    Product(sku="BO GSR 12", title="Bohrfutter 12 mm mit Schlüssel", price=Decimal("22.40"), stock=75),
    Product(sku="KB/2-45", title="Kabelbrücke 2 x 45 cm", price=Decimal("31.00"), stock=50),
    Product(sku="TÜR-ÖSE-8", title="Türöse verzinkt, 8 mm, 10 Stück", price=Decimal("6.30"), stock=310),
)

UNKNOWN_SKU: Final = "NICHT-IM-SHOP-1"
"""An SKU that no fake store has: the most frequent import failure in idealo's own sandbox (reference section 10)."""


def sellable() -> list[Product]:
    """Products that can stand in an order: all but the containers of variants."""
    parents = {product.parent for product in DEFAULT_CATALOGUE}
    return [product for product in DEFAULT_CATALOGUE if product.sku not in parents]
