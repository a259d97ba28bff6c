"""What goes on without a person: candidates, questions, mobilisation, and the repair that `watch` does.

The tasks run as plain functions on a real store; what they ask of Prefect's server is answered here. That
the server answers alike is shown by test_killing.py, where everything is real.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.catalogue.protocols import Approval
from incidents.catalogue.sheets import SHIPPED
from incidents.errors import PartnerUnreachable
from incidents.four_eyes import ALONE
from incidents.incident.incident import SYSTEM
from incidents.incident.phases import Phase
from incidents.incident.runs import RunState
from incidents.people import Person, Role
from incidents.reviews.steps import Step
from incidents.signals.signal import read_signal
from incidents.store import attempts, lifecycle, outbox
from incidents.store.action_items import file_action
from incidents.store.asks import acknowledge, asks_of
from incidents.store.batches import batches_of, claim
from incidents.store.briefs import send_brief
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.gates import GateKind, open_gates
from incidents.store.guidelines import guidelines_of
from incidents.store.incidents import find
from incidents.store.records import read_record
from incidents.store.review_steps import finish_step
from incidents.store.roles import tenures
from incidents.store.schema import incidents, review_steps
from incidents.store.shift_notes import last_note
from incidents.store.signals import take_signal
from incidents.store.sweeps import request_sweep
from incidents.store.timeline import entries
from incidents.timeline import Event
from tasks import gates, mobilisation, notes, reminders, reviews, upkeep, world
from tasks.attempts import attempt_key
from tasks.briefs import remind_of_late_briefs
from tasks.candidates import begin_assessment, open_candidates
from tasks.upkeep import MOST_STARTS, PATIENCE
from tests.incidents.sweep_rows import SCOPE, SOURCE, add_batch, frozen, pile
from tests.incidents.test_timeline import unguard
from tests.props import a_signal
from tests.stack import PEOPLE
from tests.tasks.fresh_world import fresh_world
from tests.tasks.servers import answers, http_partner

NOW = datetime.now(UTC)
NOOR = Person(id="noor", roles=frozenset({Role.commander}))
SARA = Person(id="sara", roles=frozenset({Role.partner_lead}), team="english")
RUN = "0193e6a0-0000-7000-8000-000000000001"
OTHER_RUN = "0193e6a0-0000-7000-8000-000000000002"


@dataclass
class Prefect:
    """What Prefect's server would say, and what it was asked to do."""

    states: dict[str, str] = field(default_factory=dict)
    since: datetime = NOW
    restarted: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    started: list[tuple[str, str]] = field(default_factory=list)

    def run_state(self, run: str) -> RunState | None:
        return RunState(self.states[run], self.since) if run in self.states else None

    def start_again(self, run: str, _machine_now: datetime) -> None:
        self.restarted.append(run)

    def wake_run(self, run: str, _machine_now: datetime) -> str:
        self.woken.append(run)
        return "SCHEDULED"

    def start_run(self, flow: str, _request: dict[str, str], key: str) -> str:
        self.started.append((flow, key))
        return OTHER_RUN


@pytest.fixture(autouse=True)
def own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own, with the people of the tests."""
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    with fresh_world(tmp_path, monkeypatch):
        yield


@pytest.fixture
def store() -> Store:
    """The store that the tasks of this process use."""
    return world.store()


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> Prefect:
    """A server that is asked by `watch`."""
    asked = Prefect()
    for name in ("run_state", "start_again", "wake_run", "start_run"):
        monkeypatch.setattr(upkeep, name, getattr(asked, name))
    return asked


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def hand_in(store: Store, topic: str = "clinic", by: Person = SYSTEM) -> None:
    with store.begin() as work:
        take_signal(work, read_signal(a_signal(topic), origin="test"), by=by, now=NOW)


def candidate(store: Store) -> str:
    """A candidate that detection opened, and that its flow has begun to look at."""
    hand_in(store)
    (incident,) = open_candidates.fn(NOW)
    begin_assessment.fn(incident, NOW)
    return incident


def crisis(store: Store) -> str:
    """A crisis that Noor declared and the flow mobilised."""
    incident = candidate(store)
    with store.begin() as work:
        lifecycle.declare(work, incident, by=NOOR, reason="It spreads.", now=NOW)
    mobilisation.ask_notified_teams.fn(incident, NOW)
    mobilisation.publish_first_guideline.fn(incident, NOW)
    mobilisation.begin_response.fn(incident, NOW)
    return incident


def lead(store: Store, incident: str, *, state: str = "running", flow: str = "crisis") -> str:
    """Have a run lead a flow of the incident, and return the key of it."""
    key = attempt_key(flow, incident, incident)
    with store.begin() as work:
        assert take_lead(work, key, incident, flow)
        attempts.rest(work, key, RUN, state, machine_now=NOW)
    return key


def take_lead(work: Work, key: str, incident: str, flow: str = "crisis", minutes: float = 0) -> bool:
    """Have the run start, so many minutes after the crisis began."""
    return attempts.take_lead(
        work,
        key,
        flow=flow,
        incident=incident,
        flow_run_id=RUN,
        machine_now=after(minutes),
        dead_after=timedelta(seconds=60),
    )


def told(store: Store, incident: str) -> list[str]:
    with store.read() as work:
        return [entry.event.value for entry in entries(work, incident)]


def escalations(store: Store, channel: str = "escalations") -> list[str]:
    """The messages that are promised to the channel for escalations, or to another one."""
    with store.read() as work:
        return [parcel.key for parcel in outbox.undelivered(work) if parcel.channel == channel]


def test_a_signal_opens_one_candidate_and_the_next_one_joins_it(store: Store) -> None:
    hand_in(store)
    (incident,) = open_candidates.fn(NOW)
    with store.begin() as work:
        again = read_signal(a_signal("clinic").replace("3000", "9000"), origin="test")
        take_signal(work, again, by=SYSTEM, now=after(1))
    assert open_candidates.fn(after(1)) == []
    assert told(store, incident).count(Event.signal_attached) == 2
    with store.read() as work:
        events = [p.key for p in outbox.undelivered(work)]
        assert events == [f"event:candidate:{incident}"]
    # Another matter is another candidate.
    hand_in(store, topic="bridge")
    assert len(open_candidates.fn(after(2))) == 1


def test_a_candidate_is_looked_at_once(store: Store) -> None:
    incident = candidate(store)
    assert begin_assessment.fn(incident, after(3)) is Phase.assessing
    assert told(store, incident).count(Event.assessment_started) == 1


def test_a_question_is_asked_once_and_not_where_it_is_settled(store: Store) -> None:
    incident = candidate(store)
    gate = gates.open_gate.fn(incident, GateKind.declare, RUN, NOW)
    assert gate is not None
    assert "is this a crisis?" in gates.question(gate)
    again = gates.open_gate.fn(incident, GateKind.declare, OTHER_RUN, after(1))
    assert again is not None
    assert (again.id, again.flow_run_id, again.due_at) == (gate.id, OTHER_RUN, gate.due_at)
    assert told(store, incident).count(Event.gate_opened) == 1
    with store.begin() as work:
        lifecycle.declare(work, incident, by=NOOR, reason="It spreads.", now=after(2))
    assert gates.open_gate.fn(incident, GateKind.declare, RUN, after(3)) is None
    assert gates.open_gate.fn(incident, GateKind.sign_off, RUN, after(3)) is None


def test_who_is_asked_whether_it_is_a_crisis_reads_what_is_overdue_from_the_last_one(store: Store) -> None:
    earlier = crisis(store)
    with store.begin() as work:
        due_at = NOW + timedelta(seconds=1)
        new: dict[str, Any] = {
            "title": "Match *mirrored* copies",
            "kind": "detect",
            "owner": "noor",
            "success": "The drill",
        }
        file_action(work, earlier, **new, due_at=due_at, by=SYSTEM, now=NOW)
        lifecycle.waive(
            work, earlier, "ASK_UNACKNOWLEDGED", by=NOOR, consent=ALONE, reason="By telephone.", now=NOW
        )
        lifecycle.stand_down(work, earlier, by=NOOR, reason="Quiet.", now=NOW)
    hand_in(store, topic="bridge")
    (incident,) = open_candidates.fn(after(1))
    begin_assessment.fn(incident, after(1))
    gate = gates.open_gate.fn(incident, GateKind.declare, RUN, after(1))
    assert gate is not None
    asked = gates.question(gate)
    assert f"- `{earlier}-A1` Match \\*mirrored\\* copies: due " in asked


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"person": "mallory", "decision": "declare", "reason": "r"}, "PERSON_UNKNOWN"),
        ({"person": "", "decision": "declare", "reason": "r"}, "PERSON_UNKNOWN"),
        ({"person": "bo-r", "decision": "declare", "reason": "r"}, "ROLE_MISSING"),
        ({"person": "noor", "decision": "declare", "reason": " "}, "REASON_MISSING"),
        ({"person": "noor", "decision": "", "reason": "r"}, "NO_DECISION"),
        ({"person": "noor", "decision": "sign", "reason": "r"}, "NO_DECISION"),
    ],
)
def test_an_answer_on_prefects_form_passes_the_same_rules(
    store: Store, answer: dict[str, str], code: str
) -> None:
    incident = candidate(store)
    gate = gates.open_gate.fn(incident, GateKind.declare, RUN, NOW)
    assert gate is not None
    refused = gates.take_answer.fn(gate, answer, after(1))
    assert (refused.is_answered, refused.refusals) == (False, 1)
    assert code in str(refused.refused_because)
    assert "The last answer was refused" in gates.question(refused)
    with store.read() as work:
        assert find(work, incident).phase is Phase.assessing
    # Asked again, it can be answered.
    good = {"person": "noor", "decision": "dismiss", "reason": "A film."}
    assert gates.take_answer.fn(refused, good, after(2)).is_answered
    with store.read() as work:
        assert find(work, incident).phase is Phase.dismissed


@pytest.mark.parametrize("answer", [{}, {"person": "", "decision": "", "reason": ""}])
def test_a_run_that_was_woken_without_an_answer_asks_again_and_blames_nobody(
    store: Store, answer: dict[str, str]
) -> None:
    incident = candidate(store)
    gate = gates.open_gate.fn(incident, GateKind.declare, RUN, NOW)
    assert gate is not None
    again = gates.take_answer.fn(gate, answer, after(1))
    assert (again.is_answered, again.refusals, again.refused_because) == (False, 1, None)
    assert Event.gate_refused not in told(store, incident)


def test_an_answer_on_the_form_that_came_too_late_changes_nothing(store: Store) -> None:
    incident = candidate(store)
    gate = gates.open_gate.fn(incident, GateKind.declare, RUN, NOW)
    assert gate is not None
    with store.begin() as work:
        lifecycle.declare(work, incident, by=NOOR, reason="It spreads.", now=after(1))
    late = gates.take_answer.fn(gate, {"person": "ada-l", "decision": "dismiss", "reason": "A film."}, after(2))
    assert (late.answer, late.answered_by) == ("declare", "noor")


def test_mobilising_twice_does_everything_once(store: Store) -> None:
    incident = crisis(store)
    assert mobilisation.fill_roles.fn(incident, NOW) == ["analyst", "policy"]
    assert mobilisation.fill_roles.fn(incident, after(1)) == []
    assert mobilisation.publish_first_guideline.fn(incident, after(1)) is None
    assert mobilisation.ask_notified_teams.fn(incident, after(1)) == []
    assert mobilisation.begin_response.fn(incident, after(1)) is Phase.responding
    asked = mobilisation.ask_sweep_team.fn(incident, f"{incident}-S1", "english", 5, after(1))
    assert asked == f"ask:{incident}:english:1"
    assert mobilisation.ask_sweep_team.fn(incident, f"{incident}-S1", "english", 5, after(2)) is None
    with store.read() as work:
        assert {role["role"]: role["person"] for role in tenures(work, incident)} == {
            "commander": "noor",
            "analyst": "ada-l",
            "policy": "petra",
        }
        assert [guideline.version for guideline in guidelines_of(work, incident)] == [1]
        assert len(asks_of(work, incident)) == 4
        messages = [p for p in outbox.undelivered(work) if p.kind is outbox.Kind.message]
        assert len(messages) == 4


def test_a_batch_whose_reviewer_went_away_is_free_again(store: Store) -> None:
    incident = crisis(store)
    with store.begin() as work:
        sweep = request_sweep(work, incident, SCOPE, SOURCE, by=NOOR, now=NOW).id
        freeze(work, sweep, frozen(pile(("p1", "en"), ("p2", "en"))), now=NOW)
        batch = add_batch(work, sweep, "english", "en", ["p1", "p2"])
        claim(work, batch, by=SARA, now=NOW, lease_minutes=30)
    assert upkeep.return_expired_leases.fn(after(29)) == 0
    assert upkeep.return_expired_leases.fn(after(30)) == 1
    assert upkeep.return_expired_leases.fn(after(31)) == 0
    with store.read() as work:
        assert batches_of(work, sweep)[0].leased_to is None


def test_an_ask_that_nobody_hears_is_escalated_and_again_after_a_while(store: Store) -> None:
    incident = crisis(store)
    with store.read() as work:
        due = max(ask.due_at for ask in asks_of(work, incident))
        count = len(asks_of(work, incident))
    assert upkeep.escalate_late_asks.fn(NOW) == 0
    assert upkeep.escalate_late_asks.fn(due) == count
    assert upkeep.escalate_late_asks.fn(due) == 0
    assert upkeep.escalate_late_asks.fn(due + PATIENCE) == count
    keys = escalations(store)
    assert len(keys) == len(set(keys)) == 2 * count
    assert f"ask:{incident}:legal:1:late:2>escalations" in keys
    assert told(store, incident).count(Event.ask_escalated) == 2 * count


ROSTER = """\
version: 1
rotations:
  - {id: c, title: Commander, duty: commander, people: [noor], zone: UTC, starts: 2026-01-05}
  - {id: l, title: Legal, duty: legal, people: [nobody-known], zone: UTC, starts: 2026-01-05}
"""


def test_who_is_on_call_is_told_of_what_is_late_where_they_may_see_it(store: Store) -> None:
    folder = world.settings().catalogue_folder
    (folder / "oncall.yaml").write_text(ROSTER, encoding="utf-8")
    own = PEOPLE.replace("{id: noor,", "{id: noor, channel: english,")
    (folder / "people.yaml").write_text(own, encoding="utf-8")
    world.files.cache_clear()
    incident = candidate(store)
    gate = gates.open_gate.fn(incident, GateKind.declare, RUN, NOW)
    assert gate is not None
    upkeep.escalate_late_gates.fn(gate.due_at)
    assert escalations(store, "english") == [f"gate:{gate.id}:late:1>english"]
    with store.begin() as work:
        work.execute(sa.update(incidents).values(restricted=True))
    upkeep.escalate_late_gates.fn(gate.due_at + PATIENCE)
    assert escalations(store, "english") == [f"gate:{gate.id}:late:1>english"]
    assert len(escalations(store)) == 2


def test_a_brief_that_nobody_sent_is_reminded_of_once_and_again_when_the_next_is_missed(store: Store) -> None:
    incident = crisis(store)
    with store.read() as work:
        minutes = world.catalogue().severity(find(work, incident).severity).clocks.brief_minutes

    def reminded(minutes: float) -> int:
        return remind_of_late_briefs.fn(after(minutes))

    assert [reminded(minutes - 0.1), reminded(minutes), reminded(minutes), reminded(minutes * 1.9)] == [
        0,
        1,
        0,
        0,
    ]
    # `watch` was away for two of them: it tells of the last one alone.
    assert [reminded(minutes * 4.5), reminded(minutes * 4.9)] == [1, 0]
    keys = escalations(store)
    assert keys == [f"brief:{incident}:1:late:{missed}>escalations" for missed in (1, 4)]
    with store.begin() as work:
        send_brief(work, incident, "Two teams read", channels=["legal"], by=NOOR, now=after(minutes * 5))
    assert [reminded(minutes * 5.9), reminded(minutes * 6)] == [0, 1]
    assert told(store, incident).count(Event.brief_missed) == 3
    with store.begin() as work:
        for ask in asks_of(work, incident):
            acknowledge(work, ask.key, by=NOOR, now=NOW)
        lifecycle.stand_down(work, incident, by=NOOR, reason="Quiet.", now=NOW)
    assert reminded(minutes * 20) == 0


def test_a_question_that_nobody_answers_is_escalated(store: Store) -> None:
    incident = candidate(store)
    gate = gates.open_gate.fn(incident, GateKind.declare, RUN, NOW)
    assert gate is not None
    assert upkeep.escalate_late_gates.fn(NOW) == 0
    assert upkeep.escalate_late_gates.fn(gate.due_at) == 1
    assert upkeep.escalate_late_gates.fn(gate.due_at) == 0
    assert escalations(store) == [f"gate:{gate.id}:late:1>escalations"]
    with store.read() as work:
        (waiting,) = open_gates(work, incident)
    assert (waiting.escalations, waiting.due_at) == (1, gate.due_at + PATIENCE)


def reviewed(store: Store) -> str:
    """A crisis that is over, and whose review has begun: its draft is written, and nobody signed it."""
    incident = crisis(store)
    with store.begin() as work:
        for ask in asks_of(work, incident):
            acknowledge(work, ask.key, by=NOOR, now=NOW)
        lifecycle.stand_down(work, incident, by=NOOR, reason="Quiet.", now=NOW)
    reviews.begin_review.fn(incident, after(1))
    reviews.gather_evidence.fn(incident, after(1))
    reviews.draft_retrospective.fn(incident, after(1))
    return incident


def test_a_late_step_of_a_review_is_told_to_one_after_the_other(store: Store) -> None:
    incident = reviewed(store)
    with store.read() as work:
        days = world.catalogue().severity(find(work, incident).severity).review_days

    def reminded(days: float) -> int:
        return reminders.remind_of_late_steps.fn(NOW + timedelta(days=days))

    assert [reminded(days.interviews - 0.1), reminded(days.interviews), reminded(days.interviews)] == [0, 1, 0]
    assert [reminded(days.interviews + 1), reminded(days.interviews + 1)] == [1, 0]
    with store.begin() as work:
        finish_step(work, incident, Step.interviews, approvers=(), by=NOOR, note="", now=NOW)
    # What is done is not told of any more.
    assert [reminded(60) for _ in range(4)] == [3, 3, 3, 0]
    sent = {key.removeprefix(f"step:{incident}:1:"): text for key, text in step_messages(store).items()}
    late = (f"{step}:{times}" for step in ("publication", "reading", "signature") for times in (1, 2, 3))
    assert sorted(sent) == ["interviews:1", "interviews:2", *late]
    assert "to noor." in sent["interviews:1"]
    assert "`watchfloor review skip" in sent["interviews:1"]
    assert "to bo-r." in sent["reading:1"]
    assert "to noor." in sent["reading:2"]
    assert "to whoever runs Watchfloor." in sent["reading:3"]
    assert "`watchfloor review status" in sent["publication:1"]
    assert f"- Nobody has signed version 1. `watchfloor review sign {incident}" in sent["signature:1"]
    assert told(store, incident).count(Event.step_escalated) == len(sent)


def test_the_signature_is_asked_for_as_a_step_of_the_review_and_not_every_half_hour(store: Store) -> None:
    incident = reviewed(store)
    gate = gates.open_gate.fn(incident, GateKind.sign_off, RUN, after(2))
    assert gate is not None
    with store.read() as work:
        days = world.catalogue().severity(find(work, incident).severity).review_days
        before = read_record(work, incident)
    assert gate.due_at == NOW + timedelta(days=days.signature)
    assert upkeep.escalate_late_gates.fn(gate.due_at + timedelta(days=1)) == 0
    reminders.remind_of_late_steps.fn(gate.due_at)
    with store.begin() as work:
        for parcel in outbox.undelivered(work):
            if parcel.payload.get("key", "").startswith("step:"):
                outbox.mark_delivered(work, parcel, reference="it went", now=gate.due_at)
    with store.read() as work:
        # What was told of the signature is about the document, and does not make it another one.
        assert read_record(work, incident) == before


def asked_of(store: Store, incident: str, step: str, *approvals: dict[str, Any]) -> dict[str, str]:
    """Channel → text of the first reminders of a step, where the site has these approvals and channels."""
    known = world.catalogue()
    with store.read() as work:
        found = find(work, incident)
    protocol = known.protocol(found.protocol)
    needs = tuple(Approval.model_validate(each) for each in approvals)
    mine = protocol.model_copy(update={"approvals": needs})
    people = [p.model_copy(update={"channel": "bo-chat" if p.id == "bo-r" else None}) for p in known.people]
    told = {"protocols": (mine,), "people": tuple(people)}
    with pytest.MonkeyPatch.context() as patch:
        for module in (reminders, reviews, gates):
            patch.setattr(module, "catalogue", lambda: known.model_copy(update=told))
        reviews.begin_review.fn(incident, after(2))
        reminders.remind_of_late_steps.fn(NOW + timedelta(days=60))
        gate = gates.open_gate.fn(incident, GateKind.sign_off, RUN, after(2))
        assert gate is not None
        assert ("`APPROVAL_MISSING` legal has not approved" in gates.question(gate)) is bool(needs)
    with store.read() as work:
        parcels = [p for p in outbox.undelivered(work) if f":{step}:1" in p.key and "step:" in p.key]
    return {parcel.channel or "": parcel.payload["text"] for parcel in parcels}


def test_a_reminder_goes_to_whom_the_step_waits_for_and_names_what_is_missing(store: Store) -> None:
    incident = reviewed(store)
    by_legal = {"audience": "internal", "by": ["legal"]}
    asked = asked_of(store, incident, "approvals", by_legal)
    assert list(asked) == ["legal"]
    lines = asked["legal"].splitlines()
    missing = "legal has not approved version 1 for the audience internal."
    assert f"- {missing} `watchfloor review approve {incident} --audience internal --version 1`" in lines
    assert f"- Nobody has signed version 1. `watchfloor review sign {incident} --version 1`" in lines
    # Bo, who signs, is reached alone; Noor, who owns the review, has no channel.
    assert list(asked_of(store, incident, "signature", by_legal)) == ["bo-chat"]
    assert list(asked_of(store, incident, "publication", by_legal)) == ["escalations"]


def test_a_review_that_began_before_there_were_steps_gets_them(store: Store) -> None:
    incident = reviewed(store)
    with store.begin() as work:
        work.execute(sa.delete(review_steps))
    assert reminders.remind_of_late_steps.fn(NOW) == 0
    assert reminders.remind_of_late_steps.fn(NOW + timedelta(days=60)) > 0
    assert "signature:1" in {key.removeprefix(f"step:{incident}:1:") for key in step_messages(store)}


def step_messages(store: Store) -> dict[str, str]:
    """Key → text of every message about a late step."""
    with store.read() as work:
        payloads = [parcel.payload for parcel in outbox.undelivered(work)]
    return {each["key"]: each["text"] for each in payloads if each.get("key", "").startswith("step:")}


@pytest.mark.parametrize(
    ("state", "minutes", "restarted"),
    [
        ("CRASHED", 0.05, False),  # Prefect's worker is about to say so once more
        ("CRASHED", 0.5, True),
        ("FAILED", 0.5, True),
        ("CANCELLED", 0.5, True),
        ("RUNNING", 0.5, False),  # it said so half a minute ago
        ("RUNNING", 2, True),  # it has said nothing since
        ("PENDING", 2, True),
        ("SCHEDULED", 2, False),
        ("PAUSED", 2, False),  # it waits for a person, for days if need be
    ],
)
def test_what_died_is_started_again_and_nothing_else(
    store: Store, prefect: Prefect, state: str, minutes: float, restarted: bool
) -> None:
    incident = crisis(store)
    lead(store, incident, state="waiting" if state == "PAUSED" else "running")
    prefect.states[RUN] = state
    assert upkeep.restart_dead_runs.fn(after(minutes)) == restarted
    assert prefect.restarted == [RUN] * restarted
    assert told(store, incident).count(Event.run_restarted) == restarted


def test_a_run_that_prefect_lost_is_replaced(store: Store, prefect: Prefect) -> None:
    incident = crisis(store)
    key = lead(store, incident)
    assert upkeep.restart_dead_runs.fn(after(1)) == 1
    assert prefect.started == [("crisis", f"{key}:instead-of:{RUN}")]
    with store.read() as work:
        assert [(each.key, each.flow_run_id) for each in attempts.unfinished(work)] == [(key, OTHER_RUN)]


def test_what_died_too_often_is_left_to_a_person_who_is_told_once(store: Store, prefect: Prefect) -> None:
    incident = crisis(store)
    key = lead(store, incident)
    for minute in range(1, MOST_STARTS):
        with store.begin() as work:
            assert take_lead(work, key, incident, minutes=minute)
    prefect.states[RUN] = "CRASHED"
    assert [upkeep.restart_dead_runs.fn(after(n)) for n in (20, 21)] == [0, 0]
    assert prefect.restarted == []
    assert escalations(store) == [f"stuck:{key}:{RUN}>escalations"]


def test_a_flow_whose_event_was_lost_is_started(store: Store, prefect: Prefect) -> None:
    incident = crisis(store)
    with store.begin() as work:
        sweep = request_sweep(work, incident, SCOPE, SOURCE, by=NOOR, now=NOW).id
    # What was asked for a moment ago is left to its event.
    assert upkeep.start_missing_runs.fn(after(0.5)) == 0
    assert upkeep.start_missing_runs.fn(after(2)) == 2
    assert prefect.started == [("crisis", f"missing:crisis:{incident}"), ("sweep", f"missing:sweep:{sweep}")]
    lead(store, incident)
    assert upkeep.start_missing_runs.fn(after(3)) == 1


@pytest.mark.parametrize(("state", "woken"), [("PAUSED", 1), ("RUNNING", 0), ("SCHEDULED", 0)])
def test_a_run_that_missed_its_answer_is_woken(store: Store, prefect: Prefect, state: str, woken: int) -> None:
    incident = candidate(store)
    gates.open_gate.fn(incident, GateKind.declare, RUN, NOW)
    lead(store, incident, state="waiting")
    prefect.states[RUN] = state
    assert upkeep.wake_answered_runs.fn(after(1)) == 0
    with store.begin() as work:
        lifecycle.declare(work, incident, by=NOOR, reason="It spreads.", now=after(1))
    assert upkeep.wake_answered_runs.fn(after(2)) == woken
    assert prefect.woken == [RUN] * woken


def test_a_record_that_was_changed_fails_the_round(store: Store) -> None:
    incident = crisis(store)
    assert upkeep.verify_timelines.fn(NOW) == 0
    with store.begin() as work:
        unguard(work)
        work.connection.exec_driver_sql("UPDATE timeline SET actor = 'mallory' WHERE seq = 2")
    with pytest.raises(RuntimeError, match=f"{incident} at entry 2"):
        upkeep.verify_timelines.fn(NOW)


@pytest.mark.parametrize("status", [200, 500])
def test_the_dead_man_hears_of_a_round_that_passed(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    upkeep.ping_dead_man.fn({})  # nobody asked for it
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http_partner(answers(status)) as address:
        monkeypatch.setenv("WATCHFLOOR_DEAD_MAN_URL", address.url)
        world.settings.cache_clear()
        if status == 200:
            upkeep.ping_dead_man.fn({})
        else:
            with pytest.raises(PartnerUnreachable, match="raise its alarm"):
                upkeep.ping_dead_man.fn({})
    assert len(address.requests) == 1


def test_a_shift_note_is_written_once_an_hour_and_tells_what_waits(store: Store) -> None:
    incident = crisis(store)
    hour = NOW.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    assert notes.write_shift_notes.fn(hour) == 1
    assert notes.write_shift_notes.fn(hour + timedelta(minutes=50)) == 0
    assert notes.write_shift_notes.fn(hour + timedelta(hours=8)) == 1
    assert told(store, incident).count(Event.shift_noted) == 2
    assert len(escalations(store)) == 2
    with store.read() as work:
        note = last_note(work, incident)
        assert note is not None
        assert note.seq > 0


def test_a_changed_catalogue_is_kept_within_a_minute(store: Store, tmp_path: Path) -> None:
    assert upkeep.keep_what_is_in_force.fn(NOW) > 0
    assert upkeep.keep_what_is_in_force.fn(after(1)) == 0
    shipped = (SHIPPED / "checklists.yaml").read_text(encoding="utf-8")
    (tmp_path / "catalogue" / "checklists.yaml").write_text(
        shipped.replace("version: 1", "version: 2"), encoding="utf-8"
    )
    # The next run of the flow is a process of its own, which reads the files anew.
    world.files.cache_clear()
    assert upkeep.keep_what_is_in_force.fn(after(2)) == len(world.catalogue().checklists)
