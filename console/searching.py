"""Search for every door: index what was written since, then look it up for the person who asks."""

import re
from collections.abc import Sequence
from typing import Final

from console.days import stretch
from incidents.errors import BadInput
from incidents.people import Person
from incidents.reviews.search import Among, Cursor, Hit, Kind, Query
from incidents.store.engine import Store
from incidents.store.search import find_passages, is_behind, settle

_INCIDENT: Final = re.compile(r"INC-[0-9]{1,9}")


def look_up(
    store: Store,
    query: Query,
    *,
    by: Person,
    among: Among,
    most: int,
    after: Cursor | None = None,
) -> tuple[list[Hit], bool]:
    """At most so many hits (see `find_passages`), and whether there are more."""
    while _is_behind(store):
        with store.begin() as work:
            settle(work)
    with store.read() as work:
        found = find_passages(work, query, by=by, among=among, most=most + 1, after=after)
    return found[:most], len(found) > most


def among_typed(kinds: Sequence[Kind] | None, incident: str, since: str, until: str, *, drills: bool) -> Among:
    """What is looked at, as somebody typed it; both days count. No kinds: all of them.

    BadInput where a day is none, or an incident's id.
    """
    about = incident.strip().upper()
    if about and not _INCIDENT.fullmatch(about):
        raise BadInput(f"{incident.strip()[:40]!r} is no incident's id. Write it as INC-12.")
    first, end = stretch(since, until)
    return Among(tuple(kinds or Kind), about or None, first, end, drills)


def where(hit: Hit) -> str:
    """Where a hit stands, in a few words."""
    match hit.kind:
        case Kind.retrospective:
            return f"retrospective, version {hit.key}: {hit.part}"
        case Kind.incident | Kind.action:
            return hit.key
        case Kind.guideline | Kind.factor:
            return f"{hit.kind} {hit.key}"


def _is_behind(store: Store) -> bool:
    with store.read() as work:
        return is_behind(work)
