"""Search for every door: index what was written since, then look it up for the person who asks."""

from collections.abc import Sequence

from incidents.people import Person
from incidents.reviews.search import Cursor, Hit, Kind, Query
from incidents.store.engine import Store
from incidents.store.search import find_passages, is_behind, settle


def look_up(
    store: Store,
    query: Query,
    *,
    by: Person,
    kinds: Sequence[Kind] | None,
    drills: bool,
    most: int,
    after: Cursor | None = None,
) -> tuple[list[Hit], bool]:
    """At most so many hits (see `find_passages`), and whether there are more. No kinds: all of them."""
    while _is_behind(store):
        with store.begin() as work:
            settle(work)
    with store.read() as work:
        found = find_passages(
            work, query, by=by, kinds=kinds or tuple(Kind), drills=drills, most=most + 1, after=after
        )
    return found[:most], len(found) > most


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
