"""Senders of signals: made, given another secret, ended. None of their secrets is here."""

from datetime import datetime

import sqlalchemy as sa
from pydantic import ValidationError

from incidents.access.senders import Sender
from incidents.errors import BadInput, Conflict, NotFound
from incidents.people import Act, Person, authorise
from incidents.store.access_log import Access, note_access
from incidents.store.access_schema import senders
from incidents.store.engine import Work


def find_sender(work: Work, name: str) -> Sender | None:
    """The sender of that name, be it ended or not; None where there is none."""
    row = work.execute(sa.select(senders).where(senders.c.name == name)).one_or_none()
    return None if row is None else Sender.model_validate(row)


def all_senders(work: Work, *, by: Person) -> list[Sender]:
    """Every sender, by name; NotAuthorised for whoever does not administer."""
    authorise(by, Act.administer)
    rows = work.execute(sa.select(senders).order_by(senders.c.name))
    return [Sender.model_validate(row) for row in rows]


def make_sender(work: Work, name: str, *, by: Person, now: datetime) -> Sender:
    """A new sender. BadInput for what is no name; Conflict where one is called so, ended or not."""
    authorise(by, Act.administer)
    row = {"name": name, "generation": 1, "made_by": by.id, "renewed_at": now}
    try:
        made = Sender(**row, seen_at=None, ended_at=None)
    except ValidationError as error:
        raise BadInput("A sender is called by lower-case letters, digits and dashes, 40 at most.") from error
    if not work.insert_once(senders, row):
        raise Conflict(f"There is a sender {name}. Renew its secret, or call the new one otherwise.")
    note_access(work, Access.sender_made, by=by.id, target=name, now=now)
    return made


def renew_sender(work: Work, name: str, *, by: Person, now: datetime) -> Sender:
    """Give the sender another secret; the one before counts a day longer. An ended one begins anew."""
    authorise(by, Act.administer)
    found = _known(work, name)
    # Of an ended one the secret before must not count again, so its generation is skipped.
    step = 1 if found.ended_at is None else 2
    changed = {"generation": found.generation + step, "renewed_at": now, "ended_at": None}
    held = senders.c.generation == found.generation
    statement = sa.update(senders).where(senders.c.name == name, held).values(**changed)
    if work.execute(statement).rowcount != 1:
        raise Conflict(f"Somebody else renewed the secret of {name} just now. Ask them for it.")
    note_access(work, Access.sender_renewed, by=by.id, target=name, now=now)
    return found.model_copy(update=changed)


def end_sender(work: Work, name: str, *, by: Person, now: datetime) -> Sender:
    """Take nothing from the sender any more; again changes nothing."""
    authorise(by, Act.administer)
    _known(work, name)
    live = senders.c.ended_at.is_(None)
    statement = sa.update(senders).where(senders.c.name == name, live).values(ended_at=now)
    if work.execute(statement).rowcount == 1:
        note_access(work, Access.sender_ended, by=by.id, target=name, now=now)
    return _known(work, name)


def touch_sender(work: Work, name: str, *, now: datetime) -> None:
    """Write down that it handed something in."""
    work.execute(sa.update(senders).where(senders.c.name == name).values(seen_at=now))


def _known(work: Work, name: str) -> Sender:
    found = find_sender(work, name)
    if found is None:
        raise NotFound(f"There is no sender {name}. `watchfloor senders list` shows those there are.")
    return found
