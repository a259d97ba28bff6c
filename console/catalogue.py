"""The catalogue, as people read it: each entry with its editions, what a site changed, and what went by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from fastapi import BackgroundTasks

from console.api_door import Caller
from incidents.catalogue.editions import (
    Content,
    Edition,
    Kind,
    as_lines,
    content_of,
    digest_of,
    entries_of,
    name_of,
)
from incidents.catalogue.load import shipped_entries
from incidents.errors import NotFound
from incidents.guidelines.changes import Change, changes
from incidents.people import Act, authorise
from incidents.store.catalogues import (
    SweepUse,
    Use,
    count_editions,
    editions_of,
    incidents_under,
    sweeps_under,
)
from incidents.store.engine import Work
from incidents.store.incidents import visible_incidents


@dataclass(frozen=True)
class Listed:
    """One entry in force."""

    kind: Kind
    id: str
    name: str
    version: int | None
    editions: int


@dataclass(frozen=True)
class Entry:
    """An entry with every edition that was ever in force, and the one that is looked at."""

    kind: Kind
    editions: Sequence[Edition]
    number: int
    """Of the edition that is looked at, from 1."""
    in_force: int | None
    """Number of the one in force; none where the catalogue has the entry no more."""

    @property
    def shown(self) -> Edition:
        """The edition that is looked at."""
        return self.editions[self.number - 1]

    @property
    def unraised(self) -> int | None:
        """An earlier edition that says something else under the same version; none where there is none."""
        version = self.shown.version
        same = [n for n, each in enumerate(self.editions[: self.number - 1], 1) if each.version == version]
        return same[-1] if same and version is not None else None

    def compare(self, older: int, newer: int) -> list[Change]:
        """What changed from one edition to another. NotFound where one of them is none."""
        return changes(*(as_lines(_numbered(self.editions, number).content) for number in (older, newer)))


def list_entries(calls: Caller, work: Work) -> list[Listed]:
    """Every entry in force, kind by kind; NotAuthorised for whoever does not see incidents."""
    authorise(calls.person(), Act.see_incidents)
    kept = count_editions(work)
    return [
        Listed(kind, id, name_of(content), cast("int | None", content.get("version")), kept.get((kind, id), 0))
        for kind in Kind
        for id, content in entries_of(calls.catalogue, kind).items()
    ]


def find_entry(calls: Caller, work: Work, kind: Kind, id: str, number: int | None = None) -> Entry:
    """An entry with its editions: that of the number, else the one in force, else the last that was."""
    authorise(calls.person(), Act.see_incidents)
    editions = editions_of(work, kind, id)
    if not editions:
        raise NotFound(f"The catalogue never had {id} among its {kind.heading.lower()}.")
    now = entries_of(calls.catalogue, kind).get(id)
    digest = None if now is None else digest_of(now)
    in_force = next((n for n, each in enumerate(editions, start=1) if each.digest == digest), None)
    number = number or in_force or len(editions)
    _numbered(editions, number)
    return Entry(kind, editions, number, in_force)


def own_file(calls: Caller, kind: Kind) -> bool:
    """Whether the site has a file of its own for the kind."""
    return (calls.settings.catalogue_folder / kind.file).exists()


def changed_by_site(entry: Entry) -> list[Change] | None:
    """What the edition says otherwise than the one that ships; none where no entry of that id ships."""
    shipped = _shipped(entry.kind).get(entry.shown.entry)
    return None if shipped is None else changes(as_lines(shipped), as_lines(entry.shown.content))


def left_out(calls: Caller, kind: Kind) -> list[str]:
    """Ids that ship and that the site's own file leaves out."""
    known = entries_of(calls.catalogue, kind)
    return [id for id in _shipped(kind) if id not in known] if own_file(calls, kind) else []


def uses(
    calls: Caller, work: Work, kind: Kind, id: str, after: BackgroundTasks
) -> tuple[list[Use], list[SweepUse]]:
    """Which incidents and sweeps went by an entry, of those that the caller may see, the newest first."""
    found = incidents_under(work, kind, id, by=calls.person())
    if kind is not Kind.policies:
        return found, []
    counted = calls.lately.read(f"decisions by {id}", partial(_sweeps, calls, id), after)
    seen = {incident.id for incident in visible_incidents(work, calls.person())}
    return found, [each for each in counted.value if each.incident in seen]


def _sweeps(calls: Caller, policy: str) -> list[SweepUse]:
    with calls.store.read() as work:
        return sweeps_under(work, policy)


def _shipped(kind: Kind) -> dict[str, Content]:
    return {each.id: content_of(each) for each in shipped_entries(kind.file, kind.value)}


def _numbered(editions: Sequence[Edition], number: int) -> Edition:
    if not 1 <= number <= len(editions):
        raise NotFound(f"{editions[0].entry} has editions 1 to {len(editions)}, and none {number}.")
    return editions[number - 1]
