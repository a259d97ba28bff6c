"""Gather what is known of a sweep at this moment: a few statements, however many posts it has."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from incidents.store import certify
from incidents.store.certify_schema import certify_readings, certify_sample
from incidents.store.engine import Work
from incidents.store.judging import golden_of, strata_of
from incidents.store.progress import Part, progress
from incidents.store.said import holds
from incidents.store.schema import batches, certificates, decisions, items, places, readings
from incidents.store.sweeps import Sweep, find_sweep, windows_of
from incidents.sweeps.batches import Purpose
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.forecast import ASSUMED_PACE, Forecast, Pace, Timed, forecast, pace, pace_by_language
from incidents.sweeps.knowledge import (
    QUIET_AN_HOUR,
    QUIET_WINDOW,
    QUIET_WINDOWS,
    RECENT,
    Knowledge,
    LanguageKnown,
    NextHour,
)
from incidents.sweeps.quality.proportions import Estimate
from incidents.sweeps.staffing import READINGS_AN_ITEM
from incidents.sweeps.stand_down import StandDown, stand_down
from incidents.sweeps.stopping import (
    SampleRow,
    Standing,
    StratumCount,
    judge,
    residuals,
    rows_read,
    still_to_win,
)

TIMED: Final = 5_000
"""Words of which the pace is measured, the last ones."""

Hands = Callable[[Mapping[str, int]], Mapping[str, float]]
"""Posts left by language → reviewers by language."""


class _Recent(NamedTuple):
    """The last posts of the main reading: how many were read, decided with their copies, and violate so."""

    read: int
    covered: int
    violating: int


def knowledge_of(work: Work, sweep: str, *, hands: Hands, now: datetime) -> Knowledge:
    """What is known of a sweep at `now`. `hands` says who is there to read what is left."""
    found = find_sweep(work, sweep)
    parts = progress(work, sweep).parts
    rows = certify.sample_rows(work, sweep) if found.plan else []
    standing = None
    if found.plan is not None:
        standing = judge(found.plan, rows, strata_of(work, sweep), golden_of(work, sweep))
    times = _times(work, sweep)
    ends = _forecast(dict.fromkeys((part.language for part in parts), 0) | _to_read(work, sweep), times, hands)
    missing = _missing(found, rows, standing, parts)
    speed = pace(times)
    return Knowledge(
        **found.model_dump(include={"state", "reached_at", "finished_at", "closed_by", "closed_because"}),
        sweep=sweep,
        posts=sum(part.items for part in parts),
        read=sum(part.decided for part in parts),
        found=sum(part.violates for part in parts),
        target=found.goal.target,
        confidence=found.goal.confidence,
        certificate=_claim(work, sweep),
        standing=standing,
        languages=_languages(parts, ends, missing, _disputes(work, sweep)),
        pace=speed,
        hours_p50=ends.hours_p50,
        hours_p90=ends.hours_p90,
        bottleneck=ends.bottleneck,
        next_hour=_next_hour(work, found, standing, speed, now) if parts else None,
        quiet=_quiet(work, found, now),
    )


def _claim(work: Work, sweep: str) -> str | None:
    statement = sa.select(certificates.c.kind).where(certificates.c.sweep_id == sweep)
    return work.execute(statement).scalar_one_or_none()


def _times(work: Work, sweep: str) -> list[Timed]:
    """When what was decided, whatever it was read for: for the pace alone."""
    tables = (decisions, readings, certify_readings)
    said = sa.union_all(
        *(
            sa.select(table.c.person, table.c.batch_id, table.c.decided_at).where(table.c.sweep_id == sweep)
            for table in tables
        )
    ).subquery()
    statement = (
        sa.select(said, batches.c.language)
        .join(batches, batches.c.id == said.c.batch_id)
        .order_by(said.c.decided_at.desc(), said.c.person, said.c.batch_id)
        .limit(TIMED)
    )
    return [Timed(row.person, row.batch_id, row.language, row.decided_at) for row in work.execute(statement)]


def _forecast(to_read: Mapping[str, int], times: list[Timed], hands: Hands) -> Forecast:
    """By language, at its own pace; else at that of all, else at one that is assumed."""
    measured = pace(times)
    otherwise = measured if measured.batches else Pace(batches=0, items_an_hour=Estimate(value=ASSUMED_PACE))
    people = hands(to_read)
    return forecast(to_read, people, pace_by_language(times), otherwise, readings_an_item=READINGS_AN_ITEM)


def _to_read(work: Work, sweep: str) -> dict[str, int]:
    """Language → posts that are read themselves and have no decision, in somebody's hands or not."""
    undecided = _heads(sweep).where(decisions.c.id.is_(None)).group_by(items.c.language)
    rows = work.execute(undecided.with_only_columns(items.c.language, sa.func.count()))
    return dict(rows.tuples().all())


def _heads(sweep: str) -> sa.Select[tuple[str]]:
    """The posts that are read themselves, with their decisions where there are some."""
    return (
        sa.select(items.c.item)
        .select_from(items.outerjoin(decisions, holds()))
        .where(items.c.sweep_id == sweep, items.c.read_as == items.c.item)
    )


def _missing(
    sweep: Sweep, rows: Sequence[SampleRow], standing: Standing | None, parts: Sequence[Part]
) -> dict[str, int]:
    """Language → violating posts that may be unfound at most; each bound holds by itself."""
    if sweep.plan is None or standing is None:
        return {}
    used = [row.model_copy(update={"form": ""}) for row in rows_read(rows)[: standing.sampled]]
    strata = [
        StratumCount(language=part.language, form="", posts=part.items, read=part.decided, found=part.violates)
        for part in parts
    ]
    bounds = residuals(used, strata, sweep.plan.rule_level)
    return {bound.language: bound.missing_at_most for bound in bounds}


def _disputes(work: Work, sweep: str) -> Counter[str]:
    """Language → posts that wait for a third person, whatever they were read for."""
    doubted = sa.select(items.c.item).where(items.c.sweep_id == sweep, items.c.look == Purpose.adjudicate.value)
    in_hands = (
        sa.select(places.c.item)
        .join(batches, batches.c.id == places.c.batch_id)
        .where(places.c.sweep_id == sweep, batches.c.state != "done")
        .where(places.c.purpose == Purpose.adjudicate.value)
    )
    sampled = sa.select(certify_sample.c.item).where(
        certify_sample.c.sweep_id == sweep,
        certify_sample.c.wanted > certify.READERS,
        certify_sample.c.verdict.is_(None),
    )
    disputed = sa.union(doubted, in_hands, sampled)
    statement = sa.select(items.c.language, sa.func.count()).where(
        items.c.sweep_id == sweep, items.c.item.in_(disputed)
    )
    return Counter(dict(work.execute(statement.group_by(items.c.language)).tuples().all()))


def _next_hour(work: Work, sweep: Sweep, standing: Standing | None, speed: Pace, now: datetime) -> NextHour:
    people = max(1, _at_work(work, sweep.id, now))
    reads = round(people * (speed.items_an_hour.value or ASSUMED_PACE))
    recent = _recent(work, sweep.id)
    if sweep.plan is None or standing is None or not recent.read or standing.read == standing.universe:
        return NextHour(people=people, reads=reads)
    win = still_to_win(
        sweep.plan,
        standing,
        posts=round(reads * recent.covered / recent.read),
        recent_read=recent.covered,
        recent_found=recent.violating,
    )
    return NextHour(people=people, reads=reads, win=win)


def _at_work(work: Work, sweep: str, now: datetime) -> int:
    """How many people hold a batch of the sweep at this moment."""
    statement = sa.select(sa.func.count(batches.c.leased_to.distinct())).where(
        batches.c.sweep_id == sweep, batches.c.state == "leased", batches.c.lease_expires_at > now
    )
    return int(work.execute(statement).scalar_one())


def _recent(work: Work, sweep: str) -> _Recent:
    """The posts that the ranking had read last; copies count as their head does."""
    ranked = sa.and_(
        places.c.batch_id == decisions.c.batch_id,
        places.c.item == decisions.c.item,
        places.c.purpose.in_([Purpose.rank.value, Purpose.forward.value]),
    )
    statement = (
        _heads(sweep)
        .with_only_columns(items.c.copies, decisions.c.verdict)
        .join(places, ranked)
        .order_by(decisions.c.decided_at.desc(), items.c.item)
        .limit(RECENT)
    )
    rows = work.execute(statement).all()
    violating = [row.copies for row in rows if row.verdict == Verdict.violates.value]
    return _Recent(len(rows), sum(row.copies for row in rows), sum(violating))


def _quiet(work: Work, sweep: Sweep, now: datetime) -> StandDown | None:
    """Whether new clusters have become rare, seen from when the last posts were gathered.

    What was posted since is in no window, so that its absence says nothing.
    """
    gathered = [window.frozen_at for window in windows_of(work, sweep.id) if window.frozen_at]
    first_seen = _first_seen(work, sweep.id)
    if not gathered or not first_seen:
        return None
    until = min(filter(None, (now, max(gathered), sweep.scope.until)))
    return stand_down(
        first_seen,
        until,
        length=QUIET_WINDOW,
        windows=QUIET_WINDOWS,
        threshold=QUIET_AN_HOUR,
        confidence=sweep.goal.confidence,
    )


def _first_seen(work: Work, sweep: str) -> list[datetime]:
    """When each distinct cluster that violates was first seen, as far as its posts have a time."""
    first = sa.func.min(items.c.posted_at, type_=items.c.posted_at.type)
    statement = (
        sa.select(first)
        .select_from(items.join(decisions, holds()))
        .where(items.c.sweep_id == sweep, items.c.posted_at.is_not(None))
        .where(decisions.c.verdict == Verdict.violates.value)
        .group_by(sa.func.coalesce(items.c.cluster, items.c.item))
        .order_by(first)
    )
    return list(work.execute(statement).scalars())


def _languages(
    parts: Sequence[Part], ends: Forecast, missing: Mapping[str, int], disputes: Mapping[str, int]
) -> tuple[LanguageKnown, ...]:
    finish = {each.language: each for each in ends.languages}
    return tuple(
        LanguageKnown(
            language=part.language,
            team=part.team,
            posts=part.items,
            read=part.decided,
            found=part.violates,
            to_read=finish[part.language].items,
            missing_at_most=missing.get(part.language),
            disputes=disputes.get(part.language, 0),
            finish=finish[part.language],
        )
        for part in parts
    )
