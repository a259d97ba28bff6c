"""Numbers over several incidents come with their n and their list; of nothing there is none."""

from datetime import timedelta

import pytest

from incidents.reviews.across import Measures, measures_of, pooled, spreads
from incidents.reviews.record import AskSent, DecisionCounts, Milestone, Record, SweepRecord, Tally
from incidents.reviews.shares import RATES, SHARES
from incidents.store.engine import Store
from incidents.store.records import read_record
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import T0, after


@pytest.fixture
def record(store: Store) -> Record:
    """The evening's crisis of crisis_rows.py."""
    with store.begin() as work:
        add_crisis(work)
    with store.read() as work:
        return read_record(work, "INC-12")


def another(record: Record, number: int, minutes: float | None, *, drill: str = "") -> Record:
    """The same crisis under another number, declared so long after its first signal; None: never."""
    about = record.incident.model_copy(update={"id": f"INC-{number}", "drill": drill})
    kept = [each for each in record.milestones if each.name not in ("first_signal", "declared")]
    if minutes is not None:
        seen = {"at": T0, "seq": 1, "source": "x", "certainty": "recorded"}
        declared = seen | {"at": T0 + timedelta(minutes=minutes)}
        kept += [Milestone(name="first_signal", **seen), Milestone(name="declared", **declared)]
    return record.model_copy(update={"incident": about, "milestones": tuple(kept)})


def measured(records: list[Record]) -> list[Measures]:
    return [measures_of(each) for each in records]


def declaring(records: list[Record], *, drills: bool = False) -> dict[str, object]:
    [found] = [each for each in spreads(measured(records), drills=drills) if each.name == "TTDec"]
    return found.model_dump(include={"n", "of", "median", "p90", "values"})


def test_a_median_comes_with_its_n_and_its_list(record: Record) -> None:
    records = [another(record, 1, 30), another(record, 2, None), another(record, 3, 10), another(record, 4, 90)]
    assert declaring(records) == {
        "n": 3,
        "of": 4,
        "median": 1_800,
        "p90": None,
        "values": {"INC-3": 600, "INC-1": 1_800, "INC-4": 5_400},
    }


def test_the_ninth_decile_is_a_value_that_was_measured(record: Record) -> None:
    ten = [another(record, number, 10 * number) for number in range(1, 11)]
    assert declaring(ten)["p90"] == 5_400
    assert declaring(ten)["median"] == 3_300
    assert declaring(ten[:9])["p90"] is None


def test_of_nothing_there_is_no_number(record: Record) -> None:
    assert declaring([another(record, 1, None)])["median"] is None
    assert declaring([]) == {"n": 0, "of": 0, "median": None, "p90": None, "values": {}}
    assert all((each.value, each.denominator, each.n) == (None, 0, 0) for each in pooled([]))


def test_drills_stay_out(record: Record) -> None:
    records = [another(record, 1, 30), another(record, 2, 600, drill="DRILL-1")]
    assert declaring(records)["values"] == {"INC-1": 1_800}
    assert {each.of for each in pooled(measured(records))} == {1}
    assert declaring(records, drills=True)["values"] == {"INC-2": 36_000}
    assert {each.of for each in pooled(measured(records), drills=True)} == {1}


def test_a_negative_duration_is_left_out(record: Record) -> None:
    assert declaring([another(record, 1, -5), another(record, 2, 5)])["values"] == {"INC-2": 300}


def share(record: Record, name: str) -> tuple[int, int]:
    [found] = [each for each in (*SHARES, *RATES) if each.name == name]
    return found.count(record)[:2]


def ask(number: int, *, due: float, heard: float | None) -> AskSent:
    known = {"key": f"ask:{number}", "team": "legal", "asked_at": T0, "escalations": 0}
    return AskSent(**known, due_at=after(due), acknowledged_at=None if heard is None else after(heard))


def test_asks_on_time_are_of_those_that_were_due(record: Record) -> None:
    ended = (record.ended_at() - T0) / timedelta(minutes=1)
    asks = (
        ask(1, due=30, heard=10),
        ask(2, due=30, heard=30),
        ask(3, due=30, heard=31),
        ask(4, due=30, heard=None),
        ask(5, due=ended + 60, heard=None),
        ask(6, due=ended + 60, heard=ended),
    )
    assert share(record.model_copy(update={"asks": asks}), "Asks on time") == (3, 5)


def swept(**changes: object) -> SweepRecord:
    tally = Tally(team="german", language="de", items=100, violates=30, does_not_violate=60, unsure=10)
    known = {"id": "S1", "state": "finished", "scope_hash": "0", "requested_at": T0, "frozen_at": T0}
    known |= {"finished_at": T0, "posts_seen": 900, "tallies": [tally]}
    return SweepRecord.model_validate(known | changes)


def test_what_copies_and_stopping_spared_is_counted(record: Record) -> None:
    made = DecisionCounts(total=40, without_guideline=4)
    one = record.model_copy(update={"sweeps": (swept(posts_matched=150),), "decisions": made})
    assert share(one, "Covered by copies") == (60, 100)
    assert share(one, "Copies a decision") == (60, 40)
    assert share(one, "Spared by clustering") == (60, 150)
    assert share(one, "Spared by stopping") == (50, 150)
    assert share(one, "Left unsure") == (10, 100)
    assert share(one, "Decided under a guideline") == (36, 40)
    still_read = one.model_copy(update={"sweeps": (swept(posts_matched=150, finished_at=None),)})
    assert share(still_read, "Spared by stopping") == (0, 0)
    assert share(one.model_copy(update={"sweeps": ()}), "Spared by clustering") == (0, 0)


def test_shares_of_the_reading_rest_on_its_counts(record: Record) -> None:
    assert share(record, "Upheld") == (8, 8)
    assert share(record, "Overturned") == (0, 23)
    assert share(record, "Undone") == (0, 100)
    assert share(record, "Languages read") == (2, 2)
    assert share(record, "Hours read") == (0, 3)
    assert share(record, "Guideline first") == (2, 2)
    assert share(record, "Graphic") == (50, 100)
    assert share(record, "Seconds an item") == (231 * 60, 100)


def test_shares_are_pooled_by_their_sums(record: Record) -> None:
    few = record.model_copy(update={"decisions": DecisionCounts(total=10, without_guideline=5)})
    many = another(record, 13, 1).model_copy(update={"decisions": DecisionCounts(total=90)})
    none = another(record, 14, 1).model_copy(update={"decisions": DecisionCounts()})
    [found] = [each for each in pooled(measured([few, many, none])) if each.name == "Decided under a guideline"]
    assert (found.value, found.numerator, found.denominator) == (0.95, 95, 100)
    assert (found.n, found.of) == (2, 3)
    assert found.values == {"INC-12": (5, 10), "INC-13": (90, 90)}
