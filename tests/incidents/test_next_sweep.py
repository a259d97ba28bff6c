"""What sweeps propose for the next one rests on what was measured, and on enough of it."""

from datetime import timedelta
from typing import Any

import pytest

from incidents.reviews.checking import check
from incidents.reviews.next_sweep import FEWEST_RETURNED, WAITED, Advice, Proposal, proposals
from incidents.reviews.reading import LanguageQuality
from incidents.reviews.record import QueueRecord, Record, SweepRecord, TermYield
from incidents.reviews.retrospective import compose
from incidents.store.engine import Store
from incidents.store.queues import queues_of
from incidents.store.records import read_record
from incidents.sweeps.quality.precision import precision
from incidents.sweeps.quality.proportions import Estimate
from incidents.timeline import Entry, Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import after, tell


@pytest.fixture
def record(store: Store) -> Record:
    """The evening's crisis of crisis_rows.py."""
    with store.begin() as work:
        add_crisis(work)
    with store.read() as work:
        return read_record(work, "INC-12")


def test_the_evening_proposes_what_it_measured(record: Record) -> None:
    found = proposals(record)
    assert [(each.advice, each.about, each.n) for each in found] == [
        (Advice.begin_with, "#leak", 40),
        (Advice.drop, "term:attack", 60),
    ]
    assert found[0].why == "Of what it alone brought in, 100.0 % (40 of 40) was in violation."
    assert found[1].refs == tuple(e.ref for e in record.of(Event.universe_frozen, Event.sweep_finished))


def with_sweep(record: Record, **changes: Any) -> Record:
    sweep: SweepRecord = record.sweeps[0].model_copy(update=changes)
    return record.model_copy(update={"sweeps": (sweep,)})


def advice(record: Record) -> list[tuple[Advice, str]]:
    return [(each.advice, each.about) for each in proposals(record)]


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        ({"alone": 60, "alone_decided": 19, "alone_violates": 19}, None),
        ({"alone": 60, "alone_decided": 20, "alone_violates": 10}, Advice.begin_with),
        ({"alone": 60, "alone_decided": 20, "alone_violates": 9}, None),
        ({"alone": 60, "alone_decided": 60, "alone_violates": 5}, Advice.narrow),
        ({"alone": 60, "alone_decided": 60, "alone_violates": 6}, None),
        ({"alone": 60, "alone_decided": 60, "alone_violates": 0}, Advice.drop),
        ({"alone": 20, "alone_decided": 20, "alone_violates": 0}, None),
    ],
)
def test_an_entry_pays_or_floods_where_enough_of_it_was_decided(
    record: Record, term: dict[str, int], wanted: Advice | None
) -> None:
    terms = (TermYield(term="word", posts=60, **term),)
    assert advice(with_sweep(record, terms=terms, queues=(), quality=())) == (
        [(wanted, "word")] if wanted else []
    )


def queue(**changes: Any) -> QueueRecord:
    known = {"team": "german", "language": "de", "batches": 20, "waited_from": after(60)}
    known |= {"waited_until": after(60) + WAITED, "waited_since": 1, "claimed": 2}
    return QueueRecord.model_validate(known | changes)


def of_queue(record: Record, **changes: Any) -> list[Proposal]:
    return proposals(with_sweep(record, terms=(), quality=(), queues=(queue(**changes),)))


def test_a_reader_is_proposed_for_the_hours_in_which_nobody_read(record: Record) -> None:
    assert of_queue(record) == []
    [found] = of_queue(record, waited_until=after(60) + WAITED + timedelta(minutes=1))
    assert found.sentence == "Have somebody of the team german read de from 19:00 to 19:31 UTC."
    assert found.why == "Nobody had a batch of it for 31 min, until one was claimed."
    assert (found.n, found.refs) == (20, ("INC-12#1", "INC-12#2"))


def test_smaller_batches_are_proposed_where_more_than_one_in_ten_came_back(record: Record) -> None:
    assert of_queue(record, returned=(5, 6)) == []
    assert of_queue(record, returned=(5,), batches=FEWEST_RETURNED) == []
    [found] = of_queue(record, returned=(5, 6, 7))
    assert found.why == "3 batches came back unfinished, of 20."
    assert found.refs == ("INC-12#5", "INC-12#6", "INC-12#7")


def read_twice(twice: int, raw: float | None) -> LanguageQuality:
    nothing = precision([])
    return LanguageQuality(
        language="de",
        twice=twice,
        raw=Estimate(value=raw),
        violates=nothing.violates,
        does_not_violate=nothing.does_not_violate,
    )


def test_examples_are_proposed_where_enough_was_read_twice_and_readers_differed(record: Record) -> None:
    known = {"terms": (), "queues": ()}
    for twice, raw in ((19, 0.1), (20, 0.8), (20, None)):
        assert proposals(with_sweep(record, **known, quality=(read_twice(twice, raw),))) == []
    [found] = proposals(with_sweep(record, **known, quality=(read_twice(20, 0.79),)))
    assert (found.advice, found.about, found.n) == (Advice.clarify, "de", 20)
    assert found.why == "Two readers said the same in 79.0 % of pairs, of 20 items."


def test_a_queue_is_told_from_the_timeline(record: Record, store: Store) -> None:
    german, legal = record.sweeps[0].queues
    assert (german.team, german.language, german.batches, german.returned) == ("german", "de", 1, ())
    assert (german.waited_from, german.waited_until) == (after(82), after(83))
    # Legal's batch came back at 130 minutes and was claimed anew at 151.
    assert (legal.waited_from, legal.waited_until) == (after(130), after(151))
    assert [record.entries[seq - 1].event for seq in (legal.waited_since, legal.claimed)] == [
        Event.batch_returned,
        Event.batch_claimed,
    ]
    assert len(legal.returned) == 1
    assert read_queues(store, []) == {}


def read_queues(store: Store, told: list[Entry]) -> dict[str, tuple[QueueRecord, ...]]:
    with store.read() as work:
        return queues_of(work, "INC-12", told)


def test_while_one_of_two_reads_nobody_waits(record: Record, store: Store) -> None:
    with store.begin() as work:
        told = [*record.entries[:1], tell(work, 600, Event.universe_frozen, sweep="INC-12-S1")]
        for minutes, event, batch in (
            (601, Event.batch_claimed, 1),
            (700, Event.batch_finished, 1),
            (702, Event.batch_claimed, 1),
            (703, Event.batch_claimed, 9),
            (900, Event.sweep_finished, 1),
        ):
            told.append(tell(work, minutes, event, batch=f"INC-12-S1-B{batch}"))
    [found] = read_queues(store, told)["INC-12-S1"]
    assert (found.batches, found.waited_from, found.waited_until) == (1, after(700), after(702))


def test_the_document_says_it_and_passes_its_check(record: Record) -> None:
    text = compose(record, generator="g")
    section = text.split("## For the next sweep")[1].split("\n## ")[0]
    assert "| Begin the next scope with “\\#leak”. | Of what it alone brought in, 100.0 % (40 of 40)" in section
    assert check(text, record, generator="g") == []
    assert "## For the next sweep" not in compose(
        with_sweep(record, terms=(), queues=(), quality=()), generator="g"
    )
