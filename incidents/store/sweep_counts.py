"""The sweeps of an incident in numbers, a few statements for all of them, however many were decided."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from incidents.reviews.record import BatchCount, CertificateRecord, SweepRecord, Tally, TermYield
from incidents.store.engine import Work
from incidents.store.said import holds
from incidents.store.schema import batches, certificates, decisions, items, planned_actions, sweeps
from incidents.sweeps.certificate import Certificate


def count_sweeps(work: Work, incident: str) -> tuple[SweepRecord, ...]:
    """Every sweep with its verdicts by team and language, its batches, terms and planned actions."""
    tallies, queues = _tallies(work, incident), _batches(work, incident)
    planned, yields = _planned(work, incident), _yields(work, incident)
    issued = _certificates(work, incident)
    statement = sa.select(sweeps).where(sweeps.c.incident_id == incident).order_by(sweeps.c.number)
    return tuple(
        SweepRecord.model_validate(
            {
                **row,
                "terms": _terms(row["terms"], yields[row["id"]]),
                "tallies": tallies[row["id"]],
                "batches": queues[row["id"]],
                "planned": planned[row["id"]],
                "certificate": issued.get(row["id"]),
            }
        )
        for row in work.execute(statement).mappings()
    )


def _tallies(work: Work, incident: str) -> dict[str, list[Tally]]:
    def verdict(name: str) -> sa.Label[int]:
        return sa.func.count().filter(decisions.c.verdict == name).label(name)

    reach = sa.func.sum(items.c.reach).filter(decisions.c.verdict == "violates")
    statement = (
        sa.select(
            items.c.sweep_id,
            items.c.team,
            items.c.language,
            sa.func.count().label("items"),
            verdict("violates"),
            verdict("does_not_violate"),
            verdict("unsure"),
            sa.func.coalesce(reach, 0).label("violates_reach"),
        )
        .select_from(_judged_items())
        .where(sweeps.c.incident_id == incident)
        .group_by(items.c.sweep_id, items.c.team, items.c.language)
        .order_by(items.c.team, items.c.language)
    )
    found: dict[str, list[Tally]] = defaultdict(list)
    for row in work.execute(statement):
        found[row.sweep_id].append(Tally.model_validate(row))
    return found


def _judged_items() -> sa.Join:
    """Every item of a sweep, with the decision that holds for it where there is one."""
    return sweeps.join(items, items.c.sweep_id == sweeps.c.id).outerjoin(decisions, holds())


def _batches(work: Work, incident: str) -> dict[str, list[BatchCount]]:
    statement = (
        sa.select(
            batches.c.sweep_id,
            batches.c.team,
            sa.func.count().label("batches"),
            sa.func.count().filter(batches.c.state == "done").label("done"),
            sa.func.count().filter(batches.c.state == "leased").label("leased"),
        )
        .where(batches.c.incident_id == incident)
        .group_by(batches.c.sweep_id, batches.c.team)
        .order_by(batches.c.team)
    )
    found: dict[str, list[BatchCount]] = defaultdict(list)
    for row in work.execute(statement):
        found[row.sweep_id].append(BatchCount.model_validate(row))
    return found


def _certificates(work: Work, incident: str) -> dict[str, CertificateRecord]:
    statement = sa.select(certificates.c.document).where(certificates.c.incident_id == incident)
    found = [Certificate.model_validate_json(each) for each in work.execute(statement).scalars()]
    return {each.sweep: _certificate(each) for each in found}


def _certificate(issued: Certificate) -> CertificateRecord:
    standing, waiver = issued.standing, issued.waiver
    return CertificateRecord(
        claim=issued.claim.value,
        target=issued.plan.target,
        confidence=issued.plan.confidence,
        recall_at_least=standing.recall_at_least,
        recall_at_least_corrected=standing.recall_at_least_corrected,
        missing_at_most=standing.missing_at_most,
        sampled=standing.sampled,
        golden_violating=issued.golden.violating,
        golden_caught=issued.golden.caught,
        universe_hash=issued.universe_hash,
        posts=standing.universe,
        found=standing.found,
        missing=standing.missing,
        waived_by=waiver.person if waiver else None,
        waived_because=waiver.reason if waiver else None,
    )


def _planned(work: Work, incident: str) -> dict[str, dict[str, int]]:
    statement = (
        sa.select(planned_actions.c.sweep_id, planned_actions.c.action, sa.func.count().label("items"))
        .where(planned_actions.c.incident_id == incident, planned_actions.c.reversed_at.is_(None))
        .group_by(planned_actions.c.sweep_id, planned_actions.c.action)
        .order_by(planned_actions.c.action)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in work.execute(statement):
        found[row.sweep_id][row.action] = row.items
    return found


def _yields(work: Work, incident: str) -> dict[str, dict[str, tuple[int, int]]]:
    """Sweep → entry of its scope → decided and violating items that this entry alone brought in."""
    alone = items.c.matched[0].as_string()
    statement = (
        sa.select(
            items.c.sweep_id,
            alone.label("term"),
            sa.func.count(decisions.c.id).label("decided"),
            sa.func.count().filter(decisions.c.verdict == "violates").label("violates"),
        )
        .select_from(_judged_items())
        # There is no second entry: portable where the length of a JSON array is not.
        .where(sweeps.c.incident_id == incident, items.c.matched[1].as_string().is_(None))
        .group_by(items.c.sweep_id, "term")
    )
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in work.execute(statement):
        found[row.sweep_id][row.term] = (row.decided, row.violates)
    return found


def _terms(kept: list[dict[str, Any]] | None, yields: dict[str, tuple[int, int]]) -> list[TermYield]:
    """The terms as `matching.term_counts` made them (term, posts, alone), with what came of them."""
    found = []
    for term in kept or []:
        decided, violates = yields.get(term["term"], (0, 0))
        found.append(TermYield.model_validate(term | {"alone_decided": decided, "alone_violates": violates}))
    return found
