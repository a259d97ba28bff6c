"""What changed from one version of a guideline to the next, line by line?"""

from difflib import SequenceMatcher
from typing import Literal, NamedTuple


class Change(NamedTuple):
    """A line that came, or went."""

    kind: Literal["added", "removed"]
    line: str


def changes(before: str, after: str) -> list[Change]:
    """The lines that differ, in the order of the text; blank ones tell nothing and are left out."""
    old, new = _lines(before), _lines(after)
    found: list[Change] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            found += [Change("removed", line) for line in old[i:j]]
            found += [Change("added", line) for line in new[k:m]]
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
