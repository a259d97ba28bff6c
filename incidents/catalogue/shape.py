"""What is wrong within one file of the catalogue: its outline, each entry against its model, ids."""

import difflib
import json
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from incidents.catalogue.marks import Document, Fault, Path, spell
from incidents.catalogue.sheets import FILES, Sheet

MAY_BE_EMPTY = frozenset({"people", "drill_people", "groups", "detection_rules", "checklists", "rotations"})


def sheet_faults(sheet: Sheet) -> list[Fault]:
    """What is wrong within one file: its outline, then each entry against its model."""
    document = sheet.document
    if document.content is None and document.faults:
        return document.faults
    if not isinstance(document.content, dict):
        return [*document.faults, Fault(document.mark(()), "", _not_a_mapping(sheet))]
    return [
        *document.faults,
        *_outline(sheet),
        *(fault for key, model in FILES[sheet.name].items() for fault in _entries(document, key, model)),
        *_duplicates(document, document.content, ()),
    ]


def _not_a_mapping(sheet: Sheet) -> str:
    wanted = ", ".join(f"`{key}: […]`" for key in FILES[sheet.name])
    found = {type(None): "this is empty", list: "this is a list"}.get(
        type(sheet.document.content), "this is a single value"
    )
    return f"{found}, but the file must hold `version: 1` and {wanted}"


def _outline(sheet: Sheet) -> Iterator[Fault]:
    document, content = sheet.document, sheet.document.content
    wanted = ["version", *FILES[sheet.name]]
    for key in content:
        if key not in wanted:
            yield Fault(document.key_mark((key,)), key, _unknown(key, wanted))
    for key in wanted:
        if key not in content:
            yield Fault(document.mark(()), key, f"`{key}` is missing")
    version = content.get("version", 1)
    if type(version) is not int or version < 1:
        yield Fault(document.mark(("version",)), "version", f"must be a whole number from 1, not {version!r}")


def _entries(document: Document, key: str, model: Any) -> Iterator[Fault]:  # noqa: ANN401  a type or a union
    entries = document.content.get(key, [])
    if not isinstance(entries, list):
        yield Fault(document.mark((key,)), key, "must be a list (`[]` where there is none)")
        return
    if not entries and key in document.content and key not in MAY_BE_EMPTY:
        yield Fault(document.mark((key,)), key, "must have at least one entry")
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    for index, entry in enumerate(entries):
        try:
            # As JSON, because pydantic then is strict about "1" for 1 and still takes a list for a tuple.
            adapter.validate_json(json.dumps(entry), strict=True)
        except ValidationError as invalid:
            for error in invalid.errors(include_url=False):
                if not _follows_from_another(error):
                    yield _entry_fault(document, (key, index), error, model)


def _follows_from_another(error: ErrorDetails) -> bool:
    """Whether a list is called too short because what is in it was refused, which is told already."""
    return error["type"] == "too_short" and bool(error["input"])


def _entry_fault(document: Document, entry: Path, error: ErrorDetails, model: Any) -> Fault:  # noqa: ANN401
    path = (*entry, *error["loc"])
    known = document.known(path)
    match error["type"]:
        case "extra_forbidden":
            return Fault(document.key_mark(known), spell(known), _unknown(str(path[-1]), field_names(model)))
        case "missing":
            return Fault(document.mark(known), spell((*known, path[-1])), f"`{path[-1]}` is missing")
        case "union_tag_not_found":
            return Fault(document.mark(known), spell((*known, "kind")), "`kind` is missing")
        case "union_tag_invalid":
            message = f"must be one of {error['ctx']['expected_tags']}, not {error['ctx']['tag']!r}"
            return Fault(document.mark((*known, "kind")), spell((*known, "kind")), message)
        case "model_type" | "model_attributes_type":
            return Fault(document.mark(known), spell(known), "must be a mapping, `field: value`")
        case _:
            return Fault(document.mark(known), spell(known), _in_words(error))


def _in_words(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    value = error["input"]
    found = "" if isinstance(value, dict | list) else f", not {value!r:.60}"
    return message[:1].lower() + message[1:] + found


def _unknown(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    return f"`{name}` is not a field here" + (f"; is it `{nearest[0]}`?" if nearest else "")


def field_names(model: Any) -> list[str]:  # noqa: ANN401  a model or the union of channels
    """The names of all fields of a model and of the models inside it."""
    outer = TypeAdapter(model).json_schema()
    schemas = [outer, *outer.get("$defs", {}).values()]
    return list(dict.fromkeys(name for schema in schemas for name in schema.get("properties", {})))


def _duplicates(document: Document, value: Any, path: Path) -> Iterator[Fault]:  # noqa: ANN401
    """Ids that come twice in one list, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _duplicates(document, inner, (*path, key))
    elif isinstance(value, list):
        first: dict[str, int] = {}
        for index, inner in enumerate(value):
            here = (*path, index, "id")
            name = inner.get("id") if isinstance(inner, dict) else None
            if isinstance(name, str) and first.setdefault(name, index) != index:
                line = document.mark((*path, first[name], "id")).line
                yield Fault(document.mark(here), spell(here), f"the id `{name}` is taken at line {line}")
            yield from _duplicates(document, inner, (*path, index))
