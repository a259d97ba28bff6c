"""How an incident stands: what is loose, who leads, what waits for whom."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from incidents.catalogue.checklists import ChecklistItem
from incidents.catalogue.model import Catalogue
from incidents.errors import Refusal
from incidents.incident.incident import Incident, close_refusals, not_waived, stand_down_refusals
from incidents.incident.phases import Phase
from incidents.reviews.actions import ActionItem
from incidents.store.action_items import overdue_of_class
from incidents.store.asks import Ask, asks_of
from incidents.store.engine import Work
from incidents.store.gates import Gate, open_gates
from incidents.store.guidelines import guidelines_of
from incidents.store.incidents import loose
from incidents.store.lifecycle import waived_codes
from incidents.store.roles import tenures


class Standing(BaseModel):
    """An incident with what hangs on it, but for its sweeps, which take long to count, and the log."""

    model_config = ConfigDict(frozen=True)

    incident: Incident
    checklist: list[ChecklistItem]
    roles: list[dict[str, Any]]
    loose: list[Refusal]
    waived: list[str]
    gates: list[Gate]
    asks: list[Ask]
    guidelines: list[dict[str, Any]]
    overdue: list[ActionItem]


def read_standing(work: Work, found: Incident, catalogue: Catalogue, now: datetime) -> Standing:
    """Read all of it in one transaction, so that it fits together.

    `overdue` are action items of earlier incidents of its class, while it is open.
    """
    waived = waived_codes(work, found.id)
    return Standing(
        incident=found,
        checklist=list(catalogue.items_to_check(found.phase)),
        roles=tenures(work, found.id),
        loose=what_is_loose(work, found, waived),
        waived=sorted(waived),
        gates=open_gates(work, found.id),
        asks=asks_of(work, found.id),
        guidelines=[g.model_dump(exclude={"body"}) for g in guidelines_of(work, found.id)],
        overdue=overdue_of_class(work, found, now) if found.is_open else [],
    )


def what_is_loose(work: Work, found: Incident, waived: frozenset[str]) -> list[Refusal]:
    """What stands against the next end: standing down while it is open, closing while it is reviewed."""
    facts = loose(work, found.id)
    if found.phase in {Phase.stood_down, Phase.reviewing}:
        return close_refusals(facts)
    if found.phase in {Phase.responding, Phase.monitoring}:
        return not_waived(stand_down_refusals(facts), waived)
    return []
