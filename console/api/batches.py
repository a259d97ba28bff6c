"""The review queue: take a batch, read it, decide, skip, hand it in or back.

Texts of posts are in the answer about a batch to whoever holds it, and nowhere else.

Every request may be sent again, and then changes nothing: a decision that stands word for word, a post that
was skipped, a batch that was finished or is held. So none of them needs a key.
"""

from typing import Annotated, Final

from fastapi import BackgroundTasks
from fastapi import Body as InBody
from pydantic import BaseModel, ConfigDict, Field

from console import working
from console.api.asking import Calls
from console.api.examples import BATCH
from console.api.ground import ONCE, room, shows
from incidents.errors import BadInput
from incidents.store.at_work import Opened
from incidents.store.batches import Batch
from incidents.store.decisions import Recorded
from incidents.sweeps.decisions import MAX_RATIONALE

router = room("batches")

MOST: Final = 1_000
"""Decisions in one request: as many as the largest batch has posts."""


class Claim(BaseModel):
    """Of what a batch is asked for."""

    model_config = ConfigDict(extra="forbid")

    team: str | None = Field(None, max_length=40, description="Without it: the caller's own.")
    sweep: str | None = Field(None, max_length=100, description="Only of this one; a drill's must be named.")
    languages: list[str] = Field([], max_length=50, description="Only these; else all that the caller reads.")


class Claimed(BaseModel):
    """What was given."""

    batch: Batch | None = Field(description="None where nothing waits.")
    guideline_version: int | None = Field(
        None, description="In force where the batch is worked: whoever read ahead under another reads it anew."
    )


class Reserved(BaseModel):
    """What was put aside."""

    batch: Batch | None = Field(description="None where nothing waits, or where the caller holds no batch.")


class Decisions(BaseModel):
    """What somebody says of posts of one batch."""

    model_config = ConfigDict(extra="forbid")

    guideline_version: int | None = Field(
        ge=1, lt=2**31, description="Of the guideline that they had before them, if any."
    )
    decisions: list[working.Said] = Field(min_length=1, max_length=MOST)


class Skip(BaseModel):
    """A post that is left to somebody else."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(min_length=1, max_length=500)
    reason: str = Field(max_length=MAX_RATIONALE, description="For whoever reads it next. Never a quote.")


class Reason(BaseModel):
    """Why a batch is given back."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=2_000)


class Skipped(BaseModel):
    """Which post was left to somebody else."""

    item: str


class Returned(BaseModel):
    """Which batch was given back."""

    batch: str


_RESERVED: Final = BATCH | {
    "id": "INC-12-S1-B4",
    "number": 4,
    "state": "open",
    "leased_to": None,
    "leased_at": None,
    "lease_expires_at": None,
}
_DECISION: Final = {
    "item": "184467",
    "verdict": "violates",
    "policy": "violence.incitement",
    "clause": "call-to-act",
}
_ITEM: Final = {
    "item": "184467",
    "place": 1,
    "text": "…",
    "language": "en",
    "posted_at": "2026-11-23T07:12:00Z",
    "reach": 1200,
    "matched": ["storm the clinic"],
    "copies": 3,
}
_READ: Final = {
    "batch": BATCH,
    "policy": "violence.incitement",
    "guideline": None,
    "before": None,
    "posts": [{"item": _ITEM, "said": None}],
}
_RECORDED: Final = {"new": 1, "superseded": 0, "unchanged": 0, "undecided": 49}


@router.post("/batches/claim", dependencies=[ONCE], responses=shows({"batch": BATCH, "guideline_version": 2}))
def claim_batch(
    calls: Calls,
    after: BackgroundTasks,
    sent: Annotated[Claim | None, InBody(examples=[{"team": "english"}])] = None,
) -> Claimed:
    """Take what matters most for the team at this moment; whoever holds a batch of it gets that one back."""
    asked = sent or Claim()
    taken = working.claim(calls, after, _team(calls, asked), sweep=asked.sweep, languages=asked.languages)
    if taken is None:
        return Claimed(batch=None)
    return Claimed(batch=taken.batch, guideline_version=taken.guideline_version)


@router.post("/batches/reserve", dependencies=[ONCE], responses=shows({"batch": _RESERVED}))
def reserve_batch(
    calls: Calls, sent: Annotated[Claim | None, InBody(examples=[{"team": "english"}])] = None
) -> Reserved:
    """Put aside for ten minutes what a claim would give next, while the caller still holds a batch.

    Its posts may be read ahead. No lease and no exposure begins before it is claimed.
    """
    asked = sent or Claim()
    put = working.reserve(calls, _team(calls, asked), sweep=asked.sweep, languages=asked.languages)
    return Reserved(batch=put)


@router.get("/batches/{batch}/ahead", responses=shows(_READ | {"batch": _RESERVED}))
def read_ahead(calls: Calls, batch: str) -> Opened:
    """The posts of a batch that is put aside for the caller, to be shown once it is claimed. Sensitive."""
    return working.read_ahead(calls, batch)


@router.get("/batches/{batch}", responses=shows(_READ))
def read_batch(calls: Calls, batch: str) -> Opened:
    """The posts of a batch with the guideline in force, for whoever holds it. Sensitive: it holds texts."""
    return working.read(calls, batch)


@router.post("/batches/{batch}/claim", dependencies=[ONCE], responses=shows(BATCH))
def hold_batch(calls: Calls, batch: str, after: BackgroundTasks) -> Batch:
    """Take this very batch, or hold it for longer."""
    return working.hold(calls, after, batch)


@router.post("/batches/{batch}/decisions", dependencies=[ONCE], responses=shows(_RECORDED))
def decide(
    calls: Calls,
    batch: str,
    sent: Annotated[Decisions, InBody(examples=[{"guideline_version": 2, "decisions": [_DECISION]}])],
) -> Recorded:
    """Record what the caller says of posts of the batch, all of it or nothing."""
    return working.judge(calls, batch, sent.decisions, read_under=sent.guideline_version)


@router.post("/batches/{batch}/skips", dependencies=[ONCE], responses=shows({"item": "184467"}))
def skip_post(
    calls: Calls,
    batch: str,
    sent: Annotated[Skip, InBody(examples=[{"item": "184467", "reason": "I know the author"}])],
) -> Skipped:
    """Leave a post to somebody else; the caller is not asked about it again."""
    working.skip(calls, batch, sent.item, sent.reason)
    return Skipped(item=sent.item)


@router.post("/batches/{batch}/return", dependencies=[ONCE], responses=shows({"batch": "INC-12-S1-B3"}))
def return_batch(
    calls: Calls,
    batch: str,
    sent: Annotated[Reason, InBody(examples=[{"reason": "a break"}])],
    after: BackgroundTasks,
) -> Returned:
    """Put the batch back into the queue; what was decided in it stays."""
    working.give_back(calls, after, batch, sent.reason)
    return Returned(batch=batch)


@router.post("/batches/{batch}/finish", dependencies=[ONCE], responses=shows(BATCH | {"state": "done"}))
def finish_batch(calls: Calls, batch: str, after: BackgroundTasks) -> Batch:
    """Say that the batch is done: every post of it has a word."""
    return working.finish(calls, after, batch)


def _team(calls: Calls, asked: Claim) -> str:
    team = asked.team or calls.person(drill=True).team
    if team is None:
        raise BadInput("Name the team that you work for: you belong to none. Nothing was claimed.")
    return team
