"""What people read of an incident, in numbers: a few statements for all of its sweeps, however much it was."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from incidents.reviews.reading import CurvePoint, GuidelineHeard, Hour, Part, TeamHour, TeamWork
from incidents.store.acted_counts import planned_items
from incidents.store.engine import Work
from incidents.store.said import holds
from incidents.store.schema import (
    asks,
    batches,
    decisions,
    exposures,
    guidelines,
    items,
    planned_actions,
    sweeps,
    taken_actions,
)
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.forecast import PAUSE

POINTS: Final = 100
"""Points of a recall curve; more would be drawn over each other."""

_TIME: Final = decisions.c.decided_at.type
_ALIKE: Final = (items.c.language, items.c.form, items.c.surface)
"""What the posts of one part have in common."""

_Name = tuple[str, str, str | None]
"""The same, as a key: language, form, surface."""


class Course(NamedTuple):
    """When the posts of an incident came, and when they were decided."""

    parts: tuple[Part, ...]
    hours: tuple[Hour, ...]
    work: tuple[TeamHour, ...]


def course_of(work: Work, incident: str) -> Course:
    """What came and what was decided, by language, form and surface, by hour of the day, by team and hour."""
    posted, decided = _posted(work, incident), _decided(work, incident)
    came, went = _by_name(posted), _by_name(decided)
    actions = _first_actions(work, incident)
    parts = tuple(
        Part(
            language=language,
            form=form,
            surface=surface,
            posts=sum(row.posts for row in rows),
            decided=sum(row.decided for row in rows),
            first_posted_at=_earliest(row.first_posted_at for row in rows),
            first_decided_at=_earliest(row.first_at for row in went[name]),
            first_planned_at=first.planned_at if first else None,
            first_acted_at=first.acted_at if first else None,
        )
        for name in sorted(came, key=lambda name: (name[:2], name[2] or ""))
        for language, form, surface in [name]
        for rows in [came[name]]
        for first in [actions.get(name)]
    )
    return Course(parts, _hours(posted, decided), _team_hours(decided))


def curves(work: Work, incident: str, *, sweep: str | None = None) -> dict[str, tuple[CurvePoint, ...]]:
    """Sweep → how much was found by how much reading, batch by batch in the order of their ends.

    Of every sweep of the incident, or of the one that is named.
    """
    last = sa.func.max(decisions.c.decided_at, type_=_TIME)
    found = sa.func.sum(items.c.copies).filter(decisions.c.verdict == Verdict.violates.value)
    statement = (
        sa.select(
            decisions.c.sweep_id, sa.func.count().label("read"), sa.func.coalesce(found, 0).label("found")
        )
        .select_from(own_decisions())
        .where(sweeps.c.incident_id == incident, decisions.c.superseded_at.is_(None))
        .group_by(decisions.c.sweep_id, decisions.c.batch_id)
        .order_by(decisions.c.sweep_id, last, decisions.c.batch_id)
    )
    if sweep is not None:
        statement = statement.where(decisions.c.sweep_id == sweep)
    steps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in work.execute(statement):
        steps[row.sweep_id].append((int(row.read), int(row.found)))
    return {sweep: _curve(batch_by_batch) for sweep, batch_by_batch in steps.items()}


def team_hours(work: Work, sweep: str) -> tuple[TeamHour, ...]:
    """What each team decided in each hour of the clock in one sweep, replaced decisions included."""
    hour = _written(work, decisions.c.decided_at, "%Y-%m-%dT%H", 'YYYY-MM-DD"T"HH24').label("hour")
    statement = (
        sa.select(batches.c.team, hour, sa.func.count().label("decisions"))
        .select_from(decisions.join(batches, batches.c.id == decisions.c.batch_id))
        .where(decisions.c.sweep_id == sweep)
        .group_by(batches.c.team, "hour")
    )
    return _team_hours(work.execute(statement))


def work_of_teams(work: Work, incident: str) -> tuple[TeamWork, ...]:
    """What the people of each team were shown, from the first batch to the last."""
    took = sa.extract("epoch", exposures.c.ended_at) - sa.extract("epoch", exposures.c.began_at)
    at_most = exposures.c.looked_at * int(PAUSE.total_seconds())
    graphic = sa.func.sum(exposures.c.looked_at).filter(batches.c.graphic)
    statement = (
        sa.select(
            batches.c.team,
            sa.func.count(exposures.c.person.distinct()).label("people"),
            sa.func.sum(exposures.c.looked_at).label("looked_at"),
            sa.func.coalesce(graphic, 0).label("graphic"),
            sa.func.sum(exposures.c.severe).label("severe"),
            sa.func.sum(sa.case((took > at_most, at_most), else_=took)).label("seconds"),
        )
        .select_from(exposures.join(batches, batches.c.id == exposures.c.batch_id))
        .where(batches.c.incident_id == incident, exposures.c.looked_at > 0)
        .group_by(batches.c.team)
        .order_by(batches.c.team)
    )
    rows = (row._mapping for row in work.execute(statement))
    return tuple(TeamWork.model_validate({**row, "seconds": round(row["seconds"])}) for row in rows)


def guidelines_heard(work: Work, incident: str) -> tuple[GuidelineHeard, ...]:
    """For each team and version of the guideline, the ask that it acknowledged first."""
    published = (
        sa.select(
            guidelines.c.version,
            sa.func.min(guidelines.c.published_at, type_=guidelines.c.published_at.type).label("published_at"),
        )
        .where(guidelines.c.incident_id == incident)
        .group_by(guidelines.c.version)
        .subquery()
    )
    unheard = sa.or_(asks.c.acknowledged_at.is_(None), decisions.c.decided_at < asks.c.acknowledged_at)
    by_then = sa.or_(asks.c.guideline_version == 1, decisions.c.decided_at >= published.c.published_at)
    statement = (
        sa.select(
            asks.c.key.label("ask"),
            asks.c.team,
            asks.c.guideline_version.label("version"),
            published.c.published_at,
            asks.c.acknowledged_at,
            sa.func.min(decisions.c.decided_at, type_=_TIME).label("first_decided_at"),
            sa.func.count(decisions.c.id).label("decided"),
            sa.func.count(decisions.c.id).filter(unheard, by_then).label("decided_before"),
        )
        .select_from(asks)
        .join(published, published.c.version == asks.c.guideline_version)
        .outerjoin(batches, sa.and_(batches.c.incident_id == asks.c.incident_id, batches.c.team == asks.c.team))
        .outerjoin(decisions, decisions.c.batch_id == batches.c.id)
        .where(asks.c.key.in_(_heard_first(work, incident)))
        .group_by(asks.c.key, published.c.published_at)
        .order_by(asks.c.team, asks.c.guideline_version)
    )
    return tuple(GuidelineHeard.model_validate(row) for row in work.execute(statement))


def first_decisions_since(work: Work, incident: str, times: Sequence[datetime]) -> tuple[datetime | None, ...]:
    """The first decision at or after each of these moments."""
    if not times:
        return ()
    at = decisions.c.decided_at
    firsts = [
        sa.func.min(at, type_=_TIME).filter(at >= time).label(f"since_{n}") for n, time in enumerate(times)
    ]
    statement = sa.select(*firsts).select_from(decisions.join(batches, batches.c.id == decisions.c.batch_id))
    return tuple(work.execute(statement.where(batches.c.incident_id == incident)).one())


def own_decisions() -> sa.Join:
    """Decisions with the post that each was made about; copies inherit them and have none."""
    about = sa.and_(items.c.sweep_id == decisions.c.sweep_id, items.c.item == decisions.c.item)
    return decisions.join(items, about).join(sweeps, sweeps.c.id == decisions.c.sweep_id)


def _name(row: sa.Row[Any]) -> _Name:
    return row.language, row.form, row.surface


def _by_name(rows: Iterable[sa.Row[Any]]) -> defaultdict[_Name, list[sa.Row[Any]]]:
    found: defaultdict[_Name, list[sa.Row[Any]]] = defaultdict(list)
    for row in rows:
        found[_name(row)].append(row)
    return found


def _posted(work: Work, incident: str) -> Sequence[sa.Row[Any]]:
    """Posts by language, form, surface and hour of the day in which they were posted."""
    at = items.c.posted_at
    statement = (
        sa.select(
            *_ALIKE,
            _written(work, at, "%H", "HH24").label("hour"),
            sa.func.count().label("posts"),
            sa.func.count(decisions.c.id).label("decided"),
            sa.func.min(at, type_=at.type).label("first_posted_at"),
        )
        .select_from(sweeps.join(items, items.c.sweep_id == sweeps.c.id).outerjoin(decisions, holds()))
        .where(sweeps.c.incident_id == incident)
        .group_by(*_ALIKE, "hour")
    )
    return work.execute(statement).all()


def _decided(work: Work, incident: str) -> Sequence[sa.Row[Any]]:
    """Decisions, those that were replaced included, by team, language, form, surface and hour of the clock."""
    at = decisions.c.decided_at
    statement = (
        sa.select(
            items.c.team,
            *_ALIKE,
            _written(work, at, "%Y-%m-%dT%H", 'YYYY-MM-DD"T"HH24').label("hour"),
            sa.func.count().label("decisions"),
            sa.func.min(at, type_=_TIME).label("first_at"),
        )
        .select_from(own_decisions())
        .where(sweeps.c.incident_id == incident)
        .group_by(items.c.team, *_ALIKE, "hour")
    )
    return work.execute(statement).all()


def _written(
    work: Work, at: sa.ColumnElement[Any], on_sqlite: str, on_postgresql: str
) -> sa.ColumnElement[str]:
    """A time in UTC as text, in the form of each database."""
    if work.is_postgresql:
        return sa.func.to_char(sa.func.timezone("UTC", at), on_postgresql)
    return sa.func.strftime(on_sqlite, at)


def _first_actions(work: Work, incident: str) -> dict[tuple[str, str, str | None], sa.Row[Any]]:
    """When an action on such a post was planned first, and when one took effect."""
    planned_at, acted_at = planned_actions.c.planned_at, taken_actions.c.acted_at
    stands = planned_actions.c.reversed_at.is_(None)
    statement = (
        sa.select(
            *_ALIKE,
            sa.func.min(planned_at, type_=planned_at.type).label("planned_at"),
            sa.func.min(acted_at, type_=acted_at.type).filter(stands).label("acted_at"),
        )
        .select_from(planned_items())
        .where(planned_actions.c.incident_id == incident)
        .group_by(*_ALIKE)
    )
    return {_name(row): row for row in work.execute(statement)}


def _hours(posted: Iterable[sa.Row[Any]], decided: Iterable[sa.Row[Any]]) -> tuple[Hour, ...]:
    posts, made = Counter[int](), Counter[int]()
    for row in posted:
        if row.hour is not None:
            posts[int(row.hour)] += row.posts
    for row in decided:
        made[int(row.hour[-2:])] += row.decisions
    return tuple(Hour(hour=hour, posts=posts[hour], decisions=made[hour]) for hour in sorted({*posts, *made}))


def _team_hours(decided: Iterable[sa.Row[Any]]) -> tuple[TeamHour, ...]:
    made = Counter[tuple[str, str]]()
    for row in decided:
        made[row.team, row.hour] += row.decisions
    return tuple(
        TeamHour(team=team, at=datetime.fromisoformat(f"{hour}:00+00:00"), decisions=count)
        for (team, hour), count in sorted(made.items())
    )


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)


def _curve(steps: Sequence[tuple[int, int]]) -> tuple[CurvePoint, ...]:
    """The sums so far; of many, those at the ends of equal parts of the reading."""
    sums = list(accumulate(steps, lambda so_far, step: (so_far[0] + step[0], so_far[1] + step[1])))
    total = sums[-1][0]
    kept = {read * POINTS // total: (read, found) for read, found in sums}
    return tuple(CurvePoint(read=read, found=found) for read, found in kept.values())


def _heard_first(work: Work, incident: str) -> list[str]:
    """Of the asks with the same version to the same team, the one acknowledged first, else the oldest."""
    last = sa.case((asks.c.acknowledged_at.is_(None), 1), else_=0)
    statement = (
        sa.select(asks.c.team, asks.c.guideline_version, asks.c.key)
        .where(asks.c.incident_id == incident, asks.c.guideline_version.is_not(None))
        .order_by(last, asks.c.acknowledged_at, asks.c.asked_at, asks.c.key)
    )
    first: dict[tuple[str, int], str] = {}
    for team, version, key in work.execute(statement):
        first.setdefault((team, version), key)
    return sorted(first.values())
