"""The words that move an incident, each with what it refuses."""

from pathlib import Path

import pytest

from tests.console.command_line import CRISIS, WHY, at_home, declared, opened, responding, run, told


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def test_a_crisis_is_declared_from_nothing_with_a_computed_severity() -> None:
    result = run(*CRISIS, *WHY, "--harm", "4", "--reach", "3", "--country", "de")
    assert result.stdout == "INC-1 is declared a crisis (sev1); ada-l leads it.\n"
    # What follows needs Prefect, which does not run: that is said, and nothing is lost.
    assert "It is recorded." in result.stderr
    shown = told("incidents", "show", "INC-1")
    assert shown["incident"]["phase"] == "declared"
    assert shown["incident"]["impact"]["jurisdictions"] == ["DE"]
    assert [role["person"] for role in shown["roles"]] == ["ada-l"]


def test_the_crisis_flow_of_an_incident_from_nothing_starts_by_its_event() -> None:
    declared()
    kinds = [(row["kind"], row["key"]) for row in told("outbox", "list")]
    assert ("event", "event:candidate:INC-1") in kinds


def test_the_same_matter_is_declared_once() -> None:
    declared()
    assert "INC-1 is open under this title" in run(*CRISIS, *WHY, code=1).stderr


def test_who_is_second_to_declare_is_told_who_was_first() -> None:
    declared()
    second = run("declare", "INC-1", *WHY, "--as", "noor", code=1)
    assert "ada-l moved first" in second.stderr
    assert second.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ("declare",),
        ("declare", *WHY),
        ("declare", "INC-1", "--title", "both", *WHY),
        ("declare", "INC-1", "--harm", "4", *WHY),
        (*CRISIS, *WHY, "--harm", "5"),
        ("hand-over", "INC-1", "--role", "king", "--to", "noor"),
        ("assess", "INC-1", "--answer", "real"),
        ("no-such-command",),
        ("incidents", "--phase", "asleep"),
        ("--as",),
    ],
)
def test_a_mistake_in_typing_is_exit_code_2(words: tuple[str, ...]) -> None:
    assert run(*words, code=2).stdout == ""


def test_a_move_that_the_phase_does_not_allow_says_which_are() -> None:
    declared()
    refused = run("close", "INC-1", code=1).stderr
    assert "REVIEW_UNSIGNED" in refused
    assert "PHASE_NOT_NEXT" not in refused
    assert "it has not ended" in run("reopen", "INC-1", *WHY, code=1).stderr


def test_an_unknown_incident_is_exit_code_1() -> None:
    for words in (("declare", "INC-9", *WHY), ("incidents", "show", "INC-9"), ("verify", "INC-9")):
        assert "There is no incident INC-9" in run(*words, code=1).stderr


def test_a_reason_of_spaces_is_none() -> None:
    declared()
    assert "REASON_MISSING" in run("waive", "INC-1", "GUIDELINE_MISSING", "--reason", " ", code=1).stderr


def test_a_role_decides_who_may() -> None:
    refused = run(*CRISIS, *WHY, "--as", "dev-e", code=1).stderr
    assert "ROLE_MISSING" in refused
    assert told("incidents") == []
    assert "PERSON_UNKNOWN" in run("incidents", "--as", "nobody", code=1).stderr


def test_global_options_may_stand_anywhere() -> None:
    run("--as", "ada-l", *CRISIS, *WHY)
    assert told("incidents", "--as=noor")[0]["id"] == "INC-1"
    # Behind -- a word is a word.
    assert "no incident --json" in run("incidents", "show", "--", "--json", code=1).stderr


def test_an_assessment_computes_the_severity_again() -> None:
    run(*CRISIS, *WHY, "--harm", "1")
    before = told("incidents", "show", "INC-1")["incident"]["severity"]
    asked = run("assess", "INC-1").stdout
    assert "beyond-queues" in asked
    given = told("assess", "INC-1", "--answer", "real=YES", "--harm", "4", "--reach", "3")
    assert (given["severity"], given["answers"]) == ("sev1", {"real": "yes"})
    assert before != "sev1"
    assert "does not ask unreal" in run("assess", "INC-1", "--answer", "unreal=yes", code=1).stderr
    assert "answered yes, no or unknown" in run("assess", "INC-1", "--answer", "real=maybe", code=1).stderr
    assert "A country is two letters" in run("assess", "INC-1", "--country", "Germany", code=1).stderr


def test_a_crisis_is_stood_down_once_nothing_is_loose() -> None:
    declared()
    responding("INC-1")
    run("ask", "INC-1", "--team", "legal", "--text", "Which orders are to be expected?")
    refused = run("stand-down", "INC-1", *WHY, code=1).stderr
    assert "ASK_UNACKNOWLEDGED: Nobody acknowledged ask:INC-1:legal:1." in refused
    assert "GUIDELINE_MISSING" in refused
    run("acknowledge", "ask:INC-1:legal:1", "--note", "On it", "--as", "cleo-l")
    assert (
        "was acknowledged by cleo-l" in run("acknowledge", "ask:INC-1:legal:1", "--as", "noor", code=1).stderr
    )
    run("waive", "INC-1", "GUIDELINE_MISSING", "--reason", "It lasted an hour")
    assert told("stand-down", "INC-1", *WHY)["phase"] == "stood_down"
    assert told("reopen", "INC-1", "--reason", "Copies are back")["round"] == 2


def test_what_must_not_be_waived_is_not() -> None:
    declared()
    assert "CODE_NOT_WAIVABLE" in run("waive", "INC-1", "REVIEW_UNSIGNED", *WHY, code=1).stderr


def test_a_restricted_incident_is_seen_by_those_who_hold_a_role() -> None:
    declared()
    run("restrict", "INC-1", "--reason", "Names of victims")
    assert "INCIDENT_RESTRICTED" in run("incidents", "show", "INC-1", "--as", "noor", code=1).stderr
    assert told("incidents", "--as", "noor") == []
    assert told("outbox", "list", "--as", "noor") == []
    run("hand-over", "INC-1", "--role", "commander", "--to", "noor", "--note", "Legal calls at 6")
    assert told("incidents", "--as", "noor")[0]["id"] == "INC-1"
    assert told("incidents") == []
    run("restrict", "INC-1", "--lift", *WHY, "--as", "noor")
    assert told("incidents")[0]["id"] == "INC-1"


def test_a_candidate_is_dismissed_with_a_reason() -> None:
    opened()
    assert run("dismiss", "INC-1", "--reason", "A film trailer").stdout == "INC-1 is dismissed.\n"
    assert run("incidents").stdout.startswith("No incident goes on.")
    assert told("incidents", "--all")[0]["phase"] == "dismissed"
