"""When a sweep is read, in numbers that can be checked by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.errors import BadInput
from incidents.sweeps.exposure import ExposureBudget
from incidents.sweeps.forecast import (
    Crew,
    Pace,
    Timed,
    a_day,
    forecast,
    pace,
    pace_by_language,
    prospect,
)
from incidents.sweeps.quality.proportions import Estimate

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
BUDGET = ExposureBudget()


def steps(*seconds: float, batch: str = "b", person: str = "ada", language: str = "de") -> list[Timed]:
    """A first decision at noon, and each further one so many seconds after the one before."""
    moments = [NOON + timedelta(seconds=sum(seconds[:n])) for n in range(len(seconds) + 1)]
    return [Timed(person, batch, language, at) for at in moments]


def batches(*an_hour: float) -> list[Timed]:
    return [each for n, speed in enumerate(an_hour) for each in steps(*[3600 / speed] * 4, batch=f"b{n}")]


def known(an_hour: float, slow: float | None = None) -> Pace:
    return Pace(batches=9, items_an_hour=Estimate(value=an_hour), slow=slow)


def test_a_pace_is_items_over_the_time_they_took() -> None:
    assert pace(steps(30, 60, 90)).items_an_hour.value == pytest.approx(60)


def test_breaks_are_no_reading() -> None:
    assert pace(steps(60, 60, 1_800, 60)).items_an_hour.value == pytest.approx(60)
    assert pace(steps(300, 300)).items_an_hour.value == pytest.approx(12)  # five minutes an item is just slow


def test_what_is_sent_at_one_moment_was_read_since_the_moment_before() -> None:
    sent = [*steps(0, 0, 0), *[each._replace(at=NOON + timedelta(minutes=8)) for each in steps(*[0.0] * 3)]]
    assert pace(sent).items_an_hour.value == pytest.approx(30)  # the four later ones in eight minutes


@pytest.mark.parametrize("times", [[], steps(), steps(0, 0, 0), steps(4_000)])
def test_what_has_no_steps_has_no_pace(times: list[Timed]) -> None:
    assert pace(times) == Pace(batches=0)


def test_one_odd_batch_does_not_move_the_median() -> None:
    found = pace(batches(60, 61, 62, 63, 3_000))
    assert found.items_an_hour.value == pytest.approx(62)
    assert found.batches == 5


@pytest.mark.parametrize(
    ("count", "low", "slow"),
    [(3, None, None), (4, None, 20), (5, None, 20), (6, 20, 20), (9, 40, 60), (11, 40, 60)],
)
def test_the_interval_of_a_median_needs_batches(count: int, low: float | None, slow: float | None) -> None:
    # P(all of 6 on one side of the median) is 1/32 for both sides together: the first count below 5 %.
    found = pace(batches(*[20 * (n + 1) for n in range(count)]))
    assert found.items_an_hour.low == (None if low is None else pytest.approx(low))
    assert found.slow == (None if slow is None else pytest.approx(slow))


def test_two_people_in_one_batch_are_two_paces() -> None:
    found = pace([*steps(60, 60), *steps(30, 30, person="bo")])
    assert found.batches == 2
    assert found.items_an_hour.value == pytest.approx(90)


def test_languages_have_their_own_pace() -> None:
    found = pace_by_language([*steps(60), *steps(30, language="ur")])
    assert {name: each.items_an_hour.value for name, each in found.items()} == {"de": 60, "ur": 120}


def test_a_forecast_is_items_over_people_and_pace() -> None:
    # German: 300 ÷ (3 × 40) = 2.5 h, at the slow pace 300 ÷ (3 × 25) = 4 h. Urdu: 200 ÷ (1 × 50) = 4 h, 5 h.
    found = forecast({"de": 300, "ur": 200}, {"de": 3, "ur": 1}, {"de": known(40, 25)}, known(50, 40))
    assert [(each.language, each.hours_p50, each.hours_p90) for each in found.languages] == [
        ("de", 2.5, 4.0),
        ("ur", 4.0, 5.0),
    ]
    assert (found.hours_p50, found.hours_p90, found.bottleneck) == (4.0, 5.0, "ur")


def test_second_readings_and_golden_items_take_their_time() -> None:
    found = forecast({"de": 400}, {"de": 2}, {}, known(50), readings_an_item=1.15)
    assert found.hours_p50 == pytest.approx(4.6)
    assert found.hours_p90 is None


def test_breaks_take_their_time_too() -> None:
    # 50 of 60 minutes are reading: 200 ÷ (2 × 50 × 5/6).
    found = forecast({"de": 200}, {"de": 2}, {}, known(50), reading_share=BUDGET.reading_share)
    assert found.hours_p50 == pytest.approx(2.4)


def test_a_language_that_nobody_reads_has_no_end() -> None:
    found = forecast({"de": 300, "th": 5}, {"de": 3}, {}, known(40))
    assert (found.hours_p50, found.bottleneck) == (None, "th")
    assert found.languages[0].hours_p50 == 2.5


def test_nothing_left_takes_no_time() -> None:
    found = forecast({"de": 0}, {}, {}, Pace(batches=0))
    assert (found.hours_p50, found.hours_p90, found.bottleneck) == (0.0, 0.0, None)
    assert forecast({}, {}, {}, known(40)).hours_p50 == 0.0


def test_an_unmeasured_pace_forecasts_nothing() -> None:
    assert forecast({"de": 5}, {"de": 1}, {}, Pace(batches=0)).hours_p50 is None


def test_less_than_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="less than no"):
        forecast({"de": -1}, {"de": 1}, {}, known(40))
    with pytest.raises(BadInput, match="above 0 and is at most 1"):
        forecast({"de": 1}, {"de": 1}, {}, known(40), reading_share=0)
    with pytest.raises(BadInput, match="more than no items an hour"):
        prospect({"de": Crew(1, 1)}, BUDGET, items_an_hour=0)


def test_a_working_day_is_a_shift_without_its_breaks() -> None:
    # 8 h, 50 of 60 minutes of them reading, one item a minute.
    assert a_day(0, BUDGET, 60) == pytest.approx(400)
    # 160 graphic items a day (800 in five shifts; 200 and 120 minutes a shift allow more, 96 minutes less).
    assert a_day(1, BUDGET, 60) == pytest.approx(96)
    assert a_day(1, BUDGET, 600) == pytest.approx(160)
    assert a_day(0.5, BUDGET, 60) == pytest.approx(192)
    assert a_day(0.01, BUDGET, 60) == pytest.approx(400)


def test_ten_million_for_a_team_of_three_is_said_before_it_starts() -> None:
    # 3 × 400 a day: 10,000,000 ÷ 1,200.
    found = prospect({"en": Crew(10_000_000, 3)}, BUDGET)
    assert found.too_much
    assert found.a_day == pytest.approx(1_200)
    assert str(found) == (
        "10,000,000 candidates for 3 people: 8,333.3 working days to read them all."
        " Narrow the scope, or ask for more people."
    )


def test_what_can_be_done_is_said_as_plainly() -> None:
    found = prospect({"en": Crew(2_400, 3), "de": Crew(600, 0.5)}, BUDGET)
    assert not found.too_much
    assert found.bottleneck == "de"
    assert str(found) == "3,000 candidates for 3.5 people: 3.0 working days to read them all."
    assert str(prospect({"en": Crew(1, 1)}, BUDGET)).startswith("1 candidate for 1 person: 0.0 working days")


def test_a_language_without_a_team_is_named() -> None:
    found = prospect({"en": Crew(2_400, 3), "th": Crew(5, 0)}, BUDGET)
    assert (found.too_much, found.days) == (True, None)
    assert str(found) == "2,405 candidates, and nobody who reads th: give it to a team, or leave it out."
    assert not prospect({"en": Crew(0, 0)}, BUDGET).too_much
