"""Who acts: the person that a door believes to be on its other side."""

import getpass
import re

from incidents.access.identities import LAPSES
from incidents.catalogue.model import Catalogue
from incidents.errors import NotAuthorised, NotFound, Refusal
from incidents.incident.incident import SYSTEM
from incidents.people import Person, is_provided, lone_operator
from incidents.settings import Settings


def acting_person(
    settings: Settings, catalogue: Catalogue, name: str | None = None, *, drill: bool = False
) -> Person:
    """Who acts: `name` (of --as, or a header), else the settings' person, else who is logged in.

    The catalogue must know them; its drill cast counts with `drill` alone. On a fresh installation, whose
    people.yaml is empty, the operator of the machine acts with every role. Raises NotAuthorised.
    """
    wanted = name or settings.person
    if wanted is None or not catalogue.people:
        wanted = _operator_or(wanted, settings, catalogue, drill=drill)
    try:
        return catalogue.person(wanted, drill=drill)
    except NotFound:
        if not catalogue.people and wanted == operator(settings).id:
            return operator(settings)
        raise _unknown(wanted, settings, catalogue, drill=drill) from None


def operator(settings: Settings) -> Person:
    """Who runs Watchfloor alone on one machine: the settings' person or the login name, with every role."""
    return lone_operator(_as_id(settings.person or _login()))


def is_one_operator(catalogue: Catalogue) -> bool:
    """Whether nobody is configured, so that the operator acts with every role."""
    return not catalogue.people


def _operator_or(wanted: str | None, settings: Settings, catalogue: Catalogue, *, drill: bool) -> str:
    cast = {person.id for person in catalogue.cast(drill=drill)}
    if wanted in cast:
        return str(wanted)
    login = operator(settings).id
    # A login name may be spelt in ways that an id is not; whoever types it as it is means themselves.
    return login if wanted is None or _as_id(wanted) == login else wanted


def _as_id(name: str) -> str:
    """A login name as a person's id: lower case, without what an id cannot hold, never the system's own."""
    told = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).lstrip("._-") or "operator"
    return f"{told}-operator" if told == SYSTEM.id else told


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name at all
        return "operator"


def _unknown(wanted: str, settings: Settings, catalogue: Catalogue, *, drill: bool) -> NotAuthorised:
    if not catalogue.people:
        who = f"people.yaml is empty, so {operator(settings).id} alone acts here."
        todo = "Leave out --as, or list the people in people.yaml."
    else:
        who = f"Known: {', '.join(person.id for person in catalogue.cast(drill=drill)[:20])}."
        todo = "Name one of them with --as or WATCHFLOOR_PERSON, or add this person to people.yaml."
    if is_provided(wanted):
        who = "At their last sign-in the provider told no group of theirs that may do something here now,"
        todo = (
            f"or it was more than {LAPSES.days} days ago, or the account was taken away. Sign in there again."
        )
    if not drill and wanted in {person.id for person in catalogue.drill_people}:
        who += f" {wanted} is of the drill cast, which acts in drills alone."
    place = f"It lies in {settings.catalogue_folder}; `watchfloor doctor` checks it."
    return NotAuthorised(
        f"Nobody here is called {wanted}.", [Refusal("PERSON_UNKNOWN", f"{who} {todo} {place}")]
    )
