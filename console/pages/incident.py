"""One incident on one screen: how it stands, what happened, and every move that a commander can make."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Depends, Query
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from console.asking import ask_by_hand
from console.briefing import brief_due, brief_teams
from console.oncall import colleague, colleagues, on_call_now
from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from console.second_person import take_or_propose
from console.standing import read_standing
from console.sweeping import sweeps_in_numbers
from incidents.drills.request import DrillRequest
from incidents.drills.scenarios import SCENARIOS
from incidents.errors import BadInput, WatchfloorError
from incidents.incident.incident import WAIVABLE
from incidents.incident.phases import NEXT, SENTENCES
from incidents.incident.severity import LEVELS, Impact, priority
from incidents.oncall import OnCall, Shift
from incidents.people import Act, Person, Role, authorise
from incidents.proposals import Step, Wanted
from incidents.store import lifecycle, roles, timeline
from incidents.store.asks import acknowledge, ask_partner, find_ask
from incidents.store.attempts import attempts_of
from incidents.store.briefs import brief_clock
from incidents.store.by_hand import Described, open_by_hand
from incidents.store.engine import Work
from incidents.store.incidents import find, find_for
from incidents.store.proposals import proposals_of
from incidents.store.stars import star, starred, unstar
from incidents.store.sweeps import sweeps_of
from incidents.timeline import Chosen, Entry, Subject
from incidents.words import plain, sentence

router = APIRouter(include_in_schema=False)

SHOWN = 100
"""Entries of the timeline on one page; older ones are a link away."""

ALL = Chosen()
LONGEST = 200
"""Characters of the words that somebody looks for."""


def chosen_entries(
    kind: Annotated[str, Query(max_length=LONGEST, description="What they are about.")] = "",
    who: Annotated[str, Query(max_length=LONGEST, description="Whose they are.")] = "",
    words: Annotated[str, Query(max_length=LONGEST, description="What was recorded in them.")] = "",
    starred: Annotated[str, Query(max_length=LONGEST, description="Any word: those with a star alone.")] = "",
) -> Chosen:
    """Which entries of the timeline are asked for. A form sends all of its fields, so empty is none."""
    if kind and kind not in set(Subject):
        raise BadInput(f"An entry is about one of {', '.join(Subject)}, not {kind}.")
    subject = Subject(kind) if kind else None
    return Chosen(subject=subject, actor=who, words=words.strip(), starred=bool(starred))


ChosenHere = Annotated[Chosen, Depends(chosen_entries)]

Move = Callable[[Visits, Work, str, Form, Person, datetime], None]
"""What one form does with an incident."""


@router.get("/incidents/{incident}")
def show_incident(
    visits: Visits,
    incident: str,
    chosen: ChosenHere,
    after: BackgroundTasks,
    before: Annotated[int | None, Query(ge=1, description="Entries before this one.")] = None,
) -> HTMLResponse:
    """How an incident stands, with its newest entries, or the newest of those that were chosen."""
    return _incident_page(visits, incident, after, before=before, chosen=chosen)


@router.post("/incidents/{incident}/{move}", response_model=None)
def move_incident(visits: Visits, form: OwnForm, incident: str, move: str, after: BackgroundTasks) -> Answer:
    """Make one of the moves. What refuses it is said beside its button, and what was typed stays."""
    if move not in MOVES:
        raise BadInput(f"{incident} cannot be asked to {move!r}. Go back and choose a button.")

    def done() -> Answer:
        with visits.moving(incident, after) as (work, by, now):
            MOVES[move](visits, work, incident, form, by, now)
        return go(f"/incidents/{incident}")

    return attempt(
        done, lambda why: _incident_page(visits, incident, after, refused=why, typed=form, move=move)
    )


@router.get("/declare")
def show_declare(visits: Visits) -> HTMLResponse:
    """Describe a crisis that nothing detected."""
    authorise(visits.person(), Act.declare)
    return _declare_page(visits, Form({}))


@router.post("/declare", response_model=None)
def take_declare(visits: Visits, form: OwnForm, after: BackgroundTasks) -> Answer:
    """Say what severity follows from what was typed; with `declare`, declare it."""
    authorise(visits.person(), Act.declare)
    if not form.text("declare"):
        return _declare_page(visits, form)

    def done() -> Answer:
        opened = _declared(visits, form)
        after.add_task(visits.hand_over, opened)
        return go(f"/incidents/{opened}")

    return attempt(done, lambda why: _declare_page(visits, form, refused=why))


def _declared(visits: Visits, form: Form) -> str:
    by, now = visits.person(), visits.machine_now
    said = Described(
        title=form.text("title"),
        impact=_impact(form),
        policy=form.text("policy") or None,
        protocol=form.text("protocol") or None,
    )
    with visits.store.begin() as work:
        opened = open_by_hand(work, visits.catalogue, said, by=by, now=now)
        lifecycle.declare(work, opened, by=by, reason=form.text("reason"), now=now)
        lead = colleague(visits.catalogue, by, form.text("lead"))
        if lead.id != by.id:
            roles.hand_over(work, opened, Role.commander, to=lead, by=by, note="At the declaration", now=now)
    return opened


def _incident_page(
    visits: Visits,
    incident: str,
    after: BackgroundTasks,
    *,
    before: int | None = None,
    chosen: Chosen = ALL,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
    move: str = "",
) -> HTMLResponse:
    with visits.store.read() as work:
        by = visits.person_in(work, incident)
        found = find_for(work, incident, by, Act.see_incidents)
        now = visits.now_in(work, incident)
        standing = read_standing(work, found, visits.catalogue, now)
        sweeps = sweeps_of(work, incident)
        counted = sweeps_in_numbers(visits, sweeps, after)
        entries = timeline.newest_entries(work, incident, chosen, before=before, limit=SHOWN)
        actors = timeline.actors_of(work, incident)
        stars = starred(work, incident)
        proposed = [each for each in proposals_of(work, incident) if each.waits(now)]
        clock = brief_clock(work, incident)
        runs = attempts_of(work, incident)
        on_call = [] if found.is_drill else on_call_now(work, visits.catalogue, by, visits.machine_now)
    return visits.page(
        "incident",
        status=422 if refused else 200,
        incident=found,
        standing=standing,
        sweeps=sweeps,
        counted=counted,
        numbers={each.id: each for each in counted.value} if counted else {},
        what_it_means=SENTENCES[found.phase],
        next_phases=NEXT[found.phase],
        waivable=WAIVABLE,
        levels=LEVELS,
        roles=list(Role),
        people=visits.catalogue.cast(drill=found.is_drill),
        teams=visits.catalogue.teams,
        entries=[(entry, plain(sentence(entry))) for entry in entries],
        chosen=chosen,
        older=_older(entries, chosen),
        subjects=list(Subject),
        actors=actors,
        clock=clock,
        brief_due=brief_due(visits.catalogue, found, clock.since if clock else None),
        runs=runs,
        runs_at=visits.settings.prefect_ui,
        on_call=[each for each in on_call if each.now is not None],
        starred=stars,
        proposed=proposed,
        its_now=now,
        refused=refused,
        typed=typed or Form({}),
        move=move,
    )


def _older(entries: list[Entry], chosen: Chosen) -> str:
    """The query of the page with what came before, or nothing where that is all."""
    if len(entries) < SHOWN or entries[-1].seq == 1:
        return ""
    kept = {"kind": chosen.subject or "", "who": chosen.actor, "words": chosen.words}
    told = kept | {"starred": "yes" if chosen.starred else "", "before": str(entries[-1].seq)}
    return urlencode({name: value for name, value in told.items() if value})


def _declare_page(visits: Visits, form: Form, *, refused: WatchfloorError | None = None) -> HTMLResponse:
    try:
        impact = _impact(form)
    except BadInput as wrong:
        impact, refused = Impact(), wrong
    with visits.store.read() as work:
        on_call = on_call_now(work, visits.catalogue, visits.person(), visits.machine_now)
    return visits.page(
        "declare",
        status=422 if refused else 200,
        typed=form,
        impact=impact,
        levels=LEVELS,
        given=priority(impact, visits.catalogue.priority_rules),
        severities=visits.catalogue.severities,
        policies=visits.catalogue.policies,
        protocols=visits.catalogue.protocols,
        scenarios=SCENARIOS,
        standard=DrillRequest(),
        leads=_may_lead(visits, on_call),
        refused=refused,
    )


def _may_lead(visits: Visitor, on_call: Sequence[OnCall]) -> list[tuple[Person, Shift]]:
    """Those who are on call as commanders, beside whoever declares."""
    known = {each.id: each for each in colleagues(visits.catalogue, visits.person())}
    called = [each.now for each in on_call if each.rotation.duty == Role.commander and each.now is not None]
    me = visits.person().id
    return [(known[each.person], each) for each in called if each.person in known and each.person != me]


def _impact(form: Form) -> Impact:
    steps = {dimension: form.text(dimension) or 0 for dimension in LEVELS}
    countries = form.text("jurisdictions").replace(",", " ").split()
    try:
        return Impact.model_validate(steps | {"jurisdictions": tuple(countries)})
    except ValidationError as error:
        wrong = ", ".join(str(each["input"])[:40] for each in error.errors())
        raise BadInput(
            f"A step is 0 to 4, and a country is two letters (ISO 3166), such as DE; not {wrong}."
        ) from error


def _declare(_: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    lifecycle.declare(work, incident, by=by, reason=form.text("reason"), now=now)


def _dismiss(_: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    lifecycle.dismiss(work, incident, by=by, reason=form.text("reason"), now=now)


def _stand_down(_: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    lifecycle.stand_down(work, incident, by=by, reason=form.text("reason"), now=now)


def _close(_: Visits, work: Work, incident: str, _form: Form, by: Person, now: datetime) -> None:
    lifecycle.close(work, incident, by=by, now=now)


def _reopen(_: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    lifecycle.reopen(work, incident, by=by, reason=form.text("reason"), now=now)


def _waive(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    wanted = Wanted(step=Step.waive, incident=incident, code=form.text("code"))
    take_or_propose(work, visits, wanted, by=by, reason=form.text("reason"), now=now)


def _restrict(_: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    restricted = form.text("restricted") == "yes"
    lifecycle.restrict(work, incident, restricted=restricted, by=by, reason=form.text("reason"), now=now)


def _hand_over(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    drill = find(work, incident).is_drill
    to, role = visits.catalogue.person(form.text("to"), drill=drill), form.text("role")
    if role not in set(Role):
        raise BadInput(f"There is no role {role!r}. Choose one of the list.")
    roles.hand_over(work, incident, role, to=to, by=by, note=form.text("note"), now=now)


def _ask(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    found = find_for(work, incident, by, Act.ask_partner)
    team, what = form.text("team"), form.text("what", 10_000)
    new = ask_by_hand(work, visits.catalogue, found, team=team, what=what, by=by, now=now)
    ask_partner(work, new, by=by, now=now)


def _brief(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    brief_teams(work, visits.catalogue, incident, form.text("brief"), by=by, now=now)


def _acknowledge(_: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    asked = find_ask(work, form.text("ask"))
    if asked.incident_id != incident:
        raise BadInput(f"{asked.key} belongs to another incident than {incident}.")
    acknowledge(work, asked.key, by=by, note=form.text("note"), now=now)


def _star(_: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    star(work, incident, form.number("entry"), by=by, now=now)


def _unstar(_: Visits, work: Work, incident: str, form: Form, by: Person, _now: datetime) -> None:
    unstar(work, incident, form.number("entry"), by=by)


MOVES: dict[str, Move] = {
    "declare": _declare,
    "dismiss": _dismiss,
    "stand-down": _stand_down,
    "close": _close,
    "reopen": _reopen,
    "waive": _waive,
    "restrict": _restrict,
    "hand-over": _hand_over,
    "ask": _ask,
    "brief": _brief,
    "acknowledge": _acknowledge,
    "star": _star,
    "unstar": _unstar,
}
"""Form → what it does. Who may is decided in the store."""
