"""Tokens of the API: made, found by their secret, listed, revoked. Of a secret only the fingerprint is kept."""

from datetime import datetime

import sqlalchemy as sa

from incidents.access.sessions import fingerprint
from incidents.access.tokens import NewToken, Token
from incidents.errors import NotFound
from incidents.people import Act, Person, authorise, is_allowed
from incidents.store.access_log import Access, note_access
from incidents.store.access_schema import api_tokens
from incidents.store.engine import Work


def keep_token(work: Work, new: NewToken, secret: str) -> Token:
    """Keep a new token, with the number that it is given."""
    row = new.model_dump() | {"scope": sorted(new.scope), "fingerprint": fingerprint(secret)}
    kept = work.execute(api_tokens.insert().values(**row).returning(api_tokens)).one()
    told = f"{kept.number}: {', '.join(kept.scope)}"
    note_access(work, Access.token_made, by=new.made_by, target=new.person, reason=told, now=new.made_at)
    return Token.model_validate(kept)


def find_token(work: Work, secret: str) -> Token | None:
    """The token of this secret, be it good or not; None where there is none."""
    statement = sa.select(api_tokens).where(api_tokens.c.fingerprint == fingerprint(secret))
    row = work.execute(statement).one_or_none()
    return None if row is None else Token.model_validate(row)


def touch_token(work: Work, token: Token, *, now: datetime) -> None:
    """Write down that it is used."""
    work.execute(sa.update(api_tokens).where(api_tokens.c.number == token.number).values(seen_at=now))


def tokens_of(work: Work, person: str) -> list[Token]:
    """The person's tokens, the newest first."""
    return _listed(work, api_tokens.c.person == person)


def all_tokens(work: Work, *, by: Person) -> list[Token]:
    """Everybody's tokens, the newest first; NotAuthorised for whoever does not administer."""
    authorise(by, Act.administer)
    return _listed(work, sa.true())


def revoke_token(work: Work, number: int, *, by: Person, now: datetime) -> Token:
    """Have a token let nobody in any more; again changes nothing.

    NotFound where there is none of that number that `by` may revoke: their own, or anybody's as administrator.
    """
    held = sa.select(api_tokens).where(api_tokens.c.number == number)
    row = work.execute(held).one_or_none()
    if row is None or not (row.person == by.id or is_allowed(by, Act.administer)):
        raise NotFound(f"You have no token {number}. `watchfloor tokens list` shows those there are.")
    if _revoke(work, api_tokens.c.number == number, now):
        note_access(work, Access.token_revoked, by=by.id, target=row.person, reason=str(number), now=now)
    return Token.model_validate(work.execute(held).one())


def revoke_tokens_of(work: Work, person: str, *, now: datetime) -> int:
    """Have none of the person's tokens let anybody in any more; tell of how many."""
    return _revoke(work, api_tokens.c.person == person, now)


def _listed(work: Work, condition: sa.ColumnElement[bool]) -> list[Token]:
    statement = sa.select(api_tokens).where(condition).order_by(api_tokens.c.number.desc())
    return [Token.model_validate(row) for row in work.execute(statement)]


def _revoke(work: Work, condition: sa.ColumnElement[bool], now: datetime) -> int:
    statement = sa.update(api_tokens).where(condition, api_tokens.c.revoked_at.is_(None))
    return work.execute(statement.values(revoked_at=now)).rowcount
