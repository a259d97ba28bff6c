"""Let somebody in: by password, by a one-time link with which they set one, or by a sign-in provider's word."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from console.passwords import hash_password, is_outdated, is_password
from console.people import is_one_operator, operator
from incidents.access.identities import Claimed
from incidents.access.limits import Failures, refuse_try
from incidents.access.passwords import refuse_weak
from incidents.catalogue.model import Catalogue
from incidents.errors import BadInput, NotAllowed, NotAuthorised, Refusal
from incidents.incident.incident import SYSTEM
from incidents.people import Role, is_provided
from incidents.settings import Settings
from incidents.store import accounts
from incidents.store.access_log import Access, note_access
from incidents.store.engine import Store, Work
from incidents.store.identities import NOBODY, admit

TOKEN_BYTES = 32


@dataclass(frozen=True)
class Origin:
    """Where a request comes from: the address, and what the browser calls itself."""

    address: str
    agent: str


def sign_in(
    store: Store, person: str, password: str, *, administrators: Collection[str], origin: Origin, now: datetime
) -> str:
    """The token of a new session.

    NotAuthorised, in the same words whether the name is wrong or the password.
    """
    with store.read() as work:
        tried = accounts.failures(work, person, origin.address, now=now)
        last = accounts.is_last_of(work, person, administrators)
        account = accounts.find_account(work, person)
    if refused := refuse_try(tried, is_last_administrator=last):
        raise NotAuthorised("Nobody was signed in.", [refused])
    usable = account is not None and account.disabled_at is None
    if not is_password(password, account.password_hash if account and usable else None):
        with store.begin() as work:
            accounts.note_failure(work, person, origin.address, now=now)
        raise NotAuthorised("Nobody was signed in.", [Refusal("WRONG_PASSWORD", "Name or password is wrong.")])
    assert account is not None, "the hash of nobody fits no password"
    assert account.password_hash is not None, "no password fits none"
    with store.begin() as work:
        if is_outdated(account.password_hash):
            accounts.keep_hash(work, person, hash_password(password))
        return _open(work, person, how="password", origin=origin, now=now)


def enter_by_link(store: Store, token: str, password: str, *, origin: Origin, now: datetime) -> str:
    """Set the password of a one-time link's person and open a session; the link is used up by it.

    BadInput where the password is too weak: the link still stands then. NotAuthorised where the link does not.
    """
    with store.read() as work:
        person = accounts.read_link(work, token, now=now)
    if person is None:
        raise unusable_link()
    refuse_weak(password, person=person)
    hashed = hash_password(password)
    with store.begin() as work:
        if accounts.use_link(work, token, now=now) is None:
            raise unusable_link()
        accounts.set_password(work, person, hashed, now=now)
        return _open(work, person, how="link", origin=origin, now=now)


def enter_by_provider(
    store: Store, catalogue: Catalogue, claimed: Claimed, *, origin: Origin, now: datetime
) -> str:
    """The token of a new session for somebody whom the sign-in provider vouches for.

    `catalogue` is as its files say. NotAuthorised, with what to do, for whoever may do nothing here.
    """
    with store.begin() as work:
        admission = admit(work, catalogue, claimed, now=now)
        if admission.refused is None:
            return _open(work, admission.person, how="provider", origin=origin, now=now)
    raise NotAuthorised("Nobody was signed in.", [admission.refused])


def refuse_tries_from(store: Store, origin: Origin, *, now: datetime) -> None:
    """NotAuthorised where too many tries failed from an address, whoever it was that tried."""
    with store.read() as work:
        tried = accounts.failures(work, NOBODY, origin.address, now=now)
    if refused := refuse_try(Failures(from_address=tried.from_address), is_last_administrator=False):
        raise NotAuthorised("Nobody was signed in.", [refused])


def note_refusal(store: Store, refused: NotAuthorised, *, origin: Origin, now: datetime) -> None:
    """Count a try at the provider that failed, and write down why."""
    reason = "; ".join(map(str, refused.reasons))[:500]
    with store.begin() as work:
        accounts.note_failure(work, NOBODY, origin.address, now=now)
        note_access(work, Access.refused, by=NOBODY, target=origin.address, reason=reason, now=now)


def change_password(store: Store, person: str, old: str, new: str, *, origin: Origin, now: datetime) -> str:
    """Change it, which ends every session; return the token of a new one. BadInput where either is refused."""
    with store.read() as work:
        account = accounts.find_account(work, person)
    if not is_password(old, account.password_hash if account else None):
        raise BadInput("The present password is another one. Nothing was changed.")
    refuse_weak(new, person=person)
    hashed = hash_password(new)
    with store.begin() as work:
        accounts.set_password(work, person, hashed, now=now)
        return _open(work, person, how="password", origin=origin, now=now)


def make_link(work: Work, person: str, *, by: str, now: datetime) -> str:
    """The path of a page on which the person sets a password, once and within a day.

    NotAllowed for people of the sign-in provider: a password would outlast what it says of them.
    """
    if is_provided(person):
        todo = "They come in as long as the provider says so, and one of their groups is in groups.yaml."
        raise NotAllowed(
            f"{person} signs in at the provider, without a password.", [Refusal("SIGNS_IN_ELSEWHERE", todo)]
        )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    accounts.make_link(work, person, token, by=by, now=now)
    return f"/welcome/{token}"


def first_link(store: Store, settings: Settings, catalogue: Catalogue, *, now: datetime) -> str | None:
    """The path of a link for the first administrator, where nobody has a password yet; None where somebody has.

    None as well where people.yaml lists people but no administrator: nobody may let anybody in then.
    """
    lets_in = administrators(settings, catalogue)
    with store.begin() as work:
        if any(each.password_hash for each in accounts.all_accounts(work)) or not lets_in:
            return None
        return make_link(work, lets_in[0], by=SYSTEM.id, now=now)


def administrators(settings: Settings, catalogue: Catalogue) -> list[str]:
    """Who may let others in: the administrators of people.yaml, or the operator where nobody is listed."""
    if is_one_operator(catalogue):
        return [operator(settings).id]
    return catalogue.holders(Role.administrator)


def unusable_link() -> NotAuthorised:
    """What is said of a link that lets nobody in."""
    todo = "Ask an administrator for a new one: `watchfloor accounts link NAME` prints it."
    return NotAuthorised("This link was used, replaced, or is too old.", [Refusal("LINK_UNUSABLE", todo)])


def _open(work: Work, person: str, *, how: str, origin: Origin, now: datetime) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    accounts.open_session(work, person, token, how=how, address=origin.address, agent=origin.agent, now=now)
    return token
