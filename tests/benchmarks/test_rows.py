"""The arithmetic of `make bench` and the shape of its result file; nothing is timed here."""

import json
import math
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.load import BODY_BYTES, webhook
from benchmarks.rows import Row, paired, percentile, table, write


def test_percentile_is_the_smallest_value_that_the_share_does_not_exceed() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.99) == 7


def test_paired_runs_are_compared_pair_by_pair() -> None:
    # The machine became half as fast between the pairs; ours was always at 0.9 of the baseline.
    value, baseline = paired([900.0, 450.0, 450.0], [1000.0, 500.0, 500.0])
    assert (value, baseline) == (450.0, 500.0)


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("accept", 850, 1000, "webhooks/s", at_least=0.85), True),
        (Row("accept", 849, 1000, "webhooks/s", at_least=0.85), False),
        (Row("ledger", 2.0, 1.0, "ms", at_most=2.0), True),
        (Row("ledger", 2.1, 1.0, "ms", at_most=2.0), False),
        (Row("ledger_http", 9.0, 1.0, "ms"), None),
    ],
)
def test_targets_bound_the_ratio(row: Row, met: bool) -> None:  # noqa: FBT001 - a parameter of the case
    assert row.met is met
    assert ("MISSED" in table([row])) is (met is False)


def test_a_row_without_a_baseline_has_no_ratio() -> None:
    assert math.isnan(Row("x", 1.0, 0.0, "ms").ratio)


def test_result_file_has_five_fields_per_row(tmp_path: Path) -> None:
    write([Row("import", 52.0, 53.3333, "orders/s", at_least=0.85, note="seen")], tmp_path / "results")
    [row] = json.loads((tmp_path / "results" / "latest.json").read_text(encoding="utf-8"))
    assert row == {"name": "import", "value": 52.0, "baseline": 53.3333, "ratio": 0.975, "unit": "orders/s"}
    assert "import: seen" in (tmp_path / "results" / "latest.txt").read_text(encoding="utf-8")


def test_generated_webhook_is_six_kilobytes_and_names_its_order() -> None:
    head, _, body = webhook("/webhooks/woocommerce/x", 17, "4711").partition(b"\r\n\r\n")
    assert len(body) == BODY_BYTES
    assert json.loads(body)["id"] == 4711
    assert f"Content-Length: {BODY_BYTES}".encode() in head


def test_an_unknown_row_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("accept,nonsense") == 2
    assert "nonsense" in capsys.readouterr().err
    assert list(BENCHMARKS) == ["accept", "end_to_end", "import", "ledger", "memory", "calls"]
