"""Who came in, and who looked at what: kept beside the incidents' timelines, for administrators."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.people import Act, Person, authorise
from incidents.store.access_schema import access_log
from incidents.store.engine import Work


class Access(StrEnum):
    """What is written down."""

    signed_in = "signed in"
    refused = "was refused at sign-in"
    link_made = "made a sign-in link"
    password_set = "set a password"
    account_disabled = "disabled an account"
    account_enabled = "enabled an account"
    session_ended = "ended sessions"
    token_made = "made a token"
    token_revoked = "revoked a token"
    sender_made = "made a sender of signals"
    sender_renewed = "renewed a sender's secret"
    sender_ended = "ended a sender of signals"
    channel_tested = "sent a test to a channel"
    shift_taken = "took or gave a shift"
    post_shown = "looked at a post"
    posts_taken = "took posts into a spreadsheet"


class AccessEntry(BaseModel):
    """One line of the log."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: int
    at: datetime
    person: str
    what: Access
    target: str
    reason: str


def note_access(work: Work, what: Access, *, by: str, target: str, reason: str = "", now: datetime) -> None:
    """Write a line."""
    row = {"at": now, "person": by, "what": what.value, "target": target, "reason": reason}
    work.execute(access_log.insert().values(**row))


def read_log(work: Work, *, by: Person, before: int | None = None, limit: int = 100) -> list[AccessEntry]:
    """The newest lines first; NotAuthorised for whoever does not administer."""
    authorise(by, Act.administer)
    statement = sa.select(access_log).order_by(access_log.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(access_log.c.id < before)
    return [AccessEntry.model_validate(row) for row in work.execute(statement)]
