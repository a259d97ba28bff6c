"""What an action item is, which way it goes, and why a step is refused.

An item is done when somebody other than its owner has seen that it is: `done_claimed` is the owner's
word, `verified` another person's.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from incidents.errors import Refusal


class ActionKind(StrEnum):
    """What an action item is for."""

    prevent = "prevent"
    detect = "detect"
    mitigate = "mitigate"
    process = "process"


class ActionArea(StrEnum):
    """Where an action item changes something."""

    policy = "policy"
    product = "product"
    tooling = "tooling"
    staffing = "staffing"


class ActionState(StrEnum):
    """How far an action item has come."""

    open = "open"
    in_progress = "in_progress"
    done_claimed = "done_claimed"
    verified = "verified"
    wont_do = "wont_do"
    superseded = "superseded"


ENDED_UNDONE = frozenset({ActionState.wont_do, ActionState.superseded})
"""States in which nobody does the item any more, and nobody did."""

NEXT: dict[ActionState, frozenset[ActionState]] = {
    ActionState.open: ENDED_UNDONE | {ActionState.in_progress},
    ActionState.in_progress: ENDED_UNDONE | {ActionState.done_claimed},
    ActionState.done_claimed: ENDED_UNDONE | {ActionState.verified, ActionState.in_progress},
    ActionState.verified: frozenset(),
    ActionState.wont_do: frozenset(),
    ActionState.superseded: frozenset(),
}
"""State → the states that may follow. A claim that does not hold goes back to in progress."""

TRACKED = "tracker:"
"""How the key of a message to a tracker begins, e.g. `tracker:INC-12-A1:3`; the number counts its changes."""

UNFINISHED = (ActionState.open, ActionState.in_progress, ActionState.done_claimed)
"""States in which an item is still chased: a claim that nobody verified is not done."""


Address = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]


class NewAction(BaseModel):
    """What an action item is filed with."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(description="A verb and an outcome.")
    kind: str = Field(description="prevent, detect, mitigate or process.")
    area: str | None = Field(None, description="policy, product, tooling or staffing; None: nobody said.")
    owner: str = Field(description="One person, or a partner team.")
    success: str = Field(description="How it will be seen that it worked.")
    factor: int | None = Field(None, description="Number of the factor behind it.")
    due_at: datetime


class ActionItem(BaseModel):
    """One thing to be done after an incident, with one owner and one due date."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: str
    incident_id: str
    number: int
    title: str
    kind: ActionKind
    area: ActionArea | None
    owner: str
    success: str
    factor: int | None
    state: ActionState
    superseded_by: str | None
    note: str | None
    filed_at: datetime
    due_at: datetime
    chased_at: datetime | None


class FollowedItem(ActionItem):
    """An action item with how it is followed up, which no document tells."""

    escalations: int = Field(description="How often others than its owner were told that it is overdue.")
    changes: int = Field(description="1 when it is filed, and 1 more with every change.")
    changes_told: int = Field(description="Up to which of them the tracker was told; 0: of none.")
    address: str | None = Field(description="Where the tracker has it, as the tracker said.")


class Report(BaseModel):
    """What an outside tracker says of an item. It never says that one is verified: a person here does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Literal[ActionState.in_progress, ActionState.done_claimed] | None = Field(
        None, description="How far it came there."
    )
    address: Address | None = Field(None, description="Where the tracker has it, http or https.")
    note: str = Field("", max_length=2000, description="A line for the record, without content of posts.")


def moves_to(was: ActionState, to: ActionState) -> tuple[ActionState, ...]:
    """The moves by which an item catches up with what a tracker says of it; none where it is there already.

    A tracker that has no state between open and done says done of an item that nobody began here.
    """
    if was is to:
        return ()
    begins = was is ActionState.open and to is ActionState.done_claimed
    return (ActionState.in_progress, to) if begins else (to,)


def refusals(
    item: ActionItem, to: ActionState, *, note: str, person: str, successor: ActionItem | None = None
) -> list[Refusal]:
    """Every reason why this person may not move the item there; none means that they may.

    A move is refused where:

    - the state does not follow the one that the item is in
    - its owner verifies it: another person must have seen it
    - it will not be done, is superseded, or a claim is sent back, and the note does not say why
    - it is superseded, and no `successor` is named that will be done or is
    """
    found = []
    if to not in NEXT[item.state]:
        allowed = ", ".join(sorted(NEXT[item.state])) or "nothing: it has ended"
        found.append(Refusal("STATE_NOT_NEXT", f"From {item.state} it can become: {allowed}."))
    if to is ActionState.verified and person == item.owner:
        found.append(Refusal("VERIFIER_IS_OWNER", "Somebody other than its owner verifies it."))
    sent_back = item.state is ActionState.done_claimed and to is ActionState.in_progress
    if (to in ENDED_UNDONE or sent_back) and not note.strip():
        found.append(Refusal("REASON_MISSING", "Say in the note why."))
    if to is ActionState.superseded:
        found += _successor_refusals(item, successor)
    return found


def _successor_refusals(item: ActionItem, successor: ActionItem | None) -> list[Refusal]:
    if successor is None:
        return [Refusal("SUCCESSOR_MISSING", "Name the item that takes its place.")]
    if successor.id == item.id or successor.state in ENDED_UNDONE:
        return [Refusal("SUCCESSOR_ENDED", f"{successor.id} cannot take its place: nobody will do it.")]
    return []
