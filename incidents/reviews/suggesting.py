"""What may a language model say of an incident? What the record bears out, and only to a person.

It is shown what the public would be shown, so that nothing leaves the house that may not. Each sentence that
it answers passes the check of the document or is dropped with the reason. What is left is a draft: it enters
the record when a person writes it there as their own words.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from incidents.errors import BadInput
from incidents.reviews.audiences import Audience
from incidents.reviews.checking import check
from incidents.reviews.outside import compose_for
from incidents.reviews.record import Record
from incidents.reviews.redaction import View
from incidents.reviews.sections import ASKED, Section
from incidents.reviews.wording import remarks
from incidents.words import clean, render

SHOWN_TO_IT: Final = View(Audience.public)
"""Whose view of the record the model is given: the strictest there is."""

MOST: Final = 20
"""Sentences of one answer that are looked at."""

LONGEST: Final = 300
"""Characters of a sentence."""

_HEADING: Final = "## Summary\n"
_MARKUP: Final = re.compile(r"[<>\[\]|`*_#{}\\~]|://|\bwww\.", re.IGNORECASE)
_SPELT: Final = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?"
    r"|half|halves|thirds?|quarters?|twice|percent)\b",
    re.IGNORECASE,
)
_CAPITAL: Final = re.compile(r"(?<=[\w,;:] )\(?([^\W\d_a-z][\w'-]*)")


class Question(BaseModel):
    """What a model is asked."""

    model_config = ConfigDict(frozen=True)

    rules: str = Field(description="What it is to do, and in which form it answers.")
    evidence: str = Field(description="What it may use, fenced off as no instruction.")


class Suggestion(BaseModel):
    """One sentence of a model, and why it is dropped; empty: it may be kept by a person."""

    model_config = ConfigDict(frozen=True)

    text: str
    refs: tuple[str, ...]
    why: tuple[str, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether the record bears it out."""
        return not self.why


class _Said(BaseModel):
    """One sentence as the model answers it."""

    model_config = ConfigDict(extra="ignore")

    text: str
    refs: tuple[str, ...] = ()


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    sentences: tuple[_Said, ...]


def question(record: Record, section: Section, *, generator: str) -> Question:
    """What a model is asked for a section, with all that it may know."""
    document = compose_for(record, SHOWN_TO_IT, generator=generator)
    rules = render("prose/rules.txt.j2", asked=ASKED[section], most=MOST, longest=LONGEST)
    return Question(rules=rules, evidence=render("prose/evidence.txt.j2", document=document))


def suggestions(
    answer: str, record: Record, *, people: Collection[str] = (), generator: str
) -> list[Suggestion]:
    """Every sentence of an answer, judged. BadInput where the answer is not in the form that was asked for.

    `people` are names that nothing may be said of.
    """
    said = _read(answer)[:MOST]
    document = compose_for(record, SHOWN_TO_IT, generator=generator)
    return [_judged(each, record, document, people, generator) for each in said]


def names_in(record: Record) -> set[str]:
    """Who occurs in a record, by the names that it knows."""
    told = {tenure.person for tenure in record.roles} | {waiver.person for waiver in record.waivers}
    told |= {entry.actor for entry in record.entries} | {item.owner for item in record.actions}
    told |= {str(entry.facts["person"]) for entry in record.entries if entry.facts.get("person")}
    return {name for name in told if name}


def _read(answer: str) -> tuple[_Said, ...]:
    """The JSON of an answer; models like to put a fence or a word around it."""
    begin, end = answer.find("{"), answer.rfind("}")
    try:
        return _Answer.model_validate(json.loads(answer[begin : end + 1])).sentences
    except (ValueError, ValidationError, RecursionError) as error:
        raise BadInput(
            "The language model did not answer in the form that was asked for, and nothing of it is used."
            " Try again, or try another model."
        ) from error


def _judged(said: _Said, record: Record, document: str, people: Collection[str], generator: str) -> Suggestion:
    text, refs = clean(said.text, LONGEST), tuple(clean(ref, 40) for ref in said.refs)
    form = tuple(_faults_of_form(said, text, refs))
    why = form or tuple(_faults_of_words(text, document, people))
    why = why or tuple(_faults_of_facts(text, refs, record, document, generator))
    return Suggestion(text=text, refs=refs, why=why)


def _faults_of_form(said: _Said, text: str, refs: tuple[str, ...]) -> Iterator[str]:
    if not text:
        yield "It says nothing."
    if len(said.text) > LONGEST:
        yield f"It is longer than {LONGEST} characters."
    marked = [text, *(ref.replace("#", "") for ref in refs)]
    if "\n" in said.text.strip() or any(_MARKUP.search(each) for each in marked):
        yield "It holds markup, a link or more than one line."
    if not refs:
        yield "It cites nothing."


def _faults_of_words(text: str, document: str, people: Collection[str]) -> Iterator[str]:
    for name in sorted(people):
        if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE):
            yield f"It names {name}."
    known = set(re.findall(r"[\w'-]+", document))
    for word in dict.fromkeys(_CAPITAL.findall(text)):
        if word not in known:
            yield f"“{word}” stands nowhere in what it was shown."
    for found in dict.fromkeys(each.lower() for each in _SPELT.findall(text)):
        yield f"“{found}” is a number in words, which cannot be checked."
    for remark in remarks(text, people):
        yield f"“{remark.said}”: {remark.why}"


def _faults_of_facts(
    text: str, refs: tuple[str, ...], record: Record, document: str, generator: str
) -> Iterator[str]:
    """What the check of a document says of the sentence in it."""
    point = f"- {text} {', '.join(f'`{ref}`' for ref in refs)}"
    before, heading, after = document.partition(_HEADING)
    line = before.count("\n") + 3
    for finding in check(f"{before}{heading}\n{point}\n\n{after}", record, generator=generator):
        if finding.line == line:
            yield finding.why
