"""What was answered to a request that carried a key, so that sending it again does nothing twice.

As the IETF's draft says (draft-ietf-httpapi-idempotency-key-header). A key belongs to whoever sent it. It is
taken before the work begins and keeps the answer after it; where a process dies in between, the key stays
taken, for nobody knows how far the work came.
"""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import Conflict, NotAllowed, Refusal
from incidents.store.engine import Work
from incidents.store.schema import Json, UtcDateTime, metadata

KEPT_FOR: Final = timedelta(hours=24)
"""How long an answer is kept. Whoever sends a request again does it within minutes."""

request_keys = sa.Table(
    "request_keys",
    metadata,
    sa.Column("person", sa.String, primary_key=True),
    sa.Column("key", sa.String, primary_key=True, comment="As the request carried it"),
    sa.Column("request", sa.String, nullable=False, comment="SHA-256 of method, path, query and body"),
    sa.Column("taken_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("status", sa.Integer, comment="HTTP status of the answer; null until there is one"),
    sa.Column("headers", Json, comment="Headers of the answer that say what it is about"),
    sa.Column("body", sa.Text, comment="The answer. It holds no text of a post"),
    sa.Index("ix_request_keys_expires_at", "expires_at"),
)


class Answer(BaseModel):
    """What was answered, as it is sent again."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    status: int
    headers: dict[str, str]
    body: str


def take_key(work: Work, person: str, key: str, request: str, *, now: datetime) -> Answer | None:
    """Take the key for a request; the answer where the request was answered before.

    NotAllowed (`KEY_REUSED`) where the key was sent with another request. Conflict while the first one is
    worked on, and where it broke off.
    """
    work.execute(sa.delete(request_keys).where(request_keys.c.expires_at <= now))
    taken = {"person": person, "key": key, "request": request, "taken_at": now, "expires_at": now + KEPT_FOR}
    if work.insert_once(request_keys, taken):
        return None
    found = work.execute(sa.select(request_keys).where(*_is(person, key))).one()
    if found.request != request:
        todo = "Send a new request with a new key, and the same request with the same key."
        raise NotAllowed(
            f"Another request of {person} carried this Idempotency-Key at {found.taken_at:%Y-%m-%d %H:%M:%S}"
            " UTC. Nothing was kept.",
            [Refusal("KEY_REUSED", todo)],
        )
    if found.status is None:
        raise Conflict(
            f"The same request is being worked on since {found.taken_at:%H:%M:%S} UTC, or broke off then. Look"
            " at what it should have changed; where that did not happen, send it with another key."
        )
    return Answer.model_validate(found)


def keep_answer(work: Work, person: str, key: str, answer: Answer) -> None:
    """Keep what was answered, to be sent again."""
    work.execute(sa.update(request_keys).where(*_is(person, key)).values(answer.model_dump()))


def free_key(work: Work, person: str, key: str) -> None:
    """Give the key of a request back that was refused: nothing was kept, so it may be sent again."""
    work.execute(sa.delete(request_keys).where(*_is(person, key)))


def _is(person: str, key: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return request_keys.c.person == person, request_keys.c.key == key
