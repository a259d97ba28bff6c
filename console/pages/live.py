"""What happens in an incident, told to an open page as it happens (server-sent events, WHATWG HTML 9.2)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from console.pages.door import Visitor, Visits, signed_in
from console.turned_away import SignInNeeded
from incidents.errors import NotAuthorised
from incidents.incident.phases import SENTENCES
from incidents.people import Act
from incidents.store import timeline
from incidents.store.incidents import find_for
from incidents.words import plain, render, sentence

router = APIRouter(include_in_schema=False)

EVERY = 1.0
"""Seconds between two looks at the store for one open page."""

MOST = 50
"""Entries in one message; what is more comes with the next."""

SAYS_NOTHING = ": here\n\n"
"""A comment, so that a connection that was cut is noticed on both sides."""


@router.get("/incidents/{incident}/live")
async def follow_incident(
    request: Request,
    visits: Visits,
    incident: str,
    after: Annotated[int, Query(ge=0, description="The newest entry on the page.")] = 0,
    last_event_id: Annotated[int | None, Header(description="The newest that came before a break.")] = None,
) -> StreamingResponse:
    """Each new entry as a piece of the page, with the incident's head as it is now.

    Ends when the session does, or when the person may no longer see the incident.
    """
    await run_in_threadpool(_news, visits, incident, after)  # refuses before the stream begins
    seen = max(after, last_event_id or 0)
    return StreamingResponse(_stream(request, incident, seen), media_type="text/event-stream")


async def _stream(request: Request, incident: str, seen: int) -> AsyncIterator[str]:
    while not await request.is_disconnected():
        try:
            visits = await run_in_threadpool(signed_in, request)
            seen, told = await run_in_threadpool(_news, visits, incident, seen)
        except (SignInNeeded, NotAuthorised):
            return
        yield told or SAYS_NOTHING
        await asyncio.sleep(EVERY)


def _news(visits: Visitor, incident: str, seen: int) -> tuple[int, str]:
    """The newest entry that is told of now, and the message; empty where nothing happened."""
    with visits.store.read() as work:
        found = find_for(work, incident, visits.person_in(work, incident), Act.see_incidents)
        entries = timeline.entries(work, incident, after=seen, limit=MOST)
        now = visits.now_in(work, incident)
    if not entries:
        return seen, ""
    told = render(
        "pages/incident_news.html.j2",
        incident=found,
        what_it_means=SENTENCES[found.phase],
        its_now=now,
        entries=[(entry, plain(sentence(entry))) for entry in reversed(entries)],
    )
    lines = "".join(f"data: {line}\n" for line in told.splitlines())
    return entries[-1].seq, f"id: {entries[-1].seq}\n{lines}\n"
