"""What a certificate is made of, and where it is kept once it was issued."""

from datetime import datetime

import polars as pl
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import NotFound
from incidents.incident.incident import SYSTEM
from incidents.store import certify, timeline
from incidents.store.engine import Work
from incidents.store.judging import golden_of
from incidents.store.said import holds
from incidents.store.schema import certificates, decisions, items
from incidents.store.sweeps import find_sweep
from incidents.sweeps.certificate import EVIDENCE, Certificate, Facts, Waiver, certificate_of
from incidents.timeline import Event

CERTIFIED = "sweep_certified"
"""Milestone: the first sweep of the incident was certified, or ended without."""


class Issued(BaseModel):
    """A certificate as it was issued. `document` is the signed JSON, byte for byte."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    sweep_id: str
    kind: str
    document: str
    issued_at: datetime


def evidence_of(work: Work, sweep: str) -> pl.DataFrame:
    """The whole universe of a sweep with the decisions that hold: what a certificate is checked against."""
    named = [items.c[name] for name in EVIDENCE if name != "verdict"]
    statement = (
        sa.select(*named, decisions.c.verdict)
        .select_from(items.outerjoin(decisions, holds()))
        .where(items.c.sweep_id == sweep)
        .order_by(items.c.item)
    )
    return pl.DataFrame(work.execute(statement).all(), schema=EVIDENCE, orient="row")


def draft_certificate(work: Work, sweep: str, *, now: datetime) -> Certificate | None:
    """The certificate of a sweep as it is now, unsigned; None for one from before there were samples.

    A sweep that somebody closed is certified as far as it came, with who waived the rest and why.
    """
    found = find_sweep(work, sweep)
    if found.plan is None or found.steer_seed is None or found.certify_seed is None:
        return None
    waiver = None
    if found.closed_by:
        waiver = Waiver(person=found.closed_by, reason=found.closed_because or "")
    facts = Facts(
        sweep=sweep,
        incident=found.incident_id,
        issued_at=now,
        scope_hash=found.scope_hash,
        steer_seed=found.steer_seed,
        certify_seed=found.certify_seed,
        plan=found.plan,
        golden=golden_of(work, sweep),
        waiver=waiver,
    )
    return certificate_of(facts, certify.sample_rows(work, sweep), evidence_of(work, sweep))


def keep_certificate(work: Work, certificate: Certificate) -> bool:
    """Keep a signed certificate; False where the sweep has one already."""
    row = {
        "sweep_id": certificate.sweep,
        "incident_id": certificate.incident,
        "kind": certificate.claim.value,
        "document": certificate.model_dump_json(indent=1),
        "issued_at": certificate.issued_at,
    }
    if not work.insert_once(certificates, row):
        return False
    facts = {
        "sweep": certificate.sweep,
        "kind": certificate.claim.value,
        "recall_at_least": certificate.standing.recall_at_least,
        "sampled": certificate.standing.sampled,
        "universe": certificate.universe_hash,
    }
    now = certificate.issued_at
    entry = timeline.append(
        work, certificate.incident, Event.certificate_issued, actor=SYSTEM.id, now=now, facts=facts
    )
    timeline.reach_milestone(work, entry, CERTIFIED)
    return True


def find_certificate(work: Work, sweep: str) -> Issued:
    """The certificate of a sweep. NotFound before it ended."""
    row = work.execute(sa.select(certificates).where(certificates.c.sweep_id == sweep)).one_or_none()
    if row is None:
        raise NotFound(
            f"{sweep} has no certificate yet. `watchfloor sweep status {sweep}` says what is missing."
        )
    return Issued.model_validate(row)
