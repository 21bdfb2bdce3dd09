"""A pytest plugin for `make fuzz`: adds up what Hypothesis tried, test by test, and says the total at the end."""

import re
from collections import Counter

import pytest

_TRIED = re.compile(r"(\d+) passing, (\d+) failing")
_found: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Hypothesis hands its statistics on with the last report of a test, also from pytest-xdist's workers."""
    said = report.__dict__.get("_hypothesis_stats")
    if report.when == "teardown" and said:
        test = report.nodeid.partition("[")[0]
        _found[test] += sum(int(passed) + int(failed) for passed, failed in _TRIED.findall(said))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line per property, then the total."""
    terminalreporter.section("cases tried")
    for test, count in sorted(_found.items()):
        terminalreporter.write_line(f"{count:>9}  {test}")
    terminalreporter.write_line(f"{_found.total():>9}  in all")
