"""Fields of other people's JSON: what is understood, and errors that name the field and the sender but no content."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from app.domain.errors import Permanent, Problem
from app.wire.json_fields import MAX_MONEY, MAX_WHOLE, Reader, clean, flag
from tests.stores.shapes import STRANGE, examples

PHP = Reader(sender="the shop", php=True)
STRICT = Reader(sender="Example")
AT = "order 12: total"


def test_phps_habits_are_read_where_they_are_expected_only() -> None:
    assert (PHP.document([], AT), PHP.text(7, AT), PHP.entries({"0": {}, "2": {"a": 1}}, AT)) == (
        {},
        "7",
        [{}, {"a": 1}],
    )
    for read, value in ((STRICT.document, []), (STRICT.text, 7), (STRICT.entries, {"0": {}})):
        with pytest.raises(Permanent, match=r"order 12: total: expected .*, Example sent a "):
            read(value, AT)


@pytest.mark.parametrize("value", [None, "", " ", True, [], {}])
def test_text_that_is_not_there_is_named_with_its_field_and_sender(value: Any) -> None:
    with pytest.raises(Permanent) as caught:
        PHP.text(value, AT)
    assert caught.value.problem is Problem.STATE_CONFLICT
    assert str(caught.value).startswith("order 12: total: expected text")
    assert "the shop sent" in str(caught.value)


def test_text_is_bounded_and_storable() -> None:
    assert PHP.text("a\x00b\ud800ü", AT) == clean("a\x00b\ud800ü") == "abü"
    with pytest.raises(Permanent, match="up to 4000"):
        PHP.text("x" * 4001, AT)


@pytest.mark.parametrize("value", ["2", "2.0000", 2, Decimal("2.00"), " 2 "])
def test_whole_numbers_may_be_written_in_several_ways(value: Any) -> None:
    assert PHP.whole(value, AT) == 2


@pytest.mark.parametrize("value", ["1.5", "", "x", True, None, 2.0, "NaN", Decimal("Infinity"), MAX_WHOLE + 1, "1e99"])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(Permanent, match="a whole number"):
        PHP.whole(value, AT)


def test_amounts_are_exact_unless_noise_is_allowed() -> None:
    assert str(PHP.cents("43.9700", AT)) == "43.97"
    assert PHP.cents(Decimal("50.820000000000003"), AT, noise=Decimal("0.0051")) == Decimal("50.82")
    for value, wanted in (("43.975", "two decimals"), (MAX_MONEY, "below ten billion"), (1.5, "an amount of money")):
        with pytest.raises(Permanent, match=wanted) as caught:
            PHP.cents(value, AT)
        assert "43.975" not in str(caught.value)


@pytest.mark.parametrize("written", ["2026-11-23T08:32:00", "2026-11-23 08:32:00", "2026-11-23T09:32:00+01:00"])
def test_a_time_without_a_zone_is_utc(written: str) -> None:
    assert PHP.moment(written, AT) == datetime(2026, 11, 23, 8, 32, tzinfo=UTC)


@pytest.mark.parametrize("written", ["0000-00-00", "9999-12-31T23:59:59-10:00", "gestern"])
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(Permanent, match="a date"):
        PHP.moment(written, AT)


def test_phps_truth() -> None:
    assert [flag(x) for x in (True, 1, "1", "yes", False, 0, "", "no", None)] == [True] * 4 + [False] * 5


def refusal(read: Callable[[Any, str], object], value: Any) -> str:
    """What the reader said against the value; only the field's name where it took it."""
    try:
        read(value, AT)
    except Permanent as e:
        return str(e)
    return AT


@settings(max_examples=examples(200))
@given(STRANGE)
def test_whatever_stands_there_is_read_or_refused_with_its_field(value: Any) -> None:
    for reader in (PHP, STRICT):
        for read in (reader.document, reader.entries, reader.text, reader.whole, reader.cents, reader.moment):
            assert refusal(read, value).startswith(AT)
