"""Names are found however a program wrote them down, and texts are never cut inside one."""

import pytest

from app.wire.masking import brief, mask, without
from tests.factories import a_buyer

WORDS = ("Anna/Lena", "Müller-Lüdens", "Pfefferkuchenallee 7b", "10115", "a@mail.de", "Ort", "Li")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Müller-Lüdens is refused", "*** is refused"),
        ("M&uuml;ller-L&#252;dens", "***"),
        (r"M\u00fcller-L\u00fcdens", "***"),
        ("MUELLER LUEDENS", "***"),
        ("Muller", "***"),
        ("Anna Lena", "***"),
        ("Pfefferkuchenallee  7B, 10115", "***, ***"),
        ("a@mail.de", "***"),
        ("import to Ort", "import to ***"),
        ("list of li", "list of li"),
        (r"half a pair \ud83d and \u0000 stay", r"half a pair \ud83d and \u0000 stay"),
    ],
)
def test_names_are_taken_out_however_they_are_written(text: str, left: str) -> None:
    assert without(text, WORDS) == left


def test_everything_of_a_buyer_is_taken_out() -> None:
    words = a_buyer().words()
    assert set(without(" ; ".join(words), words)) <= set("* ;")


def test_without_words_a_text_stays_as_it_is() -> None:
    assert without("&amp;", ()) == "&amp;"


@pytest.mark.parametrize("most", range(5, 60))
def test_a_cut_never_leaves_half_a_name(most: int) -> None:
    text = "cannot mail Xaveria Quendolin-Zwanziger at once"
    assert all(word in text.split() for word in brief(text, most).replace("…", "").split())
    assert len(brief(text, most)) <= most


@pytest.mark.parametrize(
    "secret",
    [
        "https://x.test/?sig=abcdef", "hmac=abcdef", "https://x.test/cb?code=abcdef&key=abcdef", "password=abcdef",
        '{"access_token": "abcdef"}', '{"client_secret":"abcdef"}', "eyJhbGciOiJI.eyJzdWIiOiJh.abcdef",
    ],
)  # fmt: skip
def test_secrets_are_masked_wherever_programs_put_them(secret: str) -> None:
    assert "abcdef" not in mask(f"GET {secret} failed")


def test_what_only_looks_like_a_secret_stays() -> None:
    assert mask("answered 400, error code=17, key=f1/JJD01") == "answered 400, error code=17, key=f1/JJD01"
