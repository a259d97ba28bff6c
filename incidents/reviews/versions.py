"""What changed between two versions of a retrospective, line by line and section by section."""

from collections.abc import Iterator
from difflib import unified_diff

from pydantic import BaseModel, ConfigDict

_HEADER = "Header"
"""What stands before the first section."""


class Change(BaseModel):
    """How many lines of a section are new, and how many are gone."""

    model_config = ConfigDict(frozen=True)

    section: str
    added: int
    removed: int


def differences(older: str, newer: str, *, names: tuple[str, str]) -> list[str]:
    """A unified diff of two texts, with three lines around each difference; none where they are equal."""
    return list(unified_diff(older.splitlines(), newer.splitlines(), *names, lineterm=""))


def changes(older: str, newer: str) -> list[Change]:
    """The sections that differ, in the order of the newer text; those that are gone come last."""
    before, after = dict(_sections(older)), dict(_sections(newer))
    names = [*after, *(name for name in before if name not in after)]
    counted = [_change(name, before.get(name, ""), after.get(name, "")) for name in names]
    return [change for change in counted if change.added or change.removed]


def _sections(markdown: str) -> Iterator[tuple[str, str]]:
    header, *sections = f"\n{markdown}".split("\n## ")
    yield _HEADER, header
    for section in sections:
        name, _, text = section.partition("\n")
        yield name.strip(), text


def _change(section: str, older: str, newer: str) -> Change:
    lines = [line[:1] for line in unified_diff(older.splitlines(), newer.splitlines(), n=0, lineterm="")][2:]
    return Change(section=section, added=lines.count("+"), removed=lines.count("-"))
