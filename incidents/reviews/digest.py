"""What did a month bring? Its incidents, what recurs, what was kept of what was promised, and what waits.

Everything is told as of the end of the month, from values that the store reads. Drills stand apart, in no
number. Of few incidents there is no median: a trend of three is none (Davidovič, Incident Metrics in SRE,
2021), and a direction is never told at all.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import BadInput
from incidents.incident.phases import Phase
from incidents.reviews.across import Spread, measures_of, spreads
from incidents.reviews.actions import ENDED_UNDONE, ActionState
from incidents.reviews.metrics import measure
from incidents.reviews.record import About, Milestone, Record
from incidents.words import render

FEWEST: Final = 5
"""Incidents below which a median is not told: it would be one incident's value."""

MONTHS_BEFORE: Final = 12
"""A month is set beside so many before it: each season once."""

RECURS_FROM: Final = 2
"""Incidents in which a factor of one kind has to be seen before it recurs."""

TRENDS: Final = ("TTA", "TTDec", "TTG", "TTM", "TTR", "Review lag")
"""Durations that are set beside those of the months before; see docs/reference/metrics.md."""

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")


class Month(_Frozen):
    """One calendar month, in UTC."""

    name: str = Field(description="As 2026-11.")
    since: datetime
    until: datetime = Field(description="First moment of the next.")

    @property
    def last(self) -> datetime:
        """Its last moment."""
        return self.until - timedelta(microseconds=1)

    def earlier(self, months: int) -> "Month":
        """The month so many before this one."""
        return _month(self.since.year, self.since.month - months)


def month_before(now: datetime) -> Month:
    """The calendar month (UTC) that was over last."""
    today = now.astimezone(UTC)
    return _month(today.year, today.month - 1)


class Happened(_Frozen):
    """An incident with its milestones."""

    about: About
    milestones: tuple[Milestone, ...] = ()

    @property
    def record(self) -> Record:
        """As much of its record as durations are measured by."""
        return Record(incident=self.about, milestones=self.milestones)


class FactorSeen(_Frozen):
    """A contributing factor of an incident that nobody rejected."""

    incident: str
    category: str
    rule: str = Field(description="Kind of the rule that proposed it; empty where a person wrote it.")
    accepted: bool


class Promise(_Frozen):
    """An action item, as it stood at the end of the month."""

    id: str
    title: str
    owner: str
    filed_at: datetime
    due_at: datetime
    state: ActionState
    moved_at: datetime | None = Field(description="When it reached that state; None for one that never moved.")


class LateReview(_Frozen):
    """A retrospective that was due and is not published."""

    incident: str
    owner: str
    due_at: datetime
    state: str


class Material(_Frozen):
    """What the store knows that a digest is made of: the month, and those that it is set beside."""

    happened: tuple[Happened, ...] = Field(description="By number; drills, too.")
    factors: tuple[FactorSeen, ...]
    promises: tuple[Promise, ...]
    late_reviews: tuple[LateReview, ...]


class Ratio(_Frozen):
    """A share with its part and its whole."""

    value: float | None = Field(description="0 to 1; None of nothing.")
    numerator: int
    denominator: int


class Recurring(_Frozen):
    """A kind of factor that was seen in several incidents, one of them of this month."""

    category: str
    rule: str
    incidents: tuple[str, ...]
    accepted: int = Field(description="Incidents of these in which people accepted it.")


class Trend(_Frozen):
    """One duration of this month beside that of the months before. Values are in seconds."""

    now: Spread
    before: Spread


class Told(_Frozen):
    """One incident of the month."""

    id: str
    title: str
    severity: str
    opened_at: datetime
    phase: str
    seconds: float | None = Field(description="From declaration to stand-down; None where it lacks one.")


class Digest(_Frozen):
    """A month, as it is printed."""

    month: Month
    incidents: tuple[Told, ...]
    drills: tuple[Told, ...]
    recurring: tuple[Recurring, ...]
    on_time: Ratio = Field(description="Of the action items due in the month, those verified by then.")
    overdue: Ratio = Field(description="Of those that were unfinished at its end, those past their due date.")
    overdue_items: tuple[Promise, ...]
    trends: tuple[Trend, ...]
    late_reviews: tuple[LateReview, ...]


def read_month(text: str) -> Month:
    """The month of these words, such as `2026-11`. BadInput for anything else."""
    found = _MONTH.fullmatch(text)
    if found is None or found[1] == "0000":
        raise BadInput(f"{text[:40]!r} is no month: write it as 2026-11.")
    return _month(int(found[1]), int(found[2]))


def first_looked_at(month: Month) -> datetime:
    """From when on incidents are read for the digest of a month."""
    return month.earlier(MONTHS_BEFORE).since


def digest(month: Month, material: Material) -> Digest:
    """The digest of a month. The same material gives the same digest."""
    real = [each for each in material.happened if not each.about.drill]
    of_month = [each for each in real if each.about.opened_at >= month.since]
    overdue = [each for each in material.promises if _is_open(each) and each.due_at < month.until]
    return Digest(
        month=month,
        incidents=tuple(map(_told, of_month)),
        drills=tuple(
            _told(each)
            for each in material.happened
            if each.about.drill and each.about.opened_at >= month.since
        ),
        recurring=tuple(_recurring(material.factors, {each.about.id for each in of_month})),
        on_time=_kept(material.promises, month),
        overdue=_ratio(len(overdue), sum(map(_is_open, material.promises))),
        overdue_items=tuple(sorted(overdue, key=lambda each: (each.due_at, each.id))),
        trends=tuple(_trends(of_month, [each for each in real if each.about.opened_at < month.since])),
        late_reviews=material.late_reviews,
    )


def to_markdown(found: Digest) -> str:
    """The digest as Markdown; what people wrote is inert in it."""
    text = render("digest.md.j2", digest=found, fewest=FEWEST, months_before=MONTHS_BEFORE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _month(year: int, month: int) -> Month:
    """The month, counted on from January of a year: 0 is December of the year before."""
    start, following = (divmod(12 * year + month - 1 + ahead, 12) for ahead in (0, 1))
    since, until = (datetime(y, m + 1, 1, tzinfo=UTC) for y, m in (start, following))
    return Month(name=f"{since:%Y-%m}", since=since, until=until)


def _told(happened: Happened) -> Told:
    about = happened.about
    [lasted] = [each.value for each in measure(happened.record) if each.metric.name == "TTR"]
    return Told(
        id=about.id,
        title=about.title,
        severity=about.severity,
        opened_at=about.opened_at,
        phase=Phase(about.phase).value,
        seconds=lasted,
    )


def _recurring(seen: Iterable[FactorSeen], of_month: set[str]) -> list[Recurring]:
    """The most frequent first; of two that are equally frequent, by name."""
    kinds: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    for each in seen:
        known = kinds[each.category, each.rule]
        known[each.incident] = known.get(each.incident, False) or each.accepted
    found = [
        Recurring(category=category, rule=rule, incidents=tuple(known), accepted=sum(known.values()))
        for (category, rule), known in kinds.items()
        if len(known) >= RECURS_FROM and known.keys() & of_month
    ]
    return sorted(found, key=lambda each: (-len(each.incidents), each.category, each.rule))


def _kept(promises: Iterable[Promise], month: Month) -> Ratio:
    """Of the items that fell due in the month, those verified in time; what will not be done is no promise."""
    due = [
        each for each in promises if month.since <= each.due_at < month.until and each.state not in ENDED_UNDONE
    ]
    kept = [each for each in due if each.state is ActionState.verified and _moved_in_time(each)]
    return _ratio(len(kept), len(due))


def _moved_in_time(promise: Promise) -> bool:
    return promise.moved_at is not None and promise.moved_at <= promise.due_at


def _is_open(promise: Promise) -> bool:
    return promise.state not in {ActionState.verified, *ENDED_UNDONE}


def _ratio(part: int, whole: int) -> Ratio:
    return Ratio(value=part / whole if whole else None, numerator=part, denominator=whole)


def _trends(of_month: Sequence[Happened], before: Sequence[Happened]) -> list[Trend]:
    now, then = (
        {each.name: each for each in spreads([measures_of(one.record) for one in group])}
        for group in (of_month, before)
    )
    return [Trend(now=now[name], before=then[name]) for name in TRENDS]
