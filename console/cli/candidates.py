"""Describe an incident by hand: its impact, and the severity that follows from it."""

from dataclasses import dataclass

from pydantic import ValidationError

from console.cli.door import Door
from console.cli.options import ImpactOptions
from incidents.catalogue.model import DEFAULT_PROTOCOL
from incidents.errors import BadInput, Conflict
from incidents.incident.severity import Impact, priority
from incidents.people import Act, authorise
from incidents.store import lifecycle, outbox
from incidents.store.engine import Work
from incidents.store.incidents import NewCandidate, open_candidate, open_with_key
from incidents.timeline import Event
from incidents.words import clean

LONGEST_TITLE = 500
"""Characters, as of a signal's title."""


@dataclass(frozen=True)
class CandidateForm:
    """What somebody typed of an incident that nothing detected."""

    title: str | None
    policy: str | None
    protocol: str | None
    impact: ImpactOptions

    @property
    def says_more_than_title(self) -> bool:
        """Whether anything was typed that an existing candidate has already."""
        return self.impact.is_given or any((self.policy, self.protocol))


def changed_impact(was: Impact, typed: ImpactOptions) -> Impact:
    """The impact with what was typed of it."""
    given = {name: value for name, value in vars(typed).items() if value is not None}
    try:
        return Impact.model_validate(was.model_dump() | given)
    except ValidationError as error:
        wrong = ", ".join(str(each["input"]) for each in error.errors())
        raise BadInput(f"A country is two letters (ISO 3166), such as DE; not {wrong}.") from error


def open_by_hand(work: Work, door: Door, form: CandidateForm) -> str:
    """Open an incident that a person describes, and assess it at once; return its id.

    Its crisis flow starts by the same event as that of a detected one.
    """
    # Declaring takes more than opening: refuse first, before a number is used up.
    authorise(door.person, Act.declare)
    new = _candidate(door, form)
    opened = open_candidate(work, new, by=door.person.id, now=door.now)
    if opened is None:
        other = open_with_key(work, new.grouping_key)
        raise Conflict(f"{other.id if other else 'An incident'} is open under this title: declare that one.")
    lifecycle.start_assessment(work, opened.id, by=door.person, now=door.now)
    key = f"candidate:{opened.id}"
    outbox.post_event(work, opened.id, Event.candidate_opened, key=key, now=door.now)
    return opened.id


def _candidate(door: Door, form: CandidateForm) -> NewCandidate:
    known, title = door.catalogue, clean(form.title, LONGEST_TITLE)
    if not title:
        raise BadInput("The title has nothing in it that can be seen. Say in one line what happened.")
    impact = changed_impact(Impact(), form.impact)
    protocol = known.protocol(form.protocol or DEFAULT_PROTOCOL)
    return NewCandidate(
        title=title,
        grouping_key=f"by-hand/{title.casefold()}",
        impact=impact,
        priority=priority(impact, known.priority_rules),
        policy=known.policy(form.policy).id if form.policy else None,
        protocol=protocol.id,
        protocol_version=protocol.version,
        catalogue_version=known.version,
    )
