"""What readers say of a retrospective stands beside it: by place, with who and when, and never inside it."""

import pytest

from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised, NotFound
from incidents.people import Person
from incidents.reviews.comments import LONGEST
from incidents.reviews.drafting import GENERATOR, redraft
from incidents.reviews.record import canonical
from incidents.reviews.retrospective import compose
from incidents.store import timeline
from incidents.store.comments import answer_comment, resolve_comment, threads_of, write_comment
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.store.schema import incidents
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import ADA, BO, CLEO, EVE, after


@pytest.fixture
def store(store: Store) -> Store:
    """The evening's crisis, with a first version of its retrospective."""
    with store.begin() as work:
        add_crisis(work)
        redraft(work, "INC-12", author="watchfloor", now=after(1700))
    return store


def comment(store: Store, text: str = "Whose clock is this?", place: str = "", *, by: Person = BO) -> int:
    with store.begin() as work:
        return write_comment(work, "INC-12", text, version=1, place=place, by=by, now=after(1710))


def answer(store: Store, thread: int, text: str = "The platform's", *, by: Person = EVE) -> int:
    with store.begin() as work:
        return answer_comment(work, "INC-12", thread, text, by=by, now=after(1720))


def resolve(store: Store, thread: int, reason: str = "It is said now", *, by: Person = EVE) -> None:
    with store.begin() as work:
        resolve_comment(work, "INC-12", thread, reason=reason, by=by, now=after(1730))


def test_a_thread_has_its_place_its_answers_and_what_came_of_it(store: Store) -> None:
    assert [comment(store, place="impact"), comment(store, place="INC-12#1"), answer(store, 1)] == [1, 2, 3]
    resolve(store, 1)
    with store.read() as work:
        first, second = threads_of(work, "INC-12")
        told = [each for each in timeline.entries(work, "INC-12") if each.event is Event.comment_written]
    assert (first.first.place, first.first.person, first.first.written_at) == ("Impact", "bo", after(1710))
    assert [(each.number, each.text, each.person) for each in first.answers] == [(3, "The platform's", "eve")]
    assert (first.is_open, first.first.resolved_by, first.first.resolution) == (False, "eve", "It is said now")
    assert (second.is_open, second.first.place) == (True, "INC-12#1")
    assert [each.facts for each in told] == [
        {"number": 1, "version": 1, "place": "Impact"},
        {"number": 2, "version": 1, "place": "INC-12#1"},
        {"number": 3, "version": 1, "place": "Impact", "thread": 1},
    ]


def test_no_comment_gets_into_the_record_or_the_document(store: Store) -> None:
    with store.read() as work:
        before = canonical(read_record(work, "INC-12"))
    comment(store, "Nobody outside may read this", "Impact")
    resolve(store, 1, "Nor that")
    with store.read() as work:
        record = read_record(work, "INC-12")
        facts = str([each.facts for each in timeline.entries(work, "INC-12")])
    assert canonical(record) == before
    assert "Nobody outside" not in compose(record, generator=GENERATOR)
    assert "Nobody outside" not in facts
    assert "Nor that" not in facts


@pytest.mark.parametrize("place", ["Nowhere", "INC-12#999", "INC-13#1", "<script>"])
def test_a_comment_is_about_something_that_the_version_has(store: Store, place: str) -> None:
    with pytest.raises(BadInput, match="has no place"):
        comment(store, place=place)


@pytest.mark.parametrize("text", ["", " \u200b\n ", "x" * (LONGEST + 1)])
def test_a_comment_says_something_that_people_can_read(store: Store, text: str) -> None:
    with pytest.raises(BadInput):
        comment(store, text)


def test_a_thread_is_resolved_once_and_with_a_word(store: Store) -> None:
    comment(store)
    answer(store, 1)
    with pytest.raises(NotAllowed) as refused:
        resolve(store, 1, " ")
    assert refused.value.codes == ("REASON_MISSING",)
    with pytest.raises(NotFound, match="begins a thread"):
        resolve(store, 2)  # an answer is no thread
    resolve(store, 1)
    with pytest.raises(Conflict, match=r"resolved by eve, at 2026"):
        resolve(store, 1, by=BO)
    with pytest.raises(Conflict, match=r"resolved by eve, at 2026"):
        answer(store, 1, by=BO)
    with store.read() as work:
        resolved = [e for e in timeline.entries(work, "INC-12") if e.event is Event.comment_resolved]
    assert [(each.actor, each.facts) for each in resolved] == [("eve", {"number": 1})]


def test_whoever_may_not_write_in_it_does_not_comment(store: Store) -> None:
    with pytest.raises(NotAuthorised, match="ROLE_MISSING"):
        comment(store, by=CLEO)
    comment(store, by=ADA)
    with store.begin() as work:
        work.execute(incidents.update().values(restricted=True))
    for act in (
        lambda: comment(store, by=BO),
        lambda: answer(store, 1, by=BO),
        lambda: resolve(store, 1, by=BO),
    ):
        with pytest.raises(NotAuthorised, match="INCIDENT_RESTRICTED"):
            act()


def test_there_is_nothing_to_comment_on_before_there_is_a_version(store: Store) -> None:
    with store.begin() as work, pytest.raises(NotFound, match="version 2"):
        write_comment(work, "INC-12", "Early", version=2, by=BO, now=after(1710))
