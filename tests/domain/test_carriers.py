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
        ("JJD000123 JJD000123", ("JJD000123",)),
        ("https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=JJD01", ("JJD01",)),
        ("https://tracking.example.test/?n=SG-42", ("SG-42",)),
        ("https://track.example.test/parcels/H1003500020000111", ("H1003500020000111",)),
        ("https://track.example.test/overview", ()),
        (["A1", "B2,C3"], ("A1", "B2", "C3")),
        ("JJD000123 JJD000124", ("JJD000123", "JJD000124")),
        ("RR 123 456 785 DE", ("RR123456785DE",)),
        ("1Z 999 AA1 01 2345 6784", ("1Z999AA10123456784",)),
        ("DHL: 0034 0434 1610 9401 5902", ("00340434161094015902",)),
        ("Paket 00340434161094015902 für Frau Meier", ("00340434161094015902",)),
        ("(00)340434161094015902", ("(00)340434161094015902",)),
        ("siehe https://www.ups.com/track?tracknum=1Z999AA10123456784", ("1Z999AA10123456784",)),
        ("https://[broken", ()),
    ],
)
def test_codes_come_out_bare(raw: str | list[str] | None, codes: tuple[str, ...]) -> None:
    assert tracking_codes(raw) == codes


@pytest.mark.parametrize(
    "raw",
    [
        "Abholung durch Max Mustermann, max@mail1.de",
        "Mustermann",
        "MAX MUSTERMANN",
        "max+1@mail1.de",
        "Abgegeben bei Müller, Hauptstraße 7, 10115 Berlin",
        "bitte 0171 1234567 anrufen",
        "https://www.dhl.de/verfolgen?email=max@mail1.de",
        "www.dhl.de/verfolgen?q=max@mail1.de",
        "https://track.example.test/orders/max@mail1.de",
        "Müllerstraße7",
    ],
)
def test_what_people_write_to_each_other_is_no_code(raw: str) -> None:
    assert tracking_codes(raw) == ()


def test_a_link_without_its_scheme_is_a_link() -> None:
    link = "www.dhl.de/verfolgen.html?piececode=00340434161094015902&email=max@mail1.de"
    assert tracking_codes(link) == ("00340434161094015902",)
