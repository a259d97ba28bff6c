"""What people are sent and shown: every list item and every table row on a line of its own."""

from datetime import UTC, datetime

import pytest

from incidents.catalogue.load import load_catalogue
from incidents.incident.phases import Phase
from incidents.incident.severity import priority
from incidents.store.engine import Store
from incidents.store.incidents import NewCandidate, find, open_candidate
from incidents.store.shift_notes import notes_of
from incidents.words import render
from tasks import mobilisation, notes, status, world

NOW = datetime(2026, 11, 22, 23, tzinfo=UTC)
CATALOGUE = load_catalogue()


@pytest.fixture
def incident(store: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    for module in (mobilisation, notes, status, world):
        monkeypatch.setattr(module, "store", lambda: store, raising=False)
    [rule] = [rule for rule in CATALOGUE.detection_rules if rule.id == "attack-alert"]
    new = NewCandidate(
        title="Footage | of an *attack*",
        grouping_key="footage",
        impact=rule.impact,
        priority=priority(rule.impact, CATALOGUE.priority_rules),
        policy=rule.policy,
        protocol=rule.protocol,
        protocol_version=1,
        catalogue_version=CATALOGUE.version,
    )
    with store.begin() as work:
        opened = open_candidate(work, new, by="ada", now=NOW)
        assert opened is not None
        return opened.id


def test_each_clause_of_the_first_guideline_has_a_line(store: Store, incident: str) -> None:
    mobilisation.publish_first_guideline.fn(incident, NOW)
    policy = CATALOGUE.policy("violent-extremism.perpetrator-content")
    with store.read() as work:
        found = find(work, incident)
    lines = render("guideline.md.j2", incident=found, policy=policy, now=NOW).splitlines()
    for clause in policy.clauses:
        assert [line for line in lines if line.startswith(f"- **{clause.id}**: ")]
    above_the_list = lines[lines.index("## What violates it") + 1]
    assert above_the_list == ""  # without it Python-Markdown makes no list


def test_an_incident_s_page_is_a_table_a_checklist_and_what_happened(store: Store, incident: str) -> None:
    checklist = CATALOGUE.items_to_check(Phase.detected)
    with store.read() as work:
        found = find(work, incident)
    page = render(
        "artifacts/incident.md.j2",
        incident=found,
        now=NOW,
        checklist=checklist,
        roles=[{"role": "commander", "person": "ada", "taken_at": NOW}] * 2,
        gates=[],
        asks=[],
        refusals=[],
        told=[],
    )
    lines = page.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert [line.count("|") for line in table] == [3] * 7
    assert len([line for line in lines if line.startswith("- ")]) == len(checklist) > 1


def test_a_shift_note_puts_every_fact_on_a_line(store: Store, incident: str) -> None:
    assert notes.write_shift_notes.fn(NOW) == 1
    assert notes.write_shift_notes.fn(NOW) == 0  # one an hour
    with store.read() as work:
        note = notes_of(work, incident)[0]
    assert "\n- 2026-11-22 23:00 UTC A candidate incident, " in note
    assert note.count("\n## ") == 1
