"""How much that is hard to look at may one person be given, and when is it time for a break?

What is counted is what a person was shown, blurred or not: blur and greyscale are a courtesy that is not
known to protect (docs/reference/quality.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import Refusal

SHIFT_GAP = timedelta(hours=6)
"""Without work for so long, the next item begins another shift."""
WEEK = timedelta(days=7)
SEVERE_FROM: Final = 0.5
"""From so likely a violation on, an item of a graphic policy is taken to be severe before it is read."""


class ExposureBudget(BaseModel):
    """The most that one person is given. There is no published standard: these are places to start from.

    The one public figure is YouTube's (March 2018): at most four hours of disturbing material a day. A shift
    starts at half of it, and seven days at four such shifts. Breaks follow the UK's Health and Safety
    Executive (L26): five to ten minutes after 50 to 60 minutes at a screen are better than longer ones later.
    The rest is our judgement; ask the people who read, and those who look after them.
    """

    model_config = ConfigDict(frozen=True)

    graphic_items_a_shift: int = Field(200, ge=0, description="Graphic or severe items in one shift.")
    graphic_minutes_a_shift: int = Field(120, ge=0, description="Minutes spent on them in one shift.")
    graphic_items_7_days: int = Field(800, ge=0, description="Graphic or severe items in any 7 days.")
    graphic_minutes_7_days: int = Field(480, ge=0, description="Minutes spent on them in any 7 days.")
    severe_in_a_row: int = Field(3, ge=1, description="Severe items before calmer ones must come between.")
    calm_between: int = Field(5, ge=1, description="Calmer items, one after the other, that end such a row.")
    work_minutes_before_break: int = Field(50, ge=1, description="Minutes of reading without a break.")
    break_minutes: int = Field(10, ge=1, description="The shortest pause that counts as a break.")
    shift_hours: int = Field(8, ge=1, le=12, description="Hours from the first item of a shift to its last.")
    calm_minutes_at_end: int = Field(30, ge=0, description="No severe item so shortly before a shift ends.")

    @property
    def reading_share(self) -> float:
        """Share of a working hour that is left for reading once the breaks are taken."""
        return self.work_minutes_before_break / (self.work_minutes_before_break + self.break_minutes)


class Look(NamedTuple):
    """One item that a person was shown: when they were done with it, after how many seconds."""

    at: datetime
    seconds: float
    graphic: bool
    severe: bool = False


class Facing(NamedTuple):
    """One item that a person would be shown, in the place where it stands in a batch."""

    graphic: bool
    severe: bool = False
    seconds: float = 0.0
    """That it is expected to take."""


@dataclass(frozen=True)
class Seen:
    """What a person has been shown so far, as counts; severe items count as graphic ones too."""

    shift_began: datetime | None = None
    """None between shifts."""
    stretch_began: datetime | None = None
    """First item since the last break."""
    last_at: datetime | None = None
    graphic_items_shift: int = 0
    graphic_seconds_shift: float = 0.0
    graphic_items_7_days: int = 0
    graphic_seconds_7_days: float = 0.0
    oldest_graphic_at: datetime | None = None
    """The first to leave the 7 days."""
    severe_run: int = 0
    """Severe items in a row, since a break or enough calmer ones."""
    calm_run: int = 0
    """Items since the last severe one."""


class _Left(NamedTuple):
    """What a budget has left over, below 0 where it is overdrawn."""

    items: int
    seconds: float


def tally(looks: Sequence[Look], now: datetime, budget: ExposureBudget) -> Seen:
    """What the person's looks amount to at this moment, in whatever order they come.

    Older ones than both the running shift and 7 days change nothing and need not be handed in. A look that is
    exactly 7 days old has left the 7 days. ValueError for a moment without a time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone")
    pause = timedelta(minutes=budget.break_minutes)
    seen = Seen()
    for look in sorted(looks):
        began = look.at - timedelta(seconds=look.seconds)
        seen = _after(_rested(seen, began, pause), look, began, budget)
    week = [look for look in looks if _is_graphic(look) and look.at > now - WEEK]
    return replace(
        _rested(seen, now, pause),
        graphic_items_7_days=len(week),
        graphic_seconds_7_days=sum(look.seconds for look in sorted(week)),
        oldest_graphic_at=min((look.at for look in week), default=None),
    )


def _rested(seen: Seen, now: datetime, pause: timedelta) -> Seen:
    """The same at a later moment: a break ends a stretch and a row, a long gap the shift."""
    if seen.last_at is None or now - seen.last_at < min(pause, SHIFT_GAP):
        return seen
    if now - seen.last_at >= SHIFT_GAP:
        return Seen(last_at=seen.last_at)
    return replace(seen, stretch_began=None, severe_run=0, calm_run=0)


def _after(seen: Seen, look: Look, began: datetime, budget: ExposureBudget) -> Seen:
    run, calm = _row(seen.severe_run, seen.calm_run, look, budget.calm_between)
    graphic = _is_graphic(look)
    return Seen(
        shift_began=seen.shift_began or began,
        stretch_began=seen.stretch_began or began,
        last_at=look.at,
        graphic_items_shift=seen.graphic_items_shift + graphic,
        graphic_seconds_shift=seen.graphic_seconds_shift + (look.seconds if graphic else 0.0),
        severe_run=run,
        calm_run=calm,
    )


def _is_graphic(item: Look | Facing) -> bool:
    return item.graphic or item.severe


def _row(run: int, calm: int, item: Look | Facing, between: int) -> tuple[int, int]:
    """(severe items in a row, items since the last of them) after one more item."""
    if item.severe:
        return (1 if calm >= between else run + 1), 0
    return run, calm + 1


def _left_of_shift(budget: ExposureBudget, seen: Seen) -> _Left:
    return _Left(
        budget.graphic_items_a_shift - seen.graphic_items_shift,
        60 * budget.graphic_minutes_a_shift - seen.graphic_seconds_shift,
    )


def _left_of_week(budget: ExposureBudget, seen: Seen) -> _Left:
    return _Left(
        budget.graphic_items_7_days - seen.graphic_items_7_days,
        60 * budget.graphic_minutes_7_days - seen.graphic_seconds_7_days,
    )


def break_until(budget: ExposureBudget, seen: Seen, now: datetime) -> datetime | None:
    """When the break ends that is due now; None where none is."""
    if seen.stretch_began is None or seen.last_at is None:
        return None
    if now - seen.stretch_began < timedelta(minutes=budget.work_minutes_before_break):
        return None
    return seen.last_at + timedelta(minutes=budget.break_minutes)


@dataclass(frozen=True)
class Allowance:
    """What one person may be shown from a moment on."""

    budget: ExposureBudget
    seen: Seen
    """`tally` at that moment."""
    now: datetime
    pace_per_hour: int
    """Items that one person of the team reads in an hour."""

    @property
    def graphic_items(self) -> int:
        """How many graphic items there is room for, in items and in the minutes that they take at the pace."""
        left = (_left_of_shift(self.budget, self.seen), _left_of_week(self.budget, self.seen))
        items = min(min(each.items, int(each.seconds // self._seconds)) for each in left)
        return max(0, items)

    @property
    def severe_next(self) -> bool:
        """Whether the very next item may be a severe one."""
        blocked = self.seen.severe_run >= self.budget.severe_in_a_row
        calm_is_due = blocked and self.seen.calm_run < self.budget.calm_between
        return not calm_is_due and not _is_ending(self.budget, self.seen, self.now)

    def facing(self, likelihood: float) -> Facing:
        """An item of a graphic policy, before it is read; `likelihood` that it violates, 0 to 1."""
        return Facing(graphic=True, severe=likelihood >= SEVERE_FROM, seconds=self._seconds)

    def refusals(self, batch: Sequence[Facing] = ()) -> list[Refusal]:
        """See `may_take`. Without a batch: why the person is given nothing at all now."""
        return may_take(self.budget, self.seen, self.now, batch)

    def arrange(self, batch: Sequence[Facing]) -> tuple[int, ...]:
        """Which items of a batch the person may be shown, in an order that keeps to the rows; as indices.

        The order stays as it is until calmer items must come before the next severe one; then they are taken
        from further down. Left out are severe items that find no place: they wait for another batch.
        """
        if _is_ending(self.budget, self.seen, self.now):
            return tuple(n for n, item in enumerate(batch) if not item.severe)
        return _interleaved(batch, self.seen, self.budget)

    @property
    def _seconds(self) -> float:
        return 3_600 / self.pace_per_hour


def may_take(budget: ExposureBudget, seen: Seen, now: datetime, batch: Sequence[Facing] = ()) -> list[Refusal]:
    """Why the person is not given these items now, in words for them; none means that they are.

    `seen` is `tally` at `now`. Refused are

    - anything, once a shift is as long as it may be (SHIFT_OVER), or while a break is due (BREAK_DUE)
    - severe items shortly before a shift ends: SHIFT_ENDING
    - more graphic items, or minutes of them, than the shift (EXPOSURE_SHIFT) or 7 days (EXPOSURE_WEEK) allow
    - more severe items in a row than are allowed, counted on from what was seen: SEVERE_IN_A_ROW

    Reaching a limit exactly is allowed, except in time: a break is due, and a shift over, from that very
    moment on. A batch without anything graphic is refused by breaks and shifts alone.
    """
    return [
        *_shift(budget, seen, now, batch),
        *_break(budget, seen, now),
        *_exposure(budget, seen, batch),
        *_severe(budget, seen, batch),
    ]


def _shift(budget: ExposureBudget, seen: Seen, now: datetime, batch: Sequence[Facing]) -> list[Refusal]:
    left = _left_of_time(budget, seen, now)
    if left is not None and left <= timedelta(0):
        sentence = f"You have been at it for {budget.shift_hours} hours. Thank you; somebody else goes on."
        return [Refusal("SHIFT_OVER", sentence)]
    if _is_ending(budget, seen, now) and any(item.severe for item in batch):
        sentence = "Your shift is nearly over, and it should not end with the worst. Take something calmer."
        return [Refusal("SHIFT_ENDING", sentence)]
    return []


def _left_of_time(budget: ExposureBudget, seen: Seen, now: datetime) -> timedelta | None:
    """How long the shift still is; None between shifts."""
    return None if seen.shift_began is None else seen.shift_began + timedelta(hours=budget.shift_hours) - now


def _is_ending(budget: ExposureBudget, seen: Seen, now: datetime) -> bool:
    left = _left_of_time(budget, seen, now)
    return left is not None and left <= timedelta(minutes=budget.calm_minutes_at_end)


def _break(budget: ExposureBudget, seen: Seen, now: datetime) -> list[Refusal]:
    until = break_until(budget, seen, now)
    if until is None or until <= now:
        return []
    minutes = ceil((until - now).total_seconds() / 60)
    sentence = (
        f"It is time for a break: {_counted(minutes, 'more minute')} away from this. It will wait for you."
    )
    return [Refusal("BREAK_DUE", sentence)]


def _exposure(budget: ExposureBudget, seen: Seen, batch: Sequence[Facing]) -> list[Refusal]:
    graphic = [item.seconds for item in batch if _is_graphic(item)]
    if not graphic:
        return []
    wanted = _Left(len(graphic), sum(graphic))
    shift, week = _left_of_shift(budget, seen), _left_of_week(budget, seen)
    found = []
    if _too_much(wanted, shift):
        found.append(Refusal("EXPOSURE_SHIFT", _enough("this shift", shift)))
    if _too_much(wanted, week):
        found.append(Refusal("EXPOSURE_WEEK", _enough("these 7 days", week)))
    return found


def _too_much(wanted: _Left, left: _Left) -> bool:
    # A look takes time, also where nobody said how much.
    return wanted.items > left.items or wanted.seconds > left.seconds or left.seconds <= 0


def _enough(span: str, left: _Left) -> str:
    if left.items <= 0 or left.seconds <= 0:
        return f"You have looked at enough that is graphic in {span}. There is other work that helps as much."
    still = f"{_counted(left.items, 'graphic item')} and {_counted(ceil(left.seconds / 60), 'minute')}"
    return f"In {span} there is room for {still} for you, and this is more. Take a lighter one."


def _severe(budget: ExposureBudget, seen: Seen, batch: Sequence[Facing]) -> list[Refusal]:
    run, calm = seen.severe_run, seen.calm_run
    for item in batch:
        missing = budget.calm_between - calm
        run, calm = _row(run, calm, item, budget.calm_between)
        if run > budget.severe_in_a_row:
            row = f"More than {_counted(budget.severe_in_a_row, 'severe item')} would come in a row"
            return [Refusal("SEVERE_IN_A_ROW", f"{row}. {_counted(missing, 'calmer item')} first, or a break.")]
    return []


def _interleaved(batch: Sequence[Facing], seen: Seen, budget: ExposureBudget) -> tuple[int, ...]:
    waiting, order = list(range(len(batch))), list[int]()
    run, calm = seen.severe_run, seen.calm_run
    while waiting:
        blocked = run >= budget.severe_in_a_row and calm < budget.calm_between
        following = next((n for n in waiting if not (blocked and batch[n].severe)), None)
        if following is None:
            break
        waiting.remove(following)
        order.append(following)
        run, calm = _row(run, calm, batch[following], budget.calm_between)
    return tuple(order)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
