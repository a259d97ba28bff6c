"""The digest at the command line: printed, written to a file, as JSON, and refused in words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.console.command_line import WHY, at_home, declared, run, told


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def test_a_month_is_printed_and_written(tmp_path: Path) -> None:
    month = f"{datetime.now(UTC):%Y-%m}"
    declared()
    printed = run("digest", "--month", month).stdout
    assert printed.startswith(f"# Digest of {month}\n")
    assert "| INC-1 | Calls to storm a clinic |" in printed
    file = tmp_path / "digest.md"
    assert "is in" in run("digest", "--month", month, "--out", str(file)).stdout
    assert file.read_text(encoding="utf-8") == printed
    assert [each["id"] for each in told("digest", "--month", month)["incidents"]] == ["INC-1"]
    run("restrict", "INC-1", *WHY)
    assert told("digest", "--month", month, "--as", "noor")["incidents"] == []


def test_what_cannot_be_written_or_read_is_said_in_words(tmp_path: Path) -> None:
    assert "is no month" in run("digest", "--month", "November", code=1).stderr
    assert "ROLE_MISSING" in run("digest", "--month", "2026-11", "--as", "dev-e", code=1).stderr
    gone = str(tmp_path / "gone" / "digest.md")
    assert "could not be written" in run("digest", "--month", "2026-11", "--out", gone, code=1).stderr
