"""Fill a model with text in every field that can hold some, so that one added tomorrow is filled, too."""

import re
import types
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from incidents.reviews.record import Record
from incidents.timeline import Entry, Event
from incidents.words import TEMPLATES
from tests.incidents.review_rows import T0

Plant = Callable[[str], str]
"""What to put into a field, by its path: `SweepRecord.terms`."""

FACTS = sorted(
    {
        name
        for file in TEMPLATES.glob("timeline*.yaml")
        for name in re.findall(r"facts\.get\('(\w+)'", file.read_text())
    }
    | {"by", "owner", "input_hash", "universe", "target", "what_nobody_has_thought_of"}
)
"""Every fact that a sentence may tell, and some that none does."""


def planted(plant: Plant, keep: dict[str, Any] | None = None) -> Record:
    """A record in which every string is planted, but for the paths in `keep`: those have that value."""
    return Record.model_validate(_model(Record, plant, keep or {}))


def _model(kind: type[BaseModel], plant: Plant, keep: dict[str, Any]) -> dict[str, Any]:
    told = {}
    for name, field in kind.model_fields.items():
        path = f"{kind.__name__}.{name}"
        told[name] = keep[path] if path in keep else _value(field.annotation, path, plant, keep)
    return told


def _value(kind: Any, path: str, plant: Plant, keep: dict[str, Any]) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _value(next(each for each in inner if each is not type(None)), path, plant, keep)
    if inner and inner[0] is Entry:
        return list(_entries(plant, keep))
    if origin in (tuple, list):
        return [_value(inner[0], path, plant, keep)]
    if origin is dict:
        return {plant(path): _value(inner[1], path, plant, keep)}
    return _scalar(kind, path, plant, keep)


def _scalar(kind: Any, path: str, plant: Plant, keep: dict[str, Any]) -> Any:
    if not isinstance(kind, type):
        # An annotated type: a country of an impact, a step of a dimension.
        return "DE" if get_args(kind) and get_args(kind)[0] is str else 1
    if issubclass(kind, BaseModel):
        return _model(kind, plant, keep)
    if issubclass(kind, Enum):
        return next(iter(kind))
    if issubclass(kind, datetime):
        return T0
    # A step of an impact is at most 4, and three counts of 4 are not too few to be shown.
    return plant(path) if issubclass(kind, str) else {int: 4, float: 4.0, bool: True}[kind]


def _entries(plant: Plant, keep: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One of each event, with every fact that a template asks for."""
    for seq, event in enumerate(Event, start=1):
        facts = {name: keep.get(f"{event}:{name}", _fact(name, plant(f"{event}:{name}"))) for name in FACTS}
        yield _model(Entry, plant, keep | {"Entry.facts": {}}) | {"event": event, "seq": seq, "facts": facts}


def _fact(name: str, text: str) -> Any:
    """A fact in the shape that the store gives it: some are lists, or counts by name."""
    if name in ("answers", "by_team"):
        return {text: "yes" if name == "answers" else 4}
    return [text] if name in ("languages", "codes", "waived") else text
