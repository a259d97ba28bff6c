"""Everything that a retrospective is made of, as one value: the same record, the same document.

Nothing in it is text of posts or a payload of a signal, and decisions are counts. Entries about the
document itself (its drafts, its signature) are left out, or each draft would make the next one differ.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.incident.severity import Impact
from incidents.proposals import Step as ProposedStep
from incidents.reviews.actions import TRACKED, UNFINISHED, ActionItem, ActionState
from incidents.reviews.reading import (
    ActedPart,
    CurvePoint,
    GuidelineHeard,
    Hour,
    LanguageQuality,
    Part,
    Reach,
    TeamHour,
    TeamWork,
)
from incidents.reviews.sections import Section
from incidents.reviews.steps import REMINDER, STUCK, Step
from incidents.timeline import Entry, Event


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")


class About(_Frozen):
    """The incident itself."""

    id: str
    title: str
    phase: str
    severity: str
    impact: Impact
    priority_rule: str
    policy: str | None
    protocol: str
    protocol_version: int
    catalogue_version: str
    drill: str
    restricted: bool
    opened_at: datetime
    round: int = 1


class Milestone(_Frozen):
    """A moment that the incident reached, and the entry behind it."""

    name: str
    at: datetime
    seq: int
    source: str
    certainty: str


class SignalCount(_Frozen):
    """How many signals one source sent."""

    source: str
    kind: str
    new: int
    updates: int
    duplicates: int
    reach: int = Field(description="Largest reach that one of them reported.")
    first_received_at: datetime


class Tenure(_Frozen):
    """Who held a role from when until when (None: still)."""

    role: str
    person: str
    taken_at: datetime
    handed_over_at: datetime | None


class Waiver(_Frozen):
    """A coded reason that was taken out of the way in the present round."""

    code: str
    person: str
    reason: str
    at: datetime


class Guideline(_Frozen):
    """One version of the guideline, in all its languages."""

    version: int
    title: str
    languages: tuple[str, ...]
    published_at: datetime
    effective_from: datetime
    superseded_at: datetime | None


class AskSent(_Frozen):
    """What one partner team was asked, and when it said that it heard it."""

    key: str
    team: str
    asked_at: datetime
    due_at: datetime = Field(description="As first asked; escalations move the store's own clock on.")
    escalations: int
    acknowledged_at: datetime | None

    @property
    def was_late(self) -> bool:
        """Whether it was acknowledged after it was due."""
        return self.acknowledged_at is not None and self.acknowledged_at > self.due_at


class TermYield(_Frozen):
    """What one entry of a scope brought in, and what came of the posts that it alone brought in."""

    term: str
    posts: int
    alone: int
    alone_decided: int = 0
    alone_violates: int = 0


class Tally(_Frozen):
    """Decisions of one team in one language, each item counted once."""

    team: str
    language: str
    items: int = Field(description="Items in its batches.")
    violates: int = 0
    does_not_violate: int = 0
    unsure: int = 0
    violates_reach: int = Field(0, description="Summed reach of the posts in violation.")

    @property
    def decided(self) -> int:
        """Items that somebody decided."""
        return self.violates + self.does_not_violate + self.unsure


class BatchCount(_Frozen):
    """The batches of one team in a sweep, by state."""

    team: str
    batches: int
    done: int
    leased: int


class QueueRecord(_Frozen):
    """The batches of one team in one language of a sweep, and the longest time in which nobody had one."""

    team: str
    language: str
    batches: int = Field(description="Those that somebody claimed.")
    returned: tuple[int, ...] = Field((), description="Entries at which one of them came back unfinished.")
    waited_from: datetime
    waited_until: datetime = Field(description="When the next one was claimed.")
    waited_since: int = Field(description="Entry behind `waited_from`.")
    claimed: int = Field(description="Entry behind `waited_until`.")


class CertificateRecord(_Frozen):
    """What a sweep ended in: how much of what violates it found for certain, or who waived that, and why."""

    claim: str = Field(description="reached, complete or waived")
    target: float
    confidence: float
    recall_at_least: float
    recall_at_least_corrected: float | None
    missing_at_most: int | None
    sampled: int
    golden_violating: int = Field(0, description="Items known to violate that its readers met unawares.")
    golden_caught: int = Field(0, description="Those of them that they called so.")
    universe_hash: str
    posts: int = Field(0, description="Posts of its universe.")
    found: int = Field(0, description="Those of them that were decided to violate.")
    missing: int | None = Field(None, description="Best estimate of those that violate and were not found.")
    waived_by: str | None = None
    waived_because: str | None = None


class SweepRecord(_Frozen):
    """One sweep, in numbers."""

    id: str
    state: str
    scope_hash: str
    requested_at: datetime
    frozen_at: datetime | None
    finished_at: datetime | None
    posts_seen: int | None
    posts_matched: int | None
    terms: tuple[TermYield, ...] = ()
    tallies: tuple[Tally, ...] = ()
    batches: tuple[BatchCount, ...] = ()
    readers: dict[str, int] | None = Field(
        None, description="Language → people listed to read it, when it was frozen; None before."
    )
    planned: dict[str, int] = Field(default_factory=dict, description="Recommended action → items.")
    certificate: CertificateRecord | None = Field(None, description="None for a sweep that did not end yet.")
    quality: tuple[LanguageQuality, ...] = ()
    curve: tuple[CurvePoint, ...] = Field((), description="What was found by how much reading.")
    queues: tuple[QueueRecord, ...] = ()

    @property
    def decided(self) -> int:
        """Items that somebody decided."""
        return sum(tally.decided for tally in self.tallies)

    @property
    def violates(self) -> int:
        """Items in violation."""
        return sum(tally.violates for tally in self.tallies)

    @property
    def unsure(self) -> int:
        """Items that a reviewer could not decide."""
        return sum(tally.unsure for tally in self.tallies)


class PolicyCount(_Frozen):
    """Decisions under one version of a policy, by the action that was recommended."""

    policy: str | None
    version: int | None
    action: str
    decisions: int


class DecisionCounts(_Frozen):
    """All current decisions of all sweeps."""

    total: int = 0
    people: int = Field(0, description="Distinct people who decided.")
    revised: int = Field(0, description="Decisions that their own author replaced.")
    settled: int = Field(
        0, description="Decisions that somebody else replaced: two differed, or one was unsure."
    )
    undone: int = Field(0, description="Decisions that were taken back.")
    without_guideline: int = Field(0, description="Made before a guideline was in force.")
    first_at: datetime | None = None
    last_at: datetime | None = None
    by_policy: tuple[PolicyCount, ...] = ()


class FactorPart(StrEnum):
    """What a factor did."""

    trigger = "trigger"
    contributing = "contributing"
    mitigator = "mitigator"


class Proposed(_Frozen):
    """What a rule proposed, before a person put it otherwise."""

    category: str
    part: FactorPart
    sentence: str


class FactorRecord(_Frozen):
    """A hypothesis about what contributed, or kept it from being worse, and what people said of it."""

    number: int
    category: str
    part: FactorPart = FactorPart.contributing
    sentence: str
    supports: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    but: str = ""
    state: str
    judged_by: str | None = None
    reason: str | None = None
    proposed: Proposed | None = Field(None, description="The rule's own wording, where a person changed it.")
    changed_by: str | None = None
    changed_because: str | None = None
    added_by: str | None = Field(None, description="Who added it; None where a rule proposed it.")

    @property
    def is_in_peoples_words(self) -> bool:
        """Whether its sentence is a person's, and not the rule's."""
        theirs = self.proposed is not None and self.proposed.sentence != self.sentence
        return theirs or self.added_by is not None


class EarlierAction(_Frozen):
    """What was filed after a past incident, as it stands now."""

    id: str
    title: str
    owner: str
    state: ActionState
    due_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it is still chased."""
        return self.state in UNFINISHED


class SectionRecord(_Frozen):
    """What a person wrote in a section: one version of it."""

    name: Section
    version: int
    text: str
    author: str
    written_at: datetime
    seq: int = Field(description="The entry that says so.")


class Earlier(_Frozen):
    """A past incident that is like this one: in what, what contributed to it, and what was to be done."""

    id: str
    title: str
    severity: str
    opened_at: datetime
    points: int = Field(description="How alike the two are; see `reviews.similar`.")
    reasons: tuple[str, ...]
    factors: tuple[str, ...] = Field((), description="Sentences of the factors that people accepted.")
    actions: tuple[EarlierAction, ...] = ()

    @property
    def open_actions(self) -> tuple[EarlierAction, ...]:
        """The action items that are still chased."""
        return tuple(each for each in self.actions if each.is_open)


class DrillFacts(_Frozen):
    """What is known because it is a drill. Shares are 0 to 1; None: there was no ground truth."""

    id: str
    scenario: str | None = None
    seed: int | None = None
    reviewers: int | None = Field(None, description="Simulated reviewers.")
    error_rate: float | None = Field(None, description="How often each was made to answer wrongly.")
    violating: int | None = Field(None, description="Posts that truly violate.")
    gathered: int | None = Field(None, description="Those of them that a scope brought in.")
    found: int | None = Field(None, description="Those of them that were decided to violate.")
    recall: float | None = None
    precision: float | None = None


class Record(_Frozen):
    """The evidence of one incident."""

    incident: About
    milestones: tuple[Milestone, ...] = ()
    entries: tuple[Entry, ...] = ()
    signals: tuple[SignalCount, ...] = ()
    reach: tuple[Reach, ...] = Field((), description="As signals reported it, each larger than those before.")
    roles: tuple[Tenure, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    guidelines: tuple[Guideline, ...] = ()
    asks: tuple[AskSent, ...] = ()
    sweeps: tuple[SweepRecord, ...] = ()
    decisions: DecisionCounts = DecisionCounts()
    parts: tuple[Part, ...] = Field((), description="The posts of all sweeps by language, form and surface.")
    acted: tuple[ActedPart, ...] = Field((), description="What was carried out of the plans, by language.")
    hours: tuple[Hour, ...] = Field((), description="Hours of the day in which posts came or were decided.")
    work: tuple[TeamHour, ...] = ()
    teams: tuple[TeamWork, ...] = ()
    heard: tuple[GuidelineHeard, ...] = ()
    first_decisions: tuple[datetime | None, ...] = Field((), description="After each reopening, in order.")
    factors: tuple[FactorRecord, ...] = ()
    actions: tuple[ActionItem, ...] = ()
    sections: tuple[SectionRecord, ...] = Field((), description="The newest version of each that people wrote.")
    earlier: tuple[Earlier, ...] = ()
    starred: tuple[int, ...] = Field((), description="Entries that people starred, in order.")
    zone: str | None = Field(None, description="IANA zone in which times are shown beside UTC.")
    drill: DrillFacts | None = None
    owner: str | None = Field(None, description="Owner of the review.")
    review_due_at: datetime | None = None

    def milestone(self, name: str) -> Milestone | None:
        """The milestone of that name, None where it was not recorded."""
        return next((each for each in self.milestones if each.name == name), None)

    def of(self, *events: Event) -> list[Entry]:
        """The entries of these kinds, in order."""
        return [entry for entry in self.entries if entry.event in events]

    def ref(self, seq: int) -> str:
        """How an entry of this record is cited."""
        return f"{self.incident.id}#{seq}"

    def ended_at(self) -> datetime:
        """The time of the last entry: nothing is known after it."""
        return self.entries[-1].at if self.entries else self.incident.opened_at


_UTF_8: Final = ("utf-8", "surrogatepass")
"""Half of a pair of surrogates is no text, and may come in with a title all the same."""

_ABOUT_THE_DOCUMENT = frozenset(
    {
        *(Event.draft_written, Event.version_approved, Event.retrospective_signed, Event.step_escalated),
        *(Event.retrospective_shared, Event.comment_written, Event.comment_resolved),
    }
)
_STEPS = frozenset({Event.step_finished, Event.step_skipped})
_DELIVERIES = frozenset({Event.message_delivered, Event.message_failed, Event.message_rerun})
_PROPOSALS = frozenset({Event.proposal_made, Event.proposal_confirmed, Event.proposal_refused})
_GATES = frozenset({Event.gate_opened, Event.gate_escalated, Event.gate_refused})


def told_of(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that a retrospective tells: all but those about the document itself."""
    return tuple(entry for entry in entries if not _is_about_the_document(entry))


def input_hash(record: Record) -> str:
    """SHA-256 (hex) over the record as canonical JSON."""
    return hash_of(canonical(record))


def canonical(record: Record) -> bytes:
    """The record as JSON with sorted keys and without spaces. The chain's own hashes do not count."""
    chain: dict[str, Any] = {"entries": {"__all__": {"previous", "hash"}}}
    told = record.model_dump(mode="json", exclude=chain)
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(*_UTF_8)


def hash_of(told: bytes) -> str:
    """SHA-256 (hex) of a record that is written down."""
    return hashlib.sha256(told).hexdigest()


def record_from(told: bytes) -> Record:
    """The record that `canonical` wrote down, but for the hashes of the chain. Older ones are read, too."""
    known = json.loads(told.decode(*_UTF_8))
    for entry in known["entries"]:
        entry |= {"previous": "", "hash": ""}
    return Record.model_validate(known)


def _is_about_the_document(entry: Entry) -> bool:
    if entry.event in _ABOUT_THE_DOCUMENT:
        return True
    if entry.event in _GATES:
        return entry.facts.get("gate") == "sign_off"
    if entry.event in _STEPS:
        return entry.facts.get("step") == Step.reading
    if entry.event in _PROPOSALS:
        return entry.facts.get("step") == ProposedStep.share
    if entry.event in _DELIVERIES:
        return str(entry.facts.get("key")).startswith((REMINDER, STUCK, TRACKED))
    return entry.event is Event.run_restarted and entry.facts.get("flow") == "review"
