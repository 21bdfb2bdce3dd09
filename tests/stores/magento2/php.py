"""The module's own files, and php to run them with where there is one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

MODULE = Path(__file__).parents[3] / "integrations" / "magento2"
PHP_FILES = sorted(MODULE.rglob("*.php"))
PHP = shutil.which("php")


def configuration(name: str) -> ET.Element:
    """The root of one of the module's own XML files."""
    return ET.fromstring((MODULE / "etc" / name).read_text(encoding="utf-8"))  # noqa: S314 - our own file


def says_so(capsys: pytest.CaptureFixture[str], what: str) -> None:
    with capsys.disabled():
        print(f"\n!!! php is not installed: {what} is checked against what php 8.2 answered before", file=sys.stderr)


def printed(*arguments: str, given: object = None) -> dict[str, Any]:
    """The JSON a script prints; `given` is the JSON it reads. Whatever php complains about is a failure."""
    assert PHP is not None
    done = subprocess.run(
        [PHP, "-d", "error_reporting=E_ALL", "-d", "display_errors=stderr", *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), f"php ended with {done.returncode}: {done.stderr}"
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered
