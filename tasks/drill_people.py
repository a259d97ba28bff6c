"""The simulated people of a drill: each acts through the door that a real one would use."""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from itertools import count

from prefect import task

from incidents.catalogue.policies import Policy, RecommendedAction
from incidents.catalogue.teams import Team
from incidents.drills.pile import simulated_verdict
from incidents.errors import NotAllowed
from incidents.incident.incident import SYSTEM
from incidents.incident.severity import Impact, priority
from incidents.people import Person, Role
from incidents.reviews.audiences import Audience
from incidents.reviews.drafting import redraft
from incidents.reviews.publishing import sign_checked
from incidents.reviews.steps import Step
from incidents.store import lifecycle
from incidents.store.asks import acknowledge, asks_of
from incidents.store.batches import Batch, Item, claim_batch, items_of
from incidents.store.decisions import decide, finish_batch, signed
from incidents.store.ending import is_over
from incidents.store.guidelines import guideline_in_force
from incidents.store.incidents import find
from incidents.store.post_source import FileSource
from incidents.store.records import read_record
from incidents.store.review_steps import finish_step
from incidents.store.reviews import judge_factor
from incidents.store.sweeps import request_sweep, sweeps_of
from incidents.sweeps.decisions import Judgement, Verdict
from incidents.sweeps.desk import desk_for
from incidents.sweeps.exposure import SHIFT_GAP, ExposureBudget
from incidents.sweeps.scope import Scope
from tasks.candidates import open_candidates
from tasks.drills import (
    DrillStuck,
    actor,
    drill_time,
    golden_of,
    move_on,
    pile_of,
    posts_file,
    report_signal,
    request_of,
    signals_left,
)
from tasks.ranking import rank_sweep
from tasks.reviews import file_action_items
from tasks.world import catalogue, store

Clock = Callable[[], datetime]

COMMANDER, REVIEWER = "ada", "bo"
THINKS_BEFORE_DECLARING = timedelta(minutes=9)
WRITES_THE_SCOPE = timedelta(minutes=4)
WATCHES_BEFORE_STANDING_DOWN = timedelta(minutes=90)
READS_BEFORE_SIGNING = timedelta(hours=18)


@task(persist_result=False)
def declare_crisis(drill: str, incident: str, clock: Clock) -> None:
    """The commander assesses the impact and declares."""
    ada = actor(COMMANDER)
    impact = Impact.model_validate(pile_of(drill).impact)
    now = move_on(drill, drill_time(drill, clock()) + THINKS_BEFORE_DECLARING, clock)
    with store().begin() as work:
        rule = priority(impact, catalogue().priority_rules)
        lifecycle.set_priority(work, incident, impact, rule, by=ada, now=now)
        protocol = catalogue().protocol(find(work, incident).protocol)
        answers = {criterion.id: "yes" for criterion in protocol.entry_criteria}
        lifecycle.record_assessment(work, incident, answers=answers, note="simulated", by=ada, now=now)
        reason = "Every entry criterion holds, and the queues cannot answer it in time."
        lifecycle.declare(work, incident, by=ada, reason=reason, now=now)


@task(persist_result=False)
def ask_for_sweep(drill: str, incident: str, clock: Clock) -> None:
    """The commander names what is to be looked for, and where."""
    pile = pile_of(drill)
    scope = Scope(
        terms=pile.scope_terms,
        hashtags=pile.scope_hashtags,
        domains=pile.scope_domains,
        patterns=pile.scope_patterns,
    )
    now = move_on(drill, drill_time(drill, clock()) + WRITES_THE_SCOPE, clock)
    with store().begin() as work:
        request_sweep(work, incident, scope, FileSource(path=posts_file(drill)), by=actor(COMMANDER), now=now)


@task(persist_result=False)
def live_through(drill: str, incident: str, clock: Clock) -> int:
    """Let everything happen until the sweep is done, in its order; returns how many reviewers worked.

    - each team that was asked says that it heard, one in five of them late
    - the signals that are left come in
    - reviewers take batch after batch; whoever is free first takes the next, at the pace of their team
    """
    began = drill_time(drill, clock())
    shift = _Shift(drill, incident, clock)
    for heard_at, key, lead in _acknowledgements(drill, incident):
        shift.at(heard_at, partial(shift.acknowledge, key, lead))
    for due_at in signals_left(drill, clock):
        shift.at(due_at, shift.report)
    for team in catalogue().teams:
        for person in _reviewers(team):
            shift.at(began, partial(shift.take_batch, person, team))
    shift.run()
    return len(shift.worked)


class _Shift:
    """What happens while a sweep is worked, by the time at which it happens."""

    def __init__(self, drill: str, incident: str, clock: Clock) -> None:
        self.drill, self.incident, self.clock = drill, incident, clock
        self.worked: set[str] = set()
        self._happenings: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._added = count()
        self._idle: list[tuple[Person, Team]] = []
        with store().read() as work:
            self._sweep = sweeps_of(work, incident)[0].id

    def at(self, when: datetime, happens: Callable[[datetime], None]) -> None:
        """Let something happen; of two things at the same time the one that was added first."""
        heapq.heappush(self._happenings, (when, next(self._added), happens))

    def run(self) -> None:
        """Let everything happen, and what follows from it."""
        while self._happenings:
            when, _, happens = heapq.heappop(self._happenings)
            happens(move_on(self.drill, when, self.clock))
        with store().read() as work:
            if not is_over(work, self._sweep):
                raise DrillStuck(f"{self._sweep} does not end: something waits, and nobody is given it.")

    def acknowledge(self, key: str, lead: Person, now: datetime) -> None:
        """A partner lead says that the team heard."""
        with store().begin() as work:
            acknowledge(work, key, by=lead, note="simulated", now=now)

    def report(self, now: datetime) -> None:
        """The next signal comes in, and detection ties it to the incident."""
        report_signal.fn(self.drill, self.clock)
        open_candidates.fn(now, self.drill)

    def take_batch(self, person: Person, team: Team, now: datetime) -> None:
        """A reviewer takes the next batch of the team, and will be done with it at the team's pace.

        Whoever needs a break, or has seen enough for now, comes back when that is over; where nothing
        waits while others still read, what they say may be next.
        """
        desk = desk_for(catalogue(), person, team.id, drill=True)
        try:
            with store().begin() as work:
                batch = claim_batch(work, desk, by=person, now=now, sweep=self._sweep)
                over = batch is None and is_over(work, self._sweep)
        except NotAllowed as rest:
            self.at(now + _rest(rest.codes, team.exposure), partial(self.take_batch, person, team))
            return
        if batch is not None:
            pace = timedelta(hours=1) / team.pace_per_hour
            self.at(now + batch.size * pace, partial(self.end_batch, person, team, batch))
        elif not over:
            self._idle.append((person, team))

    def end_batch(self, person: Person, team: Team, batch: Batch, now: datetime) -> None:
        """A reviewer decides every item of a batch, and takes the next one."""
        _decide_batch(self.drill, batch, person, now)
        rank_sweep(self._sweep)
        self.worked.add(person.id)
        self.take_batch(person, team, now)
        idle, self._idle = self._idle, []
        for other, their_team in idle:
            self.at(now, partial(self.take_batch, other, their_team))


def _rest(codes: Sequence[str], budget: ExposureBudget) -> timedelta:
    """How long somebody stays away who was told to: a break ends a row of severe items too."""
    short = not {"BREAK_DUE", "SEVERE_IN_A_ROW"}.isdisjoint(codes)
    return timedelta(minutes=budget.break_minutes) if short else SHIFT_GAP


def _acknowledgements(drill: str, incident: str) -> list[tuple[datetime, str, Person]]:
    with store().read() as work:
        waiting = [ask for ask in asks_of(work, incident) if not ask.is_acknowledged]
    hears = [(ask.asked_at + (ask.due_at - ask.asked_at) * _slowness(drill, ask.team), ask) for ask in waiting]
    return [(heard_at, ask.key, _lead_of(ask.team)) for heard_at, ask in hears]


def _slowness(drill: str, team: str) -> float:
    """Share of the agreed time that a team takes: 0.3 to 0.7, and 1.8 for one in five."""
    dice = sha256(f"{request_of(drill).seed}:{team}".encode()).digest()
    return 1.8 if dice[0] < 51 else 0.3 + 0.4 * dice[1] / 255


def _lead_of(team: str) -> Person:
    members = catalogue().members(team, drill=True)
    return next((person for person in members if Role.partner_lead in person.roles), members[0])


def _reviewers(team: Team) -> Sequence[Person]:
    """Everybody in the team: its lead reads too, and settles what two others see differently."""
    members = catalogue().members(team.id, drill=True)
    return members if team.languages else []


def _decide_batch(drill: str, batch: Batch, person: Person, now: datetime) -> None:
    policy = catalogue().policy(pile_of(drill).policy)
    with store().begin() as work:
        judgements = [_judge(drill, item, person, policy) for item in items_of(work, batch.id, person)]
        guideline = guideline_in_force(work, batch.incident_id, language=batch.language, now=now)
        sent = signed(
            judgements,
            by=person,
            policies={policy.id: policy},
            guideline_version=guideline.version if guideline else None,
            now=now,
        )
        decide(work, batch.id, sent, by=person, policies={policy.id: policy}, now=now)
        finish_batch(work, batch.id, by=person, now=now)


@cache
def _truth_of(drill: str) -> dict[str, bool | None]:
    """Post → whether it violates; None where nobody knows."""
    truth = pile_of(drill).truth
    golden: dict[str, bool | None] = {item.id(drill): item.violates for item in golden_of(drill)}
    return golden | dict(zip(truth["id"], truth["violating"], strict=True))


def _judge(drill: str, item: Item, person: Person, policy: Policy) -> Judgement:
    """The simulated person's verdict: the truth, or its opposite at the drill's error rate."""
    asked = request_of(drill)
    truth = _truth_of(drill).get(item.item)
    # Without a truth the scope itself has to do: two of its entries in one post are taken for a violation.
    violating = len(set(item.matched)) >= 2 if truth is None else truth
    if not simulated_verdict(
        item.item, violating, reviewer=person.id, error_rate=asked.error_rate, seed=asked.seed
    ):
        return Judgement(item=item.item, verdict=Verdict.does_not_violate, action=RecommendedAction.keep)
    return Judgement(
        item=item.item,
        verdict=Verdict.violates,
        policy=policy.id,
        clause=policy.clauses[0].id,
        action=policy.action,
    )


@task(persist_result=False)
def stand_down_crisis(drill: str, incident: str, clock: Clock) -> None:
    """The commander watches for a while, and ends the crisis."""
    now = move_on(drill, drill_time(drill, clock()) + WATCHES_BEFORE_STANDING_DOWN, clock)
    with store().begin() as work:
        reason = "The sweep is done and nothing new came in."
        lifecycle.stand_down(work, incident, by=actor(COMMANDER), reason=reason, now=now)


@task(persist_result=False)
def sign_retrospective(drill: str, incident: str, clock: Clock) -> None:
    """The owner asks those who were there; the reviewer judges factors, files what must change, and signs."""
    ada, bo = actor(COMMANDER), actor(REVIEWER)
    now = move_on(drill, drill_time(drill, clock()) + READS_BEFORE_SIGNING, clock)
    with store().begin() as work:
        found = find(work, incident)
        approvers = catalogue().approvers(found.protocol, found.severity, Audience.internal)
        finish_step(work, incident, Step.interviews, approvers=approvers, by=ada, note="simulated", now=now)
        for factor in read_record(work, incident).factors:
            reason = "The entries bear it out."
            judge_factor(work, incident, factor.number, state="accepted", reason=reason, by=bo, now=now)
    file_action_items(incident, now)
    with store().begin() as work:
        version = redraft(work, incident, author=SYSTEM.id, now=now)
        reason = "It says what happened."
        sign_checked(work, incident, version, approvers=approvers, by=bo, reason=reason, now=now)
