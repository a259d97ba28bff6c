"""What a crisis asks beyond durations and shares: how much still violates, who was reached when, who was told.

Every number rests on counts of the record, and is None where the record cannot tell.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from incidents.reviews.reading import ActedPart, Part
from incidents.reviews.record import CertificateRecord, Record

DEFINITIONS: Final[dict[str, str]] = {
    "Prevalence before": (
        "Of the posts in a sweep's universe, those that violate: found, and not found as a sample says."
        " At least what was found; at most that and what the certificate's bound leaves, at its confidence."
        " It takes the readers' word, and is not measurable where no random sample was read."
    ),
    "Prevalence after": (
        "The same once the sweep's plan is carried out: what violates and was not found. At least nothing."
    ),
    "First decision, by language, surface and form": (
        "From the declaration to the first decision about such a post, whatever became of it."
        " A surface is where on the platform a post stands, as its source says; a form is text, link or media."
    ),
    "First action, by language, surface and form": (
        "From the declaration to the moment at which the first action on such a post took effect, as the"
        " platform or the site says. Where nobody said, to the first plan with an action on such a post, and"
        " marked as planned. Actions that were undone do not count as taken."
    ),
    "Reach before action": (
        "How many people had seen posts by the time of the action, as the platform or the site says, and how"
        " many of these came after the posts were gathered. It sums the actions that were carried out and"
        " stand, and whose reach is known from both moments; not recorded where nobody said."
        " Who saw several posts is counted with each."
    ),
    "Agreement": (
        "Of the pairs of blind readings of one item, those that say the same; and Gwet's AC1, beyond chance."
        " Both with their 95 % intervals, by language; as in `watchfloor sweep quality`."
    ),
    "Precision": (
        "Of the decisions `violates`, those upheld by a second, blind look, or by whoever settled the two."
        " Weighed by how likely each was to be read again, with its 95 % interval."
    ),
    "Missed harm": "Of the decisions `does not violate`, those that do, measured in the same way.",
    "Overturned": "Decisions of which a second look, or whoever settled it, said the opposite.",
    "Undone": "Decisions that a commander took back, with all that inherited them.",
    "Reviewer time": (
        "From each claim of a batch to its end, no more than five minutes an item: longer is a break."
        " Second looks and items with a known answer are counted in."
    ),
    "Graphic": "Items that people were shown under a policy about what is hard to look at.",
    "Guideline lag": (
        "From the publication of a version to the team's first acknowledgement of an ask that carries it,"
        " and what the team decided between; of the first version all that it decided before."
    ),
}
"""Number → what it says; for the page that defines them."""


@dataclass(frozen=True)
class Prevalence:
    """How many of `posts` violate: the best estimate, and between which numbers the truth lies."""

    posts: int
    best: int | None
    at_least: int
    at_most: int


@dataclass(frozen=True)
class Reached:
    """How soon the posts of one language, surface or form were decided and acted upon."""

    name: str
    posts: int
    decided: int
    first_posted_at: datetime | None
    first_decided_at: datetime | None
    first_planned_at: datetime | None
    first_acted_at: datetime | None
    declared_at: datetime | None

    @property
    def until_decided(self) -> timedelta | None:
        """From the declaration to the first decision; None where either is missing, or it came before."""
        return _since(self.declared_at, self.first_decided_at)

    @property
    def until_planned(self) -> timedelta | None:
        """From the declaration to the first action planned; None likewise."""
        return _since(self.declared_at, self.first_planned_at)

    @property
    def until_acted(self) -> timedelta | None:
        """From the declaration to the first action that took effect; None likewise."""
        return _since(self.declared_at, self.first_acted_at)


def prevalence_before(sealed: CertificateRecord) -> Prevalence | None:
    """What violates in the universe before anything is done about it; None where nobody read a sample."""
    unfound = prevalence_after(sealed)
    if unfound is None:
        return None
    best = None if unfound.best is None else sealed.found + unfound.best
    return Prevalence(sealed.posts, best, sealed.found, sealed.found + unfound.at_most)


def prevalence_after(sealed: CertificateRecord) -> Prevalence | None:
    """What still violates once all that was found is acted upon; None where nobody read a sample."""
    if not sealed.sampled or not sealed.posts:
        return None
    left = sealed.posts - sealed.found
    at_most = left if sealed.missing_at_most is None else min(sealed.missing_at_most, left)
    best = None if sealed.missing is None else min(sealed.missing, at_most)
    return Prevalence(sealed.posts, best, 0, at_most)


def by_language(record: Record) -> list[Reached]:
    """How soon each language was reached, the slowest last; those that nobody decided come at the end."""
    return _reached(record, lambda part: part.language)


def by_surface(record: Record) -> list[Reached]:
    """How soon each surface was reached, likewise; nothing where the posts carry none."""
    if all(part.surface is None for part in record.parts):
        return []
    return _reached(record, lambda part: part.surface or "unknown")


def by_form(record: Record) -> list[Reached]:
    """How soon each form was reached, likewise."""
    return _reached(record, lambda part: part.form)


def acted_upon(record: Record) -> ActedPart | None:
    """What was carried out in all languages together, `mul`; None where nothing was planned."""
    if not record.acted:
        return None
    sums = {
        name: sum(getattr(part, name) for part in record.acted)
        for name in ActedPart.model_fields
        if name != "language"
    }
    return ActedPart(language="mul", **sums)


def hours_of_posts(record: Record) -> list[int]:
    """The hours of the day, in UTC, in which posts came."""
    return [each.hour for each in record.hours if each.posts]


def dark_hours(record: Record) -> list[int]:
    """Those of them in which nobody decided anything on any day."""
    return [each.hour for each in record.hours if each.posts and not each.decisions]


def _reached(record: Record, name: Callable[[Part], str]) -> list[Reached]:
    declared = record.milestone("declared")
    groups: dict[str, list[Part]] = {}
    for part in record.parts:
        groups.setdefault(name(part), []).append(part)
    found = [_group(each, parts, declared.at if declared else None) for each, parts in groups.items()]
    last = record.ended_at()
    return sorted(found, key=lambda each: (each.first_decided_at or last, each.name))


def _group(name: str, parts: Sequence[Part], declared_at: datetime | None) -> Reached:
    return Reached(
        name=name,
        posts=sum(part.posts for part in parts),
        decided=sum(part.decided for part in parts),
        first_posted_at=_first(part.first_posted_at for part in parts),
        first_decided_at=_first(part.first_decided_at for part in parts),
        first_planned_at=_first(part.first_planned_at for part in parts),
        first_acted_at=_first(part.first_acted_at for part in parts),
        declared_at=declared_at,
    )


def _first(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)


def _since(start: datetime | None, end: datetime | None) -> timedelta | None:
    return end - start if start is not None and end is not None and end >= start else None
