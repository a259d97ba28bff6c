"""Open an incident that nothing detected: a person describes it, here and now."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from incidents.catalogue.model import DEFAULT_PROTOCOL, Catalogue
from incidents.errors import BadInput, Conflict
from incidents.incident.severity import Impact, priority
from incidents.people import Act, Person, authorise
from incidents.store import lifecycle, outbox
from incidents.store.engine import Work
from incidents.store.incidents import NewCandidate, open_candidate, open_with_key
from incidents.timeline import Event
from incidents.words import clean

LONGEST_TITLE = 500
"""Characters, as of a signal's title."""


class Described(BaseModel):
    """What a person says of it."""

    model_config = ConfigDict(frozen=True)

    title: str
    impact: Impact
    policy: str | None = None
    protocol: str | None = None


def open_by_hand(work: Work, catalogue: Catalogue, said: Described, *, by: Person, now: datetime) -> str:
    """Open an incident that a person describes, and assess it at once; return its id.

    Its crisis flow starts by the same event as that of a detected one. Conflict where an incident of this
    title is open; BadInput where the title says nothing.
    """
    # Declaring takes more than opening: refuse first, before a number is used up.
    authorise(by, Act.declare)
    new = _candidate(catalogue, said)
    opened = open_candidate(work, new, by=by.id, now=now)
    if opened is None:
        other = open_with_key(work, new.grouping_key)
        raise Conflict(f"{other.id if other else 'An incident'} is open under this title: declare that one.")
    lifecycle.start_assessment(work, opened.id, by=by, now=now)
    outbox.post_event(work, opened.id, Event.candidate_opened, key=f"candidate:{opened.id}", now=now)
    return opened.id


def _candidate(catalogue: Catalogue, said: Described) -> NewCandidate:
    title = clean(said.title, LONGEST_TITLE)
    if not title:
        raise BadInput("The title has nothing in it that can be seen. Say in one line what happened.")
    protocol = catalogue.protocol(said.protocol or DEFAULT_PROTOCOL)
    return NewCandidate(
        title=title,
        grouping_key=f"by-hand/{title.casefold()}",
        impact=said.impact,
        priority=priority(said.impact, catalogue.priority_rules),
        policy=catalogue.policy(said.policy).id if said.policy else None,
        protocol=protocol.id,
        protocol_version=protocol.version,
        catalogue_version=catalogue.version,
    )
