"""An incident moves once, by one person; whoever comes second is told who was first, and when."""

from collections.abc import Callable
from functools import partial
from threading import Event as Flag
from threading import Thread

import pytest

from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised, NotFound
from incidents.four_eyes import ALONE
from incidents.incident.incident import SYSTEM
from incidents.incident.phases import Phase
from incidents.incident.severity import Impact, Priority
from incidents.people import Act, Person, Role
from incidents.store import gates, lifecycle, outbox
from incidents.store.asks import (
    NewAsk,
    acknowledge,
    ask_partner,
    asks_of,
    escalate_ask,
    find_ask,
    late_asks,
    unanswered_asks,
)
from incidents.store.engine import Store, Work
from incidents.store.gates import GateKind
from incidents.store.guidelines import guideline_in_force, guidelines_of, publish_guideline
from incidents.store.incidents import find, find_for, holder_of, visible_incidents
from incidents.store.roles import hand_over, take_role, tenures
from incidents.store.timeline import entries, milestones_of, verify
from incidents.timeline import Event
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CLEO,
    DEV,
    EVE,
    FAY,
    POLICY,
    add_assessed,
    add_candidate,
    add_crisis,
    after,
    at_once,
    requested,
    split,
)

GIL = Person(id="gil", roles=frozenset({Role.commander}))


def ready(work: Work, key: str = "footage") -> str:
    """A crisis in which nothing is loose."""
    incident = add_crisis(work, key)
    publish(work, incident)
    return incident


def publish(work: Work, incident: str, minutes: float = 4, body: str = "Remove it.") -> int:
    """Publish the next version of the guideline, in English and German."""
    return publish_guideline(
        work,
        incident,
        {"en": body, "de": body},
        title="Attack",
        policy=(POLICY.id, POLICY.version),
        effective_from=after(minutes),
        by=EVE,
        now=after(minutes),
    )


def ask(work: Work, incident: str, about: str = "mobilise") -> str | None:
    """Ask the German team."""
    new = NewAsk(
        incident=incident,
        team="german",
        about=about,
        what="Name a contact.",
        guideline_version=None,
        due_at=after(30),
        channels=("chat", "mail"),
        subject="A crisis",
        text="Please acknowledge {ask}.",
    )
    return ask_partner(work, new, by=ADA, now=after(5))


def stood_down(work: Work, key: str = "footage") -> str:
    """A crisis that Ada ended."""
    incident = ready(work, key)
    lifecycle.stand_down(work, incident, by=ADA, reason="Quiet.", now=after(60))
    return incident


def test_of_two_who_declare_at_once_one_is_told_who_was_first(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)

    def declare(by: Person) -> str:
        with store.begin() as work:
            lifecycle.declare(work, incident, by=by, reason="It spreads.", now=after(2))
        return by.id

    won, failed = split(at_once(partial(declare, ADA), partial(declare, GIL)))
    assert (len(won), len(failed)) == (1, 1)
    assert isinstance(failed[0], Conflict)
    assert f"{won[0]} moved first, at 2026-11-22 18:02:00 UTC (incident.crisis.declared)" in str(failed[0])
    with store.read() as work:
        assert holder_of(work, incident, Role.commander) == won[0]
        assert [e.event for e in entries(work, incident)].count(Event.crisis_declared) == 1
        assert list(verify(work)) == []


def test_who_dismisses_what_was_declared_meanwhile_changes_nothing(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)

    def declare() -> str:
        with store.begin() as work:
            return lifecycle.declare(work, incident, by=ADA, reason="It spreads.", now=after(2)).phase

    def dismiss() -> str:
        with store.begin() as work:
            return lifecycle.dismiss(work, incident, by=GIL, reason="Old footage.", now=after(2)).phase

    won, failed = split(at_once(declare, dismiss))
    assert len(won) == len(failed) == 1
    assert isinstance(failed[0], Conflict)
    with store.read() as work:
        assert find(work, incident).phase == won[0]


def test_a_declaration_answers_the_gate_and_names_who_leads(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)
        gates.open_gate(work, incident, GateKind.declare, due_at=after(30), flow_run_id="r1", now=after(1))
        declared = lifecycle.declare(work, incident, by=ADA, reason="It spreads.", now=after(2))
        gate = gates.current_gate(work, incident, GateKind.declare, incident)
        reached = {m["name"]: m["at"] for m in milestones_of(work, incident)}
    assert (declared.phase, declared.phase_since) == (Phase.declared, after(2))
    assert (gate.state, gate.answer, gate.answered_by, gate.reason) == (
        ("answered", "declare", "ada", "It spreads.")
    )
    assert reached == {
        "detected": after(0),
        "acknowledged": after(1),
        "declared": after(2),
        "commander_assigned": after(2),
    }


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda w, i: lifecycle.declare(w, i, by=BO, reason="It spreads.", now=after(2)), "ROLE_MISSING"),
        (lambda w, i: lifecycle.declare(w, i, by=ADA, reason=" ", now=after(2)), "REASON_MISSING"),
        (lambda w, i: lifecycle.stand_down(w, i, by=ADA, reason="Quiet.", now=after(2)), "COMMANDER_MISSING"),
        (lambda w, i: lifecycle.start_response(w, i, now=after(2)), "PHASE_NOT_NEXT"),
        (lambda w, i: lifecycle.close(w, i, by=ADA, now=after(2)), "REVIEW_UNSIGNED"),
    ],
)
def test_a_move_that_is_refused_says_why(store: Store, act: Callable[[Work, str], object], code: str) -> None:
    with store.begin() as work:
        incident = add_assessed(work)
        length = len(entries(work, incident))
        with pytest.raises(NotAllowed) as refused:
            act(work, incident)
        assert code in refused.value.codes
        assert len(entries(work, incident)) == length


def test_standing_down_is_refused_while_something_is_loose(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = requested(work, incident).id
        key = ask(work, incident)
        with pytest.raises(NotAllowed) as refused:
            lifecycle.stand_down(work, incident, by=ADA, reason="Quiet.", now=after(9))
        assert refused.value.codes == ("SWEEP_UNFINISHED", "ASK_UNACKNOWLEDGED", "GUIDELINE_MISSING")
        assert sweep in str(refused.value)
        assert str(key) in str(refused.value)
        for code in refused.value.codes:
            lifecycle.waive(work, incident, code, by=ADA, consent=ALONE, reason="It is over.", now=after(10))
        stood = lifecycle.stand_down(work, incident, by=ADA, reason="Quiet.", now=after(11))
        last = entries(work, incident)[-1]
        posted = [p.payload["event"] for p in outbox.undelivered(work) if p.kind is outbox.Kind.event]
    assert stood.phase is Phase.stood_down
    assert last.facts == {"reason": "Quiet.", "waived": sorted(refused.value.codes)}
    assert posted[-1] == "incident.crisis.stood-down"


def test_a_sweep_requested_at_the_same_moment_counts_as_loose(store: Store) -> None:
    with store.begin() as work:
        incident = ready(work)
    outcome: list[Exception] = []
    begun = Flag()

    def stand_down() -> None:
        begun.set()
        try:
            with store.begin() as work:
                lifecycle.stand_down(work, incident, by=ADA, reason="Quiet.", now=after(9))
        except NotAllowed as refused:
            outcome.append(refused)

    other = Thread(target=stand_down)
    with store.begin() as work:
        requested(work, incident)
        other.start()
        begun.wait()
        # Time enough to read what is loose, if nothing held it back until this transaction ends.
        other.join(0.5)
        assert other.is_alive()
    other.join()
    (refused,) = outcome
    assert isinstance(refused, NotAllowed)
    assert refused.codes == ("SWEEP_UNFINISHED",)


def test_of_two_who_stand_down_at_once_one_is_told(store: Store) -> None:
    with store.begin() as work:
        incident = ready(work)

    def run(by: Person) -> str:
        with store.begin() as work:
            lifecycle.stand_down(work, incident, by=by, reason="Quiet.", now=after(9))
        return by.id

    won, failed = split(at_once(partial(run, ADA), partial(run, GIL)))
    assert len(won) == 1
    assert f"{won[0]} moved first" in str(failed[0])


def test_a_waiver_carries_a_person_and_a_reason_and_is_given_once(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        lifecycle.waive(
            work, incident, "GUIDELINE_MISSING", by=ADA, consent=ALONE, reason="In force.", now=after(5)
        )
        with pytest.raises(Conflict):
            lifecycle.waive(
                work, incident, "GUIDELINE_MISSING", by=GIL, consent=ALONE, reason="Me too.", now=after(6)
            )
        for code in ("COMMANDER_MISSING", "REVIEW_UNSIGNED", "NONSENSE"):
            with pytest.raises(NotAllowed) as refused:
                lifecycle.waive(work, incident, code, by=ADA, consent=ALONE, reason="In a hurry.", now=after(6))
            assert refused.value.codes == ("CODE_NOT_WAIVABLE",)
        with pytest.raises(NotAuthorised):
            lifecycle.waive(
                work, incident, "SWEEP_UNFINISHED", by=EVE, consent=ALONE, reason="Enough.", now=after(6)
            )
        last = entries(work, incident)[-1]
    assert (last.actor, last.facts) == ("ada", {"code": "GUIDELINE_MISSING", "reason": "In force."})


def test_a_reopened_incident_is_in_a_new_round_without_its_waivers(store: Store) -> None:
    with store.begin() as work:
        incident = ready(work)
        lifecycle.waive(
            work, incident, "ASK_UNACKNOWLEDGED", by=ADA, consent=ALONE, reason="Called.", now=after(5)
        )
        with pytest.raises(NotAllowed, match="has not ended"):
            lifecycle.reopen(work, incident, by=ADA, reason="It is back.", now=after(6))
        lifecycle.stand_down(work, incident, by=ADA, reason="Quiet.", now=after(60))
        reopened = lifecycle.reopen(work, incident, by=GIL, reason="It is back.", now=after(70))
        assert (reopened.phase, reopened.round) == (Phase.responding, 2)
        assert lifecycle.waived_codes(work, incident) == frozenset()
        lifecycle.stand_down(work, incident, by=GIL, reason="Quiet again.", now=after(80))
        keys = [p.key for p in outbox.undelivered(work) if p.kind is outbox.Kind.event]
    assert keys == [
        f"event:stood-down:{incident}:1",
        f"event:reopened:{incident}:2",
        f"event:stood-down:{incident}:2",
    ]


def test_a_dismissed_candidate_is_reopened_for_assessment(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)
        lifecycle.dismiss(work, incident, by=ADA, reason="Old footage.", now=after(2))
        assert (
            lifecycle.reopen(work, incident, by=ADA, reason="It is new.", now=after(3)).phase is Phase.assessing
        )


def test_an_ended_incident_is_not_reopened_beside_an_open_one_of_its_key(store: Store) -> None:
    with store.begin() as work:
        ended = stood_down(work)
        other = add_candidate(work).id
        with pytest.raises(NotAllowed) as refused:
            lifecycle.reopen(work, ended, by=ADA, reason="It is back.", now=after(70))
    assert refused.value.codes == ("OTHER_INCIDENT_OPEN",)
    assert other in str(refused.value)


def test_one_incident_a_grouping_key_is_open(store: Store) -> None:
    def run() -> str | None:
        with store.begin() as work:
            try:
                return add_candidate(work).id
            except AssertionError:
                return None

    won, failed = split(at_once(*[run] * 6))
    assert failed == []
    assert len([incident for incident in won if incident]) == 1


def test_the_review_closes_the_record(store: Store) -> None:
    with store.begin() as work:
        incident = stood_down(work)
        wanted = [{"ask": None, "question": "What will be different?"}]
        began = lifecycle.start_review(work, incident, due_at=after(9999), debrief=wanted, now=after(61))
        assert began.facts["debrief"] == wanted
        with pytest.raises(NotAllowed) as refused:
            lifecycle.close(work, incident, by=FAY, now=after(62))
        assert find(work, incident).phase is Phase.reviewing
    assert refused.value.codes == ("REVIEW_UNSIGNED", "REVIEW_UNPUBLISHED")


def test_an_assessment_is_kept_and_the_severity_follows_the_impact(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)
        lifecycle.record_assessment(
            work, incident, answers={"live": "yes", "copies": "unknown"}, note="", by=ADA, now=after(2)
        )
        with pytest.raises(BadInput, match="maybe"):
            lifecycle.record_assessment(
                work, incident, answers={"live": "maybe"}, note="", by=ADA, now=after(2)
            )
        grave = Priority(severity="sev1", rule="grave", sentence="Lives are at stake.")
        lifecycle.set_priority(work, incident, Impact(harm=4), grave, by=ADA, now=after(3))
        found = find(work, incident)
        last = entries(work, incident)[-1]
    assert (found.severity, found.priority_rule, found.impact) == ("sev1", "grave", Impact(harm=4))
    assert last.facts == {"severity": "sev1", "rule": "grave", "was": "sev2"}


def test_a_restricted_incident_is_seen_by_its_circle(store: Store) -> None:
    with store.begin() as work:
        incident = ready(work)
        lifecycle.restrict(work, incident, restricted=True, by=ADA, reason="A leak.", now=after(5))
        assert visible_incidents(work, EVE) == []
        assert [found.id for found in visible_incidents(work, ADA)] == [incident]
        with pytest.raises(NotAuthorised) as refused:
            find_for(work, incident, EVE, Act.see_incidents)
        assert refused.value.codes == ("INCIDENT_RESTRICTED",)
        lifecycle.restrict(work, incident, restricted=False, by=ADA, reason="It is out.", now=after(6))
        assert find_for(work, incident, EVE, Act.see_incidents).id == incident
        with pytest.raises(NotFound, match="INC-404"):
            find(work, "INC-404")


def test_a_role_is_held_by_one_person_at_a_time(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        assert not take_role(work, incident, "commander", GIL, now=after(5))
        hand_over(work, incident, "commander", to=GIL, by=ADA, note="Shift ends.", now=after(6))
        with pytest.raises(Conflict, match="gil holds"):
            hand_over(work, incident, "commander", to=GIL, by=ADA, note="", now=after(7))
        with pytest.raises(Conflict, match="Nobody holds"):
            hand_over(work, incident, "policy", to=EVE, by=ADA, note="", now=after(7))
        held = [
            (t["person"], t["taken_at"], t["handed_over_at"], t["handed_to"]) for t in tenures(work, incident)
        ]
    assert held == [("ada", after(2), after(6), "gil"), ("gil", after(6), None, None)]


def test_of_two_who_hand_over_at_once_one_is_told(store: Store) -> None:
    hal = Person(id="hal", roles=frozenset({Role.commander}))
    with store.begin() as work:
        incident = add_crisis(work)

    def run(to: Person) -> str:
        with store.begin() as work:
            hand_over(work, incident, "commander", to=to, by=ADA, note="", now=after(6))
        return to.id

    outcomes = at_once(partial(run, GIL), partial(run, hal))
    won, failed = split(outcomes)
    with store.read() as work:
        holder = holder_of(work, incident, Role.commander)
        assert list(verify(work)) == []
    # The second is refused, or where it read the role after the first, it took the role over from there.
    assert holder in won
    assert all(isinstance(error, Conflict) for error in failed)


def test_a_guideline_is_in_force_until_the_next_version_is(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        assert guideline_in_force(work, incident, language="de", now=after(4)) is None
        assert publish(work, incident, 4) == 1
        assert publish(work, incident, 20, "Remove copies too.") == 2
        with pytest.raises(BadInput, match="no text"):
            publish(work, incident, 30, " ")
        first = guideline_in_force(work, incident, language="de", now=after(19))
        second = guideline_in_force(work, incident, language="xx", now=after(20))
        assert first is not None
        assert second is not None
        assert (first.version, first.language, first.superseded_at) == (1, "de", after(20))
        assert (second.version, second.body) == (2, "Remove copies too.")
        assert [(g.version, g.language) for g in guidelines_of(work, incident)] == [
            (1, "de"),
            (1, "en"),
            (2, "de"),
            (2, "en"),
        ]


def test_a_team_is_asked_once_about_one_occasion(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        key = ask(work, incident)
        assert key == f"ask:{incident}:german:1"
        assert ask(work, incident) is None
        messages = [p for p in outbox.undelivered(work) if p.kind is outbox.Kind.message]
        assert {(p.channel, p.payload["text"]) for p in messages} == {
            ("chat", f"Please acknowledge {key}."),
            ("mail", f"Please acknowledge {key}."),
        }
        assert str(ask(work, incident, "INC-1-S1")).startswith(f"ask:{incident}:german:")
        assert len(asks_of(work, incident)) == 2


def test_an_ask_is_acknowledged_once_and_escalated_only_before(store: Store) -> None:
    with store.begin() as work:
        key = str(ask(work, add_crisis(work)))
        waiting = unanswered_asks(work)[0]
        assert escalate_ask(work, waiting, next_due=after(60), now=after(31))
        assert not escalate_ask(work, waiting, next_due=after(60), now=after(31))
        with pytest.raises(NotAuthorised):
            acknowledge(work, key, by=DEV, now=after(32))

    def run(by: Person) -> str:
        with store.begin() as work:
            return str(acknowledge(work, key, by=by, note="On it.", now=after(33)).acknowledged_by)

    won, failed = split(at_once(partial(run, BO), partial(run, CLEO)))
    assert len(won) == len(failed) == 1
    assert isinstance(failed[0], Conflict)
    assert f"acknowledged by {won[0]} at 2026-11-22 18:33:00 UTC" in str(failed[0])
    with store.begin() as work:
        told = find_ask(work, key)
        assert (told.is_acknowledged, told.escalations, told.note) == (True, 1, "On it.")
        assert not escalate_ask(work, told, next_due=after(99), now=after(61))
        with pytest.raises(NotFound, match="ask:INC-9"):
            find_ask(work, "ask:INC-9:german:1")


def test_an_ask_is_late_once_it_is_due_while_its_crisis_is_responded_to(store: Store) -> None:
    with store.begin() as work:
        key = str(ask(work, add_crisis(work)))
        due = find_ask(work, key).due_at
        assert late_asks(work, [Phase.responding], now=after(29)) == []
        assert [each.key for each in late_asks(work, [Phase.responding], now=due)] == [key]
        assert late_asks(work, [Phase.monitoring], now=due) == []
        acknowledge(work, key, by=BO, now=due)
        assert late_asks(work, [Phase.responding], now=due) == []


def test_what_the_flow_begins_by_itself_is_no_acknowledgement(store: Store) -> None:
    with store.begin() as work:
        incident = add_candidate(work).id
        lifecycle.start_assessment(work, incident, by=SYSTEM, now=after(1))
        assert "acknowledged" not in {each["name"] for each in milestones_of(work, incident)}
        lifecycle.dismiss(work, incident, by=ADA, reason="a test of the siren", now=after(5))
        reached = {each["name"]: each["at"] for each in milestones_of(work, incident)}
    assert reached["acknowledged"] == after(5)
