"""What an entry of the catalogue says, as data: kept when it first comes into force, read and compared later.

An edition is one content of one entry. Its version is a number that people raise; an edition is another
wherever the content is, also where somebody forgot to.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from incidents.catalogue.entry import Entry
from incidents.catalogue.model import Catalogue
from incidents.catalogue.sheets import FILES

Content = dict[str, JsonValue]


class Kind(StrEnum):
    """The lists of the catalogue whose entries are kept: what people decide by.

    Channels and people are not: they hold addresses and names, and nobody decides by an old one.
    """

    policies = "policies"
    protocols = "protocols"
    severities = "severities"
    priority_rules = "priority_rules"
    checklists = "checklists"
    teams = "teams"
    detection_rules = "detection_rules"

    @property
    def file(self) -> str:
        """The file of the catalogue in which its entries stand."""
        return next(name for name, lists in FILES.items() if self.value in lists)

    @property
    def heading(self) -> str:
        """As people say it."""
        return self.value.replace("_", " ").capitalize()


class Edition(BaseModel):
    """One content of one entry."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    kind: Kind
    entry: str
    version: int | None = Field(description="As the entry says; none where its kind has no versions.")
    digest: str
    content: Content
    kept_at: datetime

    @property
    def name(self) -> str:
        """What people call the entry."""
        return name_of(self.content)


def entries_of(catalogue: Catalogue, kind: Kind) -> dict[str, Content]:
    """What the catalogue says, by id, in the order of the file."""
    found: Sequence[Entry] = getattr(catalogue, kind.value)
    return {str(content["id"]): content for content in map(content_of, found)}


def content_of(entry: Entry) -> Content:
    """What the file says of it. What it leaves out is left out: a new default is no new edition."""
    content: Content = entry.model_dump(mode="json", exclude_unset=True)
    return content


def digest_of(content: Content) -> str:
    """SHA-256 of the content, whatever the order of its keys."""
    told = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def name_of(content: Content) -> str:
    """What people call an entry."""
    return str(next(content[key] for key in _NAMING if key in content))


def as_lines(content: Content) -> str:
    """The content as text, a fact a line, so that two editions are compared like any two texts."""
    return "\n".join(_lines(content, ()))


_NAMING: Final = ("title", "sentence", "phase", "id")


def _lines(value: Any, path: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401  whatever a file holds
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lines(inner, (*path, key.replace("_", " ")))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for place, inner in enumerate(value, start=1):
            yield from _lines(inner, (*path, str(inner.get("id", place))))
    else:
        told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield f"{' › '.join(path)}: {' '.join(told.split())}"
