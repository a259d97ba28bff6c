"""Who is on call, and taking a shift."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Body as InBody
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.ground import ONCE, room, shows
from console.api.pages import NAME, After, Limit, Page, page, read_cursor
from console.oncall import AHEAD_DAYS, colleague, rotation_for, rotations_for
from incidents.catalogue.rotations import Rotation
from incidents.oncall import Shift, Span, Taken, on_call, shifts, uncovered
from incidents.people import Act, authorise
from incidents.store.shifts import take_shift, taken_since

router = room("on call")


class ShiftTold(BaseModel):
    """One person on call from one moment to another."""

    model_config = ConfigDict(from_attributes=True)

    person: str
    starts_at: datetime
    ends_at: datetime
    reason: str = Field(description="Why it was taken; empty: it is their turn.")


class GapTold(BaseModel):
    """When nobody is on call."""

    model_config = ConfigDict(from_attributes=True)

    starts_at: datetime
    ends_at: datetime


class OnCallTold(BaseModel):
    """A rotation, who is on call in it, and what comes."""

    rotation: str
    title: str
    duty: str = Field(description="A role, or a partner team.")
    languages: list[str] = Field(description="None: for all of them.")
    now: ShiftTold | None = Field(description="Null: nobody is on call.")
    next: ShiftTold | None
    shifts: list[ShiftTold] = Field(description=f"Those of the next {AHEAD_DAYS} days.")
    gaps: list[GapTold] = Field(description="In these days, where they are not meant.")


class Taking(BaseModel):
    """A shift that somebody takes, or is given."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field("", max_length=100, description="Who is on call then. Default: the caller.")
    starts_at: AwareDatetime
    ends_at: AwareDatetime = Field(description="At most 35 days later.")
    reason: str = Field(min_length=1, max_length=2_000)


_TIMES: Final = {"starts_at": "2026-11-28T18:00:00Z", "ends_at": "2026-11-29T18:00:00Z"}
_SHIFT: Final = {"person": "ada-l", **_TIMES, "reason": "Noor is travelling"}
_NEXT: Final = {
    "person": "noor",
    "starts_at": "2026-11-29T18:00:00Z",
    "ends_at": "2026-11-30T08:00:00Z",
    "reason": "",
}
_ROTATION: Final = {
    "rotation": "commander",
    "title": "Incident commander",
    "duty": "commander",
    "languages": [],
    "now": _SHIFT,
    "next": _NEXT,
    "shifts": [_SHIFT, _NEXT],
    "gaps": [],
}
_TAKING: Final = {**_TIMES, "reason": "Noor is travelling"}
_TAKEN: Final = _SHIFT | {
    "id": 4,
    "rotation": "commander",
    "said_by": "ada-l",
    "said_at": "2026-11-23T08:00:00Z",
}


@router.get("/on-call", responses=shows({"items": [_ROTATION], "next": None}))
def list_on_call(calls: Calls, after: After = None, limit: Limit = 100) -> Page[OnCallTold]:
    """Who is on call now and in the coming days, in each rotation that the caller may see, by its id."""
    seen, now = rotations_for(calls.catalogue, calls.person()), calls.machine_now
    since = read_cursor(after, NAME) or ""
    with calls.store.read() as work:
        taken = taken_since(work, now) if seen else []
    wanted = sorted((each for each in seen if each.id > since), key=_id)
    return page(wanted, limit, lambda rotation: _told(rotation, taken, now), _id)


@router.post(
    "/on-call/{rotation}/take", status_code=201, dependencies=[ONCE], responses=shows(_TAKEN, status=201)
)
def take(calls: Calls, rotation: str, said: Annotated[Taking, InBody(examples=[_TAKING])]) -> Taken:
    """Take a shift, or give it to somebody: from then on that person is on call, whoever's turn it is."""
    me = calls.person()
    authorise(me, Act.take_shift)
    found = rotation_for(calls.catalogue, me, rotation)
    person = colleague(calls.catalogue, me, said.person)
    span = Span(said.starts_at, said.ends_at)
    with calls.store.begin() as work:
        return take_shift(work, found, person, span, by=me, reason=said.reason, now=calls.machine_now)


def _told(rotation: Rotation, taken: list[Taken], now: datetime) -> OnCallTold:
    found, end = on_call(rotation, taken, now), now + timedelta(days=AHEAD_DAYS)
    gaps = [] if rotation.gaps_meant else uncovered([rotation], taken, now, end)
    return OnCallTold(
        rotation=rotation.id,
        title=rotation.title,
        duty=rotation.duty,
        languages=list(rotation.languages),
        now=_shift_told(found.now),
        next=_shift_told(found.next),
        shifts=[ShiftTold.model_validate(each) for each in shifts(rotation, taken, now, end)],
        gaps=[GapTold.model_validate(each) for each in gaps],
    )


def _shift_told(shift: Shift | None) -> ShiftTold | None:
    return None if shift is None else ShiftTold.model_validate(shift)


def _id(rotation: Rotation) -> str:
    return rotation.id
