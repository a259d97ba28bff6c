"""Who is on call, as far as whoever asks may see it, for every door."""

from datetime import datetime

from console.people import is_one_operator
from incidents.catalogue.model import Catalogue
from incidents.catalogue.rotations import Rotation
from incidents.errors import BadInput
from incidents.oncall import OnCall, may_see
from incidents.people import Act, Person, authorise, is_allowed
from incidents.store.engine import Work
from incidents.store.shifts import who_is_on_call

AHEAD_DAYS = 14
"""How far ahead shifts and gaps are shown."""


def rotations_for(catalogue: Catalogue, person: Person) -> tuple[Rotation, ...]:
    """The rotations that the person may see, in the order of the file. NotAuthorised for whoever sees none."""
    authorise(person, Act.see_roster)
    return tuple(each for each in catalogue.rotations if may_see(person, each))


def on_call_now(work: Work, catalogue: Catalogue, person: Person, now: datetime) -> list[OnCall]:
    """Who is on call in each rotation that the person may see; nothing for whoever may see none."""
    seen = rotations_for(catalogue, person) if is_allowed(person, Act.see_roster) else ()
    return who_is_on_call(work, seen, now)


def rotation_for(catalogue: Catalogue, person: Person, rotation: str) -> Rotation:
    """One rotation that the person may see. NotFound for any other, be it there or not."""
    seen = catalogue.model_copy(update={"rotations": rotations_for(catalogue, person)})
    return seen.rotation(rotation)


def colleagues(catalogue: Catalogue, me: Person) -> tuple[Person, ...]:
    """Everybody who may be put on call: the people of the site, or the one operator who is there alone."""
    return (me,) if is_one_operator(catalogue) else catalogue.people


def colleague(catalogue: Catalogue, me: Person, person: str) -> Person:
    """One of them; without an id oneself. NotFound where nobody has that id."""
    return me if person in {"", me.id} else catalogue.person(person)


def read_moment(text: str) -> datetime:
    """A time that was typed into a page, as `2026-03-01T18:00` in UTC. BadInput for anything else."""
    try:
        return datetime.fromisoformat(f"{text}+00:00")
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no time. Write it as 2026-03-01T18:00, in UTC.") from None
