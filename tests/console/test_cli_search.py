"""Search at the command line: what is found, what is hidden, and what a wrong question is told."""

from pathlib import Path

import pytest

from tests.console.command_line import WHY, at_home, declared, opened, run, told


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def test_what_is_written_is_found_with_its_place() -> None:
    declared()
    assert run("search", "storm clinic").stdout.splitlines()[1].startswith("INC-1\ttitle\t")
    assert run("search", "storm clinic").stdout.endswith("\tCalls to storm a clinic\n")
    opened("A clinic again")
    answer = told("search", "clinic", "--most", "1")
    assert [hit["incident"] for hit in answer["hits"]] == ["INC-2"]
    assert answer["more"]
    assert "say --most 2" in run("search", "clinic", "--most", "1").stdout
    assert run("search", "hospital").stdout == "Nothing that you may read holds all of these words.\n"


def test_what_may_not_be_read_is_not_even_counted() -> None:
    declared()
    opened("A clinic again")
    run("restrict", "INC-1", *WHY)
    answer = told("search", "clinic", "--most", "1", "--as", "noor")
    assert [hit["incident"] for hit in answer["hits"]] == ["INC-2"]
    assert not answer["more"]
    assert told("search", "clinic", "--as", "dev-e") == {"hits": [], "more": False}


def test_one_incident_and_a_stretch_of_days_are_searched_alone() -> None:
    declared()
    opened("A clinic again")
    assert [hit["incident"] for hit in told("search", "clinic", "--incident", "INC-1")["hits"]] == ["INC-1"]
    assert told("search", "clinic", "--since", "2999-01-01")["hits"] == []
    assert told("search", "clinic", "--until", "1999-12-31")["hits"] == []
    assert len(told("search", "clinic", "--since", "1999-12-31", "--until", "2999-01-01")["hits"]) == 2
    assert "is no day. Write it as 2026-11-23." in run("search", "clinic", "--since", "today", code=1).stderr
    assert "Write it as INC-12." in run("search", "clinic", "--incident", "1", code=1).stderr


def test_each_kind_says_where_it_stands() -> None:
    declared()
    item = ("--title", "Practise clinics", "--kind", "process", "--owner", "maria", "--success", "Seen")
    run("actions", "file", "INC-1", *item, "--due", "2099-01-01")
    assert [hit["where"] for hit in told("search", "clinic*")["hits"]] == ["title", "INC-1-A1"]
    assert [hit["where"] for hit in told("search", "clinic*", "--kind", "action")["hits"]] == ["INC-1-A1"]


@pytest.mark.parametrize(
    ("words", "why"), [("!?", "Nothing to search for"), ("x" * 10_000, "10,000 characters")]
)
def test_a_wrong_question_is_told_why(words: str, why: str) -> None:
    assert why in run("search", words, code=1).stderr
