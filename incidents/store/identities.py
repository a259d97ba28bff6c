"""People whom a sign-in provider vouches for: who each is here, and the register that knows them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import sqlalchemy as sa

from incidents.access.identities import LAPSES, Claimed, Identity, first_id, granted, linked, person_of
from incidents.catalogue.groups import Group
from incidents.catalogue.model import Catalogue
from incidents.errors import Refusal
from incidents.people import is_provided
from incidents.store.access_log import Access, note_access
from incidents.store.access_schema import accounts, identities
from incidents.store.accounts import end_sessions, find_account
from incidents.store.engine import Store, Work
from incidents.store.tokens import revoke_tokens_of

NOBODY = "(provider)"
"""Who acts where it is not known who: no id of a person can hold a bracket."""


@dataclass(frozen=True)
class Admission:
    """Who somebody is here, or why they are let in no further."""

    person: str
    refused: Refusal | None = None


def known_catalogue(store: Store, catalogue: Catalogue, issuer: str) -> Catalogue:
    """The catalogue with everybody who is known now: its own people, and those of the sign-in provider.

    This is the one register of people. Whoever asks a catalogue for people asks one that came from here.
    `catalogue` is as its files say. Whose account was taken away is not among them.
    """
    with store.read() as work:
        statement = (
            sa.select(identities)
            .join(accounts, accounts.c.person == identities.c.person)
            .where(identities.c.issuer == issuer, accounts.c.disabled_at.is_(None))
            .order_by(identities.c.person)
        )
        found = [person_of(_identity(row), catalogue.groups) for row in work.execute(statement)]
    return catalogue.with_people(person for person in found if person is not None)


def admit(work: Work, catalogue: Catalogue, claimed: Claimed, *, now: datetime) -> Admission:
    """Take up what the provider says of somebody, or say why they are not let in. Either is written down.

    `catalogue` is as its files say. Who has lost every group that is known loses their sessions and tokens.
    """
    _lapse(work, now=now)
    known = _find(work, claimed)
    admission = _admission(work, catalogue, claimed, known, now=now)
    if admission.refused is None:
        groups = sorted({group.id for group in catalogue.groups} & claimed.groups)
        _keep(work, claimed, known, admission.person, groups, now=now)
        return admission
    if known is not None and admission.refused.code == "GROUP_MISSING":
        _keep(work, claimed, known, known.person, [], now=now)
        _send_away(work, known, now=now)
    note_access(
        work,
        Access.refused,
        by=admission.person,
        target=f"subject {claimed.subject}",
        reason=admission.refused.code,
        now=now,
    )
    return admission


def identities_of(work: Work, issuer: str | None) -> dict[str, Identity]:
    """Person → who they are at the provider, for everybody who has signed in there."""
    statement = sa.select(identities).where(identities.c.issuer == issuer)
    return {row.person: _identity(row) for row in work.execute(statement)}


def _admission(
    work: Work, catalogue: Catalogue, claimed: Claimed, known: Identity | None, *, now: datetime
) -> Admission:
    theirs = known.person if known is not None and is_provided(known.person) else None
    local = linked(claimed, catalogue.people, known)
    if local is not None:
        _make_account(work, local.id, now=now)
        return _checked(work, local.id, None if local.subject else _other_holder(work, claimed, local.id))
    roles, _ = granted(claimed.groups, catalogue.groups)
    if not roles:
        return Admission(theirs or NOBODY, _groups_missing(claimed, catalogue.groups))
    return _checked(work, theirs) if theirs else Admission(_give_id(work, claimed, now=now))


def _checked(work: Work, person: str, refused: Refusal | None = None) -> Admission:
    account = find_account(work, person)
    if account is not None and account.disabled_at is not None:
        todo = "An administrator lets you in again, under Administration or with `watchfloor accounts enable`."
        return Admission(person, Refusal("ACCOUNT_DISABLED", f"{person} is let in no more. {todo}"))
    return Admission(person, refused)


def _other_holder(work: Work, claimed: Claimed, person: str) -> Refusal | None:
    """That somebody else of the provider was this person first: names are given again, subjects are not."""
    statement = sa.select(identities.c.subject).where(
        identities.c.issuer == claimed.issuer,
        identities.c.person == person,
        identities.c.subject != claimed.subject,
    )
    if work.execute(statement.limit(1)).first() is None:
        return None
    todo = f'Have the operator write `subject: "{claimed.subject}"` beside {person} in people.yaml if you are.'
    return Refusal("IDENTITY_TAKEN", f"Somebody else signed in at the provider as {person} before you. {todo}")


def _groups_missing(claimed: Claimed, known: Sequence[Group]) -> Refusal:
    told = (
        f"{len(claimed.groups)} groups of yours were told" if claimed.groups else "no group of yours was told"
    )
    todo = (
        "Ask whoever runs the provider to put you into a group of groups.yaml, or the operator to list one of"
        f" yours there. You are the subject {claimed.subject}."
    )
    return Refusal(
        "GROUP_MISSING", f"Of {len(known)} groups that may do something here you are in none; {told}. {todo}"
    )


def _give_id(work: Work, claimed: Claimed, *, now: datetime) -> str:
    """An id that nobody ever had here: an account is made with it, and no account is ever deleted."""
    ids = (first_id(claimed.username or claimed.name, number) for number in count(1))
    return next(person for person in ids if _make_account(work, person, now=now))


def _make_account(work: Work, person: str, *, now: datetime) -> bool:
    """Make an account without a password; False where the person has one already."""
    return work.insert_once(accounts, {"person": person, "password_hash": None, "changed_at": now})


def _keep(
    work: Work,
    claimed: Claimed,
    known: Identity | None,
    person: str,
    groups: Sequence[str],
    *,
    now: datetime,
) -> None:
    """Write down who this is. Whom the provider's word made until now is signed out."""
    told = {"person": person, "name": claimed.name, "groups": list(groups), "seen_at": now}
    row = {"issuer": claimed.issuer, "subject": claimed.subject, "taken_up_at": now, **told}
    if not work.insert_once(identities, row):
        work.execute(sa.update(identities).where(*_is(claimed)).values(**told))
    if known is not None and known.person != person:
        _send_away(work, known, now=now)


def _send_away(work: Work, known: Identity, *, now: datetime) -> None:
    """End the sessions and tokens of somebody whom the provider's word made; people of people.yaml stay."""
    if is_provided(known.person):
        end_sessions(work, known.person, now=now)
        revoke_tokens_of(work, known.person, now=now)


def _lapse(work: Work, *, now: datetime) -> None:
    """Forget the groups of those who have not signed in for long: they may have left meanwhile."""
    work.execute(sa.update(identities).where(identities.c.seen_at < now - LAPSES).values(groups=[]))


def _find(work: Work, claimed: Claimed) -> Identity | None:
    row = work.execute(sa.select(identities).where(*_is(claimed))).one_or_none()
    return None if row is None else _identity(row)


def _is(claimed: Claimed) -> tuple[sa.ColumnElement[bool], ...]:
    return identities.c.issuer == claimed.issuer, identities.c.subject == claimed.subject


def _identity(row: sa.Row[tuple[object, ...]]) -> Identity:
    return Identity.model_validate(row)
