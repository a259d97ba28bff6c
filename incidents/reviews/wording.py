"""Which words of a retrospective blame somebody, or judge the past by what was known later?

A remark names the place and a better way to say it. Nothing is changed: the words are people's own.
"""

import re
from collections.abc import Collection, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

WORDING: Final = Path(__file__).with_name("wording.yaml")

_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_FAILED = "missed|ignored|overlooked|forgot|failed|caused|broke|delayed|mishandled"


class Kind(StrEnum):
    """What is wrong with a wording."""

    counterfactual = "counterfactual"
    blame = "blame"
    person = "person"
    single_cause = "single cause"
    absolute = "absolute"
    hindsight = "hindsight"
    inflation = "inflation"


class Wording(BaseModel):
    """Words, why they are better not used, and what to say instead."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    words: tuple[str, ...] = Field(min_length=1)
    why: str
    instead: str

    def found_in(self, line: str) -> Iterator[re.Match[str]]:
        """Every place in a line where it stands."""
        return re.finditer(rf"\b(?:{'|'.join(self.words)})\b", line, re.IGNORECASE)


class Remark(BaseModel):
    """One place that is better said otherwise."""

    model_config = ConfigDict(frozen=True)

    line: int = Field(description="From 1.")
    column: int = Field(description="From 1.")
    said: str
    kind: Kind
    why: str
    instead: str
    quoted: bool = Field(
        description="Somebody's own words in quotation marks: ask them, rather than change it."
    )


_PERSON = (
    "It makes one person the subject of what went wrong.",
    "Name the role, what was visible to it, and what the step led to.",
)


def remarks(text: str, people: Collection[str] = ()) -> list[Remark]:
    """Every remark about a text, by line and column. `people` are names that may stand in it."""
    wording = [*_wording(), *_about(people)]
    numbered = enumerate(text.splitlines(), start=1)
    return [each for number, line in numbered for each in _of(line, number, wording)]


def _of(line: str, number: int, wording: Collection[Wording]) -> list[Remark]:
    quotations = [found.span() for found in _QUOTED.finditer(line)]
    found = [
        Remark(
            line=number,
            column=place.start() + 1,
            said=place[0],
            kind=each.kind,
            why=each.why,
            instead=each.instead,
            quoted=any(start < place.start() < end for start, end in quotations),
        )
        for each in wording
        for place in each.found_in(line)
    ]
    return sorted(found, key=lambda remark: (remark.column, remark.kind))


def _about(people: Collection[str]) -> list[Wording]:
    if not people:
        return []
    names = "|".join(re.escape(name) for name in sorted(people, key=len, reverse=True))
    why, instead = _PERSON
    return [
        Wording(kind=Kind.person, words=(rf"(?:{names}) (?:\w+ )?(?:{_FAILED})",), why=why, instead=instead)
    ]


@cache
def _wording() -> tuple[Wording, ...]:
    read = yaml.safe_load(WORDING.read_text(encoding="utf-8"))
    return tuple(Wording.model_validate(each) for each in read["wording"])
