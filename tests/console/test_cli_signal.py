"""Handing in signals: all of a file, or none of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.console.command_line import at_home, run, told, write


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def signal(**changed: Any) -> dict[str, Any]:
    first = {"source": "user-reports", "title": "Reports rise", "event_at": "2026-01-15T08:00:00Z"}
    return {**first, "fingerprint": "clinic", **changed}


def lines(*signals: dict[str, Any]) -> str:
    return "\n".join(json.dumps(each) for each in signals) + "\n"


def test_one_object_may_be_spread_over_lines(tmp_path: Path) -> None:
    file = write(tmp_path / "signal.json", json.dumps(signal(), indent=2))
    assert told("signal", str(file))[0]["standing"] == "new"
    assert told("signal", str(file))[0]["standing"] == "duplicate"


def test_many_come_one_a_line_also_from_stdin() -> None:
    text = lines(signal(), signal(reach=9), signal(fingerprint="other", title="with \u2028 in it"))
    printed = run("signal", "-", stdin=text).stdout.splitlines()
    assert [line.split("\t")[1] for line in printed[1:]] == ["new", "update", "new"]


def test_one_wrong_line_keeps_all_out(tmp_path: Path) -> None:
    file = write(
        tmp_path / "feed.jsonl", lines(signal(), {"source": "x"}) + "{not json\n" + lines(signal(reach=2))
    )
    refused = run("signal", str(file), code=1).stderr
    assert "2 of its lines cannot be read, so no signal was kept" in refused
    assert f"{file}, line 2: this is not a signal. title: Field required" in refused
    assert "line 3" in refused
    # What was right in it was not kept either.
    write(file, lines(signal()))
    assert told("signal", str(file))[0]["standing"] == "new"


def test_a_thousand_wrong_lines_are_a_short_message(tmp_path: Path) -> None:
    file = write(tmp_path / "feed.jsonl", "nothing\n" * 1000)
    refused = run("signal", str(file), code=1).stderr
    assert len(refused.splitlines()) == 22
    assert "… and 980 more." in refused


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"", "there is nothing in it"), (b"\xff\xfe\x00", "is not UTF-8"), (b"[1, 2]", "this is not a signal")],
)
def test_what_is_no_signal_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert complaint in run("signal", str(file), code=1).stderr


def test_a_file_that_is_not_there_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No such file" in run("signal", str(tmp_path / "none"), code=1).stderr
    monkeypatch.setattr("console.cli.signal.LARGEST_FILE", 10)
    file = write(tmp_path / "signal.json", json.dumps(signal()))
    assert "larger than 10 bytes" in run("signal", str(file), code=1).stderr


def test_a_title_of_escapes_is_printed_inert() -> None:
    printed = run("signal", "-", stdin=lines(signal(title="\x1b[2Jgone [red]x[/red]"))).stdout
    assert "\x1b" not in printed
    assert "[2Jgone [red]x[/red]" in printed
