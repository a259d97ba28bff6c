"""Batches that a partner team works in a spreadsheet: what goes out, and what comes back in."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from incidents.catalogue.policies import Policy
from incidents.errors import NotAllowed, Refusal
from incidents.people import Person
from incidents.store import timeline
from incidents.store.access_log import Access, note_access
from incidents.store.batches import Batch, claim, find_batch_for, items_of
from incidents.store.decisions import Recorded, decide, finish_batch, signed
from incidents.store.engine import Work
from incidents.store.guidelines import guideline_in_force
from incidents.store.schema import places
from incidents.store.standing import decisions_of, standing
from incidents.sweeps.decisions import Decision, Judgement
from incidents.sweeps.exchange import BatchSheet, ExpectedBatch, FilledRow, SheetItem
from incidents.timeline import Event


def export_batch(work: Work, batch_id: str, *, by: Person, reason: str = "", now: datetime) -> BatchSheet:
    """The batch as a partner team takes it elsewhere, under the guideline in force; it is written down.

    Claim it first: an export holds nothing, and somebody else could work the same items meanwhile. NotAllowed
    (`REASON_MISSING`) for whoever does not hold it and does not say why they take its texts.
    """
    batch = find_batch_for(work, batch_id, by)
    if not batch.is_held_by(by.id, now) and not reason.strip():
        missing = Refusal("REASON_MISSING", "Claim it, or say why you take its texts: it is written down.")
        raise NotAllowed(f"{batch_id} was not exported: you do not hold it.", [missing])
    note_access(work, Access.posts_taken, by=by.id, target=batch_id, reason=reason.strip(), now=now)
    said = {current.item: current.decision for current in decisions_of(work, batch_id, by=by)}
    sheet_items = tuple(
        SheetItem(
            item=item.item,
            text=item.text,
            language=item.language,
            posted_at=item.posted_at,
            matched=item.matched,
            judgement=said[item.item],
        )
        for item in items_of(work, batch_id, by)
    )
    return BatchSheet(batch=batch_id, guideline_version=_guideline_version(work, batch, now), items=sheet_items)


def expected_batch(
    work: Work, batch_id: str, *, by: Person, policies: Mapping[str, Policy], now: datetime
) -> ExpectedBatch:
    """What a file that comes back for this batch must be about."""
    batch = find_batch_for(work, batch_id, by)
    ids = work.execute(sa.select(places.c.item).where(places.c.batch_id == batch_id)).scalars()
    version = _guideline_version(work, batch, now)
    return ExpectedBatch(batch=batch_id, guideline_version=version, items=frozenset(ids), policies=policies)


def import_decisions(
    work: Work,
    batch_id: str,
    rows: Sequence[FilledRow],
    *,
    by: Person,
    policies: Mapping[str, Policy],
    now: datetime,
    lease_minutes: int,
) -> Recorded:
    """Record what somebody filled in elsewhere, all rows or none; claims the batch if nobody holds it.

    A batch that is complete with it is finished. The same file handed in twice changes nothing.
    """
    batch = find_batch_for(work, batch_id, by)
    found = standing(work, batch, [row.item for row in rows]).places
    said = {item: place.said for item, place in found.items()}
    own = [row for row in rows if not _is_echo(row, said.get(row.item), by)]
    version = _guideline_version(work, batch, now)
    sent = signed(own, by=by, policies=policies, guideline_version=version, now=now)
    if not batch.is_done and not batch.is_held_by(by.id, now):
        claim(work, batch_id, by=by, now=now, lease_minutes=lease_minutes)
    recorded = decide(work, batch_id, sent, by=by, policies=policies, now=now)
    if recorded.new or recorded.superseded:
        facts = {"batch": batch_id, "person": by.id, "rows": recorded.new + recorded.superseded}
        timeline.append(work, batch.incident_id, Event.decisions_imported, actor=by.id, now=now, facts=facts)
    if recorded.undecided == 0 and not batch.is_done:
        finish_batch(work, batch_id, by=by, now=now)
    return recorded


def _is_echo(row: FilledRow, said: Decision | None, by: Person) -> bool:
    """Whether the row comes back as it went out, in the words of a colleague who had the batch before."""
    if said is None or said.person == by.id:
        return False
    words = set(Judgement.model_fields)
    return row.model_dump(include=words) == said.model_dump(include=words)


def _guideline_version(work: Work, batch: Batch, now: datetime) -> int | None:
    guideline = guideline_in_force(work, batch.incident_id, language=batch.language, now=now)
    return None if guideline is None else guideline.version
