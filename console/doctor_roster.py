"""What the doctor finds in the roster: hours in which nobody is on call, and people who left."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from console.doctor_record import is_current, opened
from console.finding import Finding, ok, warn
from console.oncall import AHEAD_DAYS
from console.people import operator
from incidents.catalogue.load import check_catalogue, load_catalogue
from incidents.catalogue.model import Catalogue
from incidents.catalogue.rotations import Rotation
from incidents.oncall import Span, Taken, can_take, uncovered
from incidents.settings import Settings
from incidents.store.shifts import taken_since
from incidents.words import duration, utc

_COVER = "Add a rotation, have somebody take these hours (`watchfloor oncall take`), or say gaps_meant."

Gone = Mapping[str, Sequence[str]]
"""Rotation → who has shifts in it, and is not here to do them."""


def roster(settings: Settings) -> Iterator[Finding]:
    """Whether somebody who is here is on call at every hour of the coming days; nothing without a roster."""
    if check_catalogue(settings.catalogue_folder):
        return  # which `catalogue` has told
    known, now = load_catalogue(settings.catalogue_folder), datetime.now(UTC)
    if not known.rotations:
        return
    taken = _taken(settings, now)
    gone = {each.id: _gone(settings, known, each, taken) for each in known.rotations}
    found = [*_people(known.rotations, gone), *_gaps(known.rotations, gone, taken, now)]
    yield from found or [ok("roster", f"Somebody is on call at every hour of the next {AHEAD_DAYS} days.")]


def _taken(settings: Settings, now: datetime) -> list[Taken]:
    if not is_current(settings):
        return []
    with opened(settings) as store, store.read() as work:
        return taken_since(work, now)


def _gone(settings: Settings, known: Catalogue, rotation: Rotation, taken: Sequence[Taken]) -> tuple[str, ...]:
    """Who has turns or shifts in a rotation, and is not here to do them."""
    able = {person.id for person in can_take(known.people or (operator(settings),), rotation)}
    named = [*rotation.people, *(shift.person for shift in taken if shift.rotation == rotation.id)]
    return tuple(person for person in dict.fromkeys(named) if person not in able)


def _people(rotations: Sequence[Rotation], gone: Gone) -> Iterator[Finding]:
    for each in rotations:
        for person in gone[each.id]:
            what = f"{person} has shifts in {each.id}, and nobody of that id is known as {each.duty}."
            yield warn("roster", what, "Take them out of oncall.yaml, or give them the role or the team.")


def _gaps(
    rotations: Sequence[Rotation], gone: Gone, taken: Sequence[Taken], now: datetime
) -> Iterator[Finding]:
    """Of each duty, taken together: rotations follow one another around the clock."""
    for (duty, languages), group in groupby(sorted(rotations, key=_covers), key=_covers):
        together = list(group)
        if any(each.gaps_meant for each in together):
            continue
        absent = {person for each in together for person in gone[each.id]}
        gaps = uncovered(together, taken, now, now + timedelta(days=AHEAD_DAYS), gone=absent)
        if gaps:
            for_whom = f"{duty} ({', '.join(languages)})" if languages else duty
            yield warn("roster", _told(for_whom, gaps), _COVER)


def _told(duty: str, gaps: Sequence[Span]) -> str:
    whole = duration(sum((gap.length for gap in gaps), timedelta()))
    return (
        f"Nobody is on call as {duty} for {whole} of the next {AHEAD_DAYS} days,"
        f" first from {utc(gaps[0].starts_at)} to {utc(gaps[0].ends_at)}."
    )


def _covers(rotation: Rotation) -> tuple[str, tuple[str, ...]]:
    return rotation.duty, rotation.languages
