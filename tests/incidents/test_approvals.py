"""An audience is given what was approved for it: that version, by those whom the protocol names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.catalogue.load import load_catalogue
from incidents.catalogue.protocols import Approval as Rule
from incidents.errors import Conflict, NotAllowed, NotAuthorised
from incidents.people import Person, Role, lone_operator
from incidents.reviews.approvals import Approval, approval_refusals, speaks_for
from incidents.reviews.audiences import Audience
from incidents.store import timeline
from incidents.store.approvals import approvals_of, approve, refuse_unapproved
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.store.reviews import write_draft
from incidents.timeline import Event
from tests.incidents.review_rows import ADA, BO, CLEO, DEV, T0, add_incident, add_review, after

BOTH = ("legal", "policy")
PETRA = Person(id="petra", roles=frozenset({Role.policy}))
READER = Person(id="rita", roles=frozenset({Role.partner_reviewer}), team="legal")


@pytest.fixture
def store(store: Store) -> Store:
    """A review with one version of its retrospective."""
    with store.begin() as work:
        add_incident(work, phase="reviewing")
        add_review(work)
    draft(store, "# One")
    return store


def draft(store: Store, markdown: str) -> None:
    with store.begin() as work:
        write_draft(work, "INC-12", markdown=markdown, input_hash="f" * 64, author="eve", now=after(0))


def approved(
    store: Store, by: Person, version: int = 1, audience: Audience = Audience.public, minutes: float = 5
) -> list[str]:
    with store.begin() as work:
        found = approve(
            work, "INC-12", audience, version, approvers=BOTH, by=by, note="fine", now=after(minutes)
        )
    return [each.approver for each in found]


def missing(store: Store, version: int, audience: Audience = Audience.public) -> tuple[str, ...]:
    with store.read() as work:
        try:
            refuse_unapproved(work, "INC-12", audience, version, approvers=BOTH)
        except NotAllowed as refused:
            return refused.codes
    return ()


@pytest.mark.parametrize(
    ("person", "speaks"),
    [
        (CLEO, {"legal"}),
        (PETRA, {"policy"}),
        (READER, set()),  # a team's reviewer reads posts, and does not speak for it
        (ADA, set()),
        (Person(id="root", roles=frozenset({Role.administrator})), set()),
        (lone_operator("op"), {"legal", "policy"}),
    ],
)
def test_who_speaks_for_a_team_or_a_role(person: Person, speaks: set[str]) -> None:
    assert {approver for approver in BOTH if speaks_for(person, approver)} == speaks


def test_an_audience_waits_for_everybody_whom_the_protocol_names(store: Store) -> None:
    assert missing(store, 1) == ("APPROVAL_MISSING", "APPROVAL_MISSING")
    assert approved(store, CLEO) == ["legal"]
    assert missing(store, 1) == ("APPROVAL_MISSING",)
    assert approved(store, PETRA) == ["legal", "policy"]
    assert missing(store, 1) == ()
    # One audience's approval says nothing about another.
    assert missing(store, 1, Audience.partner) == ("APPROVAL_MISSING",) * 2


def test_a_new_version_is_approved_anew(store: Store) -> None:
    approved(store, CLEO)
    draft(store, "# Two")
    assert missing(store, 2) == ("APPROVAL_STALE", "APPROVAL_MISSING")
    with pytest.raises(NotAllowed) as refused:
        approved(store, PETRA, version=1)
    assert refused.value.codes == ("VERSION_STALE",)
    assert approved(store, CLEO, version=2) == ["legal"]
    assert missing(store, 2) == ("APPROVAL_MISSING",)


def test_who_may_not_approve_is_told_who_may(store: Store) -> None:
    for person in (ADA, BO):
        with pytest.raises(NotAllowed, match="speaks for one of: legal, policy") as refused:
            approved(store, person)
        assert refused.value.codes == ("APPROVER_OTHER",)
    for person in (DEV, Person(id="root", roles=frozenset({Role.administrator}))):
        with pytest.raises(NotAuthorised):
            approved(store, person)
    with store.begin() as work, pytest.raises(NotAllowed) as refused:
        approve(work, "INC-12", Audience.internal, 1, approvers=(), by=CLEO, now=after(1))
    assert refused.value.codes == ("APPROVAL_NOT_ASKED",)


def test_the_second_approval_is_told_who_was_first(store: Store) -> None:
    approved(store, CLEO)
    with pytest.raises(Conflict, match="for public by cleo, at 2026-11-22 18:05:00 UTC"):
        approved(store, CLEO, minutes=9)


def test_an_approval_is_in_the_record_and_changes_no_draft(store: Store) -> None:
    with store.read() as work:
        before = read_record(work, "INC-12")
    approved(store, CLEO)
    with store.read() as work:
        assert read_record(work, "INC-12") == before
        entry = timeline.entries(work, "INC-12")[-1]
        assert (entry.event, entry.actor, entry.facts["audience"]) == (Event.version_approved, "cleo", "public")
        assert [each.note for each in approvals_of(work, "INC-12")] == ["fine"]


def test_a_rule_of_the_catalogue_may_hold_for_some_severities() -> None:
    rule = Rule(audience=Audience.public, by=("legal",), severities=("sev1",))
    always = Rule(audience=Audience.public, by=("policy", "legal"))
    assert rule.severities == ("sev1",)
    protocol = load_catalogue().protocol().model_copy(update={"approvals": (rule, always)})
    assert protocol.approvers(Audience.public, "sev1") == ("legal", "policy")
    assert protocol.approvers(Audience.public, "sev2") == ("policy", "legal")
    assert protocol.approvers(Audience.internal, "sev1") == ()


APPROVALS = st.lists(
    st.builds(
        Approval,
        version=st.integers(1, 3),
        audience=st.sampled_from(Audience),
        approver=st.sampled_from(["legal", "policy", "communications"]),
        person=st.just("cleo"),
        note=st.just(""),
        at=st.just(T0),
    )
)


@given(given_=APPROVALS, audience=st.sampled_from(Audience), version=st.integers(1, 3))
def test_nothing_stands_in_the_way_where_all_approved_this_very_version(
    given_: list[Approval], audience: Audience, version: int
) -> None:
    left = approval_refusals(audience, version, approvers=BOTH, given=given_)
    done = {each.approver for each in given_ if (each.audience, each.version) == (audience, version)}
    assert len(left) == len(set(BOTH) - done)
    assert {each.code for each in left} <= {"APPROVAL_MISSING", "APPROVAL_STALE"}
