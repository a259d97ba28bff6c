"""Read the scope of a sweep from a YAML file and from options."""

from pathlib import Path
from typing import Any

from console.cli.sweep_options import ScopeOptions
from incidents.catalogue.marks import read
from incidents.errors import BadInput
from incidents.files import read_small
from incidents.sweeps.scope import Scope, read_scope

LARGEST_FILE = 5_000_000
"""Bytes; a scope takes at most 5,000 entries of a kind."""


def read_scope_options(given: ScopeOptions) -> Scope:
    """The scope of a file with what the options add to it. BadInput names the line, or the field."""
    fields = _read_file(given.scope) if given.scope is not None else {}
    for name, value in vars(given).items():
        if name == "scope" or not value:
            continue
        known = fields.get(name)
        fields[name] = (
            [*(known if isinstance(known, list) else []), *value] if isinstance(value, list) else value
        )
    return read_scope(fields)


def _read_file(path: Path) -> dict[str, Any]:
    document = read(read_small(path, LARGEST_FILE, kind="scope"))
    if document.faults:
        lines = [f"  {path}:{fault.mark.line}: {fault.message}" for fault in document.faults]
        raise BadInput("\n".join(["The scope cannot be used:", *lines]))
    if not isinstance(document.content, dict):
        raise BadInput(f"{path}: this is no scope. Write fields such as `terms: [one, two]`.")
    return dict(document.content)
