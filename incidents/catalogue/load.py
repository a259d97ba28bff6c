"""Reads the catalogue, or says everything that is wrong with it."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from incidents.catalogue.model import Catalogue
from incidents.catalogue.references import Sheets, reference_problems
from incidents.catalogue.shape import sheet_faults
from incidents.catalogue.sheets import FILES, SHIPPED, Problem, read_sheet, read_sheets, stray_files
from incidents.catalogue.teams import PersonEntry
from incidents.errors import BadInput
from incidents.people import Person

__all__ = ["FILES", "SHIPPED", "Catalogue", "Problem", "check_catalogue", "load_catalogue", "shipped_entries"]


def load_catalogue(site: Path | None = None) -> Catalogue:
    """The catalogue of a site: its own files where it has them, the shipped ones otherwise.

    `site` is the folder of those files; None, or a folder that does not exist, is the shipped catalogue.
    Raises BadInput with every problem on a line of its own, `file:line: where: message`.
    """
    sheets = read_sheets(site)
    problems = _problems(site, sheets)
    if problems:
        listed = "\n".join(str(problem) for problem in problems)
        raise BadInput(f"The catalogue cannot be used until this is mended:\n{listed}")
    lists = {key: _entries(sheets, name, key) for name, models in FILES.items() for key in models}
    return Catalogue(version=_version(sheets), **lists)


def check_catalogue(site: Path | None = None) -> list[Problem]:
    """Every problem of the catalogue, file by file and line by line; none if it can be loaded."""
    return _problems(site, read_sheets(site))


@cache
def shipped_entries(file: str, key: str) -> tuple[Any, ...]:
    """One list of a file as it ships, whatever a site has in its stead."""
    return _entries({file: read_sheet(file, None)}, file, key)


def _problems(site: Path | None, sheets: Sheets) -> list[Problem]:
    within = [sheet.problem(fault) for sheet in sheets.values() for fault in sheet_faults(sheet)]
    found = [*stray_files(site), *within, *reference_problems(sheets)]
    return sorted(found, key=lambda problem: (problem.file, problem.line, problem.column, problem.where))


def _entries(sheets: Sheets, name: str, key: str) -> tuple[Any, ...]:
    model = FILES[name][key]
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    plain = [json.dumps(entry) for entry in sheets[name].document.content[key]]
    entries = tuple(adapter.validate_json(entry, strict=True) for entry in plain)
    # A PersonEntry differs from a Person in its strictness alone, and would not be equal to one.
    return tuple(Person(**dict(entry)) for entry in entries) if model is PersonEntry else entries


def _version(sheets: Sheets) -> str:
    """Twelve hex digits of SHA-256 over what the files say; comments, order of keys and layout do not count."""
    content = {name: sheet.document.content for name, sheet in sheets.items()}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
