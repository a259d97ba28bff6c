"""Who gets to see which part of the record? A list of what is shown; all else is left out.

Inside, everybody who may see the incident sees all of it. For a partner team and for the public the record
is redacted before a document is made of it, so that no template can say what was taken out. The rules are
data, in redaction.yaml.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from incidents.errors import BadInput
from incidents.incident.phases import Phase
from incidents.incident.severity import Impact
from incidents.people import Role
from incidents.reviews.audiences import Audience
from incidents.reviews.metrics import MILESTONES
from incidents.reviews.record import Record, Tally
from incidents.sweeps.certificate import Claim
from incidents.timeline import Entry, Event

RULES_FILE: Final = Path(__file__).with_name("redaction.yaml")

OTHERS: Final = "mul"
"""Language of a row that stands for several (ISO 639-2)."""


INSIDE: Final = frozenset({Audience.internal, Audience.privileged})
"""Audiences that see the whole record."""


@dataclass(frozen=True)
class View:
    """Whom one document is for; of partners, which team."""

    audience: Audience
    team: str | None = None

    @property
    def is_inside(self) -> bool:
        """Whether nothing is left out."""
        return self.audience in INSIDE

    def __str__(self) -> str:
        return f"{self.audience}-{self.team}" if self.team else str(self.audience)


INTERNAL: Final = View(Audience.internal)


class Rule(StrEnum):
    """What is let through of a field. redaction.yaml says each in a line."""

    hidden = "hidden"
    number = "number"
    time = "time"
    ours = "ours"
    id = "id"
    word = "word"
    language = "language"
    own = "own"
    own_ask = "own_ask"
    rows = "rows"
    grouped = "grouped"


class Rules(BaseModel):
    """What redaction.yaml says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smallest: int = Field(ge=2, description="Fewest decided items that a row by language may stand for.")
    sections: dict[Audience, tuple[str, ...]]
    charts: dict[Audience, tuple[str, ...]]
    fields: dict[str, dict[str, dict[Audience, Rule]]]
    facts: dict[Event, dict[Audience, dict[str, Rule]]]

    def of(self, model: str, field: str, audience: Audience) -> Rule:
        """The rule of a field. What is not named is hidden."""
        return self.fields.get(model, {}).get(field, {}).get(audience, Rule.hidden)


@cache
def rules() -> Rules:
    """The rules of redaction.yaml."""
    return Rules.model_validate(yaml.safe_load(RULES_FILE.read_text(encoding="utf-8")))


def redact(record: Record, view: View) -> Record:
    """What of the record this audience may see. Redacting twice changes nothing more."""
    if view.is_inside:
        return record
    seen = _seen(record, view)
    assert isinstance(seen, Record), "no rule makes a record somebody's own"
    return seen


def teams_of(record: Record) -> list[str]:
    """The partner teams that were asked or worked in it, by name."""
    asked = {ask.team for ask in record.asks}
    worked = {tally.team for sweep in record.sweeps for tally in sweep.tallies}
    return sorted(asked | worked)


def view_on(record: Record, audience: Audience, team: str | None) -> View:
    """The view that was asked for. BadInput where a team is missing, has no part in it, or is not needed."""
    if audience is not Audience.partner:
        if team is not None:
            raise BadInput(
                f"A document for the audience {audience} is not made for one team: leave out --team."
            )
        return View(audience)
    known = teams_of(record)
    if team not in known:
        whom = f"The team {team} had no part in {record.incident.id}" if team else "Say which team: --team"
        raise BadInput(f"{whom}. Those that had one: {', '.join(known) or 'none'}.")
    return View(audience, team)


_HEADER: Final = re.compile(r"^\| Audience \| (partner|public|privileged)(?: `([^`|]+)`)? \|$", re.MULTILINE)


def view_of(document: str) -> View:
    """Whom a document is for, by its header; without a word about it, it is internal."""
    found = _HEADER.search(document.partition("\n## ")[0])
    return View(Audience(found[1]), found[2]) if found else INTERNAL


_OURS: Final[frozenset[str]] = frozenset(
    {*MILESTONES, *Phase, *Role, *Claim} | {"recorded", "estimated", "requested", "working", "finished"}
)
_ID: Final = re.compile(r"INC-\d{1,9}(-[A-Z]\d{1,9})*|DRILL-\d{1,9}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_-]{0,30}(\.[a-z0-9_-]{1,30})*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")


def _is_time(value: object) -> bool:
    if isinstance(value, datetime):
        return True
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


_LETS: Final[dict[Rule, Callable[[Any], bool]]] = {
    Rule.hidden: lambda _: False,
    Rule.number: lambda value: isinstance(value, int | float),
    Rule.time: _is_time,
    Rule.ours: lambda value: isinstance(value, Enum) or (isinstance(value, str) and value in _OURS),
    Rule.id: lambda value: isinstance(value, str) and _ID.fullmatch(value) is not None,
    Rule.word: lambda value: isinstance(value, str) and _WORD.fullmatch(value) is not None,
    Rule.language: lambda value: isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None,
}
"""Rule → whether it lets a value through. A value is looked at, not only the field that it stands in."""


def _seen(value: BaseModel, view: View) -> BaseModel | None:
    """The same with what the audience may see; None where it is another team's."""
    told: dict[str, Any] = {}
    for name, field in type(value).model_fields.items():
        rule = rules().of(type(value).__name__, name, view.audience)
        given = getattr(value, name)
        if rule in _OWN and not _is_own(rule, given, view):
            return None
        let = _let_through(rule, given, view)
        told[name] = _blank(field) if let is None else let
    if isinstance(value, Entry):
        facts = _facts(value, view)
        if facts is None:
            return None
        told["facts"] = facts
    return type(value).model_validate(told)


def _let_through(rule: Rule, given: Any, view: View) -> Any:  # noqa: ANN401 - any field of any model
    """What a rule lets through of a value, None where that is nothing."""
    if rule in _OWN:
        return given
    if rule is Rule.grouped:
        return tuple(_grouped(given))
    if rule is Rule.rows and isinstance(given, BaseModel):
        return _seen(given, view)
    if isinstance(given, list | tuple):
        each = (_let_through(rule, one, view) for one in given)
        return tuple(one for one in each if one is not None)
    return given if rule in _LETS and _LETS[rule](given) else None


def _facts(entry: Entry, view: View) -> dict[str, Any] | None:
    """The facts of an entry that the audience may see; None where it may not see the entry."""
    named = rules().facts.get(entry.event, {}).get(view.audience)
    if named is None:
        return None
    told: dict[str, Any] = {}
    for name, rule in named.items():
        given = entry.facts.get(name)
        if rule in _OWN and not _is_own(rule, given, view):
            return None
        seen = _let_through(rule, given, view)
        told |= {} if seen is None else {name: seen}
    return told


_OWN: Final = frozenset({Rule.own, Rule.own_ask})


def _is_own(rule: Rule, given: object, view: View) -> bool:
    if view.team is None or not isinstance(given, str):
        return False
    if rule is Rule.own:
        return given == view.team
    return re.fullmatch(rf"ask:INC-\d+:{re.escape(view.team)}:\d+", given) is not None


_BLANKS: Final[dict[Any, Any]] = {str: "", int: 0, bool: False, Impact: Impact(), tuple[str, ...]: ()}


def _blank(field: FieldInfo) -> Any:  # noqa: ANN401 - whatever the field is declared to hold
    """What stands where nothing is to be seen."""
    if not field.is_required():
        return field.get_default(call_default_factory=True)
    return _BLANKS.get(field.annotation)


def _grouped(tallies: Iterable[Tally]) -> list[Tally]:
    """Decisions by language, of all teams together. Languages with few are put together with others.

    What is put together has at least `smallest` decisions and at least two languages, or taking the rows
    that are shown from the sum would give back the one that is not. Where even all together are fewer,
    there is nothing to be told.
    """
    shown: dict[str, tuple[int, int]] = {}
    for tally in tallies:
        language = tally.language if _LANGUAGE.fullmatch(tally.language) else OTHERS
        decided, violates = shown.get(language, (0, 0))
        shown[language] = decided + tally.decided, violates + tally.violates
    smallest = rules().smallest
    if sum(decided for decided, _ in shown.values()) < smallest:
        return []
    together = _put_together(shown, smallest)
    counts = {language: shown[language] for language in sorted(shown) if language not in together}
    if together:
        counts[OTHERS] = _sum(shown[language] for language in together)
    return [_tally(language, *count) for language, count in counts.items()]


def _put_together(shown: dict[str, tuple[int, int]], smallest: int) -> list[str]:
    """The languages that have no row of their own: those with few, and as many more as these need."""
    by_size = sorted(shown, key=lambda language: (shown[language][0], language))
    together = [language for language in by_size if shown[language][0] < smallest or language == OTHERS]
    others = [language for language in by_size if language not in together]
    while together and others and not _is_safe(together, shown, smallest):
        together.append(others.pop(0))
    return together


def _is_safe(together: list[str], shown: dict[str, tuple[int, int]], smallest: int) -> bool:
    are_several = len(together) > 1 or together == [OTHERS]
    return are_several and _sum(shown[language] for language in together)[0] >= smallest


def _sum(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    decided, violates = zip(*counts, strict=True)
    return sum(decided), sum(violates)


def _tally(language: str, decided: int, violates: int) -> Tally:
    return Tally(team="", language=language, items=0, violates=violates, does_not_violate=decided - violates)
