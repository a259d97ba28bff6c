"""Tokens: what one may be made for, whose it is, when it ends; on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.access.tokens import NewToken, Token, refuse_token
from incidents.errors import NotAllowed, NotFound
from incidents.people import Act, Person, Role, is_allowed
from incidents.store import tokens
from incidents.store.access_log import read_log
from incidents.store.engine import Store, Work

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
DAY = timedelta(days=1)
ADA = Person(id="ada-l", roles=frozenset({Role.commander}))
BO = Person(id="bo-r", roles=frozenset({Role.reviewer}))
ROOT = Person(id="root-a", roles=frozenset({Role.administrator}))


def kept(work: Work, secret: str = "a secret") -> Token:
    """A token of Ada's, of her own making."""
    new = NewToken(
        person="ada-l",
        name="a tool",
        scope=frozenset({Act.declare, Act.see_incidents}),
        made_by="ada-l",
        made_at=NOW,
        expires_at=NOW + DAY,
    )
    return tokens.keep_token(work, new, secret)


def test_a_person_may_what_their_roles_and_every_scope_allow() -> None:
    reviewer = BO.held_to(frozenset({Act.see_incidents, Act.declare}))
    assert [act for act in Act if is_allowed(reviewer, act)] == [Act.see_incidents]
    assert not is_allowed(reviewer.held_to(frozenset({Act.declare})), Act.see_incidents)


@pytest.mark.parametrize(
    ("person", "by", "scope", "lasts", "codes"),
    [
        (ADA, ADA, [], DAY, ("SCOPE_EMPTY",)),
        (ADA, ADA, [Act.sign_review, Act.declare], DAY, ("SCOPE_TOO_WIDE",)),
        (ADA.held_to(frozenset()), ADA, [Act.declare], DAY, ("SCOPE_TOO_WIDE",)),
        (BO, ROOT, [Act.sign_review], DAY, ("SCOPE_OWN_WORD",)),
        (ADA, ADA, [Act.declare], timedelta(0), ("EXPIRY_BEYOND",)),
        (ADA, ADA, [Act.declare], timedelta(days=366), ("EXPIRY_BEYOND",)),
        (ADA, BO, [Act.declare], DAY, ("ROLE_MISSING",)),
    ],
)
def test_a_token_is_no_more_than_its_person_and_no_more_than_a_year(
    person: Person, by: Person, scope: list[Act], lasts: timedelta, codes: tuple[str, ...]
) -> None:
    with pytest.raises(NotAllowed) as refusal:
        refuse_token(person, scope, lasts, by=by)
    assert refusal.value.codes == codes


@pytest.mark.parametrize(("person", "by", "act"), [(BO, BO, Act.sign_review), (ADA, ROOT, Act.declare)])
def test_a_token_lasts_up_to_a_year_for_what_its_person_may(person: Person, by: Person, act: Act) -> None:
    refuse_token(person, [act], timedelta(days=365), by=by)


def test_a_token_is_found_by_its_secret_and_ends_in_time(store: Store) -> None:
    with store.begin() as work:
        made = kept(work)
        assert tokens.find_token(work, "a secret") == made
        assert tokens.find_token(work, "another") is None
        tokens.touch_token(work, made, now=NOW + DAY / 2)
        used = tokens.tokens_of(work, "ada-l")[0]
        assert tokens.tokens_of(work, "bo-r") == []
    assert used.seen_at == NOW + DAY / 2
    assert made.refusal(made.expires_at - timedelta(seconds=1)) is None
    ended = made.refusal(made.expires_at)
    assert ended is not None
    assert ended.code == "TOKEN_EXPIRED"


def test_nobody_revokes_another_s_token_but_an_administrator(store: Store) -> None:
    with store.begin() as work:
        made = kept(work)
        with pytest.raises(NotFound, match=f"You have no token {made.number}"):
            tokens.revoke_token(work, made.number, by=BO, now=NOW)
        gone = tokens.revoke_token(work, made.number, by=ROOT, now=NOW)
        assert tokens.revoke_token(work, made.number, by=ADA, now=NOW + DAY) == gone
        assert tokens.all_tokens(work, by=ROOT) == [gone]
        lines = [(line.what, line.person, line.target) for line in read_log(work, by=ROOT)]
    assert lines == [("revoked a token", "root-a", "ada-l"), ("made a token", "ada-l", "ada-l")]
