"""A drill from the command line to its results, with every process real."""

import csv
import json

import pytest

from tests.drill_run import DrillRun

RESULTS = {"incident.json", "timeline.jsonl", "retrospective.md", "retrospective.html", "decisions.csv"}
RESULTS |= {"retrospective-charts"}


def test_a_drill_comes_to_its_end(first_drill: DrillRun) -> None:
    assert first_drill.code == 0, first_drill.stdout + first_drill.stderr
    assert "state: finished" in first_drill.stdout
    assert {path.name for path in first_drill.out.iterdir()} == RESULTS


def test_its_results_tell_of_one_incident(first_drill: DrillRun) -> None:
    incident = json.loads(first_drill.read("incident.json"))["incident"]
    entries = [json.loads(line) for line in first_drill.read("timeline.jsonl").splitlines()]
    assert {entry["incident"] for entry in entries} == {incident["id"]}
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert incident["phase"] == "closed"
    assert incident["drill"] == "DRILL-1"


def test_its_decisions_are_those_that_the_retrospective_counts(first_drill: DrillRun) -> None:
    decisions = list(csv.DictReader(first_drill.read("decisions.csv").lstrip("\ufeff").splitlines()))
    violating = [each for each in decisions if each["verdict"] == "violates"]
    assert f"({len(violating)} of {len(decisions)}) were in violation" in first_drill.read("retrospective.md")


def test_what_is_printed_in_a_pipe_is_plain(first_drill: DrillRun) -> None:
    assert "\x1b" not in first_drill.stdout + first_drill.stderr
    assert "Traceback" not in first_drill.stdout + first_drill.stderr


@pytest.mark.parametrize("name", ["retrospective.md", "retrospective.html", "decisions.csv"])
def test_two_drills_with_the_same_seed_leave_the_same(
    first_drill: DrillRun, second_drill: DrillRun, name: str
) -> None:
    """Letter by letter, times too: a drill's clock shows nothing of the machine's."""
    assert first_drill.read(name) == second_drill.read(name)
