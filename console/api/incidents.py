"""The JSON API: hand in signals, read and search, acknowledge asks, report on action items.

Every request carries the bearer token, which says that it comes from our own side, and the header
X-Watchfloor-Person, which says who acts. What that person may do is decided in the store, as for every
other door. Texts of posts are in no answer.
"""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from console.api_door import Body, Calls
from console.searching import look_up, where
from incidents.errors import BadInput
from incidents.incident.incident import Incident
from incidents.incident.phases import Phase
from incidents.people import Act
from incidents.reviews.actions import Report
from incidents.reviews.search import Hit, Kind, read_cursor, read_query
from incidents.signals.signal import NewSignal, read_signal
from incidents.store import timeline
from incidents.store.action_items import find_action
from incidents.store.asks import Ask, acknowledge, asks_of, find_ask
from incidents.store.incidents import find_for, visible_incidents
from incidents.store.signals import take_signal
from incidents.store.tracker import report
from incidents.timeline import Entry
from incidents.words import plain, sentence

router = APIRouter(prefix="/api/v1")


class Note(BaseModel):
    """What somebody says when they acknowledge an ask."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field("", max_length=2000, description="A line for the record, without content of posts.")


def _json_body(model: type[BaseModel], *, required: bool) -> dict[str, Any]:
    # The bodies are read by hand, so that too long ones are not read at all; the schema must be told.
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": required, "content": content}}


@router.post("/signals", status_code=201, openapi_extra=_json_body(NewSignal, required=True))
def hand_in_signal(calls: Calls, body: Body, after: BackgroundTasks) -> dict[str, Any]:
    """Hand in a signal. `standing` tells whether it is new, an update, or a duplicate of one before."""
    new = read_signal(body, origin="The body")
    with calls.store.begin() as work:
        taken = take_signal(work, new, by=calls.person(), now=calls.machine_now)
    after.add_task(calls.hand_over, taken.incident_id)
    return {"id": taken.id, "standing": taken.standing, "incident": taken.incident_id}


@router.get("/incidents")
def list_incidents(
    calls: Calls,
    phase: Annotated[list[Phase] | None, Query(description="These phases alone.")] = None,
    drills: Annotated[bool, Query(description="Exercises too.")] = True,
    before: Annotated[int | None, Query(ge=1, description="`next` of the answer before this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """The incidents that the caller may see, newest first."""
    with calls.store.read() as work:
        seen = visible_incidents(work, calls.person(), phases=phase, drills=drills)
    older = [incident for incident in seen if before is None or incident.number < before]
    page = older[:limit]
    return {
        "incidents": [_incident(incident) for incident in page],
        "next": page[-1].number if len(older) > limit else None,
    }


@router.get("/search")
def search(
    calls: Calls,
    words: Annotated[str, Query(description='All of them; "side by side" in quotes; `mirror*` may go on.')],
    kind: Annotated[list[Kind] | None, Query(description="Only in these.")] = None,
    drills: Annotated[bool, Query(description="Exercises too.")] = False,
    after: Annotated[str | None, Query(description="`next` of the answer before this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 20,
) -> dict[str, Any]:
    """What was written about incidents, as far as the caller may read it; the newest incident first."""
    asked, since = read_query(words), None if after is None else read_cursor(after)
    hits, more = look_up(
        calls.store, asked, by=calls.person(), kinds=kind, drills=drills, most=limit, after=since
    )
    return {"hits": [_hit(hit) for hit in hits], "next": hits[-1].cursor if more else None}


@router.get("/incidents/{incident}")
def show_incident(calls: Calls, incident: str) -> dict[str, Any]:
    """One incident, with the asks to partner teams."""
    with calls.store.read() as work:
        found = find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        asked = asks_of(work, incident)
    return _incident(found) | {"asks": [_ask(ask) for ask in asked]}


@router.get("/incidents/{incident}/timeline")
def show_timeline(
    calls: Calls,
    incident: str,
    after: Annotated[int, Query(ge=0, description="`next` of the answer before this one.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """What happened, in order, one sentence an entry."""
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        found = timeline.entries(work, incident, after=after, limit=limit + 1)
    page = found[:limit]
    return {"entries": [_entry(entry) for entry in page], "next": page[-1].seq if len(found) > limit else None}


@router.post("/asks/{key}/acknowledge", openapi_extra=_json_body(Note, required=False))
def acknowledge_ask(calls: Calls, key: str, body: Body, after: BackgroundTasks) -> dict[str, Any]:
    """Say that the team heard the ask. 409 where somebody did before, with who and when."""
    note = _read_note(body)
    with calls.store.begin() as work:
        incident = find_ask(work, key).incident_id
        by, now = calls.person_in(work, incident), calls.now_in(work, incident)
        heard = acknowledge(work, key, by=by, note=note, now=now)
    after.add_task(calls.hand_over, incident)
    return _ask(heard)


@router.post("/actions/{item}/report", openapi_extra=_json_body(Report, required=True))
def report_on_action(calls: Calls, item: str, body: Body, after: BackgroundTasks) -> dict[str, Any]:
    """Say what a tracker knows of an action item. The same report again changes nothing."""
    said = _read_report(body)
    with calls.store.begin() as work:
        incident = find_action(work, item).incident_id
        by, now = calls.person_in(work, incident), calls.now_in(work, incident)
        known = report(work, item, said, by=by, now=now)
    after.add_task(calls.hand_over, incident)
    return known.model_dump(mode="json")


def _read_note(body: str) -> str:
    try:
        return Note.model_validate_json(body or "{}").note
    except ValidationError as error:
        wrong = "; ".join(each["msg"] for each in error.errors())
        raise BadInput(f'The body is not {{"note": "…"}}: {wrong}. Nothing was kept.') from error


def _read_report(body: str) -> Report:
    try:
        return Report.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise BadInput(f"The body is no report on an action item: {wrong}. Nothing was kept.") from error


def _incident(incident: Incident) -> dict[str, Any]:
    return incident.model_dump(mode="json") | {"is_open": incident.is_open, "is_drill": incident.is_drill}


def _ask(ask: Ask) -> dict[str, Any]:
    return ask.model_dump(mode="json") | {"is_acknowledged": ask.is_acknowledged}


def _hit(hit: Hit) -> dict[str, Any]:
    return hit.model_dump(mode="json") | {"where": where(hit)}


def _entry(entry: Entry) -> dict[str, Any]:
    told = entry.model_dump(mode="json", include={"seq", "at", "event", "actor", "hash"})
    return told | {"ref": entry.ref, "sentence": plain(sentence(entry))}
