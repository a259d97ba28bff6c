"""The Makefile tells what it can do."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def test_help_lists_every_target_with_a_sentence() -> None:
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.+)$", helped, re.MULTILINE))
    assert set(listed) == set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", ["Makefile", ".ci/run"])
def test_no_registry_is_named(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert "http" not in text.replace("httpx", "")
    assert "index-url" not in text.replace("--no-emit-index-url", "")


def test_the_continuous_integration_runs_what_a_developer_runs() -> None:
    assert "\nmake test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
