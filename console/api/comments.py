"""What readers say about a retrospective: threads, answers to them, and what came of each."""

from typing import Annotated, Final

from fastapi import BackgroundTasks
from fastapi import Body as InBody
from pydantic import BaseModel, Field

from console.api.asking import Calls
from console.api.bodies import Because, Sent, VersionNumber
from console.api.ground import ONCE, Numbered, room, shows
from console.api.pages import NUMBER, After, Limit, Page, page, read_cursor
from console.reviewing import find_to_read
from incidents.reviews.audiences import Audience
from incidents.reviews.comments import LONGEST, Thread
from incidents.store.comments import answer_comment, resolve_comment, threads_of, write_comment

router = room("retrospectives")

Text = Annotated[str, Field(max_length=2 * LONGEST, description=f"1 to {LONGEST:,} characters.")]


class NewComment(Sent):
    """What somebody says of a version that they read."""

    version: VersionNumber
    place: str = Field("", max_length=200, description="A section, or an entry such as INC-12#7.")
    text: Text


class NewAnswer(Sent):
    """What somebody says to a thread."""

    text: Text


class CommentKept(BaseModel):
    """Under which number it was kept."""

    number: int


_COMMENT: Final = {
    "number": 1,
    "thread": 1,
    "version": 2,
    "place": "Impact",
    "text": "Is this reach before or after the copies?",
    "person": "noor",
    "written_at": "2026-11-26T10:00:00Z",
    "resolved_by": None,
    "resolved_at": None,
    "resolution": None,
}
_THREAD: Final = {"first": _COMMENT, "answers": []}
_SAID: Final = {"resolved_by": "bo-r", "resolved_at": "2026-11-26T11:00:00Z", "resolution": "It says so now"}
_RESOLVED: Final = _THREAD | {"first": {**_COMMENT, **_SAID}}
_NEW: Final = {"version": 2, "place": "Impact", "text": "Is this reach before or after the copies?"}
_WHY: Final = {"reason": "It says so now"}


@router.get("/retrospectives/{incident}/comments", responses=shows({"items": [_THREAD], "next": None}))
def list_comments(calls: Calls, incident: str, after: After = None, limit: Limit = 100) -> Page[Thread]:
    """Every thread with its answers, the oldest first; `first` says whether somebody resolved it."""
    since = read_cursor(after, NUMBER) or 0
    with calls.store.read() as work:
        by = calls.person_in(work, incident)
        find_to_read(work, calls.catalogue, incident, Audience.internal, by)
        found = [each for each in threads_of(work, incident) if each.first.number > since]
    return page(found, limit, _itself, _number)


@router.post(
    "/retrospectives/{incident}/comments",
    status_code=201,
    dependencies=[ONCE],
    responses=shows({"number": 1}, status=201),
)
def begin_thread(
    calls: Calls, incident: str, said: Annotated[NewComment, InBody(examples=[_NEW])], after: BackgroundTasks
) -> CommentKept:
    """Comment on a version: on all of it, on a section, or on an entry that it cites."""
    with calls.moving(incident, after) as (work, by, now):
        number = write_comment(
            work, incident, said.text, version=said.version, place=said.place, by=by, now=now
        )
    return CommentKept(number=number)


@router.post(
    "/retrospectives/{incident}/comments/{number}/answers",
    status_code=201,
    dependencies=[ONCE],
    responses=shows({"number": 2}, status=201),
)
def answer_thread(
    calls: Calls,
    incident: str,
    number: Numbered,
    said: Annotated[NewAnswer, InBody(examples=[{"text": "Before: see INC-12#31"}])],
    after: BackgroundTasks,
) -> CommentKept:
    """Answer the comment that began a thread. 409 where the thread is resolved."""
    with calls.moving(incident, after) as (work, by, now):
        return CommentKept(number=answer_comment(work, incident, number, said.text, by=by, now=now))


@router.post(
    "/retrospectives/{incident}/comments/{number}/resolve",
    dependencies=[ONCE],
    responses=shows(_RESOLVED),
)
def resolve_thread(
    calls: Calls,
    incident: str,
    number: Numbered,
    said: Annotated[Because, InBody(examples=[_WHY])],
    after: BackgroundTasks,
) -> Thread:
    """Say what came of a thread. 409, with who and when, where somebody did before."""
    with calls.moving(incident, after) as (work, by, now):
        resolve_comment(work, incident, number, reason=said.reason, by=by, now=now)
        return next(each for each in threads_of(work, incident) if each.first.number == number)


def _itself(thread: Thread) -> Thread:
    return thread


def _number(thread: Thread) -> int:
    return thread.first.number
