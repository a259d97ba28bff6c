"""Does a draft still say what people say of it? A signature does not cover words that it passes over.

That the record has moved on is no reason by itself: a draft may be older than the last entry.
"""

from collections.abc import Sequence
from typing import Final

from incidents.reviews.statements import Statement, statements

_STAR: Final = "★"
"""How the timeline of a document marks an entry that somebody starred."""

_TIMES: Final = "| Time |"
_LONGEST: Final = 200


def passed_over(draft: str, anew: str) -> list[str]:
    """What people said since the draft, a sentence each: of factors, by stars, by the zone; none: nothing.

    `anew` is the document as the record gives it now. The words of sections are compared by the check.
    """
    written, now = statements(draft), statements(anew)
    known = {(each.text, each.refs) for each in _of_factors(written)}
    unsaid = [each.text for each in _of_factors(now) if (each.text, each.refs) not in known]
    found = [f"It does not say of the contributing factors: “{unsaid[0][:_LONGEST]}”"] if unsaid else []
    if _starred(written) != _starred(now):
        found.append("Entries were starred since, or their stars taken away.")
    if _columns(draft) != _columns(anew):
        found.append("Another zone was chosen since for its times.")
    return found


def _of_factors(said: Sequence[Statement]) -> list[Statement]:
    return [each for each in said if each.section == "Contributing factors"]


def _starred(said: Sequence[Statement]) -> set[tuple[str, ...]]:
    rows = [each for each in said if each.section == "Timeline" and not each.explains]
    return {each.refs for each in rows if _STAR in each.text}


def _columns(markdown: str) -> set[str]:
    """The heads of tables that tell times."""
    return {line for line in markdown.splitlines() if line.startswith(_TIMES)}
