"""Read everything that a retrospective is made of. Decisions and batches are counted by the database."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from incidents.reviews.reading import Reach
from incidents.reviews.record import (
    About,
    AskSent,
    DecisionCounts,
    DrillFacts,
    FactorRecord,
    Guideline,
    Milestone,
    PolicyCount,
    Record,
    SignalCount,
    SweepRecord,
    Tenure,
    Waiver,
    told_of,
)
from incidents.store import timeline
from incidents.store.acted_counts import acted_of
from incidents.store.action_items import actions_of
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.quality_counts import Fates, fates, quality_by_sweep
from incidents.store.queues import queues_of
from incidents.store.reading_counts import (
    course_of,
    curves,
    first_decisions_since,
    guidelines_heard,
    work_of_teams,
)
from incidents.store.schema import (
    asks,
    batches,
    decisions,
    drills,
    factors,
    guidelines,
    reviews,
    roles,
    signals,
    waivers,
)
from incidents.store.sections import newest_sections
from incidents.store.similar import similar_for_all
from incidents.store.stars import starred
from incidents.store.sweep_counts import count_sweeps
from incidents.timeline import Entry, Event


def read_record(work: Work, incident: str) -> Record:
    """The evidence of an incident: some thirty statements, whatever its size. NotFound where it is unknown.

    For the flow; a door asks `find_for` with Act.draft_review first.
    """
    about = About.model_validate(find(work, incident))
    told = told_of(timeline.entries(work, incident))
    review = work.execute(sa.select(reviews).where(reviews.c.incident_id == incident)).one_or_none()
    course, fate = course_of(work, incident), fates(work, incident)
    reopenings = [entry.at for entry in told if entry.event is Event.record_reopened]
    return Record(
        incident=about,
        milestones=tuple(Milestone.model_validate(row) for row in timeline.milestones_of(work, incident)),
        entries=told,
        signals=_signals(work, incident),
        reach=_reach(work, incident),
        roles=_roles(work, incident),
        waivers=_waivers(work, incident),
        guidelines=_guidelines(work, incident),
        asks=_asks(work, incident, told),
        sweeps=_sweeps(work, incident, told, fate),
        decisions=_decisions(work, incident, fate),
        parts=course.parts,
        acted=acted_of(work, incident),
        hours=course.hours,
        work=course.work,
        teams=work_of_teams(work, incident),
        heard=guidelines_heard(work, incident),
        first_decisions=first_decisions_since(work, incident, reopenings),
        factors=_factors(work, incident),
        actions=tuple(actions_of(work, incident)),
        sections=newest_sections(work, incident),
        earlier=tuple(similar_for_all(work, about, as_of=told[-1].at if told else about.opened_at)),
        starred=starred(work, incident),
        zone=None if review is None else review.zone,
        drill=_drill(work, about.drill),
        owner=None if review is None else review.owner,
        review_due_at=None if review is None else review.due_at,
    )


def _signals(work: Work, incident: str) -> tuple[SignalCount, ...]:
    def standing(name: str) -> sa.Label[int]:
        label = {"new": "new", "update": "updates", "duplicate": "duplicates"}[name]
        return sa.func.count().filter(signals.c.standing == name).label(label)

    first = sa.func.min(signals.c.received_at, type_=signals.c.received_at.type)
    statement = (
        sa.select(
            signals.c.source,
            signals.c.kind,
            standing("new"),
            standing("update"),
            standing("duplicate"),
            sa.func.max(signals.c.reach).label("reach"),
            first.label("first_received_at"),
        )
        .where(signals.c.incident_id == incident)
        .group_by(signals.c.source, signals.c.kind)
        .order_by(first, signals.c.source, signals.c.kind)
    )
    return tuple(SignalCount.model_validate(row) for row in work.execute(statement))


def _reach(work: Work, incident: str) -> tuple[Reach, ...]:
    """The signals that reported a larger reach than any before them."""
    before = (
        sa.func.max(signals.c.reach)
        .over(order_by=(signals.c.received_at, signals.c.id), rows=(None, -1))
        .label("before")
    )
    told = (
        sa.select(signals.c.received_at.label("at"), signals.c.reach, before, signals.c.id)
        .where(signals.c.incident_id == incident)
        .subquery()
    )
    larger = told.c.reach > sa.func.coalesce(told.c.before, 0)
    statement = sa.select(told.c.at, told.c.reach).where(larger).order_by(told.c.at, told.c.id)
    return tuple(Reach.model_validate(row) for row in work.execute(statement))


def _roles(work: Work, incident: str) -> tuple[Tenure, ...]:
    statement = sa.select(roles).where(roles.c.incident_id == incident).order_by(roles.c.taken_at, roles.c.id)
    return tuple(Tenure.model_validate(row) for row in work.execute(statement))


def _waivers(work: Work, incident: str) -> tuple[Waiver, ...]:
    statement = sa.select(waivers).where(waivers.c.incident_id == incident).order_by(waivers.c.code)
    return tuple(Waiver.model_validate(row) for row in work.execute(statement))


def _guidelines(work: Work, incident: str) -> tuple[Guideline, ...]:
    """One for each version, its languages together; the title is that of the first language."""
    columns = [column for column in guidelines.c if column.name != "body"]
    statement = (
        sa.select(*columns)
        .where(guidelines.c.incident_id == incident)
        .order_by(guidelines.c.version, guidelines.c.language)
    )
    found: dict[int, Guideline] = {}
    for row in work.execute(statement).mappings():
        before = found.get(row["version"])
        languages = (*(before.languages if before else ()), row["language"])
        first = before.model_dump() if before else dict(row)
        found[row["version"]] = Guideline.model_validate(first | {"languages": languages})
    return tuple(found.values())


def _asks(work: Work, incident: str, told: tuple[Entry, ...]) -> tuple[AskSent, ...]:
    """The asks as first asked: an escalation moves the clock in the table, the timeline keeps the first."""
    first_due = {
        entry.facts.get("ask"): datetime.fromisoformat(entry.facts["due_at"])
        for entry in told
        if entry.event is Event.ask_sent and entry.facts.get("due_at")
    }
    statement = sa.select(asks).where(asks.c.incident_id == incident).order_by(asks.c.asked_at, asks.c.key)
    found = (AskSent.model_validate(row) for row in work.execute(statement))
    return tuple(ask.model_copy(update={"due_at": first_due.get(ask.key, ask.due_at)}) for ask in found)


def _sweeps(work: Work, incident: str, told: tuple[Entry, ...], fate: Fates) -> tuple[SweepRecord, ...]:
    """The sweeps with what is told of their reading: second looks, its course, and where posts waited."""
    quality, curve = quality_by_sweep(work, incident, fate.undone), curves(work, incident)
    queues = queues_of(work, incident, told)
    return tuple(
        sweep.model_copy(
            update={
                "quality": quality.get(sweep.id, ()),
                "curve": curve.get(sweep.id, ()),
                "queues": queues.get(sweep.id, ()),
            }
        )
        for sweep in count_sweeps(work, incident)
    )


def _decisions(work: Work, incident: str, fate: Fates) -> DecisionCounts:
    current = decisions.c.superseded_at.is_(None)
    at = decisions.c.decided_at
    counts = work.execute(
        sa.select(
            sa.func.count().filter(current).label("total"),
            sa.func.count(decisions.c.person.distinct()).label("people"),
            sa.func.count().filter(current, decisions.c.guideline_version.is_(None)).label("without_guideline"),
            sa.func.min(at, type_=at.type).label("first_at"),
            sa.func.max(at, type_=at.type).label("last_at"),
        )
        .select_from(decisions.join(batches, batches.c.id == decisions.c.batch_id))
        .where(batches.c.incident_id == incident)
    ).mappings()
    replaced = {"settled": fate.settled, "revised": fate.revised, "undone": sum(fate.undone.values())}
    return DecisionCounts.model_validate({**counts.one(), **replaced, "by_policy": _by_policy(work, incident)})


def _by_policy(work: Work, incident: str) -> tuple[PolicyCount, ...]:
    named = (decisions.c.policy, decisions.c.policy_version, decisions.c.action)
    statement = (
        sa.select(
            decisions.c.policy,
            decisions.c.policy_version.label("version"),
            decisions.c.action,
            sa.func.count().label("decisions"),
        )
        .select_from(decisions.join(batches, batches.c.id == decisions.c.batch_id))
        .where(batches.c.incident_id == incident, decisions.c.superseded_at.is_(None))
        .group_by(*named)
        .order_by(sa.func.count().desc(), *(column.asc().nulls_last() for column in named))
    )
    return tuple(PolicyCount.model_validate(row) for row in work.execute(statement))


def _factors(work: Work, incident: str) -> tuple[FactorRecord, ...]:
    statement = sa.select(factors).where(factors.c.incident_id == incident).order_by(factors.c.number)
    return tuple(_factor(row) for row in work.execute(statement))


def _factor(row: sa.Row[Any]) -> FactorRecord:
    evidence = row.evidence or {}
    told = {
        "supports": tuple(evidence.get("for", ())),
        "against": tuple(evidence.get("against", ())),
        "but": evidence.get("but", ""),
    }
    return FactorRecord.model_validate({**row._mapping, **told})


def _drill(work: Work, drill: str) -> DrillFacts | None:
    """What a drill was asked for and what its ground truth showed. A recorded pile has no scenario."""
    row = work.execute(sa.select(drills).where(drills.c.id == drill)).one_or_none() if drill else None
    if row is None:
        return None
    asked: dict[str, Any] = {**row.request}
    if asked.get("posts_file"):
        asked["scenario"] = None
    known = {**asked, **(row.results or {}), "id": row.id}
    return DrillFacts.model_validate({name: known.get(name) for name in DrillFacts.model_fields})
