"""Which past incidents are like this one, and in what? A sum of points that anybody can check.

Two incidents are compared where they share their policy or an entry of a scope; the rest only counts on top,
because most incidents of a site share a protocol and a language. Every point has its reason in words.
"""

from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.words import clean, counted

POLICY: Final = 3
"""Points for the same policy: the same question is asked of every item."""

ENTRY: Final = 1
"""Points for each term or hashtag that both looked for…"""

MOST_ENTRIES: Final = 3
"""…up to so many: a list that is used again and again is not ten times as alike."""

CIRCUMSTANCE: Final = 1
"""Points for the same protocol, the same severity, a language, and a kind of signal in common."""

_NAMED: Final = 3


class Traits(BaseModel):
    """What incidents are compared by."""

    model_config = ConfigDict(frozen=True)

    incident: str
    policy: str | None
    protocol: str
    severity: str
    entries: frozenset[str] = Field(frozenset(), description="Terms and hashtags of its scopes, folded.")
    languages: frozenset[str] = Field(frozenset(), description="Languages that its batches were in.")
    kinds: frozenset[str] = Field(frozenset(), description="Kinds of its signals.")


class Likeness(BaseModel):
    """How like two incidents are, and in what."""

    model_config = ConfigDict(frozen=True)

    points: int
    reasons: tuple[str, ...] = Field(description="One for each kind of point; values in it are not escaped.")


def may_be_alike(one: Traits, other: Traits) -> bool:
    """Whether the two share what makes a comparison worth while: their policy, or an entry of a scope."""
    return (one.policy is not None and one.policy == other.policy) or bool(one.entries & other.entries)


def likeness(one: Traits, other: Traits) -> Likeness | None:
    """In what the two are alike; None where they share neither policy nor an entry."""
    if not may_be_alike(one, other):
        return None
    found = list(_points(one, other))
    return Likeness(points=sum(points for points, _ in found), reasons=tuple(reason for _, reason in found))


def _points(one: Traits, other: Traits) -> Iterator[tuple[int, str]]:
    if one.policy is not None and one.policy == other.policy:
        yield POLICY, "same policy"
    if shared := sorted(one.entries & other.entries):
        told = f"{counted(len(shared), 'term')} in common ({_listed(shared)})"
        yield ENTRY * min(len(shared), MOST_ENTRIES), told
    if one.protocol == other.protocol:
        yield CIRCUMSTANCE, "same protocol"
    if one.severity == other.severity:
        yield CIRCUMSTANCE, "same severity"
    if languages := sorted(one.languages & other.languages):
        yield CIRCUMSTANCE, f"languages in common ({_listed(languages)})"
    if kinds := sorted(one.kinds & other.kinds):
        yield CIRCUMSTANCE, f"signals of the same kind ({_listed(kinds)})"


def _listed(values: list[str]) -> str:
    more = f" and {len(values) - _NAMED} more" if len(values) > _NAMED else ""
    return ", ".join(clean(value, 40) for value in values[:_NAMED]) + more
