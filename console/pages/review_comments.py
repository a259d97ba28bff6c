"""Comments on a retrospective: read them, write, answer, and say what came of one."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse

from console.pages.door import Answer, Form, OwnForm, Visits, attempt, go
from console.reviewing import find_to_read
from incidents.errors import BadInput, WatchfloorError
from incidents.fragments import anchor_of
from incidents.people import Person
from incidents.reviews.audiences import Audience
from incidents.reviews.comments import LONGEST, Thread
from incidents.reviews.retrospective import Body
from incidents.reviews.statements import sections_of
from incidents.store.comments import answer_comment, resolve_comment, threads_of, write_comment
from incidents.store.engine import Work
from incidents.store.reviews import read_draft
from incidents.words import render

router = APIRouter(include_in_schema=False)

Move = Callable[[Work, str, Form, Person, datetime], int]
"""What one form does; the number of the comment to show then."""

_HEADING = re.compile(r'<h2 id="[^"]*">(.*?)</h2>')


@router.get("/retrospectives/{incident}/comments")
def show_comments(
    visits: Visits, incident: str, about: Annotated[str, Query(max_length=200)] = ""
) -> HTMLResponse:
    """Every thread, the open ones first, and a form for another; `about` fills in what it is about."""
    return _page(visits, incident, about=about)


@router.post("/retrospectives/{incident}/comments/{move}", response_model=None)
def say(visits: Visits, form: OwnForm, incident: str, move: str, after: BackgroundTasks) -> Answer:
    """Keep a comment, an answer, or what came of a thread. What refuses it is said beside its button."""
    if move not in MOVES:
        raise BadInput(f"A comment on {incident} cannot be asked to {move!r}. Go back and choose a button.")

    def done() -> Answer:
        with visits.moving(incident, after) as (work, by, now):
            number = MOVES[move](work, incident, form, by, now)
        return go(f"/retrospectives/{incident}/comments#c{number}")

    return attempt(done, lambda why: _page(visits, incident, refused=why, typed=form, move=move))


def with_marks(body: Body, incident: str, threads: Iterable[Thread]) -> Body:
    """The document with a link behind each heading to what was said about that section."""
    said = Counter(each.first.place for each in threads if each.is_open)

    def marked(found: re.Match[str]) -> str:
        place = unescape(re.sub("<[^>]*>", "", found[1]))
        return found[0] + render("pages/remark.html.j2", incident=incident, place=place, open=said[place])

    return replace(body, lead=_HEADING.sub(marked, body.lead), rest=_HEADING.sub(marked, body.rest))


def _page(
    visits: Visits,
    incident: str,
    *,
    about: str = "",
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
    move: str = "",
) -> HTMLResponse:
    with visits.store.read() as work:
        by = visits.person_in(work, incident)
        found = find_to_read(work, visits.catalogue, incident, Audience.internal, by)
        draft = read_draft(work, incident)
        threads = threads_of(work, incident)
    return visits.page(
        "review_comments",
        status=422 if refused else 200,
        incident=found,
        draft=draft,
        open=[each for each in threads if each.is_open],
        resolved=[each for each in threads if not each.is_open],
        places=sections_of(draft.markdown),
        anchor_of=anchor_of,
        about=about,
        longest=LONGEST,
        refused=refused,
        typed=typed or Form({}),
        move=move,
    )


def _write(work: Work, incident: str, form: Form, by: Person, now: datetime) -> int:
    text, version, place = form.text("text", 2 * LONGEST), form.number("version"), form.text("about")
    return write_comment(work, incident, text, version=version, place=place, by=by, now=now)


def _answer(work: Work, incident: str, form: Form, by: Person, now: datetime) -> int:
    text = form.text("text", 2 * LONGEST)
    return answer_comment(work, incident, form.number("thread"), text, by=by, now=now)


def _resolve(work: Work, incident: str, form: Form, by: Person, now: datetime) -> int:
    thread = form.number("thread")
    resolve_comment(work, incident, thread, reason=form.text("text", 2 * LONGEST), by=by, now=now)
    return thread


MOVES: dict[str, Move] = {"write": _write, "answer": _answer, "resolve": _resolve}
"""Form → what it does. Who may is decided in the store."""
