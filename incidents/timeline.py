"""What happened, as facts that cannot be changed unseen.

Each entry of an incident's timeline carries the SHA-256 of the entry before it, so that a changed,
missing or inserted entry breaks the chain at a place that `first_break` can name. The words for an
entry are not here: templates/timeline.yaml holds one sentence an event.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

GENESIS = "0" * 64
"""What the first entry carries in place of a predecessor's hash."""


class Event(StrEnum):
    """Every kind of entry. The grammar is subject.object.past-tense, and the values never change."""

    candidate_opened = "incident.candidate.opened"
    signal_attached = "incident.signal.attached"
    assessment_started = "incident.assessment.started"
    assessment_recorded = "incident.assessment.recorded"
    priority_computed = "incident.priority.computed"
    crisis_declared = "incident.crisis.declared"
    candidate_dismissed = "incident.candidate.dismissed"
    response_started = "incident.response.started"
    monitoring_started = "incident.monitoring.started"
    crisis_stood_down = "incident.crisis.stood-down"
    review_started = "incident.review.started"
    record_closed = "incident.record.closed"
    record_reopened = "incident.record.reopened"
    access_restricted = "incident.access.restricted"
    reason_waived = "incident.reason.waived"
    proposal_made = "incident.proposal.made"
    proposal_confirmed = "incident.proposal.confirmed"
    proposal_refused = "incident.proposal.refused"
    role_taken = "incident.role.taken"
    role_handed_over = "incident.role.handed-over"
    gate_opened = "incident.gate.opened"
    gate_escalated = "incident.gate.escalated"
    gate_refused = "incident.gate.refused"
    run_restarted = "incident.run.restarted"
    brief_sent = "incident.brief.sent"
    brief_missed = "incident.brief.missed"
    shift_noted = "incident.shift.noted"
    guideline_published = "guideline.version.published"
    ask_sent = "partner.ask.sent"
    ask_acknowledged = "partner.ask.acknowledged"
    ask_escalated = "partner.ask.escalated"
    message_delivered = "partner.message.delivered"
    message_failed = "partner.message.failed"
    message_rerun = "partner.message.rerun"
    sweep_requested = "sweep.scope.requested"
    universe_frozen = "sweep.universe.frozen"
    batches_opened = "sweep.batches.opened"
    reading_opened = "sweep.reading.opened"
    window_requested = "sweep.window.requested"
    stratum_boosted = "sweep.stratum.boosted"
    plan_fixed = "sweep.certificate.planned"
    sample_extended = "sweep.sample.extended"
    copy_split = "sweep.copy.split"
    decision_undone = "sweep.decision.undone"
    item_skipped = "sweep.item.skipped"
    item_urged = "sweep.item.urged"
    target_reached = "sweep.target.reached"
    sweep_closed = "sweep.work.closed"
    certificate_issued = "sweep.certificate.issued"
    batch_claimed = "sweep.batch.claimed"
    batch_returned = "sweep.batch.returned"
    batch_finished = "sweep.batch.finished"
    decisions_imported = "sweep.decisions.imported"
    sweep_finished = "sweep.work.finished"
    plan_made = "sweep.plan.made"
    actions_ordered = "sweep.actions.ordered"
    actions_taken = "sweep.actions.taken"
    actions_reported = "sweep.actions.reported"
    owner_named = "review.owner.named"
    owner_changed = "review.owner.changed"
    step_finished = "review.step.finished"
    step_skipped = "review.step.skipped"
    step_escalated = "review.step.escalated"
    draft_written = "review.draft.written"
    factor_judged = "review.factor.judged"
    version_approved = "review.version.approved"
    factor_changed = "review.factor.changed"
    factor_added = "review.factor.added"
    section_written = "review.section.written"
    comment_written = "review.comment.written"
    comment_resolved = "review.comment.resolved"
    retrospective_signed = "review.retrospective.signed"
    retrospective_published = "review.retrospective.published"
    retrospective_shared = "review.retrospective.shared"
    action_filed = "action.item.filed"
    action_changed = "action.item.changed"
    action_linked = "action.item.linked"
    action_chased = "action.item.chased"
    action_escalated = "action.item.escalated"


class Subject(StrEnum):
    """What an entry is about: the first word of its event."""

    incident = "incident"
    guideline = "guideline"
    partner = "partner"
    sweep = "sweep"
    review = "review"
    action = "action"


class Chosen(BaseModel):
    """Which entries somebody wants to see; what is left out leaves nothing out."""

    model_config = ConfigDict(frozen=True)

    subject: Subject | None = None
    actor: str = ""
    starred: bool = False
    words: str = Field("", description="Found in what was recorded, in any case.")

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Chosen()


class Entry(BaseModel):
    """One fact of an incident's timeline, as it was recorded."""

    model_config = ConfigDict(frozen=True)

    incident: str
    seq: int
    at: datetime
    event: Event
    actor: str
    facts: dict[str, Any]
    previous: str
    hash: str

    @property
    def ref(self) -> str:
        """How a document cites this entry, e.g. `INC-12#7`."""
        return f"{self.incident}#{self.seq}"


class Break(BaseModel):
    """The first place at which a timeline does not fit, and how."""

    model_config = ConfigDict(frozen=True)

    incident: str
    seq: int
    why: str


def entry_hash(
    *, incident: str, seq: int, at: datetime, event: str, actor: str, facts: dict[str, Any], previous: str
) -> str:
    """The SHA-256 (hex) of an entry's canonical JSON: sorted keys, no spaces, UTC to the microsecond."""
    told = {
        "incident": incident,
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "event": str(event),
        "actor": actor,
        "facts": facts,
        "previous": previous,
    }
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def first_break(incident: str, entries: Iterable[Entry], *, count: int, head: str) -> Break | None:
    """The first entry that does not fit its chain, or None.

    `count` and `head` are what the incident's own row says of its timeline: they show entries that were
    cut off the end, which the chain alone cannot.
    """
    previous, seen = GENESIS, 0
    for entry in entries:
        seen += 1
        if entry.seq != seen:
            return Break(incident=incident, seq=seen, why=f"entry {seen} is missing; {entry.seq} follows")
        if why := _misfit(entry, previous):
            return Break(incident=incident, seq=entry.seq, why=why)
        previous = entry.hash
    if seen != count or previous != head:
        return Break(incident=incident, seq=seen + 1, why=f"{count} entries were recorded and {seen} are left")
    return None


def _misfit(entry: Entry, previous: str) -> str | None:
    if entry.previous != previous:
        return "it does not carry the hash of the entry before it"
    told = entry.model_dump(exclude={"hash"})
    return None if entry_hash(**told) == entry.hash else "its content was changed after it was recorded"
