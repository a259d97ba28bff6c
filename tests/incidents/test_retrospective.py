"""The document that Watchfloor is judged by: the same record gives the same bytes, and nothing runs in it."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import markdown as python_markdown
import pytest
import sqlalchemy as sa

from incidents.reviews.curated import gaps
from incidents.reviews.factors.rules import propose
from incidents.reviews.interviews import interviews, questions
from incidents.reviews.metrics import MILESTONES, grade, measure
from incidents.reviews.record import (
    CertificateRecord,
    DrillFacts,
    Milestone,
    Record,
    Tenure,
    TermYield,
    input_hash,
)
from incidents.reviews.retrospective import compose, to_html
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.store.reviews import publish, sign, write_draft
from incidents.store.schema import action_items, drills
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import BO, add_incident, after, tell
from tests.incidents.test_words import HOSTILE

GOLDEN = Path(__file__).parent.parent / "golden"
GENERATOR = "watchfloor (golden)"


@pytest.fixture
def record(store: Store) -> Record:
    """The evening's crisis of crisis_rows.py."""
    with store.begin() as work:
        add_crisis(work)
    return read(store)


def read(store: Store, incident: str = "INC-12") -> Record:
    with store.read() as work:
        return read_record(work, incident)


def changed(record: Record, **values: Any) -> Record:
    return record.model_copy(update=values)


def golden(name: str, text: str) -> None:
    """Compare with a recorded document; `make golden` records it anew."""
    path = GOLDEN / name
    if os.environ.get("WATCHFLOOR_RECORD") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} differs; look at the change, then `make golden`"


def test_a_crisis_reads_as_recorded(record: Record) -> None:
    text = compose(record, generator=GENERATOR)
    golden("retrospective-crisis.md", text)
    golden("retrospective-crisis.html", to_html(text, "Retrospective INC-12"))


def test_an_incident_of_which_nothing_is_recorded_says_so(store: Store) -> None:
    with store.begin() as work:
        add_incident(work, phase="detected", impact={}, policy=None)
    golden("retrospective-nothing-recorded.md", compose(read(store), generator=GENERATOR))


def test_a_dismissed_candidate_and_a_drill(store: Store) -> None:
    with store.begin() as work:
        add_incident(work, phase="dismissed", drill="DRILL-3")
        row = {"id": "DRILL-3", "number": 3, "state": "running", "stage": "review", "requested_by": "ada"}
        row |= {"request": {"scenario": "rumour", "seed": 7, "error_rate": 0.02, "posts": 5000}}
        row |= {"results": {"reviewers": 4, "violating": 700, "gathered": 680, "found": 672, "recall": 0.96}}
        work.execute(drills.insert().values(**row, stands_at=after(0)))
        tell(work, 0, Event.candidate_opened, title="Rumour", severity="sev3", rule="burst", signals=1)
        tell(work, 9, Event.candidate_dismissed, "ada", reason="An old film trailer")
    golden("retrospective-dismissed-drill.md", compose(read(store), generator=GENERATOR))


def test_the_same_record_gives_the_same_bytes(record: Record, store: Store) -> None:
    again = read(store)
    assert input_hash(again) == input_hash(record)
    assert compose(again, generator=GENERATOR) == compose(record, generator=GENERATOR)


def test_drafting_signing_and_waiting_do_not_change_what_is_drafted(record: Record, store: Store) -> None:
    text = compose(record, generator=GENERATOR)
    known = input_hash(record)
    with store.begin() as work:
        write_draft(work, "INC-12", markdown=text, input_hash=known, author="eve", now=after(1600))
        tell(work, 1601, Event.gate_opened, gate="sign_off", due_at=after(4000).isoformat())
        sign(work, "INC-12", 1, by=BO, now=after(1700))
        tell(work, 1701, Event.run_restarted, flow="review", why="its process died")
    assert compose(read(store), generator=GENERATOR) == text
    with store.begin() as work:
        publish(work, "INC-12", now=after(1800))
    assert "review published" in compose(read(store), generator=GENERATOR)


def test_no_post_no_rationale_no_payload_is_in_the_record(record: Record) -> None:
    told = record.model_dump_json() + compose(record, generator=GENERATOR)
    assert "TEXT OF A POST" not in told
    assert "WHAT A REVIEWER WROTE" not in told


def test_the_numbers_are_those_of_the_rows(record: Record) -> None:
    sweep = record.sweeps[0]
    assert (sweep.decided, sweep.violates, sweep.unsure) == (100, 40, 10)
    assert [(t.team, t.language, t.items, t.violates) for t in sweep.tallies] == [
        ("german", "de", 50, 20),
        ("legal", "en", 50, 20),
    ]
    assert sweep.terms[0] == TermYield(
        term="term:attack", posts=60, alone=60, alone_decided=60, alone_violates=0
    )
    assert (record.decisions.total, record.decisions.people, record.decisions.revised) == (100, 2, 0)
    assert sweep.planned == {"remove": 40}
    assert record.asks[1].was_late


def test_the_summary_fits_one_screen(record: Record) -> None:
    text = compose(record, generator=GENERATOR)
    summary = text.split("## Summary")[1].split("## ")[0]
    assert len(re.sub(r"`[^`]*`", "", summary).split()) <= 150


def test_every_sentence_of_the_summary_and_row_of_the_timeline_names_its_evidence(record: Record) -> None:
    text = compose(record, generator=GENERATOR)
    summary = text.split("## Summary")[1].split("## ")[0]
    timeline = text.split("## Timeline")[1].split("## ")[0]
    rows = [line for line in timeline.splitlines() if line.startswith("| 20")]
    sentences = [line for line in summary.splitlines() if line]
    assert len(rows) > 20
    for line in [*rows, *sentences]:
        assert "`INC-12#" in line
    cited = set(re.findall(r"`INC-12#(\d+)`", text))
    assert cited <= {str(entry.seq) for entry in record.entries}


SEALED = CertificateRecord(
    claim="complete",
    target=0.9,
    confidence=0.95,
    recall_at_least=1.0,
    recall_at_least_corrected=0.224,
    missing_at_most=0,
    sampled=0,
    golden_violating=2,
    golden_caught=2,
    universe_hash="0" * 64,
)


@pytest.mark.parametrize(
    ("sampled", "sentence"),
    [
        (0, "with a known answer: by so many, what they recognise of all that violates is at least 22.4 %."),
        (60, "with a known answer; corrected for what that may mean, it is at least 22.4 %."),
    ],
)
def test_a_certificate_says_how_many_known_items_its_bound_rests_on(
    record: Record, sampled: int, sentence: str
) -> None:
    sealed = SEALED.model_copy(update={"sampled": sampled})
    sweeps = tuple(each.model_copy(update={"certificate": sealed}) for each in record.sweeps)
    text = compose(changed(record, sweeps=sweeps), generator=GENERATOR)
    assert f"Its readers caught 2 of 2 violating items {sentence}" in text
    # Where nobody read a sample, nobody knows that nothing is left.
    assert ("At most 0 posts that violate may still be there." in text) is bool(sampled)


def test_people_are_named_in_tables_of_decisions_alone(record: Record) -> None:
    text = compose(record, generator=GENERATOR)
    header, rest = text.split("## Summary")
    prose = rest.split("## Decisions")[0].replace("### ", "") + rest.split("## Open questions")[1]
    for name in ("ada", "cleo", "dev", "eve"):
        assert not re.search(rf"\b{name}\b", prose, re.IGNORECASE)
    assert "| Commander | ada" in header


def test_a_missing_milestone_is_said_and_never_filled_in(record: Record) -> None:
    without = tuple(m for m in record.milestones if m.name not in ("contained", "started"))
    text = compose(changed(record, milestones=without), generator=GENERATOR)
    assert "| contained | Every sweep had ended | not recorded |" in text
    assert "B: 9 of 12 milestones" in text
    missing = "The harm began; The first certificate was issued; Every sweep had ended."
    assert f"When was this? Its time is not recorded. {missing}" in text


def test_a_duration_that_would_be_negative_is_a_question_not_a_number(record: Record) -> None:
    early = record.milestone("guideline_published")
    assert early is not None
    moved = early.model_copy(update={"at": after(1)})
    others = tuple(m for m in record.milestones if m.name != "guideline_published")
    measured = {each.metric.name: each for each in measure(changed(record, milestones=(*others, moved)))}
    assert measured["TTG"].value is None
    assert "came before" in measured["TTG"].why
    assert measured["TTR"].value == 365 * 60


def test_durations_hold_across_days_and_a_change_of_the_clocks(record: Record) -> None:
    def reached(name: str, hours: float) -> Milestone:
        return Milestone(name=name, at=after(hours * 60), seq=1, source="x", certainty="recorded")

    long = changed(record, milestones=(reached("declared", 0), reached("stood_down", 36.5)))
    assert "| 36 h 30 min |" in compose(long, generator=GENERATOR)
    assert grade(long)[0] == "D"


def test_a_silence_during_the_crisis_is_a_question_and_one_after_it_is_not(record: Record) -> None:
    silent = list(gaps(record))
    assert [gap.silence for gap in silent] == [timedelta(minutes=78), timedelta(minutes=178)]
    assert sum("Nothing is recorded" in each.question for each in questions(record)) == 2


def test_every_rule_proposes_what_it_should_and_names_nobody(record: Record) -> None:
    found = {factor.rule.split(":")[0]: factor for factor in propose(record)}
    assert set(found) == {
        "late_detection",
        "slow_declaration",
        "late_acknowledgement",
        "failed_deliveries",
        "returned_leases",
        "flooding_term",
        "unsure_language",
        "guideline_first",
    }
    assert found["slow_declaration"].supports == ("INC-12#7", "INC-12#9")
    assert all(factor.supports for factor in found.values())
    assert not any(re.search(r"\b(ada|cleo|dev|eve)\b", factor.sentence) for factor in found.values())


def test_a_crisis_without_a_commander_without_guideline_and_with_restarts(record: Record) -> None:
    tenure = Tenure(role="commander", person="ada", taken_at=after(55), handed_over_at=after(100))
    late = record.milestone("guideline_published")
    assert late is not None
    moved = tuple(m for m in record.milestones if m is not late)
    restarted = record.entries[0].model_copy(update={"event": Event.run_restarted, "facts": {"flow": "crisis"}})
    worse = changed(record, roles=(tenure,), milestones=moved, entries=(*record.entries, restarted))
    found = {factor.rule: factor for factor in propose(worse)}
    assert "for 5 h 20 min" in found["leaderless"].sentence
    assert "published not at all" in found["guideline_lag"].sentence
    assert "restarted 1 time" in found["restarted_runs"].sentence


def test_rules_say_nothing_of_an_empty_record(store: Store) -> None:
    with store.begin() as work:
        add_incident(work)
    assert propose(read(store)) == []


def test_references_lead_to_the_full_log(record: Record) -> None:
    html = to_html(compose(record, generator=GENERATOR), "Retrospective")
    targets = set(re.findall(r'href="#([^"]+)"', html))
    anchors = set(re.findall(r'id="([^"]+)"', html))
    assert "e7" in targets
    assert targets <= anchors
    assert "<script" not in html
    assert "default-src 'none'" in html


def test_hostile_text_in_every_field_stays_text(record: Record) -> None:
    poisoned = Record.model_validate(_poison(record.model_dump(), keep=_VOCABULARY))
    poisoned = changed(poisoned, drill=DrillFacts(id=HOSTILE, scenario=HOSTILE, seed=1))
    text = compose(poisoned, generator=HOSTILE)
    assert not set("\u202e\u2066\x1b\x00") & set(text)
    assert_inert(python_markdown.markdown(text, extensions=["tables", "sane_lists"]))
    assert_inert(re.sub(r"(?s)<style>.*</style>", "", to_html(text, HOSTILE)))
    rows = [line for line in text.splitlines() if line.startswith("| `INC-12#")]
    assert all(line.count("|") == 4 for line in rows)


def assert_inert(html: str) -> None:
    for tag in re.findall(r"<[^>]+>", html):
        assert not re.match(r"<(script|img|iframe|object|svg|form|input|b>)", tag), tag
        assert not re.search(r"javascript:|onerror|evil", tag), tag


_VOCABULARY = {"id", "event", "name", "phase", "kind", "state", "certainty", "incident", "incident_id"}
_VOCABULARY |= {"supports", "against", "scope_hash", "previous", "hash"}


def _poison(value: Any, keep: set[str]) -> Any:
    """The same shape with hostile text wherever the store holds free text. Times and our own words stay."""
    if isinstance(value, dict):
        return {key: each if key in keep else _poison(each, keep) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_poison(each, keep) for each in value]
    is_country = isinstance(value, str) and len(value) == 2 and value.isupper()
    is_name = isinstance(value, str) and type(value) is str and not is_country
    return HOSTILE if is_name else value


def test_html_that_people_wrote_into_a_draft_is_sanitised() -> None:
    html = to_html("# A\n\n<script>x</script><img src=x onerror=y> [z](javascript:z) <b onclick=q>b</b>", "<T>")
    body = html.split("<main>")[1]
    assert "<script" not in body
    assert "onerror" not in body
    assert "javascript:" not in body
    assert "onclick" not in body
    assert "<title>&lt;T&gt;</title>" in html


def test_earlier_incidents_of_the_same_policy_show_what_is_still_open(store: Store) -> None:
    with store.begin() as work:
        add_incident(work, 9, title="The one before", opened_at=after(-9000), phase="closed")
        add_incident(work, 10, opened_at=after(-8000), restricted=True, phase="closed")
        add_incident(work, 11, opened_at=after(-8000), drill="DRILL-1", phase="closed")
        add_incident(work)
        row = {
            "id": "INC-9-A1",
            "incident_id": "INC-9",
            "number": 1,
            "title": "t",
            "kind": "detect",
            "owner": "bo",
        }
        row |= {"success": "s", "state": "open", "filed_at": after(-8000), "due_at": after(-10)}
        work.execute(action_items.insert().values(**row))
    record = read(store)
    assert [(each.id, len(each.open_actions)) for each in record.earlier] == [("INC-9", 1)]
    assert "| INC-9 | The one before | sev2 |" in compose(record, generator=GENERATOR)
    assert "| open, overdue |" in compose(record, generator=GENERATOR)
    with store.begin() as work:
        # The record ends when the item is not due yet, whatever the time is now.
        work.execute(sa.update(action_items).values(due_at=after(10)))
    assert "overdue" not in compose(read(store), generator=GENERATOR)


def test_every_milestone_that_is_reached_has_a_meaning(record: Record) -> None:
    assert {milestone.name for milestone in record.milestones} <= set(MILESTONES)


def test_an_ask_that_nobody_answered_is_a_question(record: Record) -> None:
    unheard = tuple(ask.model_copy(update={"acknowledged_at": None}) for ask in record.asks)
    asked = [each for each in questions(changed(record, asks=unheard)) if "never acknowledged" in each.question]
    assert [(each.ask, each.refs) for each in asked] == [
        ("the team german", ("INC-12#13",)),
        ("the team legal", ("INC-12#12",)),
    ]


def test_the_talks_to_have_are_listed_by_whom_to_ask(record: Record) -> None:
    asked = {each.whom: [question.question for question in each.questions] for each in interviews(record)}
    assert list(asked) == [
        "the incident commander",
        "the analyst",
        "those on shift",
        "the team legal",
        "reviewers of the team german",
        "reviewers of the team legal",
        "everybody at the review",
    ]
    assert len(asked["those on shift"]) == 2
    assert asked["the team legal"] == ["The ask was acknowledged after it was due. What was in the way?"]
    told = compose(record, generator=GENERATOR).split("## Open questions")[1].split("## Full log")[0]
    assert "**The team legal**\n\n- The ask was acknowledged after it was due." in told
    assert "(`INC-12#12`, `INC-12#24`)" in told


def test_what_the_protocol_wants_answered_is_asked_of_those_whom_it_names(record: Record) -> None:
    wanted = [
        {"ask": "policy", "question": "Did we silence *witnesses*?"},
        {"ask": "legal", "question": "Which law was unclear?"},
        {"ask": None, "question": "What will be different?"},
    ]
    [began] = record.of(Event.review_started)
    asking = began.model_copy(update={"facts": began.facts | {"debrief": wanted}})
    told = changed(record, entries=tuple(asking if each is began else each for each in record.entries))
    new = [each for each in questions(told) if each not in questions(record)]
    assert [(each.ask, each.refs) for each in new] == [
        ("the policy lead", (began.ref,)),
        ("the team legal", (began.ref,)),
        ("everybody at the review", (began.ref,)),
    ]
    assert f"- Did we silence \\*witnesses\\*? (`{began.ref}`)" in compose(told, generator=GENERATOR)
    again = began.model_copy(update={"seq": 99, "facts": {}})
    assert questions(changed(told, entries=(*told.entries, again))) == questions(
        changed(record, entries=(*record.entries, again))
    )


def test_what_is_in_time_or_cannot_be_read_proposes_nothing(record: Record) -> None:
    def rules(**facts: Any) -> set[str]:
        entries = (e.model_copy(update={"facts": e.facts | facts}) for e in record.entries)
        sweep = record.sweeps[0].model_copy(update={"posts_matched": None})
        told = changed(record, entries=tuple(entries), sweeps=(sweep,))
        return {factor.rule.split(":")[0] for factor in propose(told)}

    assert "slow_declaration" not in rules(due_at=after(60).isoformat())
    assert "slow_declaration" not in rules(due_at="soon")
    assert "flooding_term" not in rules()
    assert "slow_declaration" in rules()


def test_a_term_that_floods_is_defended_by_what_it_alone_found(record: Record) -> None:
    flood = TermYield(term="term:attack", posts=60, alone=60, alone_decided=60, alone_violates=2)
    sweep = record.sweeps[0].model_copy(update={"terms": (flood,)})
    found = [f for f in propose(changed(record, sweeps=(sweep,))) if f.rule.startswith("flooding")]
    assert found[0].but == "Without it 2 posts in violation would not have been seen."


def test_a_hand_over_speaks_of_holders_and_an_operator_has_no_name(store: Store) -> None:
    with store.begin() as work:
        add_incident(work)
        facts = {"role": "commander", "was": "ada", "person": "bo", "note": "All quiet."}
        tell(work, 1, Event.role_handed_over, "ada", **facts)
        tell(work, 2, Event.message_rerun, "dev", key="ask:INC-12:legal:1>mail")
        tell(work, 3, Event.shift_noted, at=after(3).isoformat())
    text = compose(read(store), generator=GENERATOR)
    assert "The role commander was handed from one holder to the next. Note: “All quiet.” |" in text
    assert "An operator had the delivery of the message" in text
