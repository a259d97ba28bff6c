"""What a person may be given, and when it is time for a break."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.sweeps.exposure import (
    Allowance,
    ExposureBudget,
    Facing,
    Look,
    Seen,
    break_until,
    may_take,
    tally,
)

NOW = datetime(2030, 1, 8, 12, tzinfo=UTC)
BUDGET = ExposureBudget(
    graphic_items_a_shift=20,
    graphic_minutes_a_shift=30,
    graphic_items_7_days=50,
    graphic_minutes_7_days=60,
    severe_in_a_row=2,
    calm_between=3,
)
CALM, GRAPHIC, SEVERE = Facing(False), Facing(True), Facing(True, severe=True)


def ago(*, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
    return NOW - timedelta(minutes=minutes, hours=hours, days=days)


def looks(
    count: int, at: datetime, seconds: float = 6, *, graphic: bool = True, severe: bool = False
) -> list[Look]:
    """So many, one after the other without a gap, the last one done at this moment."""
    return [Look(at - timedelta(seconds=seconds * n), seconds, graphic, severe) for n in range(count)]


def codes(seen: Sequence[Look], batch: Sequence[Facing]) -> list[str]:
    return [each.code for each in may_take(BUDGET, tally(seen, NOW, BUDGET), NOW, batch)]


def allowance(seen: Sequence[Look] | Seen = (), pace: int = 60) -> Allowance:
    known = seen if isinstance(seen, Seen) else tally(seen, NOW, BUDGET)
    return Allowance(BUDGET, known, NOW, pace)


def test_somebody_new_may_take_anything_within_the_budget() -> None:
    assert tally([], NOW, BUDGET) == Seen()
    assert codes([], [CALM] * 500) == []
    assert codes([], [GRAPHIC] * 20) == []
    assert codes([], [GRAPHIC] * 21) == ["EXPOSURE_SHIFT"]
    assert codes([], [GRAPHIC] * 51) == ["EXPOSURE_SHIFT", "EXPOSURE_WEEK"]


@pytest.mark.parametrize(
    ("before", "more", "refused"),
    [(19, 1, []), (20, 1, ["EXPOSURE_SHIFT"]), (15, 5, []), (15, 6, ["EXPOSURE_SHIFT"])],
)
def test_graphic_items_a_shift_are_counted_to_the_last(before: int, more: int, refused: list[str]) -> None:
    assert codes(looks(before, NOW), [GRAPHIC] * more) == refused
    assert codes(looks(before, NOW), [CALM] * more) == []


@pytest.mark.parametrize(
    ("spent", "expected", "refused"),
    [(29, 60, []), (29, 61, ["EXPOSURE_SHIFT"]), (30, 0, ["EXPOSURE_SHIFT"]), (29.9, 0, [])],
)
def test_graphic_minutes_a_shift_are_counted_to_the_second(
    spent: float, expected: float, refused: list[str]
) -> None:
    seen = looks(1, NOW, seconds=60 * spent)
    assert codes(seen, [Facing(True, seconds=expected)]) == refused


def test_what_is_severe_counts_as_graphic_even_where_it_is_text() -> None:
    seen = tally([Look(NOW, 30, graphic=False, severe=True)], NOW, BUDGET)
    assert (seen.graphic_items_shift, seen.graphic_seconds_shift) == (1, 30)


@pytest.mark.parametrize(
    ("hours", "of_the_shift"), [(5.99, 1), (6, 0)], ids=["the shift goes on", "another shift begins"]
)
def test_a_gap_of_six_hours_ends_a_shift(hours: float, of_the_shift: int) -> None:
    seen = tally(looks(1, ago(hours=hours)), NOW, BUDGET)
    assert seen.graphic_items_shift == of_the_shift
    assert seen.graphic_items_7_days == 1
    assert (seen.shift_began is None) is (of_the_shift == 0)


def test_a_gap_within_the_past_ends_a_shift_too() -> None:
    seen = tally([*looks(9, ago(hours=7)), *looks(2, NOW)], NOW, BUDGET)
    assert seen.graphic_items_shift == 2
    assert seen.shift_began == NOW - timedelta(seconds=12)


@pytest.mark.parametrize(("more", "refused"), [(10, []), (11, ["EXPOSURE_WEEK"])])
def test_seven_days_roll(more: int, refused: list[str]) -> None:
    past = [*looks(20, ago(days=6)), *looks(20, ago(days=2)), *looks(20, ago(days=7, minutes=1))]
    assert codes(past, [GRAPHIC] * more) == refused
    assert tally(past, NOW, BUDGET).oldest_graphic_at == ago(days=6) - timedelta(seconds=19 * 6)


def test_a_look_of_exactly_seven_days_ago_has_left() -> None:
    assert tally(looks(1, ago(days=7)), NOW, BUDGET).graphic_items_7_days == 0
    assert tally(looks(1, ago(days=7) + timedelta(microseconds=1)), NOW, BUDGET).graphic_items_7_days == 1


@pytest.mark.parametrize(
    ("worked", "rested", "refused"),
    [(49, 0, []), (50, 0, ["BREAK_DUE"]), (50, 9.9, ["BREAK_DUE"]), (50, 10, []), (41, 9, ["BREAK_DUE"])],
    ids=["not yet", "due", "nearly over", "over", "a pause that is none goes on counting"],
)
def test_a_break_is_due_after_a_stretch_whatever_was_read(
    worked: float, rested: float, refused: list[str]
) -> None:
    begun = Look(ago(minutes=worked + rested) + timedelta(seconds=5), 5, graphic=False)
    steps = [Look(ago(minutes=rested + n), 5, graphic=False) for n in range(0, int(worked), 5)]
    assert codes([begun, *steps], [CALM]) == refused


def test_a_break_says_how_long_and_is_not_curt() -> None:
    seen = tally([Look(ago(minutes=3), 3_600, graphic=False)], NOW, BUDGET)
    assert break_until(BUDGET, seen, NOW) == NOW + timedelta(minutes=7)
    [refusal] = may_take(BUDGET, seen, NOW, [CALM])
    assert refusal.sentence == "It is time for a break: 7 more minutes away from this. It will wait for you."


def calm(count: int, at: datetime = NOW) -> list[Look]:
    return looks(count, at, graphic=False)


def severe(count: int, at: datetime) -> list[Look]:
    return looks(count, at, severe=True)


@pytest.mark.parametrize(
    ("seen", "batch", "refused"),
    [
        ([], [SEVERE, SEVERE], []),
        ([], [SEVERE, SEVERE, SEVERE], ["SEVERE_IN_A_ROW"]),
        (severe(2, NOW), [SEVERE], ["SEVERE_IN_A_ROW"]),
        (severe(1, NOW), [SEVERE], []),
        ([], [SEVERE, SEVERE, CALM, CALM, SEVERE], ["SEVERE_IN_A_ROW"]),
        ([], [SEVERE, SEVERE, CALM, CALM, CALM, SEVERE], []),
        ([], [SEVERE, SEVERE, CALM, CALM, GRAPHIC, SEVERE], []),
        ([*severe(2, ago(minutes=1)), *calm(2)], [CALM, SEVERE], []),
        ([*severe(2, ago(minutes=1)), *calm(2)], [SEVERE], ["SEVERE_IN_A_ROW"]),
        (severe(2, ago(minutes=10)), [SEVERE, SEVERE], []),
        (severe(2, ago(minutes=9)), [SEVERE], ["SEVERE_IN_A_ROW"]),
    ],
    ids=[
        "as many as allowed", "one more", "counted on from before", "room for one", "too few calm ones",
        "enough calmer ones", "graphic ones are calmer", "calm ones count on too", "one calm one is missing",
        "a break ends the row", "a short pause does not",
    ],
)  # fmt: skip
def test_severe_items_in_a_row(seen: list[Look], batch: list[Facing], refused: list[str]) -> None:
    assert codes(seen, batch) == refused


def test_it_is_said_how_many_calmer_items_come_first() -> None:
    seen = tally([*severe(2, ago(minutes=1)), *calm(2)], NOW, BUDGET)
    [refusal] = may_take(BUDGET, seen, NOW, [SEVERE])
    assert refusal.sentence == "More than 2 severe items would come in a row. 1 calmer item first, or a break."
    assert not allowance(seen).severe_next
    assert allowance([*severe(2, ago(minutes=1)), *calm(3)]).severe_next


@pytest.mark.parametrize(
    ("minutes_left", "batch", "refused"),
    [(31, [SEVERE], []), (30, [SEVERE], ["SHIFT_ENDING"]), (30, [GRAPHIC], []), (0, [CALM], ["SHIFT_OVER"])],
)
def test_a_shift_ends_calmly_and_then_ends(minutes_left: int, batch: list[Facing], refused: list[str]) -> None:
    first = Look(ago(hours=8) + timedelta(minutes=minutes_left, seconds=5), 5, graphic=False)
    middle, last = Look(ago(hours=4), 5, graphic=False), Look(ago(minutes=15), 5, graphic=False)
    assert codes([first, middle, last], batch) == refused
    if minutes_left:
        shown = allowance([first, middle, last])
        assert shown.severe_next is (minutes_left == 31)
        assert shown.arrange([SEVERE, GRAPHIC, CALM]) == ((0, 1, 2) if minutes_left == 31 else (1, 2))


@pytest.mark.parametrize(("pace", "items"), [(60, 7), (30, 7), (20, 5), (3, 0)])
def test_there_is_room_for_what_is_left_of_items_and_minutes(pace: int, items: int) -> None:
    seen = [*looks(38, ago(days=1), seconds=60), *looks(5, NOW, seconds=60)]
    # Of 7 days there are 7 items and 17 minutes left.
    shown = allowance(seen, pace)
    assert shown.graphic_items == items
    assert not shown.refusals([shown.facing(0.1)] * items)
    assert [each.code for each in shown.refusals([shown.facing(0.1)] * (items + 1))] == ["EXPOSURE_WEEK"]


def test_how_much_room_there_is_is_said() -> None:
    seen = tally([*looks(38, ago(days=1), seconds=60), *looks(5, NOW, seconds=60)], NOW, BUDGET)
    [refusal] = may_take(BUDGET, seen, NOW, [GRAPHIC] * 8)
    assert refusal.code == "EXPOSURE_WEEK"
    assert refusal.sentence == (
        "In these 7 days there is room for 7 graphic items and 17 minutes for you, and this is more."
        " Take a lighter one."
    )


def test_who_saw_enough_is_told_so() -> None:
    [refusal] = may_take(BUDGET, tally(looks(20, NOW), NOW, BUDGET), NOW, [GRAPHIC])
    assert refusal.sentence.startswith("You have looked at enough that is graphic in this shift.")
    assert allowance(looks(60, NOW)).graphic_items == 0


def test_the_order_of_the_looks_does_not_matter() -> None:
    past = [*severe(2, ago(minutes=1)), *calm(2), *looks(7, ago(hours=7)), *looks(7, ago(days=3))]
    assert tally(past, NOW, BUDGET) == tally(past[::-1], NOW, BUDGET)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        tally([], NOW.replace(tzinfo=None), BUDGET)


@pytest.mark.parametrize(
    ("batch", "order"),
    [
        ([SEVERE, SEVERE, CALM], (0, 1, 2)),
        ([SEVERE] * 3 + [CALM] * 3, (0, 1, 3, 4, 5, 2)),
        ([SEVERE] * 3 + [CALM] * 2, (0, 1, 3, 4)),
        ([SEVERE] * 3, (0, 1)),
        ([SEVERE, SEVERE, SEVERE, GRAPHIC, CALM, CALM, CALM], (0, 1, 3, 4, 5, 2, 6)),
        ([], ()),
    ],
)
def test_calmer_items_are_put_between(batch: list[Facing], order: tuple[int, ...]) -> None:
    assert allowance().arrange(batch) == order


def test_what_is_likelier_than_not_is_taken_to_be_severe() -> None:
    assert [allowance().facing(likely).severe for likely in (0.0, 0.49, 0.5, 1.0)] == [False, False, True, True]
    assert allowance(pace=30).facing(0.0) == Facing(graphic=True, severe=False, seconds=120)


@given(st.lists(st.sampled_from([CALM, GRAPHIC, SEVERE]), max_size=19), st.integers(0, 2), st.integers(0, 3))
def test_an_order_that_was_made_is_never_refused(batch: list[Facing], run: int, calm_run: int) -> None:
    seen = Seen(severe_run=run, calm_run=calm_run)
    order = allowance(seen).arrange(batch)
    assert len(set(order)) == len(order)
    assert all(batch[n].severe for n in set(range(len(batch))) - set(order))
    assert may_take(BUDGET, seen, NOW, [batch[n] for n in order]) == []
