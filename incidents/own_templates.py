"""What is wrong with the templates of a site, before a document is written with them.

A template is looked at by itself (does it parse, is it given every name that it uses, is it used at all), and
those of the retrospective on a record in which every word of people is marked: a mark that comes out as it went
in did not pass the filter `md`, and could have been markup.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from jinja2 import TemplateError, TemplateSyntaxError, meta
from pydantic import BaseModel, ConfigDict, Field

from incidents.reviews.checking import Fault, check
from incidents.reviews.record import Record
from incidents.reviews.retrospective import compose
from incidents.timeline import Event
from incidents.words import SENTENCES, SENTENCES_OUTSIDE, TEMPLATES, environment, own_files

MARK: Final = "<wf>|"
"""Markup that `md` does not leave as it is."""

PEOPLES_WORDS: Final = frozenset(
    {
        *("title", "reason", "note", "success", "sentence", "but", "waived_because", "waived_by", "policy"),
        *("person", "owner", "team", "term", "source", "judged_by", "language", "severity", "why"),
    }
)
"""Fields of a record that people fill in, or that come from a file of the site."""

_DOCUMENTS: Final = ("retrospective", "retrospective-shared")
"""Templates that are made of parts, in a folder of the same name."""


class TemplateFault(BaseModel):
    """One thing that is wrong with a site's template."""

    model_config = ConfigDict(frozen=True)

    file: str = Field(description="Path below the folder.")
    line: int | None = Field(description="From 1; None where it is about the whole file.")
    why: str


def shipped() -> list[str]:
    """The paths of all templates that a site can replace."""
    return sorted(own_files(TEMPLATES))


def faults(folder: Path) -> list[TemplateFault]:
    """What is wrong with each file of the folder by itself; nothing: they can be used."""
    files = own_files(folder)
    used = set().union(*(_uses(path) for path in files.values() if path.suffix == ".j2"))
    found = [fault for name, path in sorted(files.items()) for fault in _faults(name, path)]
    strays = [name for name in sorted(files) if name not in shipped() and name not in used]
    unused = "Nothing uses it: a template replaces the shipped one of the same path."
    return [*(TemplateFault(file=name, line=None, why=unused) for name in strays), *found]


def tried(record: Record, *, generator: str) -> list[str]:
    """What is wrong with the retrospective that the templates in use make of a record."""
    try:
        document = compose(record, generator=generator)
        marked = compose(_marked(record), generator=generator)
    except TemplateError as error:
        return [f"It cannot be composed: {_sentence(error)}"]
    unproven = [
        each for each in check(document, record, generator=generator) if each.fault is not Fault.other_record
    ]
    return [
        *(f"Line {each.line}, “{each.text}”: {each.why}" for each in unproven),
        *(
            f"Line {number}: a value comes out as it went in. Let it pass the filter md."
            for number, line in enumerate(marked.splitlines(), start=1)
            if MARK in line
        ),
    ]


def _faults(name: str, path: Path) -> Iterator[TemplateFault]:
    try:
        text = path.read_text(encoding="utf-8")
        yield from _sentence_faults(name, text) if path.suffix == ".yaml" else _name_faults(name, text)
    except TemplateSyntaxError as error:
        yield TemplateFault(file=name, line=error.lineno, why=_sentence(error))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        yield TemplateFault(file=name, line=None, why=f"It cannot be read: {error}.")


def _name_faults(name: str, text: str) -> Iterator[TemplateFault]:
    environment().from_string(text)  # compiled, an unknown filter shows
    given = _given(name)
    for each in sorted(meta.find_undeclared_variables(environment().parse(text)) - given):
        known = ", ".join(sorted(given)) or "nothing"
        yield TemplateFault(file=name, line=None, why=f"{each} is not given to it. What it is given: {known}.")


def _sentence_faults(name: str, text: str) -> Iterator[TemplateFault]:
    told = yaml.safe_load(text)
    if name not in (SENTENCES, SENTENCES_OUTSIDE) or not isinstance(told, dict):
        yield TemplateFault(file=name, line=None, why=f"{SENTENCES} holds a sentence for each kind of entry.")
        return
    for event, words in told.items():
        if event not in {each.value for each in Event}:
            yield TemplateFault(file=name, line=None, why=f"There is no kind of entry {event}.")
        environment().from_string(str(words))


def _given(name: str) -> frozenset[str]:
    """The names that the shipped templates beside it use, which is what it is sure to be given."""
    beside = [each for each in shipped() if each.endswith(".j2") and _family(each) == _family(name)]
    names = (
        meta.find_undeclared_variables(environment().parse((TEMPLATES / each).read_text("utf-8")))
        for each in beside
    )
    return frozenset().union(*names)


def _family(name: str) -> str:
    """Templates that are given the same: the parts of a retrospective; every other one by itself."""
    whole = name.partition("/")[0].removesuffix(".md.j2")
    return whole if whole in _DOCUMENTS else name


def _uses(path: Path) -> set[str]:
    try:
        tree = environment().parse(path.read_text(encoding="utf-8"))
    except (TemplateSyntaxError, UnicodeDecodeError):
        return set()
    return {each for each in meta.find_referenced_templates(tree) if each is not None}


def _marked(record: Record) -> Record:
    return Record.model_validate(_with_marks(record.model_dump()))


def _with_marks(value: Any, name: str = "") -> Any:  # noqa: ANN401  any JSON
    if isinstance(value, dict):
        return {key: _with_marks(each, key) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_marks(each, name) for each in value]
    return f"{value}{MARK}" if name in PEOPLES_WORDS and type(value) is str and value else value


def _sentence(error: TemplateError) -> str:
    return f"{(error.message or type(error).__name__).rstrip('.')}."
