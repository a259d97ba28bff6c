"""Search: what was written about incidents."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from console.api.asking import Calls
from console.api.ground import room, shows
from console.api.pages import After, Limit, Page
from console.searching import look_up, where
from incidents.reviews.search import Hit, Kind, read_cursor, read_query

router = room("search")


class Found(Hit):
    """What a search found, and where it stands."""

    where: str = Field(description="In a few words.")


_FOUND = {
    "incident": "INC-9",
    "title": "Calls to storm a town hall",
    "kind": "action",
    "key": "INC-9-A2",
    "part": "",
    "excerpt": "Match mirrors of a picture by its hash",
    "at": "2026-06-02T09:30:00Z",
    "where": "INC-9-A2",
}


@router.get("/search", responses=shows({"items": [_FOUND], "next": None}))
def search(
    calls: Calls,
    words: Annotated[
        str,
        Query(description='All of them; "side by side" in quotes; `mirror*` may go on.', examples=["mirrors"]),
    ],
    kind: Annotated[list[Kind] | None, Query(description="Only in these.")] = None,
    drills: Annotated[bool, Query(description="Exercises too.")] = False,
    after: After = None,
    limit: Limit = 20,
) -> Page[Found]:
    """What was written about incidents, as far as the caller may read it; the newest incident first."""
    asked, since = read_query(words), None if after is None else read_cursor(after)
    hits, more = look_up(
        calls.store, asked, by=calls.person(), kinds=kind, drills=drills, most=limit, after=since
    )
    found = [Found(**hit.model_dump(), where=where(hit)) for hit in hits]
    return Page(items=found, next=hits[-1].cursor if more else None)
