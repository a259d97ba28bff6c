"""What people decided is looked at again: drawn by risk, judged blind, settled by a third."""

from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from incidents.store.aftermath import CAREFUL
from incidents.store.ending import end_if_over, finish, is_over
from incidents.store.engine import Store, Work
from incidents.store.gates import GateKind, current_gate
from incidents.store.looks import ask_for
from incidents.store.progress import progress
from incidents.store.schema import decisions, items, readings
from incidents.store.standing import counts, current_decisions
from incidents.store.sweep_counts import count_sweeps
from incidents.store.sweeps import Goal, plan_of
from incidents.store.timeline import entries
from incidents.sweeps.batches import Purpose
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.second_reading import Decided, draw_second
from incidents.timeline import Event
from tests.incidents.reading_rows import (
    GIL,
    PLAIN,
    add_reading,
    ask_at,
    german,
    look_of,
    read_all,
    read_next,
    settle,
    states_of,
    taken,
)
from tests.incidents.sweep_rows import BO, CLEO, STEER_SEED, after

HALF = Goal(golden_share=0, second_share=0.5, check_share=0)


def verdicts(work: Work, sweep: str) -> dict[str, tuple[str, str]]:
    """Item → the verdict that holds for it, and whose it is."""
    return {each.item: (each.verdict.value, each.person) for each in current_decisions(work, sweep)}


def asked(work: Work, sweep: str, *ids: str, purpose: Purpose = Purpose.second) -> None:
    ask_for(work, sweep, purpose, dict.fromkeys(ids, 0.5))


def drawn(work: Work, sweep: str) -> Mapping[str, float]:
    """Items that wait for a second look, with the probability of the draw."""
    statement = sa.select(items.c.item, items.c.drawn).where(
        items.c.sweep_id == sweep, items.c.look == Purpose.second.value
    )
    return dict(work.execute(statement).tuples().all())


def test_second_looks_are_drawn_by_risk_with_their_probability_kept(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(10), goal=HALF)
        reach = sa.case((items.c.item == "p04", 10**6), else_=0)
        work.execute(sa.update(items).values(score=0.5, reach=reach))
        read_next(work, BO, size=10, violates=["p01"])
        harm = 3
        risks = [
            Decided(
                item,
                Verdict.violates if item == "p01" else Verdict.does_not_violate,
                0.5,
                10**6 if item == "p04" else 0,
                harm,
            )
            for item in states_of(work, sweep)
        ]
        expected = {each.item: each.probability for each in draw_second(risks, 0.5, str(STEER_SEED))}
        assert drawn(work, sweep) == pytest.approx(expected)
        assert 0 < len(expected) < 10
        # Most of the risk lies in what a million saw.
        assert max(expected.values()) == expected["p04"]


def test_the_probability_of_a_draw_stands_beside_what_was_read(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(6), goal=HALF)
        read_next(work, BO, size=6)
        expected = drawn(work, sweep)
        assert expected
        read_next(work, CLEO, size=6, minutes=20)
        rows = work.execute(sa.select(readings.c.item, readings.c.drawn)).tuples().all()
    assert dict(rows) == pytest.approx(expected)


def test_a_decision_that_covers_many_is_always_looked_at_again(store: Store) -> None:
    copies = {f"p{n:02}": "p01" for n in range(2, CAREFUL + 1)}
    with store.begin() as work:
        sweep = add_reading(work, german(CAREFUL + 4), copies=copies)
        read_next(work, BO, size=20)
        assert drawn(work, sweep) == {"p01": 1.0}


def test_a_second_look_that_agrees_changes_nothing(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(3))
        read_next(work, BO, violates=["p02"])
        asked(work, sweep, "p02")
        before = verdicts(work, sweep)
        assert read_next(work, CLEO, violates=["p02"], minutes=20) == {"p02": "second"}
        assert verdicts(work, sweep) == before
        assert look_of(work, sweep, "p02") is None
        row = work.execute(sa.select(readings)).one()
        assert (row.person, row.verdict, row.expected, row.purpose) == (
            "cleo",
            "violates",
            "violates",
            "second",
        )
        assert is_over(work, sweep)


def test_what_two_see_differently_is_settled_by_a_third_whose_word_stands(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(3))
        read_next(work, BO, violates=["p02"])
        asked(work, sweep, "p02")
        assert read_next(work, BO, minutes=15) == {}  # not by the same eyes
        read_next(work, CLEO, minutes=20)
        assert look_of(work, sweep, "p02") == "adjudicate"
        assert verdicts(work, sweep)["p02"] == ("violates", "bo")  # until a third one has decided
        assert read_next(work, BO, minutes=25) == {}
        assert read_next(work, CLEO, minutes=25) == {}
        assert not is_over(work, sweep)
        assert read_next(work, GIL, minutes=30) == {"p02": "adjudicate"}
        assert verdicts(work, sweep)["p02"] == ("does_not_violate", "gil")
        kept = work.execute(sa.select(decisions.c.person).where(decisions.c.item == "p02")).scalars().all()
        assert sorted(kept) == ["bo", "gil"]
        assert look_of(work, sweep, "p02") is None
        assert is_over(work, sweep)


def test_whoever_adjudicates_may_confirm_what_stands(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2))
        read_next(work, BO, unsure=["p01"])
        assert look_of(work, sweep, "p01") == "adjudicate"
        assert read_next(work, CLEO, unsure=["p01"], minutes=20) == {"p01": "adjudicate"}
        # An adjudicator may stay unsure: it is escalated, and not handed round for ever.
        assert verdicts(work, sweep)["p01"] == ("unsure", "cleo")
        assert look_of(work, sweep, "p01") is None
        assert is_over(work, sweep)


def test_copies_to_be_checked_are_drawn_with_their_share(store: Store) -> None:
    copies = {f"p{n:02}": "p01" for n in range(2, 5)}
    with store.begin() as work:
        sweep = add_reading(work, german(5), copies=copies, goal=PLAIN.model_copy(update={"check_share": 1.0}))
        read_next(work, BO, violates=["p01"])
        waiting = {item: look for item, look in states_of(work, sweep, "look").items() if look}
        assert waiting == {"p02": "check", "p03": "check", "p04": "check"}
        assert {states_of(work, sweep, "drawn")[item] for item in waiting} == {1.0}
        assert set(read_next(work, CLEO, violates=list(copies), minutes=20).values()) == {"check"}
        assert counts(work, sweep).violates == 4
        assert is_over(work, sweep)


def test_a_copy_that_is_none_is_split_off_and_its_head_adjudicated(store: Store) -> None:
    copies = {"p02": "p01", "p03": "p01"}
    with store.begin() as work:
        sweep = add_reading(work, german(4), copies=copies)
        read_next(work, BO, violates=["p01"])
        asked(work, sweep, "p02", purpose=Purpose.check)
        assert read_next(work, CLEO, minutes=20) == {"p02": "check"}
        assert states_of(work, sweep, "read_as") == {"p01": "p01", "p02": "p02", "p03": "p01", "p04": "p04"}
        assert states_of(work, sweep, "copies")["p01"] == 2
        assert states_of(work, sweep, "copies")["p02"] == 1
        assert verdicts(work, sweep)["p02"] == ("does_not_violate", "cleo")
        assert verdicts(work, sweep)["p03"] == ("violates", "bo")
        told = [e.facts for e in entries(work, sweep.rpartition("-")[0]) if e.event is Event.copy_split]
        assert told == [{"sweep": sweep, "item": "p02", "head": "p01"}]
        assert look_of(work, sweep, "p01") == "adjudicate"
        # The adjudicator's word holds for what is still a copy, and not for what was split off.
        assert read_next(work, GIL, minutes=30) == {"p01": "adjudicate"}
        assert verdicts(work, sweep)["p03"] == ("does_not_violate", "gil")
        assert verdicts(work, sweep)["p02"] == ("does_not_violate", "cleo")


def test_a_copy_of_which_its_checker_is_unsure_is_settled_by_a_third_too(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(3), copies={"p02": "p01"})
        read_next(work, BO, violates=["p01"])
        asked(work, sweep, "p02", purpose=Purpose.check)
        read_next(work, CLEO, unsure=["p02"], minutes=20)
        assert (look_of(work, sweep, "p01"), look_of(work, sweep, "p02")) == ("adjudicate", "adjudicate")
        read_next(work, GIL, violates=["p01", "p02"], minutes=30)
        assert verdicts(work, sweep)["p02"] == ("violates", "gil")


def test_a_sweep_does_not_end_while_somebody_could_take_a_look(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(3), readers={"de": 2})
        incident = ask_at(work, sweep)
        batch = taken(work, BO)
        asked(work, sweep, "p01")
        settle(work, batch, BO)
        assert not is_over(work, sweep)
        assert not finish(work, sweep, now=after(12))
        assert not current_gate(work, incident, GateKind.sweep_work, sweep).is_answered
        read_next(work, CLEO, minutes=20)
        assert is_over(work, sweep)
        assert current_gate(work, incident, GateKind.sweep_work, sweep).is_answered


@pytest.mark.parametrize(
    ("readers", "purpose"),
    [
        ({"de": 1}, Purpose.second),
        ({"de": 1}, Purpose.check),
        ({"de": 2}, Purpose.adjudicate),
        ({}, Purpose.second),
    ],
)
def test_a_sweep_does_not_wait_for_a_look_that_nobody_could_take(
    store: Store, readers: dict[str, int], purpose: Purpose
) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(3), readers=readers)
        batch = taken(work, BO)
        asked(work, sweep, "p01", purpose=purpose)
        settle(work, batch, BO)
        assert look_of(work, sweep, "p01") == purpose.value
        assert end_if_over(work, sweep, now=after(12))
        assert finish(work, sweep, now=after(12))


def test_copies_count_as_their_head_everywhere(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(5), copies={"p02": "p01", "p03": "p01"})
        read_all(work, BO, violates=["p01"])
        told, tally = progress(work, sweep), counts(work, sweep)
        assert (told.items, told.decided, told.violates, told.to_read) == (5, 5, 3, 0)
        assert (tally.decided, tally.violates, tally.does_not_violate) == (5, 3, 2)
        assert [item for item, (verdict, _) in verdicts(work, sweep).items() if verdict == "violates"] == [
            "p01",
            "p02",
            "p03",
        ]
        (record,) = count_sweeps(work, sweep.rpartition("-")[0])
        assert [(t.items, t.violates) for t in record.tallies] == [(5, 3)]
        assert finish(work, sweep, now=after(30))
        assert [action.key for action in plan_of(work, sweep)] == [f"action:{sweep}:p0{n}" for n in (1, 2, 3)]
        assert {action.decided_by for action in plan_of(work, sweep)} == {("bo",)}


def test_another_word_about_the_head_changes_all_its_copies(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(4), copies={"p02": "p01", "p03": "p01"})
        read_next(work, BO, violates=["p01"], unsure=["p04"])
        asked(work, sweep, "p01", purpose=Purpose.adjudicate)
        assert counts(work, sweep).violates == 3
        read_next(work, CLEO, minutes=20)
        tally = counts(work, sweep)
        assert (tally.violates, tally.does_not_violate, tally.unsure) == (0, 4, 0)
        assert progress(work, sweep).violates == 0
        assert finish(work, sweep, now=after(30))
        assert plan_of(work, sweep) == []
