"""What do people say that no record knows? The sections that they write, and the little Markdown in them.

Words of people are testimony: they stand in a document as quotations, with who wrote them and when, and
outlive every draft. Paragraphs, bullets and references to entries mean something in them, nothing else does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from incidents.errors import BadInput
from incidents.words import clean

LONGEST: Final = 4_000
"""Characters of a section: a page, which is what somebody else still reads."""

_LONGEST_LESSON: Final = 300
"""It stands in the summary, which is one screen."""

_BULLET: Final = re.compile(r"[-*•]\s+(?=\S)")


class Section(StrEnum):
    """What people are asked to write."""

    lesson = "lesson"
    surprised = "surprised"
    lucky = "lucky"
    went_well = "went_well"
    went_hard = "went_hard"
    coordination = "coordination"
    open = "open"


ASKED: Final[dict[Section, str]] = {
    Section.lesson: "What is the biggest lesson?",
    Section.surprised: "Why were we surprised?",
    Section.lucky: "Where were we lucky?",
    Section.went_well: "What went well?",
    Section.went_hard: "What was hard?",
    Section.coordination: "What did coordination and hand-overs cost?",
    Section.open: "Which questions stay open?",
}
"""Section → what it answers, in the order in which a document has them."""


@dataclass(frozen=True)
class Block:
    """A paragraph, or points of a list. Their words are as they were written: not escaped."""

    is_list: bool
    lines: tuple[str, ...]


def tidied(section: Section, text: str) -> str:
    """The text as it is kept: without what cannot be seen. BadInput where nothing is left, or too much."""
    kept = "\n".join(clean(line, len(line) + 1) for line in text.splitlines()).strip()
    longest = _LONGEST_LESSON if section is Section.lesson else LONGEST
    if not kept:
        raise BadInput(f"The section {section} is empty. It answers: {ASKED[section]}")
    if len(kept) > longest:
        raise BadInput(f"The section {section} has {len(kept):,} characters; {longest:,} are read.")
    return kept


def blocks(text: str) -> list[Block]:
    """The paragraphs and lists of a text, in order. A line that goes on belongs to the point before it."""
    return [block for part in _parts(text.splitlines()) for block in _told(part)]


def _parts(lines: list[str]) -> Iterator[list[str]]:
    for is_blank, grouped in groupby(lines, key=lambda line: not line.strip()):
        if not is_blank:
            yield list(grouped)


def _told(lines: list[str]) -> Iterator[Block]:
    said: list[list[str]] = [[]]
    for line in lines:
        if point := _BULLET.match(line.lstrip()):
            said.append([line.lstrip()[point.end() :]])
        else:
            said[-1].append(line)
    before, *points = [" ".join(each) for each in said]
    if before:
        yield Block(is_list=False, lines=(before,))
    if points:
        yield Block(is_list=True, lines=tuple(points))
