"""Log lines: one shape for ours and for libraries', nothing secret or personal in them."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.log import configure_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging is one per process: what a test configures is taken back."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_ours_and_libraries_lines_have_one_shape(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    structlog.get_logger("bridge").info("event.attempted", order=7, outcome="done")
    logging.getLogger("uvicorn.error").warning("lost %s", "something")
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["order"], ours["level"], ours["logger"]) == ("event.attempted", 7, "info", "bridge")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("lost something", "warning", "uvicorn.error")
    assert {"timestamp"} <= set(ours) & set(theirs)


def test_secrets_and_personal_data_are_masked_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    log = structlog.get_logger("bridge")
    log.info("x", detail="mail to anna@example.org", deep={"list": ["key ck_0123456789abcdef", ("+49 30 1234567",)]})
    logging.getLogger("some.library").error("GET /?consumer_secret=cs_verysecret failed for anna@example.org")
    text = capsys.readouterr().err
    for secret in ("anna@example.org", "ck_0123456789abcdef", "1234567", "cs_verysecret"):
        assert secret not in text


def test_traceback_has_no_local_variables_and_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("json", "console"):
        configure_logging("json" if form == "json" else "console")
        secret_local = "a local that must not be shown"  # noqa: F841 - it must not be shown
        try:
            raise ValueError("about anna@example.org")  # noqa: TRY301 - the point of the test
        except ValueError:
            structlog.get_logger("bridge").exception("broken")
        text = capsys.readouterr().err
        assert "ValueError" in text
        assert "Traceback" in text
        assert "must not be shown" not in text.replace('secret_local = "a local that must not be shown"', "")
        assert "anna@example.org" not in text
