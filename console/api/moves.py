"""What somebody does with an incident: declare it, end it, ask others, pass it on."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import BackgroundTasks, Path, Response
from fastapi import Body as InBody
from pydantic import BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.asks import AskTold
from console.api.bodies import Because, Sent
from console.api.examples import ASK, INCIDENT
from console.api.ground import ONCE, IfMatch, refuse_outdated, room, shows, tag_of
from console.api.incidents import IncidentTold, incident_told
from console.api.proposals import WAITS, waits
from console.asking import ask_by_hand
from console.briefing import brief_due, brief_teams
from console.problems import CodedReason, coded
from console.second_person import take_or_propose
from console.standing import what_is_loose
from incidents.incident.incident import Incident
from incidents.incident.phases import NEXT, Phase
from incidents.incident.severity import Impact
from incidents.people import Act, Role
from incidents.proposals import Proposal, Step, Wanted
from incidents.store import lifecycle, roles, stars
from incidents.store.asks import ask_partner, find_ask
from incidents.store.briefs import LONGEST
from incidents.store.by_hand import LONGEST_TITLE, Described, open_by_hand
from incidents.store.engine import Work
from incidents.store.gates import GateKind, open_gates
from incidents.store.incidents import find, find_for

router = room("incidents")

Entry = Annotated[int, Path(ge=1, lt=2**31, description="Its number in the timeline.")]


class NewIncident(Sent):
    """A crisis that nothing detected, as somebody describes it."""

    title: str = Field(min_length=1, max_length=LONGEST_TITLE, description="One line.")
    impact: Impact = Impact()
    policy: str | None = Field(None, max_length=200, description="What it is about.")
    protocol: str | None = Field(None, max_length=200, description="Without it: the default one.")
    reason: str = Field(max_length=2_000, description="Why it is declared.")


class Brief(Sent):
    """A short report to those who follow a crisis."""

    text: str = Field(min_length=1, max_length=LONGEST, description="Without content of posts.")


class Briefed(BaseModel):
    """A brief that is on its way."""

    number: int
    text: str
    channels: list[str] = Field(description="Those of the teams that were asked for something.")
    sent_at: datetime
    next_due_at: datetime | None = Field(description="By the severity of the incident.")


_BRIEF: Final = {"text": "Two teams read. The next brief is at 18:00 UTC."}
_BRIEFED: Final = _BRIEF | {
    "number": 3,
    "channels": ["english", "legal"],
    "sent_at": "2026-11-23T17:00:00Z",
    "next_due_at": "2026-11-23T18:00:00Z",
}


class Waiver(Because):
    """A coded reason that is taken out of the way."""

    code: str = Field(max_length=100)


class Restriction(Because):
    """Who may see the incident."""

    restricted: bool = Field(description="true: those who hold a role on it alone.")


class HandOver(Sent):
    """A role that is passed on."""

    role: Role
    to: str = Field(max_length=100, description="Who holds it from now on.")
    note: str = Field("", max_length=2_000)


class Request(Sent):
    """What a partner team is asked to do."""

    team: str = Field(max_length=100)
    what: str = Field(max_length=10_000, description="1 to 2,000 characters, without content of posts.")


class Question(BaseModel):
    """Something that a flow waits for people to decide."""

    model_config = ConfigDict(from_attributes=True)

    kind: GateKind
    subject: str = Field(description="The incident, or one of its sweeps.")
    opened_at: datetime


class GateTold(BaseModel):
    """Where an incident stands between two phases: what is asked, and what is in the way."""

    phase: Phase
    phase_since: datetime
    round: int
    following: list[Phase] = Field(description="Phases that may come next.")
    questions: list[Question]
    loose: list[CodedReason] = Field(description="What stands against its next end.")
    waived: list[str]


class StarTold(BaseModel):
    """Whether an entry is starred."""

    entry: int
    starred: bool


_GATE: Final = {
    "phase": "responding",
    "phase_since": "2026-11-23T07:40:00Z",
    "round": 1,
    "following": ["monitoring", "stood_down"],
    "questions": [{"kind": "stand_down", "subject": "INC-12", "opened_at": "2026-11-23T07:41:00Z"}],
    "loose": [{"code": "SWEEP_UNFINISHED", "sentence": "Posts are still to be decided in INC-12-S1."}],
    "waived": [],
}
_DESCRIBED: Final = {
    "title": "Calls to storm a clinic",
    "impact": {"harm": 3, "reach": 2, "velocity": 3, "vulnerability": 2, "jurisdictions": ["DE"]},
    "policy": "violence.incitement",
    "reason": "Two clinics were named, and a time",
}
_WHY: Final = {"reason": "It spreads, and two clinics were named"}
_WAIVER: Final = {"code": "ASK_UNACKNOWLEDGED", "reason": "Legal answered by telephone"}
_RESTRICTION: Final = {"restricted": True, "reason": "A colleague is named"}
_HAND_OVER: Final = {"role": "commander", "to": "bo-r", "note": "End of my shift"}
_REQUEST: Final = {"team": "legal", "what": "Tell the regulator by 18:00 UTC"}

Reasoned = Annotated[Because, InBody(examples=[_WHY])]


@router.post("/incidents", status_code=201, dependencies=[ONCE], responses=shows(INCIDENT, status=201))
def declare_by_hand(
    calls: Calls,
    said: Annotated[NewIncident, InBody(examples=[_DESCRIBED])],
    response: Response,
    after: BackgroundTasks,
) -> IncidentTold:
    """Declare a crisis that nothing detected. 409 where an incident of this title is open."""
    described = Described(title=said.title, impact=said.impact, policy=said.policy, protocol=said.protocol)
    by, now = calls.person(), calls.machine_now
    with calls.store.begin() as work:
        opened = open_by_hand(work, calls.catalogue, described, by=by, now=now)
        declared = lifecycle.declare(work, opened, by=by, reason=said.reason, now=now)
    after.add_task(calls.hand_over, opened)
    response.headers["Location"] = f"/api/v1/incidents/{opened}"
    return incident_told(declared)


@router.get("/incidents/{incident}/gate", responses=shows(_GATE, tagged=True))
def show_gate(calls: Calls, incident: str, response: Response) -> GateTold:
    """What is asked of people, and what is in the way. Moves between phases carry its ETag as If-Match."""
    with calls.store.read() as work:
        found = find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        gate = _gate(work, found)
    response.headers["ETag"] = tag_of(gate)
    return gate


@router.post("/incidents/{incident}/declare", dependencies=[ONCE], responses=shows(INCIDENT))
def declare(
    calls: Calls, incident: str, said: Reasoned, after: BackgroundTasks, if_match: IfMatch = None
) -> IncidentTold:
    """Declare a candidate to be a crisis. Whoever declares leads it until the role is handed over."""
    with calls.moving(incident, after) as (work, by, now):
        _refuse_outdated(work, find_for(work, incident, by, Act.declare), if_match)
        return incident_told(lifecycle.declare(work, incident, by=by, reason=said.reason, now=now))


@router.post(
    "/incidents/{incident}/dismiss",
    dependencies=[ONCE],
    responses=shows(INCIDENT | {"phase": "dismissed", "is_open": False}),
)
def dismiss(
    calls: Calls, incident: str, said: Reasoned, after: BackgroundTasks, if_match: IfMatch = None
) -> IncidentTold:
    """Decide that a candidate is no crisis."""
    with calls.moving(incident, after) as (work, by, now):
        _refuse_outdated(work, find_for(work, incident, by, Act.declare), if_match)
        return incident_told(lifecycle.dismiss(work, incident, by=by, reason=said.reason, now=now))


@router.post(
    "/incidents/{incident}/stand-down",
    dependencies=[ONCE],
    responses=shows(INCIDENT | {"phase": "stood_down", "is_open": False}),
)
def stand_down(
    calls: Calls, incident: str, said: Reasoned, after: BackgroundTasks, if_match: IfMatch = None
) -> IncidentTold:
    """End the response. 422 with each coded reason that is neither gone nor waived."""
    with calls.moving(incident, after) as (work, by, now):
        _refuse_outdated(work, find_for(work, incident, by, Act.command), if_match)
        return incident_told(lifecycle.stand_down(work, incident, by=by, reason=said.reason, now=now))


@router.post(
    "/incidents/{incident}/close",
    dependencies=[ONCE],
    responses=shows(INCIDENT | {"phase": "closed", "is_open": False}),
)
def close(calls: Calls, incident: str, after: BackgroundTasks, if_match: IfMatch = None) -> IncidentTold:
    """Close an incident whose retrospective is signed and published."""
    with calls.moving(incident, after) as (work, by, now):
        _refuse_outdated(work, find_for(work, incident, by, Act.draft_review), if_match)
        return incident_told(lifecycle.close(work, incident, by=by, now=now))


@router.post("/incidents/{incident}/reopen", dependencies=[ONCE], responses=shows(INCIDENT | {"round": 2}))
def reopen(
    calls: Calls, incident: str, said: Reasoned, after: BackgroundTasks, if_match: IfMatch = None
) -> IncidentTold:
    """Go on with an incident that has ended, in a new round."""
    with calls.moving(incident, after) as (work, by, now):
        _refuse_outdated(work, find_for(work, incident, by, Act.declare), if_match)
        return incident_told(lifecycle.reopen(work, incident, by=by, reason=said.reason, now=now))


@router.post(
    "/incidents/{incident}/waive",
    dependencies=[ONCE],
    response_model=GateTold,
    responses=shows(_GATE) | WAITS,
)
def waive(
    calls: Calls, incident: str, said: Annotated[Waiver, InBody(examples=[_WAIVER])], after: BackgroundTasks
) -> GateTold | Response:
    """Take a coded reason out of the way, on one's own word. Where it takes two, 202 with what was proposed."""
    wanted = Wanted(step=Step.waive, incident=incident, code=said.code)
    with calls.moving(incident, after) as (work, by, now):
        taken = take_or_propose(work, calls, wanted, by=by, reason=said.reason, now=now)
        return waits(taken) if isinstance(taken, Proposal) else _gate(work, find(work, incident))


@router.post(
    "/incidents/{incident}/restrict", dependencies=[ONCE], responses=shows(INCIDENT | {"restricted": True})
)
def restrict(
    calls: Calls,
    incident: str,
    said: Annotated[Restriction, InBody(examples=[_RESTRICTION])],
    after: BackgroundTasks,
) -> IncidentTold:
    """Let those who hold a role on it see the incident, and nobody else; or everybody again."""
    with calls.moving(incident, after) as (work, by, now):
        lifecycle.restrict(work, incident, restricted=said.restricted, by=by, reason=said.reason, now=now)
        return incident_told(find(work, incident))


@router.post("/incidents/{incident}/hand-over", dependencies=[ONCE], responses=shows(_HAND_OVER))
def hand_over(
    calls: Calls,
    incident: str,
    said: Annotated[HandOver, InBody(examples=[_HAND_OVER])],
    after: BackgroundTasks,
) -> HandOver:
    """Pass a role on. 409 where nobody holds it, or its new holder does already."""
    with calls.moving(incident, after) as (work, by, now):
        to = calls.catalogue.person(said.to, drill=find(work, incident).is_drill)
        roles.hand_over(work, incident, said.role, to=to, by=by, note=said.note, now=now)
    return said


@router.post(
    "/incidents/{incident}/briefs", status_code=201, dependencies=[ONCE], responses=shows(_BRIEFED, status=201)
)
def brief(
    calls: Calls,
    incident: str,
    said: Annotated[Brief, InBody(examples=[_BRIEF])],
    after: BackgroundTasks,
) -> Briefed:
    """Send a brief to each team that was asked for something; the next one is counted from it."""
    with calls.moving(incident, after) as (work, by, now):
        sent = brief_teams(work, calls.catalogue, incident, said.text, by=by, now=now)
        due_at = brief_due(calls.catalogue, find(work, incident), sent.at)
    return Briefed(**sent.facts, sent_at=sent.at, next_due_at=due_at)


@router.post(
    "/incidents/{incident}/asks", status_code=201, dependencies=[ONCE], responses=shows(ASK, status=201)
)
def ask(
    calls: Calls,
    incident: str,
    said: Annotated[Request, InBody(examples=[_REQUEST])],
    after: BackgroundTasks,
) -> AskTold:
    """Ask a partner team for something; it is sent through the channels of the team."""
    with calls.moving(incident, after) as (work, by, now):
        found = find_for(work, incident, by, Act.ask_partner)
        new = ask_by_hand(work, calls.catalogue, found, team=said.team, what=said.what, by=by, now=now)
        key = ask_partner(work, new, by=by, now=now)
        assert key is not None, "an ask by hand is about its moment, so that it is asked once"
        return AskTold.model_validate(find_ask(work, key))


@router.put(
    "/incidents/{incident}/stars/{entry}",
    dependencies=[ONCE],
    responses=shows({"entry": 7, "starred": True}),
)
def star_entry(calls: Calls, incident: str, entry: Entry, after: BackgroundTasks) -> StarTold:
    """Star an entry of the timeline: the retrospective tells it, too."""
    with calls.moving(incident, after) as (work, by, now):
        stars.star(work, incident, entry, by=by, now=now)
    return StarTold(entry=entry, starred=True)


@router.delete(
    "/incidents/{incident}/stars/{entry}",
    dependencies=[ONCE],
    responses=shows({"entry": 7, "starred": False}),
)
def unstar_entry(calls: Calls, incident: str, entry: Entry, after: BackgroundTasks) -> StarTold:
    """Take a star away, whoever gave it."""
    with calls.moving(incident, after) as (work, by, _now):
        stars.unstar(work, incident, entry, by=by)
    return StarTold(entry=entry, starred=False)


def _gate(work: Work, found: Incident) -> GateTold:
    waived = lifecycle.waived_codes(work, found.id)
    return GateTold(
        phase=found.phase,
        phase_since=found.phase_since,
        round=found.round,
        following=sorted(NEXT[found.phase]),
        questions=[Question.model_validate(gate) for gate in open_gates(work, found.id)],
        loose=coded(what_is_loose(work, found, waived)),
        waived=sorted(waived),
    )


def _refuse_outdated(work: Work, found: Incident, if_match: str | None) -> None:
    refuse_outdated(if_match, _gate(work, found), f"/api/v1/incidents/{found.id}/gate")
