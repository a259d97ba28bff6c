"""What is found when somebody searches, in the same way on both databases?

Words are made here, from folded text, and the databases only look them up: their own tokenizers differ,
and neither finds 视频 within a Chinese sentence. Scripts that are written without spaces, and Hangul, whose
words carry their particles, are cut into overlapping pairs of letters (as Lucene's CJKBigramFilter does).
A query finds passages that hold all of its words; words in quotation marks stand side by side.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import BadInput
from incidents.reviews.statements import statements
from incidents.sweeps.folding import fold
from incidents.sweeps.scripts import UNSPACED, WORD
from incidents.words import clean, plain

LONGEST_QUERY: Final = 500
"""Characters of one search. A page of text is no question."""

MOST_TERMS: Final = 20
"""Words and phrases of one search."""

PASSAGE: Final = 250
"""Words of one passage. PostgreSQL keeps 256 places of a word in a text, so none is lost."""

EXCERPT: Final = 160
"""Characters of the text around a hit."""

_LONGEST_WORD: Final = 60
_LONGEST_PIECE: Final = 200
_PAIRED: Final = re.compile(rf"[{UNSPACED}\uac00-\ud7a3]+|[^{UNSPACED}\uac00-\ud7a3]+")
_IS_PAIRED: Final = re.compile(rf"[{UNSPACED}\uac00-\ud7a3]")
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„«»「」『』", '"'))
_MARKUP: Final = re.compile(r"[|*`]+")
_LOOKED_UP_ELSEWHERE: Final = frozenset({"", "Full log", "Contributing factors", "Action items"})


class Kind(StrEnum):
    """What a passage is of."""

    incident = "incident"
    retrospective = "retrospective"
    guideline = "guideline"
    factor = "factor"
    action = "action"


@dataclass(frozen=True)
class Passage:
    """A text that is short enough to be read as an answer, and what it is of."""

    kind: Kind
    key: str
    """What it is of, within its kind: a version, a number, an id."""
    part: str
    """Where in that it stands; empty for the whole."""
    text: str
    at: datetime
    """When what it is of was written."""
    owner: str = ""
    """Of an action item."""


class Hit(BaseModel):
    """One document, title or item that a search found, with its first passage that fits."""

    model_config = ConfigDict(frozen=True)

    incident: str
    title: str
    kind: Kind
    key: str
    part: str
    excerpt: str = Field(description="The text around the first word that fits, on one line.")
    at: datetime
    place: int = Field(0, exclude=True, description="Order among the passages of its incident.")

    @property
    def cursor(self) -> str:
        """Where the answers go on after this one, as `read_cursor` takes it."""
        return f"{self.incident}.{self.place}"


@dataclass(frozen=True)
class Among:
    """What is looked at: everything that was written about crises, unless somebody wants less of it."""

    kinds: tuple[Kind, ...] = tuple(Kind)
    incident: str | None = None
    """This one alone."""
    since: datetime | None = None
    """Written then or later."""
    until: datetime | None = None
    """Written before then."""
    drills: bool = False
    """Exercises, too."""


EVERYTHING: Final = Among()


class Cursor(NamedTuple):
    """The last hit that somebody has: the number of its incident, and its place among the passages of that."""

    number: int
    place: int


@dataclass(frozen=True)
class Term:
    """Words that stand side by side. `is_open`: the last one may go on."""

    words: tuple[str, ...]
    is_open: bool = False

    def is_begun_by(self, word: str) -> bool:
        """Whether a word of a text may be the first of these."""
        first = self.words[0]
        return word.startswith(first) if self.is_open and len(self.words) == 1 else word == first


@dataclass(frozen=True)
class Query:
    """What somebody looks for: all of these terms, in one passage."""

    terms: tuple[Term, ...]


def read_query(text: str) -> Query:
    """The query that these words ask. BadInput where they are too many, or none.

    Words in quotation marks stand side by side; `mirror*` finds words that begin so. Whatever else is no
    letter and no digit parts words, so that no operator of a database means anything here.
    """
    if len(text) > LONGEST_QUERY:
        raise BadInput(f"A search of {len(text):,} characters: at most {LONGEST_QUERY} are read.")
    # Every second part stands in quotation marks; one that is never closed goes to the end.
    parts = text.translate(_QUOTES).split('"')
    sought = [each for place, part in enumerate(parts) for each in ([part] if place % 2 else part.split())]
    terms = tuple(dict.fromkeys(term for each in sought if (term := _term(each)) is not None))
    if not terms:
        raise BadInput("Nothing to search for: give a word, or a phrase in quotation marks.")
    if len(terms) > MOST_TERMS:
        raise BadInput(f"A search for {len(terms)} words: at most {MOST_TERMS} are looked up at once.")
    return Query(terms)


def read_cursor(text: str) -> Cursor:
    """The place at which answers go on. BadInput for what no answer gave."""
    found = re.fullmatch(r"INC-(\d{1,9})\.(\d{1,9})", text)
    if found is None:
        raise BadInput("`after` is not the `next` of an answer. Leave it out to begin anew.")
    return Cursor(int(found[1]), int(found[2]))


def words_of(text: str) -> list[str]:
    """The words of a text as they are looked up, in order: letters and digits, folded, no spaces."""
    return [word for run in _runs(text) for word in _words(run)]


def cut(text: str) -> list[str]:
    """A text in passages of at most `PASSAGE` words; nothing for one without words."""
    passages: list[list[str]] = [[]]
    held = 0
    for piece in _pieces(text):
        words = len(words_of(piece))
        if held and held + words > PASSAGE:
            passages.append([])
            held = 0
        passages[-1].append(piece)
        held += words
    return [" ".join(pieces) for pieces in passages if pieces]


def sections(markdown: str) -> list[tuple[str, str]]:
    """Section and passage of a retrospective, in order, without markup and references.

    Left out is the head, the full log, which the timeline tells, and what is found as itself.
    """
    told: dict[str, list[str]] = {}
    for each in statements(markdown):
        if each.section not in _LOOKED_UP_ELSEWHERE and not each.names_columns:
            told.setdefault(each.section, []).append(_MARKUP.sub(" ", plain(each.text)))
    return [(section, text) for section, texts in told.items() for text in cut(" ".join(texts))]


def excerpt(text: str, query: Query) -> str:
    """The text around the first word that the query finds in it, inert and on one line."""
    begins = 0
    for piece in re.finditer(r"\S+", text):
        if any(term.is_begun_by(word) for word in words_of(piece[0]) for term in query.terms):
            begins = piece.start()
            break
    start = max(0, begins - EXCERPT // 4)
    start = text.rfind(" ", 0, start) + 1 if start else 0
    return ("… " if start else "") + clean(text[start:], EXCERPT)


def _term(text: str) -> Term | None:
    """A phrase that a text with these words in a row would hold; None for one without words."""
    runs = _runs(text)
    if not runs:
        return None
    *before, last = runs
    words = [word for run in before for word in _words(run)]
    if _is_paired(last):
        # What follows its last letter in the text is not known: the pair that begins there is left out.
        return Term((*words, *(_words(last)[:-1] or [last])), is_open=len(last) == 1)
    return Term((*words, *_words(last)), is_open=text.rstrip().endswith("*"))


def _runs(text: str) -> list[str]:
    """The words of folded text, parted where a script with spaces meets one without."""
    return [run for word in WORD.findall(fold(text)) for run in _PAIRED.findall(word)]


def _words(run: str) -> Sequence[str]:
    if _is_paired(run):
        return [run[place : place + 2] for place in range(len(run))]
    return [run[:_LONGEST_WORD]]


def _is_paired(run: str) -> bool:
    return _IS_PAIRED.match(run) is not None


def _pieces(text: str) -> Iterator[str]:
    """What stands between spaces, the long ones cut; a cut repeats a few letters, so that no word is lost."""
    for piece in text.split():
        step = _LONGEST_PIECE - 20
        for start in range(0, max(1, len(piece) - 20), step):
            part = piece[start : start + _LONGEST_PIECE]
            if WORD.search(part):
                yield part
