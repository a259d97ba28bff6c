"""What is shown of a sweep, as far as the visitor may see it; counted anew only where that is quick."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from fastapi import BackgroundTasks

from console.api_door import Caller
from console.lately import Counted, StillCounting
from incidents.incident.incident import Incident
from incidents.people import Act, Person, is_staff
from incidents.reviews.chart import Chart
from incidents.reviews.reading_charts import Bound, agreement, recall_of, throughput
from incidents.reviews.record import SweepRecord
from incidents.store.acting import orderable
from incidents.store.clusters import Cluster, clusters_of
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.knowledge import knowledge_of
from incidents.store.progress import Progress, Surface, progress, surfaces_of
from incidents.store.quality import Quality, quality_of
from incidents.store.quality_counts import quality_by_sweep
from incidents.store.reading_counts import curves, team_hours
from incidents.store.sweep_counts import count_sweeps
from incidents.store.sweeps import Sweep, find_sweep
from incidents.sweeps.knowledge import Knowledge
from incidents.sweeps.staffing import hands

T = TypeVar("T")

KEPT_FROM: Final = 10_000
"""Posts from which on a sweep is too dear to be counted for every page. Smaller ones take some 50 ms."""

CLUSTERS: Final = 50
"""The largest clusters that are shown."""


@dataclass(frozen=True)
class Looked:
    """A sweep that a visitor may see, and who they are in it."""

    sweep: Sweep
    incident: Incident
    by: Person
    now: datetime


@dataclass(frozen=True)
class Sums:
    """What is known of a sweep, how far it is, and the pictures of that."""

    known: Knowledge
    progress: Progress
    surfaces: tuple[Surface, ...]
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Looks:
    """How well a sweep is decided, in numbers and a picture."""

    quality: Quality
    chart: Chart | None


def look_at(calls: Caller, sweep: str, act: Act = Act.see_sweep) -> Looked:
    """The sweep, if the visitor may do that with it. NotFound, or NotAuthorised with its reason."""
    with calls.store.read() as work:
        return look_within(calls, work, sweep, act)


def look_within(calls: Caller, work: Work, sweep: str, act: Act) -> Looked:
    """The same while more is read."""
    found = find_sweep(work, sweep)
    by, now = calls.person_in(work, found.incident_id), calls.now_in(work, found.incident_id)
    return Looked(found, find_for(work, found.incident_id, by, act), by, now)


def team_of(by: Person) -> str | None:
    """Whose part of a sweep somebody sees: None for all of it, which is the staff's."""
    return None if is_staff(by) else by.team or ""


def sums_of(calls: Caller, found: Sweep, by: Person, now: datetime, after: BackgroundTasks) -> Counted[Sums]:
    """The sums of a sweep, those of one team for its people."""
    team = team_of(by)

    def count() -> Sums:
        with calls.store.read() as work:
            known = knowledge_of(work, found.id, hands=partial(hands, calls.catalogue), now=now)
            told = progress(work, found.id)
            curve = curves(work, found.incident_id, sweep=found.id).get(found.id, ())
            drawn = (recall_of("recall", found.id, curve, bound) if (bound := _bound(known)) else None,)
            return Sums(
                known=known,
                progress=told if team is None else told.of_team(team),
                surfaces=tuple(surfaces_of(work, found.id, team=team)),
                charts=tuple(each for each in (*drawn, throughput(team_hours(work, found.id))) if each),
            )

    return _counted(calls, found.posts_matched, f"{found.id}/sums/{team}", count, after)


def looks_of(calls: Caller, found: Sweep, by: Person, after: BackgroundTasks) -> Counted[Looks]:
    """How well a sweep is decided; how well each person reads is told as `quality_of` says."""
    team = team_of(by)

    def count() -> Looks:
        with calls.store.read() as work:
            measured = quality_by_sweep(work, found.incident_id, {}).get(found.id, ())
            return Looks(
                quality=quality_of(work, found.id, by=by, team=team),
                chart=agreement((found.id, each) for each in measured) if team is None else None,
            )

    return _counted(calls, found.posts_matched, f"{found.id}/looks/{by.id}", count, after)


def largest_clusters(calls: Caller, found: Sweep, by: Person, after: BackgroundTasks) -> Counted[list[Cluster]]:
    """The largest clusters of copies, or those of one team's posts."""
    team = team_of(by)

    def count() -> list[Cluster]:
        with calls.store.read() as work:
            return clusters_of(work, found.id, most=CLUSTERS, team=team)

    return _counted(calls, found.posts_matched, f"{found.id}/clusters/{team}", count, after)


def orders_of(
    calls: Caller, found: Sweep, by: Person, after: BackgroundTasks
) -> Counted[Counter[tuple[str, str]]]:
    """Measure and policy → how many lines of the plan can be ordered of a platform."""

    def count() -> Counter[tuple[str, str]]:
        with calls.store.read() as work:
            lines = orderable(work, found.id, by=by)
        return Counter((line.measure.value, line.planned.policy or "") for line in lines)

    return _counted(calls, found.posts_matched, f"{found.id}/orders", count, after)


def sweeps_in_numbers(
    calls: Caller, found: Sequence[Sweep], after: BackgroundTasks
) -> Counted[tuple[SweepRecord, ...]] | None:
    """Every sweep of one incident in numbers; None while they are counted for the first time."""
    if not found:
        return None
    incident = found[0].incident_id

    def count() -> tuple[SweepRecord, ...]:
        with calls.store.read() as work:
            return count_sweeps(work, incident)

    try:
        posts = sum(each.posts_matched or 0 for each in found)
        return _counted(calls, posts, f"{incident}/sweeps", count, after)
    except StillCounting:
        return None


def _counted(
    calls: Caller, posts: int | None, name: str, count: Callable[[], T], after: BackgroundTasks
) -> Counted[T]:
    if (posts or 0) < KEPT_FROM:
        return Counted(count())
    return calls.lately.read(name, count, after)


def _bound(known: Knowledge) -> Bound | None:
    """What is proven; None where no sample bounds what may be missing."""
    standing = known.standing
    if standing is None or not standing.sampled or standing.missing_at_most is None:
        return None
    return Bound(
        recall_at_least=standing.recall_at_least,
        target=known.target,
        confidence=known.confidence,
        violating_at_most=standing.found + min(standing.missing_at_most, standing.universe - standing.found),
    )
