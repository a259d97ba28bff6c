"""Tokens of the API: made for somebody, and read from a request."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from console.api_door import machine_now
from console.turned_away import Unauthenticated
from incidents.access.tokens import PREFIX, NewToken, Token, refuse_token
from incidents.errors import BadInput, Refusal
from incidents.people import Act, Person
from incidents.store import tokens
from incidents.store.accounts import SEEN_EVERY
from incidents.store.engine import Store, Work

SECRET_BYTES = 32
LONGEST_NAME = 100


def make_token(
    work: Work,
    person: Person,
    name: str,
    scope: Collection[Act],
    *,
    lasts: timedelta,
    by: Person,
    now: datetime,
) -> tuple[Token, str]:
    """A new token, and its secret, which is told this once. Raises what `refuse_token` raises."""
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise BadInput(f"Name the token after what uses it, in at most {LONGEST_NAME} characters.")
    refuse_token(person, scope, lasts, by=by)
    secret = f"{PREFIX}{secrets.token_urlsafe(SECRET_BYTES)}"
    new = NewToken(
        person=person.id,
        name=name.strip(),
        scope=frozenset(scope),
        made_by=by.id,
        made_at=now,
        expires_at=now + lasts,
    )
    return tokens.keep_token(work, new, secret), secret


def read_token(store: Store, secret: str) -> Token:
    """The token that a request carries. Raises Unauthenticated, with a coded reason."""
    now = machine_now()
    with store.read() as work:
        found = tokens.find_token(work, secret)
    if found is None:
        unknown = Refusal(
            "TOKEN_UNKNOWN", "`watchfloor tokens make` makes one, and so does your account's page."
        )
        raise Unauthenticated("There is no such token.", unknown)
    if refused := found.refusal(now):
        raise Unauthenticated(f"The token {found.number} lets nobody in any more.", refused)
    if found.seen_at is None or now - found.seen_at >= SEEN_EVERY:
        with store.begin() as work:
            tokens.touch_token(work, found, now=now)
    return found
