"""Who is it that a sign-in provider vouches for, and what are they trusted with?

A person there is their issuer and subject together, for nothing else is unique and never given again (OpenID
Connect Core 1.0, 5.7): no e-mail address, and no name that they are called by.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from incidents.catalogue.groups import Group
from incidents.people import PROVIDED, Person, Role, is_provided

LAPSES = timedelta(days=30)
"""Without signing in for so long, nobody is known here by what the provider said then."""

LONGEST_NAME = 40
"""Characters of a person's id that are made of what they are called."""

Claim = Annotated[str, StringConstraints(max_length=200)]


class Claimed(BaseModel):
    """What an ID token says of whoever signed in."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    # As long, and of such characters, as OpenID Connect Core 1.0, 2 allows.
    subject: str = Field(pattern=r"^[\x20-\x7e]{1,255}$")
    name: Claim = ""
    username: Claim = ""
    groups: frozenset[str] = frozenset()
    link: Claim | None = None
    """Whom of people.yaml they say that they are, where the site has the provider say so."""


class Identity(BaseModel):
    """Somebody at a provider, and who that is here."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    issuer: str
    subject: str
    person: str
    name: str
    groups: tuple[str, ...] = Field(
        description="Of their groups, those that the catalogue had at the last sign-in."
    )
    seen_at: datetime = Field(description="When they last signed in.")


def granted(groups: Collection[str], known: Iterable[Group]) -> tuple[frozenset[Role], str | None]:
    """The roles and the team of somebody in these groups; no roles where none of them is known.

    A person has one team, that of the first group that has one. What a group of another team is trusted with
    is left out, or leading there would be leading here.
    """
    theirs = [group for group in known if group.id in groups]
    team = next((group.team for group in theirs if group.team), None)
    counting = [group for group in theirs if group.team in (None, team)]
    return frozenset(role for group in counting for role in group.roles), team


def person_of(identity: Identity, known: Iterable[Group]) -> Person | None:
    """Who an identity is by what the catalogue says of its groups now; None where that is nobody any more."""
    roles, team = granted(identity.groups, known)
    if not roles or not is_provided(identity.person):
        return None
    return Person(id=identity.person, name=identity.name, roles=roles, team=team)


def linked(claimed: Claimed, people: Sequence[Person], known: Identity | None) -> Person | None:
    """Whom of people.yaml the sign-in is; None where nobody said that it is one of them.

    The subject that stands there counts before all. Somebody who was linked by what they are called stays who
    they were when that changes.
    """
    for person in people:
        if person.subject == claimed.subject:
            return person
    if claimed.link is None:
        return None
    named = claimed.link if known is None or is_provided(known.person) else known.person
    return next((person for person in people if person.id == named and person.subject is None), None)


def first_id(username: str, number: int = 1) -> str:
    """The id to give somebody who is called so; a further number where the ones before are given.

    Of an e-mail address only what stands before the @.
    """
    told = re.sub(r"[^a-z0-9]+", "-", username.partition("@")[0].lower()).strip("-")[:LONGEST_NAME].strip("-")
    return f"{told or 'person'}{f'-{number}' if number > 1 else ''}{PROVIDED}"
