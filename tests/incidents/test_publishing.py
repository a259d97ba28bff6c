"""Nobody signs what the record does not bear out."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed, NotAuthorised
from incidents.reviews.audiences import Audience
from incidents.reviews.drafting import redraft
from incidents.reviews.factors.factor import Category, Otherwise
from incidents.reviews.publishing import NAMED, sign_checked
from incidents.reviews.record import FactorPart
from incidents.reviews.sections import Section
from incidents.reviews.writing import add_checked, change_checked, write_checked
from incidents.store.approvals import approve
from incidents.store.engine import Store, Work
from incidents.store.reviews import choose_zone, find_review, judge_factor, read_draft, write_draft
from incidents.store.schema import asks
from incidents.store.stars import star, unstar
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import BO, CLEO, DEV, EVE, after, tell


@pytest.fixture
def store(store: Store) -> Store:
    """The evening's crisis, with the first draft of its retrospective."""
    with store.begin() as work:
        add_crisis(work)
        redraft(work, "INC-12", author="watchfloor", now=after(500))
    return store


def edit(store: Store, written: str, changed: str, times: int = 1) -> int:
    """Keep an edited copy of the newest version as the next one; returns its number."""
    with store.begin() as work:
        draft = read_draft(work, "INC-12")
        assert written in draft.markdown
        text = draft.markdown.replace(written, changed, times)
        return write_draft(work, "INC-12", markdown=text, input_hash="x", author="eve", now=after(510))


def signed(store: Store, version: int, minutes: float = 520) -> str | None:
    with store.begin() as work:
        return sign_checked(work, "INC-12", version, approvers=(), by=BO, now=after(minutes)).signed_by


def refusal(store: Store, version: int) -> NotAllowed:
    with pytest.raises(NotAllowed) as told:
        signed(store, version)
    with store.read() as work:
        assert find_review(work, "INC-12").signed_at is None
    return told.value


def test_what_the_record_bears_out_is_signed(store: Store) -> None:
    assert signed(store, 1) == "bo"
    with pytest.raises(Conflict, match="signed already"):
        signed(store, 1)


def test_a_number_that_was_changed_is_not_signed(store: Store) -> None:
    version = edit(store, "of which 100 matched", "of which 90 matched")
    told = refusal(store, version)
    assert told.codes == ("REVIEW_UNPROVEN",)
    assert "of which 100 matched" in str(told)
    assert edit(store, "of which 90 matched", "of which 100 matched") == 3
    assert signed(store, 3) == "bo"


def test_a_version_that_is_not_the_newest_is_refused_as_such(store: Store) -> None:
    assert edit(store, "of which 100 matched", "of which 90 matched") == 2
    assert edit(store, "of which 90 matched", "of which 100 matched") == 3
    assert refusal(store, 2).codes == ("VERSION_STALE",)


def test_a_sentence_that_was_added_needs_evidence(store: Store) -> None:
    version = edit(store, "## Impact\n", "## Impact\n\nIt was worse than that.\n")
    assert "EVIDENCE_MISSING" in str(refusal(store, version))
    version = edit(store, "It was worse than that.", "It was worse than that (`INC-12#9`).")
    assert signed(store, version) == "bo"


def test_few_findings_are_named_and_the_rest_counted(store: Store) -> None:
    version = edit(store, "2026-11-22 18", "2026-11-21 18", times=-1)
    told = refusal(store, version)
    assert len(told.codes) == NAMED + 1
    assert "more." in str(told)


def test_a_record_that_has_moved_on_refuses_only_what_is_not_true_any_more(store: Store) -> None:
    with store.begin() as work:
        tell(work, 515, Event.action_chased, item="INC-12-A1", owner="cleo", times=1)
    assert signed(store, 1) == "bo"


def test_a_number_that_moved_on_is_not_signed(store: Store) -> None:
    with store.begin() as work:
        mine = sa.and_(asks.c.incident_id == "INC-12", asks.c.acknowledged_at.is_(None))
        assert work.execute(sa.select(asks.c.key).where(asks.c.incident_id == "INC-12")).all()
        work.execute(sa.update(asks).where(~mine).values(acknowledged_at=after(600)))
    assert "NUMBER_DIFFERS" in str(refusal(store, 1))


def judge(work: Work) -> None:
    judge_factor(work, "INC-12", 1, state="rejected", reason="It was not", by=EVE, now=after(515))


def put_otherwise(work: Work) -> None:
    part = Otherwise(part=FactorPart.trigger)
    change_checked(work, "INC-12", 1, part, reason="It began so", by=EVE, now=after(515))


def add(work: Work) -> None:
    own = Otherwise(category=Category.process, sentence="The rota had a gap on Sundays.")
    add_checked(work, "INC-12", own, supports=("INC-12#7",), by=EVE, now=after(515))


def give_star(work: Work) -> None:
    assert star(work, "INC-12", 15, by=EVE, now=after(515))


def show_zone(work: Work) -> None:
    choose_zone(work, "INC-12", "Asia/Kolkata", by=EVE)


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (judge, "Factor 1, detection"),
        (put_otherwise, "Factor 1, detection"),
        (add, "Factor 9, process"),
        (give_star, "starred"),
        (show_zone, "zone"),
    ],
)
def test_a_draft_that_passes_over_what_people_said_since_is_not_signed(
    store: Store, say: Callable[[Work], None], why: str
) -> None:
    with store.begin() as work:
        say(work)
    told = refusal(store, 1)
    assert set(told.codes) == {"DRAFT_OUTDATED"}
    assert why in str(told)
    assert "`watchfloor review draft INC-12` writes the next version." in str(told)
    with store.begin() as work:
        assert redraft(work, "INC-12", author="watchfloor", now=after(516)) == 2
    assert signed(store, 2) == "bo"


def test_a_star_that_was_taken_away_outdates_a_draft_too(store: Store) -> None:
    with store.begin() as work:
        give_star(work)
        assert redraft(work, "INC-12", author="watchfloor", now=after(516)) == 2
        assert unstar(work, "INC-12", 15, by=EVE)
    assert refusal(store, 2).codes == ("DRAFT_OUTDATED",)


def test_words_of_a_section_that_were_written_since_are_missed_by_the_check(store: Store) -> None:
    with store.begin() as work:
        write_checked(work, "INC-12", Section.lucky, "It rained.", was=0, by=EVE, now=after(515))
    assert "WORDS_MISSING" in str(refusal(store, 1))


def test_whoever_may_not_sign_is_told_nothing_of_the_draft(store: Store) -> None:
    version = edit(store, "of which 100 matched", "of which 90 matched")
    with pytest.raises(NotAuthorised) as told, store.begin() as work:
        sign_checked(work, "INC-12", version, approvers=(), by=DEV, now=after(520))
    assert "matched" not in str(told.value)
    with pytest.raises(NotAllowed) as own, store.begin() as work:
        sign_checked(work, "INC-12", 1, approvers=(), by=EVE, now=after(520))
    assert own.value.codes


def test_what_is_published_at_once_is_approved_before_it_is_signed(store: Store) -> None:
    def sign() -> str | None:
        with store.begin() as work:
            return sign_checked(work, "INC-12", 1, approvers=("legal",), by=BO, now=after(530)).signed_by

    with pytest.raises(NotAllowed) as told:
        sign()
    assert told.value.codes == ("APPROVAL_MISSING",)
    with store.begin() as work:
        approve(work, "INC-12", Audience.internal, 1, approvers=("legal",), by=CLEO, now=after(525))
    assert sign() == "bo"
