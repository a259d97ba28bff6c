"""A review: one owner, versions that never change, one signature by somebody who is neither author nor lead."""

from typing import Any

import pytest
import sqlalchemy as sa

from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised, NotFound
from incidents.people import Person, Role
from incidents.reviews.factors.factor import Category, Factor
from incidents.reviews.signing import sign_refusals
from incidents.store import timeline
from incidents.store.engine import Store, Work
from incidents.store.gates import GateKind, current_gate, open_gate
from incidents.store.reviews import (
    find_review,
    judge_factor,
    propose_factors,
    publish,
    read_draft,
    sign,
    start_review,
    write_draft,
)
from incidents.store.schema import factors, outbox
from incidents.timeline import Event
from tests.incidents.review_rows import ADA, BO, CLEO, EVE, add_incident, add_review, after, tell

LATE = Factor(
    rule="late_acknowledgement:ask:INC-12:legal:1",
    category=Category.communications,
    sentence="The team legal acknowledged its ask 12 min after it was due.",
    supports=("INC-12#4",),
)


@pytest.fixture
def store(store: Store) -> Store:
    with store.begin() as work:
        add_incident(work, phase="reviewing")
    return store


@pytest.fixture
def drafted(store: Store) -> Store:
    """A store in which Eve wrote version 1 and Ada commanded."""
    with store.begin() as work:
        add_review(work)
        draft(work, "# One")
    return store


def draft(work: Work, markdown: str, author: str = "eve", minutes: float = 0) -> int:
    return write_draft(
        work, "INC-12", markdown=markdown, input_hash="f" * 64, author=author, now=after(minutes)
    )


def signed(store: Store, by: Person = BO, version: int = 1, minutes: float = 3) -> str:
    with store.begin() as work:
        return sign(work, "INC-12", version, by=by, reason="read it all", now=after(minutes)).state


def events(work: Work) -> list[Event]:
    return [entry.event for entry in timeline.entries(work, "INC-12")]


def test_a_review_is_started_once(store: Store) -> None:
    def start(owner: str) -> bool:
        with store.begin() as work:
            return start_review(work, "INC-12", owner=owner, due_at=after(900), now=after(0))

    assert [start("eve"), start("bo")] == [True, False]
    with store.read() as work:
        assert find_review(work, "INC-12").owner == "eve"
        assert events(work) == [Event.owner_named]


def test_what_was_not_written_is_not_found(store: Store) -> None:
    with store.begin() as work:
        with pytest.raises(NotFound, match="has no review yet"):
            find_review(work, "INC-12")
        with pytest.raises(NotFound, match="There is no incident INC-99"):
            find_review(work, "INC-99")
        add_review(work)
        with pytest.raises(NotFound, match="has no retrospective"):
            read_draft(work, "INC-12")
        with pytest.raises(NotFound, match="version 3"):
            read_draft(work, "INC-12", 3)


def test_a_version_is_written_where_the_text_differs(drafted: Store) -> None:
    with drafted.begin() as work:
        assert draft(work, "# One", minutes=1) == 1
        assert draft(work, "# Two", minutes=2) == 2
        assert draft(work, "# One", minutes=3) == 3
        assert read_draft(work, "INC-12", 1).markdown == "# One"
        assert read_draft(work, "INC-12", 1).written_at == after(0)
        assert read_draft(work, "INC-12").version == 3
        assert find_review(work, "INC-12").state == "signing"
        assert events(work) == [Event.draft_written] * 3


def test_a_reviewer_signs_and_the_waiting_flow_is_woken(drafted: Store) -> None:
    with drafted.begin() as work:
        open_gate(work, "INC-12", GateKind.sign_off, due_at=after(60), flow_run_id="run", now=after(1))
    assert signed(drafted) == "signed"
    with drafted.read() as work:
        review = find_review(work, "INC-12")
        assert (review.signed_by, review.signed_version, review.signed_at) == ("bo", 1, after(3))
        gate = current_gate(work, "INC-12", GateKind.sign_off, "INC-12")
        assert (gate.answer, gate.answered_by, gate.reason) == ("sign", "bo", "read it all")
        kinds = work.execute(sa.select(outbox.c.kind)).scalars().all()
        assert kinds == ["resume"]
        assert not list(timeline.verify(work))


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, []),
        ({"signer": "eve"}, ["REVIEW_OWN_DRAFT"]),
        ({"signer": "ada"}, ["REVIEW_OWN_DRAFT"]),
        ({"version": 1}, ["VERSION_STALE"]),
        ({"version": 1, "signer": "eve"}, ["VERSION_STALE", "REVIEW_OWN_DRAFT"]),
    ],
)
def test_why_a_signature_is_refused(given: dict[str, Any], codes: list[str]) -> None:
    case: dict[str, Any] = {
        "version": 2,
        "newest": 2,
        "signer": "bo",
        "author": "eve",
        "commanders": {"ada"},
    } | given
    assert [refusal.code for refusal in sign_refusals(**case)] == codes


def test_the_store_refuses_the_author_the_commander_and_a_stale_version(drafted: Store) -> None:
    lead = Person(id="ada", roles=frozenset({Role.commander, Role.reviewer}))
    for person in (EVE, lead):
        with pytest.raises(NotAllowed) as refused:
            signed(drafted, by=person)
        assert refused.value.codes == ("REVIEW_OWN_DRAFT",)
    with drafted.begin() as work:
        draft(work, "# Two")
    with pytest.raises(NotAllowed) as refused:
        signed(drafted, version=1)
    assert refused.value.codes == ("VERSION_STALE",)


def test_a_signature_takes_the_role_of_a_reviewer(drafted: Store) -> None:
    root = Person(id="root", roles=frozenset({Role.administrator}))
    for person in (ADA, CLEO, root):
        with pytest.raises(NotAuthorised):
            signed(drafted, by=person)


def test_the_second_signature_is_told_who_signed_and_when(drafted: Store) -> None:
    signed(drafted)
    fay = Person(id="fay", roles=frozenset({Role.reviewer}))
    with pytest.raises(Conflict, match=r"version 1 by bo at 2026-11-22 18:03:00 UTC \(ALREADY_SIGNED\)"):
        signed(drafted, by=fay, minutes=4)


def test_a_signed_review_is_not_redrafted(drafted: Store) -> None:
    signed(drafted)
    with drafted.begin() as work:
        assert draft(work, "# Another") == 1
        assert read_draft(work, "INC-12").version == 1


def test_the_signed_version_is_published_once(drafted: Store) -> None:
    with drafted.begin() as work, pytest.raises(NotAllowed) as refused:
        publish(work, "INC-12", now=after(2))
    assert refused.value.codes == ("REVIEW_UNSIGNED",)
    signed(drafted)
    with drafted.begin() as work:
        assert publish(work, "INC-12", now=after(5))
        assert not publish(work, "INC-12", now=after(6))
        assert events(work)[-1] is Event.retrospective_published
        assert [m["name"] for m in timeline.milestones_of(work, "INC-12")] == ["review_published"]
        assert find_review(work, "INC-12").published_at == after(5)


def test_after_a_reopening_the_review_starts_anew(drafted: Store) -> None:
    signed(drafted)
    with drafted.begin() as work:
        publish(work, "INC-12", now=after(4))
        tell(work, 5, Event.record_reopened, "ada", reason="it is back", was="closed")
        assert start_review(work, "INC-12", owner="bo", due_at=after(9), now=after(6))
        assert not start_review(work, "INC-12", owner="bo", due_at=after(9), now=after(7))
        review = find_review(work, "INC-12")
        assert (review.state, review.signed_by, review.published_at) == ("drafting", None, None)
        assert draft(work, "# Two") == 2


def test_a_hypothesis_is_proposed_once_and_kept_up_to_date_until_it_is_judged(store: Store) -> None:
    def sentences() -> list[str]:
        with store.read() as work:
            return list(work.execute(sa.select(factors.c.sentence).order_by(factors.c.number)).scalars())

    def propose(*sentences: str) -> int:
        told = [
            LATE.model_copy(update={"sentence": text, "rule": f"rule-{n}"}) for n, text in enumerate(sentences)
        ]
        with store.begin() as work:
            return propose_factors(work, "INC-12", told)

    assert propose("12 min late") == 1
    assert propose("14 min late", "a second") == 1
    assert sentences() == ["14 min late", "a second"]
    judge(store, 1, "accepted")
    assert propose("99 min late") == 0
    assert sentences() == ["14 min late", "a second"]


def judge(store: Store, number: int, state: str, *, reason: str = "seen it", was: str = "proposed") -> None:
    with store.begin() as work:
        judge_factor(work, "INC-12", number, state=state, reason=reason, by=EVE, now=after(8), was=was)


def test_people_judge_hypotheses_with_a_reason(store: Store) -> None:
    with store.begin() as work:
        propose_factors(work, "INC-12", [LATE])
    with pytest.raises(NotAllowed) as refused:
        judge(store, 1, "accepted", reason=" ")
    assert refused.value.codes == ("REASON_MISSING",)
    with pytest.raises(BadInput):
        judge(store, 1, "true")
    with pytest.raises(NotFound):
        judge(store, 2, "accepted")
    judge(store, 1, "accepted")
    with pytest.raises(Conflict, match="is accepted by eve at 2026-11-22 18:08:00 UTC"):
        judge(store, 1, "rejected")
    judge(store, 1, "rejected", was="accepted")
    with store.read() as work:
        assert events(work) == [Event.factor_judged] * 2
