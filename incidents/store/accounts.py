"""Accounts, the sessions opened with them, and the one-time links that open a first one."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.access.limits import WINDOW, Failures
from incidents.access.sessions import IDLE, LINK_LASTS, LONGEST, Session, fingerprint
from incidents.errors import NotAllowed, NotFound, Refusal
from incidents.store.access_log import Access, note_access
from incidents.store.access_schema import accounts, sessions, sign_in_failures, sign_in_links
from incidents.store.engine import Work
from incidents.store.tokens import revoke_tokens_of

SEEN_EVERY = timedelta(minutes=1)
"""A session's last request is written down this often: not each request is a write."""

LONGEST_NAME = 100

# Asked with every request, so it is put together once: that takes longer than asking the database.
_SESSION: Final = sa.select(sessions).where(sessions.c.id == sa.bindparam("session"))


class Account(BaseModel):
    """Somebody's own way in, at this Watchfloor."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    person: str
    password_hash: str | None
    """None for somebody who signs in at a provider alone."""
    changed_at: datetime
    disabled_at: datetime | None


def find_account(work: Work, person: str) -> Account | None:
    """The person's account, be it disabled or not; None where they have none."""
    row = work.execute(sa.select(accounts).where(accounts.c.person == person)).one_or_none()
    return None if row is None else Account.model_validate(row)


def all_accounts(work: Work) -> list[Account]:
    """Every account, by person."""
    return [
        Account.model_validate(row) for row in work.execute(sa.select(accounts).order_by(accounts.c.person))
    ]


def set_password(work: Work, person: str, password_hash: str, *, now: datetime) -> None:
    """Make the account, or change its password, which ends every session and enables it again."""
    changed = {"password_hash": password_hash, "changed_at": now, "disabled_at": None}
    if not work.insert_once(accounts, {"person": person, **changed}):
        work.execute(sa.update(accounts).where(accounts.c.person == person).values(**changed))
    end_sessions(work, person, now=now)
    note_access(work, Access.password_set, by=person, target=person, now=now)


def keep_hash(work: Work, person: str, password_hash: str) -> None:
    """Put the same password's newer hash in the place of the one that is there."""
    work.execute(sa.update(accounts).where(accounts.c.person == person).values(password_hash=password_hash))


def disable_account(work: Work, person: str, *, by: str, reason: str, now: datetime) -> None:
    """Let the person in no more, end their sessions, and revoke their tokens.

    NotFound where they have no account. NotAllowed without a reason, and for one's own: somebody must be left
    to let others in.
    """
    if not reason.strip():
        missing = Refusal("REASON_MISSING", "It is written down, for whoever asks later.")
        raise NotAllowed(f"The account of {person} was not taken away.", [missing])
    if person == by:
        own = Refusal("OWN_ACCOUNT", "Have another administrator do it.")
        raise NotAllowed("You would lock yourself out.", [own])
    statement = sa.update(accounts).where(accounts.c.person == person).values(disabled_at=now)
    if work.execute(statement).rowcount != 1:
        raise NotFound(f"{person} has no account. `watchfloor accounts list` shows those there are.")
    end_sessions(work, person, now=now)
    revoke_tokens_of(work, person, now=now)
    note_access(work, Access.account_disabled, by=by, target=person, reason=reason, now=now)


def enable_account(work: Work, person: str, *, by: str, now: datetime) -> None:
    """Let the person in again, as they came in before. NotFound where they have no account."""
    statement = sa.update(accounts).where(accounts.c.person == person).values(disabled_at=None)
    if work.execute(statement).rowcount != 1:
        raise NotFound(f"{person} has no account. `watchfloor accounts list` shows those there are.")
    note_access(work, Access.account_enabled, by=by, target=person, now=now)


def make_link(work: Work, person: str, token: str, *, by: str, now: datetime) -> None:
    """Let the person in once by this token. Links made for them before let nobody in any more."""
    work.execute(
        sa.update(sign_in_links)
        .where(sign_in_links.c.person == person, sign_in_links.c.used_at.is_(None))
        .values(used_at=now)
    )
    row = {"id": fingerprint(token), "person": person, "made_by": by, "made_at": now}
    work.execute(sign_in_links.insert().values(**row))
    note_access(work, Access.link_made, by=by, target=person, now=now)


def read_link(work: Work, token: str, *, now: datetime) -> str | None:
    """Whom a token would let in now; None where it is unknown, used, or too old."""
    statement = sa.select(sign_in_links.c.person).where(_opens(token, now))
    return work.execute(statement).scalar_one_or_none()


def use_link(work: Work, token: str, *, now: datetime) -> str | None:
    """Whom a token lets in, once; None as `read_link`."""
    statement = sa.update(sign_in_links).where(_opens(token, now)).values(used_at=now)
    return work.execute(statement.returning(sign_in_links.c.person)).scalar_one_or_none()


def open_session(
    work: Work, person: str, token: str, *, how: str, address: str, agent: str, now: datetime
) -> Session:
    """Let the person in from here on, for as long as `Session.is_live` says."""
    row = {
        "id": fingerprint(token),
        "person": person,
        "how": how,
        "address": address[:LONGEST_NAME],
        "agent": agent[:200],
        "opened_at": now,
        "seen_at": now,
    }
    work.execute(sessions.insert().values(**row))
    note_access(work, Access.signed_in, by=person, target=person, reason=how, now=now)
    return Session(**row, ended_at=None)


def find_session(work: Work, token: str, *, now: datetime) -> Session | None:
    """The live session of a cookie; None where there is none, or it has ended."""
    row = work.execute(_SESSION, {"session": fingerprint(token)}).one_or_none()
    found = None if row is None else Session.model_validate(row)
    return found if found is not None and found.is_live(now) else None


def touch_session(work: Work, session: Session, *, now: datetime) -> None:
    """Write down that it is used."""
    work.execute(sa.update(sessions).where(sessions.c.id == session.id).values(seen_at=now))


def live_sessions(work: Work, person: str, *, now: datetime) -> list[Session]:
    """Where the person is signed in, newest first."""
    statement = sa.select(sessions).where(
        sessions.c.person == person,
        sessions.c.ended_at.is_(None),
        sessions.c.opened_at > now - LONGEST,
        sessions.c.seen_at > now - IDLE,
    )
    return [
        Session.model_validate(row) for row in work.execute(statement.order_by(sessions.c.opened_at.desc()))
    ]


def count_live(work: Work, *, now: datetime) -> dict[str, int]:
    """In how many browsers each person is signed in; those who are in none are left out."""
    statement = (
        sa.select(sessions.c.person, sa.func.count().label("number"))
        .where(
            sessions.c.ended_at.is_(None),
            sessions.c.opened_at > now - LONGEST,
            sessions.c.seen_at > now - IDLE,
        )
        .group_by(sessions.c.person)
    )
    return {row.person: row.number for row in work.execute(statement)}


def end_sessions(work: Work, person: str, *, now: datetime, only: str | None = None) -> int:
    """Sign the person out everywhere, or in the one session of this id; tell of how many."""
    statement = sa.update(sessions).where(sessions.c.person == person, sessions.c.ended_at.is_(None))
    if only is not None:
        statement = statement.where(sessions.c.id == only)
    return work.execute(statement.values(ended_at=now)).rowcount


def note_failure(work: Work, person: str, address: str, *, now: datetime) -> None:
    """Count a try that failed, and forget those that no longer count."""
    work.execute(sa.delete(sign_in_failures).where(sign_in_failures.c.at < now - WINDOW))
    row = {"at": now, "person": person[:LONGEST_NAME], "address": address[:LONGEST_NAME]}
    work.execute(sign_in_failures.insert().values(**row))


def failures(work: Work, person: str, address: str, *, now: datetime) -> Failures:
    """The tries that failed within the window."""
    here = sign_in_failures.c.address == address[:LONGEST_NAME]
    theirs = sign_in_failures.c.person == person[:LONGEST_NAME]
    statement = sa.select(
        sa.func.count().filter(here & theirs).label("of_person_from_address"),
        sa.func.count().filter(here).label("from_address"),
        sa.func.count().filter(theirs).label("of_person"),
    ).where(sign_in_failures.c.at >= now - WINDOW)
    return Failures.model_validate(work.execute(statement).one()._asdict())


def is_last_of(work: Work, person: str, administrators: Collection[str]) -> bool:
    """Whether the person is an administrator, and no other one has a password that works."""
    others = set(administrators) - {person}
    statement = sa.select(accounts.c.person).where(
        accounts.c.person.in_(others),
        accounts.c.disabled_at.is_(None),
        accounts.c.password_hash.is_not(None),
    )
    return person in administrators and work.execute(statement.limit(1)).first() is None


def _opens(token: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        sign_in_links.c.id == fingerprint(token),
        sign_in_links.c.used_at.is_(None),
        sign_in_links.c.made_at > now - LINK_LASTS,
    )
