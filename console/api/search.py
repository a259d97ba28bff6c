"""Search: what was written about incidents."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import Field

from console.api.asking import Calls
from console.api.ground import room, shows
from console.api.pages import After, Limit, Page
from console.searching import among_typed, look_up, where
from incidents.reviews.search import Hit, Kind, read_cursor, read_query

router = room("search")

Day = Annotated[
    date | None,
    Query(
        description="Written on it, or as `since` later, as `until` before; in UTC.", examples=["2026-11-23"]
    ),
]


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
    incident: Annotated[
        str, Query(description="Only about this one.", max_length=100, examples=["INC-9"])
    ] = "",
    since: Day = None,
    until: Day = None,
    drills: Annotated[bool, Query(description="Exercises too.")] = False,
    after: After = None,
    limit: Limit = 20,
) -> Page[Found]:
    """What was written about incidents, as far as the caller may read it; the newest incident first."""
    asked, last = read_query(words), None if after is None else read_cursor(after)
    first, final = (day.isoformat() if day else "" for day in (since, until))
    among = among_typed(kind, incident, first, final, drills=drills)
    hits, more = look_up(calls.store, asked, by=calls.person(), among=among, most=limit, after=last)
    found = [Found(**hit.model_dump(), where=where(hit)) for hit in hits]
    return Page(items=found, next=hits[-1].cursor if more else None)
