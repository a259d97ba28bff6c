"""Lists a page at a time: where to go on is an opaque cursor, which stays right while rows are added.

A cursor names the last row that was shown, by what the list is ordered by, and not by how many came before.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from incidents.errors import BadInput

MOST: Final = 500
"""Rows of one page, at most."""

NUMBER: Final = TypeAdapter(Annotated[int, Field(ge=0, lt=2**31)])
"""A place in a list that is ordered by a number."""

NAME: Final = TypeAdapter(Annotated[str, Field(max_length=500)])
"""A place in a list that is ordered by ids."""

Row = TypeVar("Row")
Shown = TypeVar("Shown")
Place = TypeVar("Place")

After = Annotated[
    str | None,
    Query(max_length=500, description="`next` of the answer before this one. Without it: the first."),
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Rows, at most.")]


class Page(BaseModel, Generic[Shown]):
    """Some rows of a list, and where the next ones begin."""

    items: list[Shown]
    next: str | None = Field(description="Send it as `after` to go on; null where this is the end.")


def read_cursor(after: str | None, kind: TypeAdapter[Place]) -> Place | None:
    """The place that a cursor names; None without one. BadInput where it is none of ours."""
    if after is None:
        return None
    try:
        return kind.validate_json(urlsafe_b64decode(after.encode() + b"=" * (-len(after) % 4)))
    except (ValidationError, Error, ValueError) as error:
        raise BadInput("`after` is no cursor: send `next` of an answer as it is, or leave it out.") from error


def cursor(place: object) -> str:
    """A place as a cursor."""
    return urlsafe_b64encode(TypeAdapter(type(place)).dump_json(place)).decode().rstrip("=")


def page(
    rows: Sequence[Row], limit: int, show: Callable[[Row], Shown], place: Callable[[Row], object]
) -> Page[Shown]:
    """The first rows, up to the limit. Where there are more, `rows` holds one of them at least."""
    shown = rows[:limit]
    more = cursor(place(shown[-1])) if len(rows) > limit else None
    return Page(items=[show(row) for row in shown], next=more)
