"""Past incidents are compared by a rule that anybody can check, and told to those who may read them."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.people import Person, Role
from incidents.reviews.checking import check
from incidents.reviews.record import Earlier, input_hash
from incidents.reviews.retrospective import compose, to_html
from incidents.reviews.similar import Traits, likeness
from incidents.store import timeline
from incidents.store.action_items import change_action, file_action
from incidents.store.engine import Store, Work
from incidents.store.incidents import find
from incidents.store.records import read_record
from incidents.store.schema import batches, factors, incidents, signals, sweeps
from incidents.store.similar import similar_for
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import ADA, BO, T0, add_incident, add_review, after
from tests.incidents.test_words import HOSTILE

ROOT = Person(id="root", roles=frozenset({Role.administrator}))


def traits(incident: str = "INC-1", **changes: Any) -> Traits:
    known = {"policy": "violence.incitement", "protocol": "default", "severity": "sev2"}
    return Traits.model_validate({"incident": incident, **known, **changes})


@pytest.mark.parametrize(
    ("one", "other", "points", "reasons"),
    [
        ({}, {}, 5, ["same policy", "same protocol", "same severity"]),
        ({}, {"severity": "sev1", "protocol": "gifct"}, 3, ["same policy"]),
        (
            {"policy": None, "protocol": "a", "severity": "sev1", "entries": {"b", "a", "x"}},
            {"policy": None, "entries": {"a", "b", "y"}},
            2,
            ["2 terms in common (a, b)"],
        ),
        (
            {"policy": "a", "protocol": "a", "entries": set("abcdef")},
            {"policy": "b", "severity": "sev1", "entries": set("abcdef")},
            3,
            ["6 terms in common (a, b, c and 3 more)"],
        ),
        (
            {"languages": {"de", "tr"}, "kinds": {"report"}, "severity": "sev1", "protocol": "a"},
            {"languages": {"tr"}, "kinds": {"report", "press"}},
            5,
            ["same policy", "languages in common (tr)", "signals of the same kind (report)"],
        ),
    ],
)
def test_every_point_has_its_reason(
    one: dict[str, Any], other: dict[str, Any], points: int, reasons: list[str]
) -> None:
    found = likeness(traits(**one), traits("INC-2", **other))
    assert found is not None
    assert (found.points, list(found.reasons)) == (points, reasons)
    assert likeness(traits("INC-2", **other), traits(**one)) == found


@pytest.mark.parametrize("policy", [None, "spam.platform"])
def test_circumstances_alone_make_nothing_alike(policy: str | None) -> None:
    there: dict[str, Any] = {"languages": {"de"}, "kinds": {"report"}}
    assert likeness(traits(policy=None, **there), traits("INC-2", policy=policy, **there)) is None


def past(work: Work, number: int, *, entries: list[str], **changes: Any) -> None:
    """An incident of another day that looked for these terms."""
    incident = add_incident(work, number, opened_at=after(-10_000 + number), **changes)
    row = {"id": f"{incident}-S1", "incident_id": incident, "number": 1, "state": "finished", "source": {}}
    row |= {"scope": {"terms": entries}, "scope_hash": "0", "requested_at": T0, "requested_by": "ada"}
    work.execute(sweeps.insert().values(**row))


def learned(
    work: Work, incident: str, sentence: str = "A term flooded the sweep.", filed: float = -900
) -> None:
    """An accepted and a rejected factor, an accepted mitigator, an open action item and one not to be done."""
    said = (("accepted", "contributing"), ("rejected", "contributing"), ("accepted", "mitigator"))
    for number, (state, part) in enumerate(said, start=1):
        row = {"incident_id": incident, "number": number, "category": "tooling", "evidence": {}, "part": part}
        work.execute(factors.insert().values(**row, state=state, sentence=f"{state}: {sentence}"))
        facts = {"number": number, "state": state, "reason": "r"}
        timeline.append(work, incident, Event.factor_judged, actor="eve", now=after(filed), facts=facts)
    for title in ("Drop the term", "Buy a tool"):
        file_action(
            work,
            incident,
            title=title,
            kind="prevent",
            owner="maria",
            success="Seen",
            due_at=after(9_500),
            by=ADA,
            now=after(filed),
        )
    change_action(work, f"{incident}-A2", state="wont_do", note="Too dear", by=ADA, now=after(filed))


@pytest.fixture
def crisis(store: Store) -> Store:
    """INC-12 and what was before it: alike by policy and terms, by policy, restricted, by nothing, a drill."""
    with store.begin() as work:
        past(work, 1, entries=["attack"])
        past(work, 2, entries=["ATTACK", "#leak"])
        past(work, 3, entries=["attack", "#leak"], restricted=True)
        past(work, 4, entries=["other"], policy="spam.platform")
        past(work, 5, entries=["attack"], drill="DRILL-1")
        learned(work, "INC-2")
        add_crisis(work)
        add_incident(work, 13, opened_at=after(9_000))
        work.execute(sa.update(sweeps).where(sweeps.c.id == "INC-12-S1").values(scope={
            "terms": ["attack"], "hashtags": ["#leak"]}))  # fmt: skip
        batch = {"id": "B", "sweep_id": "INC-2-S1", "incident_id": "INC-2", "number": 1, "team": "german"}
        work.execute(batches.insert().values(**batch, language="de", size=1, state="done"))
        work.execute(sa.update(signals).where(signals.c.id == 2).values(kind="press"))
    return store


def similar(store: Store, person: Person, minutes: float = 9_000) -> list[Earlier]:
    with store.read() as work:
        return similar_for(work, find(work, "INC-12"), person, now=after(minutes))


def test_the_most_alike_stands_first_with_what_was_learned(crisis: Store) -> None:
    found = similar(crisis, BO)
    assert [(each.id, each.points) for each in found] == [("INC-2", 8), ("INC-1", 6)]
    assert found[0].reasons == (
        "same policy",
        "2 terms in common (#leak, attack)",
        "same protocol",
        "same severity",
        "languages in common (de)",
    )
    assert found[0].factors == ("accepted: A term flooded the sweep.",)
    assert [(each.id, each.is_open) for each in found[0].actions] == [("INC-2-A1", True), ("INC-2-A2", False)]


def test_restricted_ones_are_told_to_those_who_may_read_them(crisis: Store) -> None:
    assert [each.id for each in similar(crisis, ROOT)] == ["INC-2", "INC-3", "INC-1"]
    with crisis.begin() as work:
        add_review(work, "INC-3")
    assert {each.id for each in similar(crisis, ADA)} == {"INC-1", "INC-2", "INC-3"}
    assert {each.id for each in similar(crisis, BO)} == {"INC-1", "INC-2"}


def test_the_document_tells_no_restricted_one_and_passes_its_check(crisis: Store) -> None:
    with crisis.read() as work:
        record = read_record(work, "INC-12")
    text = compose(record, generator="g")
    section = text.split("## Similar incidents")[1].split("\n## ")[0]
    assert "INC-3" not in text
    assert "| INC-2 | accepted: A term flooded the sweep. |" in section
    assert "INC-2-A1 | Drop the term" in section
    assert "INC-2-A2" not in section
    assert check(text, record, generator="g") == []


def test_work_elsewhere_changes_no_document_and_is_shown_at_the_door(crisis: Store) -> None:
    with crisis.read() as work:
        before = read_record(work, "INC-12")
    with crisis.begin() as work:
        change_action(work, "INC-2-A1", state="in_progress", by=ADA, now=after(8_000))
        learned(work, "INC-1", filed=8_000)
    with crisis.read() as work:
        assert input_hash(read_record(work, "INC-12")) == input_hash(before)
    second, first = similar(crisis, BO)
    assert [each.state.value for each in second.actions] == ["in_progress", "wont_do"]
    assert (len(first.factors), len(first.actions)) == (1, 2)
    assert [len(each.actions) for each in similar(crisis, BO, 7_999)] == [2, 0]


def test_what_people_wrote_elsewhere_is_inert(crisis: Store) -> None:
    hostile = HOSTILE.replace("\x00", "")  # PostgreSQL keeps no such character
    with crisis.begin() as work:
        learned(work, "INC-1", sentence=hostile)
        work.execute(sa.update(incidents).where(incidents.c.id == "INC-1").values(title=hostile))
    with crisis.read() as work:
        record = read_record(work, "INC-12")
    page = to_html(compose(record, generator="g"), "R").split('id="similar-incidents"')[1]
    assert page.count("alert(1)") > 1
    assert not re.search(r"<(script|img)|href=.(http|javascript)", page)


def test_as_many_statements_for_many_as_for_one(crisis: Store) -> None:
    asked: list[str] = []
    sa.event.listen(crisis.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    similar(crisis, BO)
    few = len(asked)
    with crisis.begin() as work:
        for number in range(20, 60):
            past(work, number, entries=["attack"])
    asked.clear()
    similar(crisis, BO)
    assert len(asked) == few == 9
