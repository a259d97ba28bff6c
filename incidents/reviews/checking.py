"""Does a retrospective say what the record says? Every number is derived again, every sentence has evidence.

The record is written out anew, and the document held against it. What stands in both is proven. What the
record says with other numbers differs, and so does what stands in the place of a sentence of the record that
is gone. What it does not say at all was added by somebody: it needs references, and each of its numbers has to
stand in an entry that it cites, or in what the record says on the same evidence. People's own words are
testimony: they stand as they were written, and only what they cite is held against the record.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import BadInput
from incidents.reviews.outside import charts_for, compose_for
from incidents.reviews.record import Record, input_hash
from incidents.reviews.redaction import redact, view_of
from incidents.reviews.retrospective import illustrated
from incidents.reviews.statements import Statement, sections_of, statements
from incidents.timeline import Entry
from incidents.words import sentence, utc

UNCITED = frozenset({"Open questions"})
"""Questions assert nothing, so they may cite nothing."""

_TITLE = re.compile(r"^# Retrospective (INC-\d+):", re.MULTILINE)

_ABSENT = ("not recorded", "not measurable", "unknown", "none attached", "no plan was made", "no crisis was")
"""Words for what is missing in a table: there is no entry to cite."""


class Fault(StrEnum):
    """What is wrong with a document."""

    section_missing = "SECTION_MISSING"
    evidence_missing = "EVIDENCE_MISSING"
    evidence_unknown = "EVIDENCE_UNKNOWN"
    number_differs = "NUMBER_DIFFERS"
    number_unfounded = "NUMBER_UNFOUNDED"
    sentence_differs = "SENTENCE_DIFFERS"
    words_differ = "WORDS_DIFFER"
    words_missing = "WORDS_MISSING"
    other_record = "OTHER_RECORD"


OF_ANOTHER_STATE = frozenset({Fault.other_record, Fault.sentence_differs})
"""What a kept version may show without fault: the record, or the templates, are not those it was made of."""


class Finding(BaseModel):
    """One thing that has to be mended before a retrospective is published."""

    model_config = ConfigDict(frozen=True)

    fault: Fault
    line: int | None = Field(description="From 1; None where it is about the whole document.")
    text: str = Field(description="What is said there.")
    why: str = Field(description="What is wrong with it, and what the record says.")


def check(document: str, record: Record, *, generator: str) -> list[Finding]:
    """Everything in a document that the record does not bear out, by line; nothing: it may be published.

    A document for an audience, by its header, is held against what that audience may see of the record.
    `generator` as for `compose`: the version that wrote the document.
    """
    view = view_of(document)
    record = redact(record, view)
    derived = illustrated(compose_for(record, view, generator=generator), charts_for(record, view))
    proven = statements(derived)
    said = statements(document)
    moved_on = _moved_on(document, record)
    judge = _Judge(
        {entry.ref: entry for entry in record.entries}, proven, [] if moved_on else _gone(said, proven)
    )
    found = [finding for each in said for finding in judge.faults(each)]
    missing = [*_missing_sections(document, derived), *_missing_words(said, proven)]
    return [*moved_on, *missing, *found]


def incident_of(document: str) -> str:
    """The incident that a retrospective is about, by its title. BadInput where it is none."""
    title = _TITLE.search(document)
    if title is None:
        raise BadInput("This is no retrospective: its first heading names no incident.")
    return title[1]


def is_made_of(document: str, record: Record) -> bool:
    """Whether the header names what the document's audience may see of this record."""
    seen = redact(record, view_of(document))
    return f"`{input_hash(seen)}`" in document.partition("\n## ")[0]


def _moved_on(document: str, record: Record) -> list[Finding]:
    """Whether the header names another record than this one. All else is compared all the same."""
    if is_made_of(document, record):
        return []
    why = "It was written from another state of the record. `watchfloor review draft` writes it anew."
    return [Finding(fault=Fault.other_record, line=None, text="Record hash", why=why)]


def _missing_sections(document: str, derived: str) -> list[Finding]:
    there = set(sections_of(document))
    return [
        Finding(fault=Fault.section_missing, line=None, text=name, why="The record has something to say here.")
        for name in sections_of(derived)
        if name not in there
    ]


def _missing_words(said: Iterable[Statement], proven: Iterable[Statement]) -> list[Finding]:
    there = {_content(each) for each in said}
    why = "A person wrote this, and nobody leaves it out for them. `watchfloor review draft` has it."
    return [
        Finding(fault=Fault.words_missing, line=None, text=each.text[:200], why=why)
        for each in proven
        if each.is_testimony and _content(each) not in there
    ]


def _gone(said: Iterable[Statement], proven: Iterable[Statement]) -> list[Statement]:
    """What the record says and the document does not, whatever either rests it on."""
    there = {(each.section, each.text) for each in said}
    return [each for each in proven if not each.is_testimony and (each.section, each.text) not in there]


class _Judge:
    """What the record proves, and how it speaks of a statement."""

    def __init__(self, known: dict[str, Entry], proven: Sequence[Statement], gone: Sequence[Statement]) -> None:
        self._known = known
        self._gone = gone
        self._proven = {_content(each) for each in proven}
        self._shaped: dict[tuple[str, str], list[Statement]] = {}
        self._resting: dict[str, list[Statement]] = {}
        # What people say founds nothing, or a number would prove itself.
        for each in (each for each in proven if not each.is_testimony):
            self._shaped.setdefault((each.section, each.shape), []).append(each)
            for ref in each.refs:
                self._resting.setdefault(ref, []).append(each)

    def faults(self, said: Statement) -> list[Finding]:
        """What is wrong with a statement; nothing where the record bears it out."""
        if said.explains or not said.section:
            return self._of_frame(said)
        return self._of_words(said) if said.is_testimony else self._of_facts(said)

    def _of_frame(self, said: Statement) -> list[Finding]:
        """What stands above the sections, or in italics, needs no evidence; it may not say something else."""
        return [] if _content(said) in self._proven else self._replaced(said)

    def _of_facts(self, said: Statement) -> list[Finding]:
        if _content(said) in self._proven:
            # A picture shows what the tables say, which have the evidence.
            return [] if said.is_picture or _may_stand_alone(said) else [_uncited(said)]
        if unknown := self._unknown(said):
            return unknown
        alike = self._alike(said)
        if alike is not None and alike.numbers != said.numbers:
            return [_finding(Fault.number_differs, said, f"The record says: {alike.text}")]
        if not _may_stand_alone(said):
            return [_uncited(said)]
        return self._replaced(said) or self._unfounded(said)

    def _of_words(self, said: Statement) -> list[Finding]:
        """Words that cite nothing are a person's word; where they cite, their numbers have to stand there."""
        if _content(said) not in self._proven:
            return [_finding(Fault.words_differ, said, "Nobody is recorded to have written this.")]
        return self._unknown(said) or (self._unfounded(said) if said.refs else [])

    def _unknown(self, said: Statement) -> list[Finding]:
        unknown = [ref for ref in said.refs if ref not in self._known]
        return (
            [_finding(Fault.evidence_unknown, said, f"The record has no {', '.join(unknown)}.")]
            if unknown
            else []
        )

    def _alike(self, said: Statement) -> Statement | None:
        """What the record says in the same words; of several, what rests on the same entries."""
        shaped = self._shaped.get((said.section, said.shape), [])
        same = [each for each in shaped if set(each.refs) & set(said.refs)]
        return next(iter(same or shaped), None)

    def _replaced(self, said: Statement) -> list[Finding]:
        """A statement beside the record's may be added; one in the place of what the record says may not."""
        if said.section in UNCITED:
            return []
        gone = [each for each in self._gone if each.section == said.section and _rests_alike(each, said)]
        if not gone:
            return []
        meant = max(gone, key=lambda each: SequenceMatcher(None, each.text, said.text).ratio())
        why = f"The record says: {meant.text} Let that stand, and add what you have to say."
        return [_finding(Fault.sentence_differs, said, why)]

    def _unfounded(self, said: Statement) -> list[Finding]:
        founded = set(_numbers_of(self._known[ref] for ref in said.refs))
        founded |= {n for ref in said.refs for each in self._resting.get(ref, ()) for n in each.numbers}
        left = [number for number in said.numbers if number not in founded]
        if not left:
            return []
        return [_finding(Fault.number_unfounded, said, f"Nothing that it cites says {', '.join(left)}.")]


def _content(said: Statement) -> tuple[str, str, tuple[str, ...], bool]:
    """All of a statement but its line."""
    return said.section, said.text, said.refs, said.is_testimony


def _rests_alike(one: Statement, other: Statement) -> bool:
    """Whether two statements share an entry, or one of them has none by which to tell them apart."""
    return not one.refs or not other.refs or bool(set(one.refs) & set(other.refs))


def _may_stand_alone(said: Statement) -> bool:
    return bool(said.refs) or said.section in UNCITED or any(word in said.text for word in _ABSENT)


def _uncited(said: Statement) -> Finding:
    return _finding(Fault.evidence_missing, said, "Cite the entries that it rests on.")


def _numbers_of(entries: Iterable[Entry]) -> Iterable[str]:
    for entry in entries:
        told = f"{utc(entry.at)}. {sentence(entry)} {_flat(entry.facts)}"
        yield from Statement("", 0, told, ()).numbers


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(_flat(each) for each in value.values())
    if isinstance(value, list | tuple):
        return " ".join(_flat(each) for each in value)
    return str(value)


def _finding(fault: Fault, said: Statement, why: str) -> Finding:
    return Finding(fault=fault, line=said.line, text=said.text[:200], why=why[:300])
