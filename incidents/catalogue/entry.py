"""What every entry of the catalogue has in common: it is frozen, and an unknown field is a mistake."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Entry(BaseModel):
    """Base of all catalogue entries."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=60)]
"""A short name that never changes once it is in a record: lower case, digits, - and _."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
"""Words for a person, never empty."""

Version = Annotated[int, Field(ge=1)]
"""Counts up by one whenever the meaning changes, so that a decision can say what it was made under."""
