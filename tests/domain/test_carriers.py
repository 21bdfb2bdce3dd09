"""Carrier names and tracking codes as shops write them."""

import pytest

from app.domain.carriers import KNOWN, carrier_name, tracking_codes


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("dhl", "DHL"),
        ("dhl-germany", "DHL"),
        ("DHL Paket", "DHL"),
        ("deutsche-post", "Deutsche Post"),
        ("DeutschePost", "Deutsche Post"),
        ("Hermes Germany", "Hermes"),
        ("evri", "Hermes"),
        ("DPD", "DPD"),
        ("gls", "GLS"),
        ("United Parcel Service", "UPS"),
        ("Spedition Groß", "Cargo"),
        ("Rhenus", "Rhenus"),
        ("  ", None),
        (None, None),
    ],
)
def test_carriers_get_idealos_spelling(raw: str | None, name: str | None) -> None:
    assert carrier_name(raw) == name


@pytest.mark.parametrize("name", KNOWN)
def test_idealos_own_spellings_stay(name: str) -> None:
    assert carrier_name(name) == name


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        (None, ()),
        ("", ()),
        ("00340434161094015902", ("00340434161094015902",)),
        ("0034 0434 1610 9401 5902", ("00340434161094015902",)),
        ("00340434161094042557, 00340434161094042564", ("00340434161094042557", "00340434161094042564")),
        ("00340434161094042557 00340434161094042564", ("00340434161094042557", "00340434161094042564")),
        ("A1;B2|C3", ("A1", "B2", "C3")),
        ("A1 A1", ("A1",)),
        ("https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=JJD01", ("JJD01",)),
        ("https://tracking.example.test/?n=SG-42", ("SG-42",)),
        ("https://track.example.test/parcels/H1003500020000111", ("H1003500020000111",)),
        ("https://track.example.test/overview", ()),
        (["A1", "B2,C3"], ("A1", "B2", "C3")),
    ],
)
def test_codes_come_out_bare(raw: str | list[str] | None, codes: tuple[str, ...]) -> None:
    assert tracking_codes(raw) == codes
