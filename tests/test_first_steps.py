"""What a newcomer touches first: make, its search for a Python, the locks, the example settings, the compose file."""

import os
import re
import subprocess
from pathlib import Path

from app.config import LocalSettings

ROOT = Path(__file__).resolve().parent.parent


def test_the_example_file_lists_every_setting() -> None:
    listed = set(re.findall(r"^#(BRIDGE_[A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert listed == {f"BRIDGE_{name.upper()}" for name in LocalSettings.model_fields}


def test_the_locks_carry_hashes_and_no_address() -> None:
    for lock in sorted((ROOT / "locks").glob("*.txt")):
        text = lock.read_text()
        assert not re.search(r"https?://|^--", text, re.MULTILINE), lock
        pins = re.findall(r"^([A-Za-z0-9._-]+)==.*\n((?:    --hash=.*\n?)+)", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^\S", text, re.MULTILINE)), lock


def test_make_help_lists_every_target() -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    said = subprocess.run(["make", "help"], cwd=ROOT, env=plain, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert sorted(re.findall(r"^  make (\S+)", said, re.MULTILINE)) == sorted(phony[1].split())


def refused_with_only(folder: Path) -> str:
    """What the search for a Python says when this folder is all there is to search."""
    told = subprocess.run(
        ["/bin/sh", str(ROOT / "scripts" / "find-python")],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    return told.stderr


def test_a_machine_without_a_suitable_python_is_told_so(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit\nexit 1\n')
    old.chmod(0o755)
    refusal = refused_with_only(tmp_path)
    assert refusal.startswith("make: Python 3.11 or newer is needed (Python 3.9.2)")


def test_a_python_without_venv_names_the_package(tmp_path: Path) -> None:
    bare = tmp_path / "python3"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *print*) echo 3.12;; esac\n')
    bare.chmod(0o755)
    refusal = refused_with_only(tmp_path)
    assert "python3.12-venv" in refusal


def test_the_compose_file_and_the_script_agree_on_secrets() -> None:
    mounted = set(re.findall(r"file: \./secrets/(\w+)", (ROOT / "compose.yaml").read_text()))
    made = set(re.findall(r'^        \("(\w+)", ', (ROOT / "scripts" / "secrets.py").read_text(), re.MULTILINE))
    assert mounted == made
