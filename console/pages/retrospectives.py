"""The library of retrospectives: what was learned, by review or by word."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from console.pages.door import Visits
from console.searching import among_typed, look_up, where
from incidents.errors import BadInput
from incidents.people import Act, authorise
from incidents.reviews.search import LONGEST_QUERY, Among, Hit, Kind, read_query
from incidents.store.library import ReviewState, Wanted, shelf

router = APIRouter(include_in_schema=False)

SHOWN = 50
"""Rows of one page; the next ones are a link away."""

Filter = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class Chosen:
    """Among what a visitor searches, as it was typed."""

    kind: Filter = ""
    incident: Filter = ""
    since: Filter = ""
    until: Filter = ""
    drills: Filter = ""

    @property
    def among(self) -> Among:
        """What is looked at. BadInput where something typed is none of its kind."""
        return among_typed(_kinds(self.kind), self.incident, self.since, self.until, drills=bool(self.drills))


@router.get("/retrospectives")
def show_library(
    visits: Visits,
    state: Filter = "",
    severity: Filter = "",
    policy: Filter = "",
    late: Filter = "",
    drills: Filter = "",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    """The reviews that the visitor may read, the newest incident first."""
    wanted = Wanted(
        state=_state(state),
        severity=severity or None,
        policy=policy or None,
        late_at=visits.machine_now if late else None,
        drills=bool(drills),
    )
    with visits.store.read() as work:
        found = shelf(work, visits.person(drill=True), wanted, before=before, most=SHOWN + 1)
    chosen = {"state": state, "severity": severity, "policy": policy, "late": late, "drills": drills}
    more = {name: value for name, value in chosen.items() if value}
    following = urlencode(more | {"before": found[SHOWN - 1].incident.number}) if len(found) > SHOWN else None
    return visits.page(
        "retrospectives",
        rows=found[:SHOWN],
        chosen=chosen,
        states=list(ReviewState),
        severities=visits.catalogue.severities,
        policies=visits.catalogue.policies,
        following=following,
        words="",
    )


@router.get("/search")
def show_hits(
    visits: Visits,
    chosen: Annotated[Chosen, Depends()],
    words: Annotated[str, Query(max_length=LONGEST_QUERY + 1)] = "",
) -> HTMLResponse:
    """What is written anywhere about some words, as far as the visitor may read it."""
    by = visits.person(drill=True)
    authorise(by, Act.see_actions)
    hits, more, refused = list[Hit](), False, None
    try:
        hits, more = look_up(visits.store, read_query(words), by=by, among=chosen.among, most=SHOWN)
    except BadInput as wrong:
        refused = wrong
    return visits.page(
        "search",
        status=400 if refused and words else 200,
        hits=[(hit, where(hit), address_of(hit)) for hit in hits],
        more=more,
        words=words,
        chosen=chosen,
        kinds=list(Kind),
        refused=refused if words else None,
    )


def address_of(hit: Hit) -> str:
    """The page that shows what a search found."""
    match hit.kind:
        case Kind.retrospective:
            return f"/retrospectives/{hit.incident}?version={hit.key}"
        case Kind.factor:
            return f"/retrospectives/{hit.incident}/words#f{hit.key}"
        case Kind.guideline:
            return f"/incidents/{hit.incident}/guidelines?version={hit.key}"
        case Kind.action:
            return f"/actions/{hit.key}"
        case Kind.incident:
            return f"/incidents/{hit.incident}"


def _kinds(kind: str) -> list[Kind] | None:
    if not kind:
        return None
    try:
        return [Kind(kind)]
    except ValueError:
        raise BadInput(f"What is found is one of {', '.join(Kind)}, not {kind}.") from None


def _state(state: str) -> ReviewState | None:
    if not state:
        return None
    try:
        return ReviewState(state)
    except ValueError:
        raise BadInput(f"A review is one of {', '.join(ReviewState)}, not {state}.") from None
