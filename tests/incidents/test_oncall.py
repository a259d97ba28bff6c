"""Who is on call: turns by the wall clock, hours, changes of the clocks, and what people said since."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from incidents.catalogue.rotations import Hours, Rotation
from incidents.errors import BadInput, NotAllowed, NotAuthorised
from incidents.oncall import Shift, Span, Taken, can_take, may_see, on_call, on_duty, shifts, uncovered
from incidents.people import Person, Role
from incidents.store.access_log import Access, read_log
from incidents.store.engine import Store
from incidents.store.shifts import people_on_duty, take_shift, taken_since, who_is_on_call

ADA = Person(id="ada", roles=frozenset({Role.commander}))
NOOR = Person(id="noor", roles=frozenset({Role.commander}))
BO = Person(id="bo", roles=frozenset({Role.reviewer}))
CLEO = Person(id="cleo", roles=frozenset({Role.partner_lead}), team="legal")
DEV = Person(id="dev", roles=frozenset({Role.partner_reviewer}), team="legal")
ROOT = Person(id="root", roles=frozenset({Role.administrator}))
NIGHTS = Hours(begin="20:00", end="08:00")
OFFICE = Hours(days=("mon", "tue", "wed", "thu", "fri"), begin="08:00", end="20:00")


def rotation(**changed: Any) -> Rotation:
    told: dict[str, Any] = {
        "id": "commander",
        "title": "Incident commander",
        "duty": "commander",
        "people": ("ada", "noor"),
        "zone": "Europe/Vienna",
        "starts": date(2026, 1, 5),
        "turn_days": 7,
    }
    return Rotation(**told | changed)


def at(day: int, hour: float = 12, month: int = 1) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour)


def taken(number: int, person: str, starts_at: datetime, ends_at: datetime, of: str = "commander") -> Taken:
    told = {"said_by": person, "said_at": at(1), "reason": "Agreed"}
    return Taken(id=number, rotation=of, person=person, starts_at=starts_at, ends_at=ends_at, **told)


def told(found: list[Shift]) -> list[tuple[str, datetime, datetime]]:
    return [(each.person, each.starts_at, each.ends_at) for each in found]


def test_turns_follow_one_another_from_the_first_day_on() -> None:
    assert on_call(rotation(), (), at(5, 7.9)).now is None
    first = on_call(rotation(), (), at(5, 8))
    assert first.now == Shift(rotation="commander", person="ada", starts_at=at(5, 8), ends_at=at(12, 8))
    assert first.next == Shift(rotation="commander", person="noor", starts_at=at(12, 8), ends_at=at(19, 8))
    assert told(shifts(rotation(), (), at(12, 8), at(26, 8))) == [
        ("noor", at(12, 8), at(19, 8)),
        ("ada", at(19, 8), at(26, 8)),
    ]


@pytest.mark.parametrize(
    ("month", "day", "before", "after"),
    # Clocks go on at 01:00 UTC on 29 March, and back on 25 October.
    [(3, 29, 8, 7), (10, 25, 7, 8)],
)
def test_a_shift_is_handed_over_at_the_same_wall_time_when_the_clocks_change(
    month: int, day: int, before: float, after: float
) -> None:
    daily = rotation(turn_days=1)
    found = shifts(daily, (), at(day - 1, 12, month), at(day, 12, month))
    lengths = [each.ends_at - each.starts_at for each in found]
    assert [each.starts_at for each in found] == [at(day - 1, before, month), at(day, after, month)]
    assert lengths == [timedelta(hours=24 + after - before), timedelta(hours=24)]


def test_an_hour_that_the_clocks_leave_out_is_one_later_and_one_that_comes_twice_is_the_first() -> None:
    daily = rotation(turn_days=1, handover="02:30")
    assert on_call(daily, (), at(29, 12, 3)).now.starts_at == at(29, 1.5, 3)  # type: ignore[union-attr]
    assert on_call(daily, (), at(25, 12, 10)).now.starts_at == at(25, 0.5, 10)  # type: ignore[union-attr]
    assert uncovered([daily], (), at(20, 0, 3), at(5, 0, 4)) == []
    assert uncovered([daily], (), at(20, 0, 10), at(5, 0, 11)) == []


def test_hours_end_a_shift_each_day_and_two_rotations_follow_the_sun() -> None:
    office = rotation(hours=OFFICE)
    assert on_call(office, (), at(5, 6.9)).now is None
    monday = on_call(office, (), at(5, 12)).now
    assert monday is not None
    # The first turn begins at 09:00 in Vienna, an hour after these hours do.
    assert (monday.starts_at, monday.ends_at) == (at(5, 8), at(5, 19))
    friday = on_call(office, (), at(9, 19))
    assert friday.now is None
    assert friday.next is not None
    # Over the weekend nobody; the hour before the hand-over on Monday is still of the first turn.
    assert (friday.next.person, friday.next.starts_at) == ("ada", at(12, 7))
    weekend = rotation(id="weekend", hours=Hours(days=("sat", "sun"), begin="08:00", end="20:00"))
    nights = rotation(id="nights", people=("bo",), hours=NIGHTS)
    assert on_call(nights, (), at(7, 2)).now.person == "bo"  # type: ignore[union-attr]
    assert uncovered([office, nights, weekend], (), at(6, 0), at(30, 0)) == []
    assert uncovered([office, nights], (), at(6, 0), at(12, 0)) == [
        Span(at(10, 7), at(10, 19)),
        Span(at(11, 7), at(11, 19)),
    ]


def test_whoever_takes_a_part_of_a_shift_leaves_the_rest_and_said_later_overrules() -> None:
    said = [taken(1, "noor", at(6, 0), at(7, 0)), taken(2, "bo", at(6, 12), at(8, 0))]
    assert told(shifts(rotation(), said, at(5, 8), at(12, 8))) == [
        ("ada", at(5, 8), at(6, 0)),
        ("noor", at(6, 0), at(6, 12)),
        ("bo", at(6, 12), at(8, 0)),
        ("ada", at(8, 0), at(12, 8)),
    ]
    found = on_call(rotation(), said, at(6, 13))
    assert (found.now.person, found.now.reason) == ("bo", "Agreed")  # type: ignore[union-attr]
    assert (found.next.person, found.next.starts_at) == ("ada", at(8, 0))  # type: ignore[union-attr]
    # In another rotation it changes nothing, and it may fill hours that nobody has.
    assert len(shifts(rotation(id="other"), said, at(5, 8), at(12, 8))) == 1
    nights = rotation(id="nights", hours=NIGHTS)
    filled = [taken(3, "bo", at(6, 7), at(6, 19), of="nights")]
    assert uncovered([nights], filled, at(5, 20), at(7, 6)) == []


def test_who_left_is_not_there() -> None:
    assert uncovered([rotation()], (), at(5, 8), at(19, 8), gone={"noor"}) == [Span(at(12, 8), at(19, 8))]
    assert uncovered([], (), at(5), at(6)) == [Span(at(5), at(6))]


def test_a_duty_may_have_several_rotations() -> None:
    both = [
        rotation(),
        rotation(id="arabic", people=("bo",), languages=("ar",)),
        rotation(id="l", duty="legal"),
    ]
    assert [(each.id, shift.person) for each, shift in on_duty(both, (), "commander", at(6))] == [
        ("commander", "ada"),
        ("arabic", "bo"),
    ]


def test_who_sees_and_who_can() -> None:
    legal = rotation(id="legal", duty="legal", people=("cleo", "dev"))
    assert [may_see(each, legal) for each in (ADA, BO, CLEO, DEV)] == [True] * 4
    assert [may_see(each, rotation()) for each in (ADA, BO, CLEO, DEV)] == [True, True, False, False]
    assert can_take([ADA, BO, CLEO, DEV], legal) == [CLEO, DEV]
    assert can_take([ADA, BO, CLEO, DEV], rotation()) == [ADA]


def take(
    store: Store, person: Person, by: Person, *, reason: str = "Noor is ill", span: Span | None = None
) -> Taken:
    wanted = span or Span(at(6, 0), at(7, 0))
    of = rotation(id="legal", duty="legal") if person.team else rotation()
    with store.begin() as work:
        return take_shift(work, of, person, wanted, by=by, reason=reason, now=at(5, 12))


def test_a_taken_shift_is_kept_with_who_said_so_and_why(store: Store) -> None:
    kept = take(store, NOOR, ADA)
    with store.read() as work:
        assert taken_since(work, at(6)) == [kept]
        assert taken_since(work, at(7, 0)) == []
        [found] = who_is_on_call(work, [rotation()], at(6))
        assert people_on_duty(work, [rotation()], "commander", at(6)) == ["noor"]
        assert people_on_duty(work, [rotation()], "legal", at(6)) == []
        [line] = read_log(work, by=ROOT)
    assert found.now is not None
    assert (found.now.person, found.now.ends_at, found.now.reason) == ("noor", at(7, 0), "Noor is ill")
    assert (line.what, line.person, line.target) == (Access.shift_taken, "ada", "commander: noor")
    assert line.reason == "Noor is ill (2026-01-06 00:00 UTC to 2026-01-07 00:00 UTC)"


@pytest.mark.parametrize(("person", "by"), [(NOOR, NOOR), (NOOR, ROOT), (DEV, DEV), (DEV, CLEO), (DEV, ADA)])
def test_people_take_shifts_and_those_who_lead_give_them(store: Store, person: Person, by: Person) -> None:
    assert take(store, person, by).said_by == by.id


@pytest.mark.parametrize(
    ("person", "by", "code"),
    [
        (BO, BO, "DUTY_MISSING"),
        (BO, ADA, "DUTY_MISSING"),
        (NOOR, BO, "OTHERS_SHIFT"),
        (CLEO, DEV, "OTHERS_SHIFT"),
    ],
)
def test_others_cannot(store: Store, person: Person, by: Person, code: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        take(store, person, by)
    assert refused.value.codes == (code,)
    assert isinstance(refused.value, NotAuthorised) == (code == "OTHERS_SHIFT")


@pytest.mark.parametrize(
    "span",
    [
        Span(at(7, 0), at(6, 0)),
        Span(at(6, 0), at(6, 0)),
        Span(at(3, 0), at(5, 12)),
        Span(at(6, 0), at(6, 0) + timedelta(days=36)),
        Span(at(6, 0) + timedelta(days=400), at(6, 0) + timedelta(days=401)),
        Span(datetime.max.replace(tzinfo=UTC) - timedelta(1), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_shift_is_one_that_can_be_held(store: Store, span: Span) -> None:
    with pytest.raises(BadInput, match="Nothing was changed"):
        take(store, NOOR, ADA, span=span)


def test_a_shift_is_not_taken_without_a_reason(store: Store) -> None:
    with pytest.raises(NotAllowed) as refused:
        take(store, NOOR, ADA, reason=" ")
    assert refused.value.codes == ("REASON_MISSING",)
    with store.read() as work:
        assert taken_since(work, at(1)) == []
