"""A site's own templates at the command line: which there are, whether they hold, and what uses them."""

from pathlib import Path

import pytest

from incidents.words import TEMPLATES
from tests.console.command_line import at_home, declared, run, told, write

QUESTIONS = "retrospective/questions.md.j2"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def test_a_shipped_template_is_shown_put_in_the_home_and_replaced(home: Path) -> None:
    shown = run("templates", "show", QUESTIONS).stdout
    assert shown == (TEMPLATES / QUESTIONS).read_text(encoding="utf-8")
    own = write(home / "templates" / QUESTIONS, shown)
    assert {row["template"]: row["from"] for row in told("templates", "list")}[QUESTIONS] == str(own)
    assert "can be used" in run("templates", "check", "--on", declared()).stdout


def test_what_is_wrong_is_named_and_ends_in_failure(home: Path) -> None:
    incident = declared()
    write(home / "templates" / QUESTIONS, "## Open questions\n\n*{{ incident.title }}*\n")
    assert told("templates", "check") == []
    [found] = told("templates", "check", "--on", incident, code=1)
    assert (found["file"], "md" in found["why"]) == (f"retrospective of {incident}", True)
    write(home / "templates" / QUESTIONS, "{% if %}")
    [found] = told("templates", "check", code=1)
    assert (found["file"], found["line"]) == (QUESTIONS, 1)
    [told_of] = [each for each in told("doctor", code=1) if each["name"] == "templates"]
    assert f"{QUESTIONS}:1" in told_of["what"]


def test_another_folder_is_checked_without_being_used(home: Path, tmp_path: Path) -> None:
    incident = declared()
    write(tmp_path / "mine" / QUESTIONS, "## Open questions\n\n- Who else saw it?\n")
    run("templates", "check", str(tmp_path / "mine"), "--on", incident)
    assert not (home / "templates").exists()
    assert {row["from"] for row in told("templates", "list")} == {"shipped"}


def test_names_and_folders_that_are_not_there_are_said(tmp_path: Path) -> None:
    assert "There is no template nothing" in run("templates", "show", "nothing", code=1).stderr
    assert "is no folder" in run("templates", "check", str(tmp_path / "nowhere"), code=1).stderr
