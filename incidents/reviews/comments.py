"""What readers say about a retrospective, beside it: no part of it, and given to nobody outside.

A comment is about the whole document, one of its sections, or an entry that it cites. Others answer it, and
somebody resolves it, with a word on what came of it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import BadInput
from incidents.reviews.statements import references_in, sections_of
from incidents.words import clean

LONGEST: Final = 2_000
"""Characters of a comment; what is longer belongs into a section."""


class Comment(BaseModel):
    """What one person said of a version. It is never changed."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    number: int = Field(description="Counts up within the incident.")
    thread: int = Field(description="The comment that it answers; its own number where it begins a thread.")
    version: int = Field(description="The version that the person read.")
    place: str = Field(description="A section, an entry such as INC-12#7, or empty: the whole document.")
    text: str
    person: str
    written_at: datetime
    resolved_by: str | None = Field(None, description="Of a thread, by its first comment alone.")
    resolved_at: datetime | None = None
    resolution: str | None = None


class Thread(BaseModel):
    """A comment with its answers."""

    model_config = ConfigDict(frozen=True)

    first: Comment
    answers: tuple[Comment, ...]

    @property
    def is_open(self) -> bool:
        """Whether nobody resolved it."""
        return self.first.resolved_at is None


def threads(comments: Iterable[Comment]) -> list[Thread]:
    """Comments, in the order of their numbers, by thread; the oldest thread first."""
    found: dict[int, list[Comment]] = {}
    for each in comments:
        found.setdefault(each.thread, []).append(each)
    return [Thread(first=first, answers=tuple(answers)) for first, *answers in found.values()]


def places_in(markdown: str) -> tuple[str, ...]:
    """Everything that a comment on this document may be about: its sections, then the entries that it cites."""
    return tuple(dict.fromkeys((*sections_of(markdown), *references_in(markdown))))


def place_in(markdown: str, place: str) -> str:
    """The place as the document writes it. BadInput where it has none like it."""
    asked = place.strip().casefold()
    for known in ("", *places_in(markdown)):
        if known.casefold() == asked:
            return known
    has = ", ".join(sections_of(markdown))
    raise BadInput(
        f"This version has no place {clean(place, 80)!r}. Name an entry that it cites, or of: {has}."
    )


def tidied(text: str) -> str:
    """The text as it is kept: without what cannot be seen. BadInput where nothing is left, or too much."""
    kept = "\n".join(clean(line, len(line) + 1) for line in text.splitlines()).strip()
    if not kept:
        raise BadInput("A comment says something. Nothing was kept.")
    if len(kept) > LONGEST:
        raise BadInput(f"The comment has {len(kept):,} characters; {LONGEST:,} are read. Nothing was kept.")
    return kept
