"""The steps of a review: due by a clock, done as things happen or people say, skipped with a reason, chased."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.catalogue.load import load_catalogue
from incidents.errors import Conflict, NotAllowed, NotAuthorised, NotFound
from incidents.people import Person, Role
from incidents.reviews.audiences import Audience
from incidents.reviews.chasing import STEPS, Whom, next_rung, people_told
from incidents.reviews.drafting import gather
from incidents.reviews.sections import Section
from incidents.reviews.steps import SENTENCES, TOLD_BY_PEOPLE, Step, StepStanding, StepState, due_dates
from incidents.store import timeline
from incidents.store.approvals import approve
from incidents.store.engine import Store, Work
from incidents.store.records import read_record
from incidents.store.review_steps import (
    count_reminder,
    finish_step,
    note_gathered,
    plan_steps,
    skip_step,
    steps_of,
    under_review,
)
from incidents.store.reviews import (
    change_owner,
    find_review,
    publish,
    read_draft,
    sign,
    start_review,
    write_draft,
)
from incidents.store.schema import incidents
from incidents.store.sections import write_section
from incidents.timeline import Event
from tests.incidents.review_rows import ADA, BO, CLEO, EVE, T0, add_incident, add_review, after

DAY = timedelta(days=1)
SEVERITIES = load_catalogue().severities
LEGAL = ("legal",)
FAY = Person(id="fay", roles=frozenset({Role.reviewer}))
GIL = Person(id="gil", roles=frozenset({Role.reviewer}))


@pytest.fixture
def store(store: Store) -> Store:
    """A review that Eve owns of a crisis that Ada commanded, with its steps planned and nothing done."""
    with store.begin() as work:
        plan(work, add_incident(work, phase="reviewing"))
    return store


def plan(work: Work, incident: str, *, approvers: tuple[str, ...] = ()) -> None:
    if incident == "INC-12":
        add_review(work)
    due = due_dates(T0, SEVERITIES[0].review_days, debrief_days=14, has_approvals=bool(approvers))
    plan_steps(work, incident, due)


def states(store: Store, incident: str = "INC-12", approvers: tuple[str, ...] = ()) -> dict[Step, StepState]:
    return {each.step: each.state for each in steps(store, incident, approvers)}


def steps(store: Store, incident: str = "INC-12", approvers: tuple[str, ...] = ()) -> list[StepStanding]:
    with store.read() as work:
        return steps_of(work, incident, approvers=approvers)


def draft(work: Work, markdown: str = "# One", incident: str = "INC-12", author: str = "watchfloor") -> int:
    return write_draft(work, incident, markdown=markdown, input_hash="f" * 64, author=author, now=after(5))


def finish(store: Store, step: Step, by: Person, note: str = "") -> None:
    with store.begin() as work:
        finish_step(work, "INC-12", step, approvers=(), by=by, note=note, now=after(10))


def skip(store: Store, step: Step, by: Person, reason: str) -> None:
    with store.begin() as work:
        skip_step(work, "INC-12", step, approvers=(), by=by, reason=reason, now=after(11))


def refused(do: Callable[[], object]) -> tuple[str, ...]:
    with pytest.raises(NotAllowed) as told:
        do()
    return told.value.codes


@pytest.mark.parametrize("severity", SEVERITIES, ids=lambda each: each.id)
@given(debrief=st.integers(1, 60), has_approvals=st.booleans())
def test_steps_are_due_one_after_the_other_and_read_by_the_debrief(
    severity: object, debrief: int, has_approvals: bool
) -> None:
    days = next(each for each in SEVERITIES if each == severity).review_days
    due = due_dates(T0, days, debrief_days=debrief, has_approvals=has_approvals)
    assert list(due.values()) == sorted(due.values())
    assert due[Step.reading] == T0 + DAY * min(days.reading, debrief)
    assert (Step.approvals in due) is has_approvals
    assert set(due) | {Step.approvals} == set(Step) == set(SENTENCES)


def test_a_step_that_leaves_a_trace_is_done_when_that_is_there(store: Store) -> None:
    assert set(states(store).values()) == {StepState.open}
    with store.begin() as work:
        gather(work, "INC-12", now=after(2))
        draft(work)
    assert states(store)[Step.evidence] is states(store)[Step.draft] is StepState.done
    finish(store, Step.interviews, ADA, "five people")
    with store.begin() as work:
        sign(work, "INC-12", 1, by=BO, now=after(20))
    # Whoever signs has read it, and wrote none of it.
    found = {each.step: each for each in steps(store)}
    assert (found[Step.reading].state, found[Step.reading].person) == (StepState.done, "bo")
    assert (found[Step.interviews].person, found[Step.interviews].reason) == ("ada", "five people")
    with store.begin() as work:
        publish(work, "INC-12", now=after(21))
    assert set(states(store).values()) == {StepState.done}


def test_what_nobody_did_is_missed_and_blocks_nothing(store: Store) -> None:
    with store.begin() as work:
        draft(work)
        sign(work, "INC-12", 1, by=BO, now=after(20))
        publish(work, "INC-12", now=after(21))
    missed = {step for step, state in states(store).items() if state is StepState.missed}
    assert missed == {Step.evidence, Step.interviews}
    assert refused(lambda: finish(store, Step.interviews, ADA)) == ("REVIEW_OVER",)


def test_a_step_is_skipped_with_a_reason_and_a_person(store: Store) -> None:
    assert refused(lambda: skip(store, Step.interviews, ADA, " ")) == ("REASON_MISSING",)
    skip(store, Step.interviews, ADA, "One person led it all")
    found = next(each for each in steps(store) if each.step is Step.interviews)
    assert (found.state, found.person, found.reason) == (StepState.skipped, "ada", "One person led it all")
    with pytest.raises(Conflict, match="is skipped: by ada, at 2026-11-22 18:11:00 UTC"):
        finish(store, Step.interviews, EVE)
    with pytest.raises(NotAuthorised):
        skip(store, Step.reading, CLEO, "no time")


@pytest.mark.parametrize("step", sorted(set(Step) - TOLD_BY_PEOPLE))
def test_what_follows_from_what_happened_nobody_says_or_skips(store: Store, step: Step) -> None:
    assert refused(lambda: skip(store, step, ADA, "no time")) == ("STEP_NOT_TOLD",)
    assert refused(lambda: finish(store, step, ADA)) == ("STEP_NOT_TOLD",)


def test_it_is_read_by_somebody_else(store: Store) -> None:
    with pytest.raises(NotFound, match="has no retrospective"):
        finish(store, Step.reading, BO)
    with store.begin() as work:
        draft(work, author="fay")
    assert refused(lambda: finish(store, Step.reading, FAY)) == ("REVIEW_OWN_DRAFT",)
    assert refused(lambda: finish(store, Step.reading, EVE)) == ("REVIEW_OWN_DRAFT",)
    with store.begin() as work:
        write_section(work, "INC-12", Section.lucky, "Ada was awake.", was=0, by=GIL, now=after(8))
        before = read_record(work, "INC-12")
    assert refused(lambda: finish(store, Step.reading, GIL)) == ("REVIEW_OWN_DRAFT",)
    finish(store, Step.reading, BO)
    with store.read() as work:
        # That it was read changes nothing of what the next draft says.
        assert read_record(work, "INC-12") == before
        assert timeline.entries(work, "INC-12")[-1].facts == {"step": "reading", "note": "", "version": 1}


def test_approvals_are_a_step_where_somebody_has_to_approve(store: Store) -> None:
    with store.begin() as work:
        plan(work, add_incident(work, 13, phase="reviewing"), approvers=LEGAL)
        start_review(work, "INC-13", owner="eve", due_at=after(900), now=after(0))
        version = draft(work, incident="INC-13")

    def approved(version: int) -> None:
        with store.begin() as work:
            approve(work, "INC-13", Audience.internal, version, approvers=LEGAL, by=CLEO, now=after(7))

    assert states(store, "INC-13", LEGAL)[Step.approvals] is StepState.open
    approved(version)
    assert states(store, "INC-13", LEGAL)[Step.approvals] is StepState.done
    with store.begin() as work:
        draft(work, "# Two", "INC-13")
    assert states(store, "INC-13", LEGAL)[Step.approvals] is StepState.open
    approved(2)
    assert states(store, "INC-13", LEGAL)[Step.approvals] is StepState.done
    assert Step.approvals not in states(store)


def test_a_reopened_incident_has_its_steps_anew(store: Store) -> None:
    with store.begin() as work:
        note_gathered(work, "INC-12", after(1))
        draft(work)
        sign(work, "INC-12", 1, by=BO, now=after(20))
        publish(work, "INC-12", now=after(21))
        again(work, "INC-12")
        assert steps_of(work, "INC-12", approvers=()) == []
        with pytest.raises(NotFound, match="no step interviews yet"):
            finish_step(work, "INC-12", Step.interviews, approvers=(), by=ADA, note="", now=after(41))
        plan_steps(
            work, "INC-12", due_dates(T0, SEVERITIES[0].review_days, debrief_days=9, has_approvals=False)
        )
    assert set(states(store).values()) == {StepState.open}


def again(work: Work, incident: str) -> None:
    """Reopen the incident, stand it down again and begin its next review."""
    here = sa.update(incidents).where(incidents.c.id == incident)
    work.execute(here.values(round=incidents.c.round + 1))
    timeline.append(work, incident, Event.record_reopened, actor="ada", now=after(30), facts={})
    start_review(work, incident, owner="eve", due_at=after(900), now=after(40))


def test_planning_again_changes_no_due_date(store: Store) -> None:
    before = steps(store)
    with store.begin() as work:
        later = due_dates(after(999), SEVERITIES[3].review_days, debrief_days=99, has_approvals=False)
        plan_steps(work, "INC-12", later)
    assert steps(store) == before


def test_the_owner_is_changed_by_name_and_the_record_says_so(store: Store) -> None:
    def owned(by: str, person: Person = ADA) -> str:
        new = Person(id=by, roles=frozenset({Role.analyst}))
        with store.begin() as work:
            return change_owner(work, "INC-12", new, by=person, note="on leave", now=after(4)).owner

    assert owned("maria") == "maria"
    with pytest.raises(Conflict, match="maria owns the review"):
        owned("maria")
    with pytest.raises(NotAuthorised, match="cleo may not draft"), store.begin() as work:
        change_owner(work, "INC-12", CLEO, by=ADA, now=after(5))
    with pytest.raises(NotAuthorised):
        owned("olga", CLEO)
    with store.read() as work:
        (entry,) = read_record(work, "INC-12").of(Event.owner_changed)
        assert (entry.actor, entry.facts["person"], entry.facts["was"]) == ("ada", "maria", "eve")
    with store.begin() as work:
        draft(work)
        sign(work, "INC-12", 1, by=BO, now=after(20))
        publish(work, "INC-12", now=after(21))
    assert refused(lambda: owned("olga")) == ("REVIEW_OVER",)


def test_each_rung_is_climbed_once_and_in_order() -> None:
    def told(climbed: int, days: float) -> Whom | None:
        rung = next_rung(STEPS, climbed=climbed, due_at=T0, now=T0 + days * DAY)
        return None if rung is None else rung.whom

    assert [told(0, -0.1), told(0, 0), told(1, 0.9), told(1, 1), told(2, 2), told(2, 3), told(3, 99)] == [
        None,
        Whom.doer,
        None,
        Whom.lead,
        None,
        Whom.administrators,
        None,
    ]
    # Nobody looked for a week: still one after the other.
    assert [told(climbed, 7) for climbed in range(4)] == [*(each.whom for each in STEPS), None]
    named = people_told(Whom.lead, doers=["bo"], lead=("ada", None, "ada", "eve"), administrators=["root"])
    assert named == ["ada", "eve"]


def test_a_reminder_is_counted_once_and_not_of_what_is_done(store: Store) -> None:
    late = next(each for each in steps(store) if each.step is Step.interviews)

    def counted() -> bool:
        with store.begin() as work:
            return count_reminder(work, "INC-12", late, people=["eve"], now=after(1))

    assert [counted(), counted()] == [True, False]
    skip(store, Step.interviews, ADA, "nobody was there")
    late = next(each for each in steps(store) if each.step is Step.interviews)
    assert not counted()
    with store.read() as work:
        assert [
            e.facts["times"] for e in timeline.entries(work, "INC-12") if e.event is Event.step_escalated
        ] == [1]
        assert not list(timeline.verify(work))
        # What was told of a late step is about the document, and no part of it.
        assert read_record(work, "INC-12").of(Event.step_escalated) == []
        assert under_review(work) == ["INC-12"]


PEOPLE = (ADA, BO, EVE, FAY, CLEO)
SAID = st.tuples(
    st.sampled_from(["finish", "skip", "draft", "approve", "sign", "publish", "reopen"]),
    st.sampled_from(Step),
    st.sampled_from(PEOPLE),
    st.sampled_from(["", "because"]),
)
_NUMBERS = count(100)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(SAID, max_size=14))
def test_whatever_is_said_in_whatever_order(store: Store, said: list[tuple[str, Step, Person, str]]) -> None:
    """What the steps say follows from what was accepted, and what was refused changed nothing."""
    with store.begin() as work:
        incident = add_incident(work, next(_NUMBERS), phase="reviewing")
        start_review(work, incident, owner="eve", due_at=after(900), now=after(0))
        plan(work, incident, approvers=LEGAL)
    for number, (what, step, by, reason) in enumerate(said):
        before = states(store, incident, LEGAL)
        try:
            with store.begin() as work:
                do(work, incident, what, step, by, reason, number)
        except (NotAllowed, Conflict, NotFound):
            assert states(store, incident, LEGAL) == before
            continue
        now_is = states(store, incident, LEGAL)
        _check(what, step, before, now_is)
    with store.read() as work:
        told = [e for e in timeline.entries(work, incident) if e.event is Event.step_skipped]
        assert all(entry.facts["reason"] for entry in told)
        assert not list(timeline.verify(work, incident))


def do(work: Work, incident: str, what: str, step: Step, by: Person, reason: str, number: int) -> None:
    now = after(10 + number)
    match what:
        case "finish":
            finish_step(work, incident, step, approvers=LEGAL, by=by, note=reason, now=now)
        case "skip":
            skip_step(work, incident, step, approvers=LEGAL, by=by, reason=reason, now=now)
        case "draft":
            write_draft(work, incident, markdown=f"# {number}", input_hash="f", author=by.id, now=now)
        case "approve":
            newest = read_draft(work, incident).version
            approve(work, incident, Audience.internal, newest, approvers=LEGAL, by=by, now=now)
        case "sign":
            sign(work, incident, read_draft(work, incident).version, by=by, now=now)
        case "publish":
            publish(work, incident, by=by, now=now)
        case _:
            timeline.append(work, incident, Event.record_reopened, actor=by.id, now=now, facts={})
            here = sa.update(incidents).where(incidents.c.id == incident)
            work.execute(here.values(round=incidents.c.round + 1))
            start_review(work, incident, owner="eve", due_at=after(900), now=now)
            plan(work, incident, approvers=LEGAL)


def _check(what: str, step: Step, before: dict[Step, StepState], now_is: dict[Step, StepState]) -> None:
    if what == "reopen":
        assert set(now_is.values()) == {StepState.open}
        return
    if what in ("finish", "skip"):
        assert step in TOLD_BY_PEOPLE
        assert (before[step], now_is[step]) == (
            StepState.open,
            StepState.done if what == "finish" else StepState.skipped,
        )
    # Nothing that was done is undone but an approval, which a newer version makes stale.
    lost = {each for each in Step if before[each] is not StepState.open and now_is[each] is not before[each]}
    assert lost <= ({Step.approvals} if what == "draft" else set())
    if now_is[Step.publication] is StepState.done:
        assert now_is[Step.signature] is StepState.done
        assert StepState.open not in now_is.values()
    else:
        assert StepState.missed not in now_is.values()


def test_the_review_of_another_incident_is_left_alone(store: Store) -> None:
    with store.begin() as work:
        add_incident(work, 13, phase="reviewing")
        with pytest.raises(NotFound, match="INC-13 has no review yet"):
            steps_of(work, "INC-13", approvers=())
        assert find_review(work, "INC-12").owner == "eve"
