"""What people decide by: policies, protocols and the rest of the catalogue, with their editions."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field, JsonValue

from console.api.asking import Calls
from console.api.ground import room, shows
from console.api.pages import NAME, After, Limit, Page, page, read_cursor
from console.catalogue import Entry, Listed, find_entry, list_entries
from incidents.catalogue.editions import Kind

router = room("catalogue")

Named = Annotated[str, Path(max_length=100, description="Id of the entry.")]
Number = Annotated[int | None, Query(ge=1, lt=2**31, description="Edition; else the one in force.")]


class EntryListed(BaseModel):
    """An entry in force."""

    id: str
    name: str
    version: int | None = Field(description="As the file says; null where its kind has no versions.")
    editions: int = Field(description="Contents that were in force, this one counted.")


class EditionTold(BaseModel):
    """When one content of an entry came into force."""

    number: int
    version: int | None
    kept_at: datetime = Field(description="When it was first in force while Watchfloor ran.")
    in_force: bool


class EntryTold(EditionTold):
    """One edition of an entry, with all that the file says, and its other editions."""

    id: str
    content: dict[str, JsonValue] = Field(description="docs/reference/catalogue.md describes it.")
    editions: list[EditionTold]


class ChangeTold(BaseModel):
    """A fact that came, or went."""

    kind: Literal["added", "removed"]
    line: str


class Changed(BaseModel):
    """What changed from one edition to another."""

    older: int
    newer: int
    changes: list[ChangeTold]


_LISTED: Final = {"id": "violence.incitement", "name": "Incitement to violence", "version": 2, "editions": 2}
_EDITIONS: Final = [
    {"number": 1, "version": 1, "kept_at": "2026-10-01T06:00:00Z", "in_force": False},
    {"number": 2, "version": 2, "kept_at": "2026-11-20T09:30:00Z", "in_force": True},
]
_TOLD: Final = {
    **_EDITIONS[1],
    "id": "violence.incitement",
    "content": {"id": "violence.incitement", "version": 2, "title": "Incitement to violence"},
    "editions": _EDITIONS,
}
_CHANGED: Final = {
    "older": 1,
    "newer": 2,
    "changes": [{"kind": "removed", "line": "version: 1"}, {"kind": "added", "line": "version: 2"}],
}


@router.get("/catalogue/{kind}", responses=shows({"items": [_LISTED], "next": None}))
def list_catalogue(calls: Calls, kind: Kind, after: After = None, limit: Limit = 100) -> Page[EntryListed]:
    """The entries of one kind that are in force, by id."""
    since = read_cursor(after, NAME) or ""
    with calls.store.read() as work:
        found = list_entries(calls, work)
    later = sorted((each for each in found if each.kind is kind and each.id > since), key=_id)
    return page(later, limit, _listed, _id)


@router.get("/catalogue/{kind}/{named}", responses=shows(_TOLD))
def show_catalogue_entry(calls: Calls, kind: Kind, named: Named, edition: Number = None) -> EntryTold:
    """One entry with all that it says: the edition in force, or another one."""
    with calls.store.read() as work:
        found = find_entry(calls, work, kind, named, edition)
    told = list(_editions(found))
    shown = told[found.number - 1].model_dump()
    return EntryTold(**shown, id=found.shown.entry, content=found.shown.content, editions=told)


@router.get("/catalogue/{kind}/{named}/changes", responses=shows(_CHANGED))
def show_catalogue_changes(
    calls: Calls,
    kind: Kind,
    named: Named,
    older: Annotated[int | None, Query(alias="from", ge=1, lt=2**31)] = None,
    newer: Annotated[int | None, Query(alias="to", ge=1, lt=2**31)] = None,
) -> Changed:
    """What changed between two editions, else from the one before to the one in force."""
    with calls.store.read() as work:
        found = find_entry(calls, work, kind, named, newer)
    older = older or max(found.number - 1, 1)
    told = [ChangeTold(kind=each.kind, line=each.line) for each in found.compare(older, found.number)]
    return Changed(older=older, newer=found.number, changes=told)


def _listed(each: Listed) -> EntryListed:
    return EntryListed(id=each.id, name=each.name, version=each.version, editions=each.editions)


def _editions(entry: Entry) -> Iterator[EditionTold]:
    for number, each in enumerate(entry.editions, start=1):
        yield EditionTold(
            number=number, version=each.version, kept_at=each.kept_at, in_force=number == entry.in_force
        )


def _id(each: Listed) -> str:
    return each.id
