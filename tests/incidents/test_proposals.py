"""A second person: who may answer a proposal, until when, and that it counts once."""

from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from incidents.catalogue.load import load_catalogue
from incidents.errors import Conflict, NotAllowed, NotAuthorised, NotFound
from incidents.four_eyes import ALONE, Consent, FourEyes, Matter, SecondPersonMissing
from incidents.people import Person, Role
from incidents.proposals import Proposal, ProposalState, Step, Wanted
from incidents.reviews.record import told_of
from incidents.settings import Settings
from incidents.store import lifecycle, timeline
from incidents.store.engine import Store, Work
from incidents.store.incidents import find
from incidents.store.proposals import (
    answer,
    find_proposal,
    proposals_of,
    propose,
    visible_proposals,
    waiting_for,
)
from incidents.store.schema import incidents, roles
from incidents.timeline import Event
from incidents.words import plain, sentence
from tests.incidents.review_rows import ADA, BO, CLEO, T0, add_incident, after

NOOR = Person(id="noor", roles=frozenset({Role.commander}))
ROOT = Person(id="root", roles=frozenset({Role.administrator}))
DAY = timedelta(hours=24)
WAIVER = Wanted(step=Step.waive, incident="INC-12", code="SWEEP_UNFINISHED")
ASKED = Consent(
    (FourEyes(matter=Matter.waive_certificate), FourEyes(matter=Matter.mass_action, from_posts=500))
)


@pytest.fixture
def store(store: Store) -> Store:
    with store.begin() as work:
        add_incident(work)
    return store


def proposed(work: Work, wanted: Wanted = WAIVER, by: Person = ADA, minutes: float = 0) -> Proposal:
    return propose(work, wanted, by=by, reason="It is over.", waits=DAY, now=after(minutes))


def confirmed(work: Work, by: Person = NOOR, reason: str = "I looked, too.", minutes: float = 5) -> Proposal:
    return answer(work, "INC-12-P1", ProposalState.confirmed, by=by, reason=reason, now=after(minutes))


@pytest.mark.parametrize(
    ("matter", "posts", "second", "told"),
    [
        (Matter.waive_certificate, 1, NOOR, {"second": "noor"}),
        (Matter.mass_action, 500, NOOR, {"second": "noor"}),
        (Matter.mass_action, 499, None, {}),
        (Matter.share_outside, 1, None, {}),
    ],
)
def test_a_second_person_is_asked_for_where_the_protocol_does(
    matter: Matter, posts: int, second: Person | None, told: dict[str, str]
) -> None:
    assert Consent(ASKED.rules, second).need(matter, by=ADA, posts=posts) == told
    assert ALONE.need(matter, by=ADA, posts=posts) == {}


@pytest.mark.parametrize("second", [None, ADA])
def test_nobody_is_their_own_second_person(second: Person | None) -> None:
    with pytest.raises(SecondPersonMissing) as missing:
        Consent(ASKED.rules, second).need(Matter.waive_certificate, by=ADA)
    assert missing.value.codes == ("SECOND_PERSON_MISSING",)
    assert missing.value.waits == DAY


def test_no_drill_and_no_lone_operator_asks_for_one(store: Store) -> None:
    lone = load_catalogue(Settings().catalogue_folder)
    staffed = lone.model_copy(update={"people": (ADA, NOOR)})
    with store.begin() as work:
        found = find(work, "INC-12")
        drill = find(work, add_incident(work, 13, drill="a-drill"))
    assert staffed.consent(found).rules == staffed.protocol().four_eyes != ()
    assert staffed.consent(drill) == lone.consent(found) == ALONE


def test_another_person_confirms_and_both_names_stand_in_the_timeline(store: Store) -> None:
    with store.begin() as work:
        assert proposed(work).expires_at == T0 + DAY
        assert confirmed(work).answered_by == "noor"
        consent = Consent(ASKED.rules, NOOR)
        lifecycle.waive(
            work, "INC-12", "SWEEP_UNFINISHED", by=ADA, reason="It is over.", consent=consent, now=after(5)
        )
        told = [(entry.event, plain(sentence(entry))) for entry in timeline.entries(work, "INC-12")]
    assert told == [
        (
            Event.proposal_made,
            "Ada proposed (INC-12-P1) to waive SWEEP_UNFINISHED; somebody else confirms it, or nobody."
            " Reason: “It is over.”",
        ),
        (
            Event.proposal_confirmed,
            "Noor confirmed what ada proposed (INC-12-P1): to waive SWEEP_UNFINISHED. Reason: “I looked, too.”",
        ),
        (Event.reason_waived, "Ada waived SWEEP_UNFINISHED. Reason: “It is over.” noor confirmed it."),
    ]


@pytest.mark.parametrize(
    ("by", "reason", "minutes", "code"),
    [
        (ADA, "Yes.", 5, "SECOND_PERSON_SAME"),
        (NOOR, " ", 5, "REASON_MISSING"),
        (NOOR, "Yes.", 24 * 60, "PROPOSAL_EXPIRED"),
        (BO, "Yes.", 5, "ROLE_MISSING"),
        (CLEO, "Yes.", 5, "ROLE_MISSING"),
    ],
)
@pytest.mark.parametrize("state", [ProposalState.confirmed, ProposalState.refused])
def test_what_does_not_count_as_an_answer(
    store: Store, by: Person, reason: str, minutes: float, code: str, state: ProposalState
) -> None:
    with store.begin() as work:
        proposed(work)
        with pytest.raises(NotAllowed) as refused:
            answer(work, "INC-12-P1", state, by=by, reason=reason, now=after(minutes))
        assert refused.value.codes == (code,)
        assert find_proposal(work, "INC-12-P1").state is ProposalState.open


def test_it_is_proposed_with_a_reason_and_once_at_a_time(store: Store) -> None:
    with store.begin() as work:
        with pytest.raises(NotAllowed) as refused:
            propose(work, WAIVER, by=ADA, reason=" ", waits=DAY, now=T0)
        assert refused.value.codes == ("REASON_MISSING",)
        proposed(work)
        with pytest.raises(Conflict, match="INC-12-P1 of ada proposes the same"):
            proposed(work, by=NOOR, minutes=10)
        # Once it has expired it can be proposed again.
        assert proposed(work, minutes=25 * 60).id == "INC-12-P2"
        with pytest.raises(NotFound):
            find_proposal(work, "INC-12-P3")


def test_a_second_answer_is_told_of_the_first(store: Store) -> None:
    with store.begin() as work:
        proposed(work)
        answer(work, "INC-12-P1", ProposalState.refused, by=NOOR, reason="Not yet.", now=after(4))
        with pytest.raises(Conflict, match="refused: noor answered first"):
            confirmed(work, by=ROOT)


def test_of_two_who_confirm_at_once_one_does(store: Store) -> None:
    with store.begin() as work:
        proposed(work)
    together, done = Barrier(2), list[str]()

    def confirm(by: Person) -> None:
        together.wait()
        with suppress(Conflict), store.begin() as work:
            confirmed(work, by=by)
            done.append(by.id)

    threads = [Thread(target=confirm, args=(by,)) for by in (NOOR, ROOT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as work:
        kinds = [entry.event for entry in timeline.entries(work, "INC-12")]
        assert done == [find_proposal(work, "INC-12-P1").answered_by]
    assert kinds == [Event.proposal_made, Event.proposal_confirmed]


def test_a_proposal_waits_for_whom_may_answer_it(store: Store) -> None:
    with store.begin() as work:
        proposed(work)
        proposed(work, Wanted(step=Step.share, incident="INC-12"), by=NOOR)
        waits = {
            person.id: [each.id for each in waiting_for(work, person, machine_now=after(5))]
            for person in (ADA, NOOR, BO, CLEO, ROOT)
        }
        assert [each.wanted.step for each in proposals_of(work, "INC-12")] == [Step.waive, Step.share]
        assert waiting_for(work, ROOT, machine_now=T0 + DAY) == []
    both = ["INC-12-P1", "INC-12-P2"]
    assert waits == {"ada": both[1:], "noor": both[:1], "bo": both[1:], "cleo": [], "root": both}


def test_a_restricted_incident_s_proposals_are_its_circle_s(store: Store) -> None:
    with store.begin() as work:
        proposed(work)
        work.execute(incidents.update().values(restricted=True))
        held = {"incident_id": "INC-12", "role": "commander", "person": "ada", "taken_at": T0}
        work.execute(roles.insert().values(**held))
        assert waiting_for(work, NOOR, machine_now=after(5)) == visible_proposals(work, NOOR) == []
        assert [each.id for each in visible_proposals(work, ADA)] == ["INC-12-P1"]
        with pytest.raises(NotAuthorised):
            visible_proposals(work, NOOR, incident="INC-12")
        with pytest.raises(NotAuthorised) as refused:
            confirmed(work)
        assert refused.value.codes == ("INCIDENT_RESTRICTED",)
        with pytest.raises(NotAuthorised):
            visible_proposals(work, CLEO)


def test_what_was_tried_and_took_a_second_person_leaves_nothing_behind(store: Store) -> None:
    with store.begin() as work:
        with pytest.raises(SecondPersonMissing), work.attempt():
            lifecycle.waive(
                work, "INC-12", "SWEEP_UNFINISHED", by=ADA, reason="Over.", consent=ASKED, now=after(5)
            )
        assert lifecycle.waived_codes(work, "INC-12") == frozenset()
        lifecycle.waive(work, "INC-12", "GUIDELINE_MISSING", by=ADA, reason="Old.", consent=ASKED, now=after(6))
    with store.read() as work:
        assert [entry.facts["code"] for entry in timeline.entries(work, "INC-12")] == ["GUIDELINE_MISSING"]


def test_a_document_is_not_changed_by_a_proposal_to_share_it(store: Store) -> None:
    with store.begin() as work:
        proposed(work, Wanted(step=Step.share, incident="INC-12"))
        answer(work, "INC-12-P1", ProposalState.refused, by=BO, reason="Not yet.", now=after(4))
        proposed(work, minutes=5)
        told = told_of(timeline.entries(work, "INC-12"))
    assert [entry.facts["step"] for entry in told] == ["waive"]
