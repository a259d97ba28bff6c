"""Comments on a retrospective. The timeline says who commented on what; the words themselves stay here."""

from datetime import datetime

import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed, NotFound, Refusal
from incidents.people import Act, Person
from incidents.reviews.comments import Comment, Thread, place_in, threads, tidied
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for, lock
from incidents.store.reviews import read_draft
from incidents.store.schema import review_comments
from incidents.timeline import Event


def write_comment(
    work: Work, incident: str, text: str, *, version: int, place: str = "", by: Person, now: datetime
) -> int:
    """Begin a thread about a place of a version (see `place_in`), and return its number.

    NotFound where there is no such version. BadInput as `place_in` and `tidied` say.
    """
    find_for(work, incident, by, Act.write_review)
    about = place_in(read_draft(work, incident, version).markdown, place)
    return _keep(work, incident, text, version=version, place=about, by=by, now=now)


def answer_comment(work: Work, incident: str, thread: int, text: str, *, by: Person, now: datetime) -> int:
    """Answer a comment that began a thread, and return the answer's number.

    NotFound where there is none. Conflict, with who and when, where the thread is resolved already.
    """
    find_for(work, incident, by, Act.write_review)
    lock(work, incident)  # whoever resolves it at this moment comes before or after
    first = _first(work, incident, thread)
    if first.resolved_at is not None:
        raise _resolved_already(incident, first)
    place, version = first.place, first.version
    return _keep(work, incident, text, version=version, place=place, thread=thread, by=by, now=now)


def resolve_comment(work: Work, incident: str, thread: int, *, reason: str, by: Person, now: datetime) -> None:
    """Say what came of a thread. NotAllowed (`REASON_MISSING`) without a word on it.

    NotFound where there is none. Conflict, with who and when, where it is resolved already.
    """
    find_for(work, incident, by, Act.write_review)
    if not reason.strip():
        why = Refusal("REASON_MISSING", "Say what came of it: changed, answered, or why not.")
        raise NotAllowed(f"Comment {thread} on {incident} cannot be resolved.", [why])
    mine = sa.update(review_comments).where(
        review_comments.c.incident_id == incident,
        review_comments.c.number == thread,
        review_comments.c.thread == thread,
        review_comments.c.resolved_at.is_(None),
    )
    said = {"resolved_by": by.id, "resolved_at": now, "resolution": tidied(reason)}
    if work.execute(mine.values(**said)).rowcount != 1:
        raise _resolved_already(incident, _first(work, incident, thread))
    timeline.append(work, incident, Event.comment_resolved, actor=by.id, now=now, facts={"number": thread})


def threads_of(work: Work, incident: str) -> list[Thread]:
    """Every thread about the incident's retrospective, the oldest first.

    For a door that asked whether the person may read the retrospective.
    """
    here = sa.select(review_comments).where(review_comments.c.incident_id == incident)
    rows = work.execute(here.order_by(review_comments.c.number))
    return threads(Comment.model_validate(row) for row in rows)


def _keep(
    work: Work,
    incident: str,
    text: str,
    *,
    version: int,
    place: str,
    thread: int | None = None,
    by: Person,
    now: datetime,
) -> int:
    kept = tidied(text)
    lock(work, incident)
    last = sa.select(sa.func.max(review_comments.c.number)).where(review_comments.c.incident_id == incident)
    number = (work.execute(last).scalar_one_or_none() or 0) + 1
    about = {"number": number, "version": version, "place": place}
    facts = about if thread is None else about | {"thread": thread}
    timeline.append(work, incident, Event.comment_written, actor=by.id, now=now, facts=facts)
    row = {"incident_id": incident, "thread": number, **facts}
    work.execute(review_comments.insert().values(**row, text=kept, person=by.id, written_at=now))
    return number


def _first(work: Work, incident: str, thread: int) -> Comment:
    here = (review_comments.c.incident_id == incident, review_comments.c.number == thread)
    row = work.execute(
        sa.select(review_comments).where(*here, review_comments.c.thread == thread)
    ).one_or_none()
    if row is None:
        begins = f"No comment {thread} on the retrospective of {incident} begins a thread."
        raise NotFound(f"{begins} `watchfloor review comments {incident}` lists those that do.")
    return Comment.model_validate(row)


def _resolved_already(incident: str, first: Comment) -> Conflict:
    return Conflict(
        f"Comment {first.number} on {incident} was resolved by {first.resolved_by},"
        f" at {first.resolved_at:%Y-%m-%d %H:%M:%S} UTC. Nothing of yours was kept; begin another."
    )
