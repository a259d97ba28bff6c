"""What an incident is, and what must hold before it ends."""

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from incidents.errors import Refusal
from incidents.incident.phases import OPEN, Phase
from incidents.incident.severity import Impact
from incidents.people import Person, Role

SYSTEM = Person(id="watchfloor", name="Watchfloor", roles=frozenset({Role.administrator}))
"""Who acts where no person does: flows that keep the protocol going."""


class Incident(BaseModel):
    """A candidate or a crisis, as the store holds it."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: str
    number: int
    title: str
    phase: Phase
    phase_since: datetime
    severity: str
    impact: Impact
    priority_rule: str
    policy: str | None
    protocol: str
    protocol_version: int
    catalogue_version: str
    grouping_key: str
    restricted: bool
    drill: str
    opened_by: str
    opened_at: datetime
    round: int
    entries: int

    @property
    def is_open(self) -> bool:
        """Whether new signals of its grouping key still join it."""
        return self.phase in OPEN

    @property
    def is_drill(self) -> bool:
        """Whether it is an exercise, which no metric counts."""
        return self.drill != ""


class Loose(BaseModel):
    """What is not finished yet in an incident: the facts that ending it is judged by."""

    model_config = ConfigDict(frozen=True)

    unfinished_sweeps: tuple[str, ...] = ()
    unacknowledged_asks: tuple[str, ...] = ()
    has_commander: bool = True
    has_guideline: bool = True
    review_signed: bool = False
    review_published: bool = False


def stand_down_refusals(loose: Loose) -> list[Refusal]:
    """Why a crisis may not be stood down yet; empty where it may."""
    found = []
    if loose.unfinished_sweeps:
        which = ", ".join(loose.unfinished_sweeps)
        found.append(Refusal("SWEEP_UNFINISHED", f"Posts are still to be decided in {which}."))
    if loose.unacknowledged_asks:
        which = ", ".join(loose.unacknowledged_asks)
        found.append(Refusal("ASK_UNACKNOWLEDGED", f"Nobody acknowledged {which}."))
    if not loose.has_commander:
        found.append(Refusal("COMMANDER_MISSING", "Nobody leads it; a commander must take the role."))
    if not loose.has_guideline:
        found.append(Refusal("GUIDELINE_MISSING", "No guideline was published."))
    return found


def close_refusals(loose: Loose) -> list[Refusal]:
    """Why an incident may not be closed yet; empty where it may."""
    found = []
    if not loose.review_signed:
        found.append(Refusal("REVIEW_UNSIGNED", "The retrospective is not signed by a reviewer."))
    if not loose.review_published:
        found.append(Refusal("REVIEW_UNPUBLISHED", "The retrospective is not published."))
    return found


def not_waived(refusals: Sequence[Refusal], waived: Collection[str]) -> list[Refusal]:
    """The refusals that no waiver covers."""
    return [refusal for refusal in refusals if refusal.code not in waived]


UNCERTIFIED = "SWEEP_UNFINISHED"
"""Waived, it lets a sweep end without its certificate."""

WAIVABLE = frozenset({UNCERTIFIED, "ASK_UNACKNOWLEDGED", "GUIDELINE_MISSING"})
"""What a commander may waive with a reason. Who leads and who signs are never waived."""
