"""A sweep looked at closely: its scope, how well it is decided, and one decision or post of it. No text."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import BackgroundTasks, Query
from pydantic import BaseModel, Field

from console.api.asking import Calls
from console.api.ground import room, shows
from console.api.pages import NUMBER, After, Limit, Page, page, read_cursor
from console.sweeping import look_at, look_within, looks_of, team_of
from incidents.errors import NotFound
from incidents.people import Act
from incidents.store.quality import Quality
from incidents.store.sweep_views import (
    Made,
    PostView,
    copies_of,
    decision_about,
    find_post,
    recent_decisions,
)
from incidents.store.sweeps import Window, windows_of
from incidents.sweeps.scope import Scope
from incidents.sweeps.universe import TermCount

router = room("sweeps")

Item = Annotated[str, Query(min_length=1, max_length=500, description="Id of a post.")]


class WindowTold(BaseModel):
    """Posts that came into a sweep together."""

    number: int
    source: str = Field(description="Where they lie, without a password.")
    requested_at: datetime
    requested_by: str
    frozen_at: datetime | None = Field(description="Null while they are gathered.")
    posts_seen: int | None
    posts_matched: int | None


class ScopeTold(BaseModel):
    """What a sweep looks for, and where."""

    scope: Scope
    terms: list[TermCount] = Field(description="What each entry brought in; none before it is gathered.")
    windows: list[WindowTold]


class QualityTold(Quality):
    """How well a sweep is decided, as it was last counted."""

    counted_at: datetime = Field(description="Sums of a large sweep are some seconds old.")


class PostTold(BaseModel):
    """All that is known of a post but its text, which `look` shows for a reason."""

    post: PostView
    decision: Made | None = Field(description="What holds for it: its own, or that of the post it copies.")
    copies: list[str] = Field(description="Posts that its decision covers, the most seen first, 50 at most.")


_WINDOW: Final = {
    "number": 1,
    "source": "https://platform.example",
    "requested_at": "2026-11-23T07:50:00Z",
    "requested_by": "ada-l",
    "frozen_at": "2026-11-23T07:52:00Z",
    "posts_seen": 120000,
    "posts_matched": 4100,
}
_SCOPE: Final = {
    "scope": {"terms": ["storm the clinic"], "hashtags": ["clinicnow"]},
    "terms": [{"term": "term:storm the clinic", "posts": 3900, "alone": 3100, "evaded": {"leet": 12}}],
    "windows": [_WINDOW],
}
_SHARE: Final = {"value": 0.94, "low": 0.9, "high": 0.97}
_UPHELD: Final = {"checked": 120, "upheld": 112, "overturned": 5, "unsettled": 3}
_QUALITY: Final = {
    "sweep": "INC-12-S1",
    "agreement": {"all": {"all": {"items": 120, "pairs": 120, "raw": _SHARE, "kappa": _SHARE}}},
    "precision": {"all": {"violates": _UPHELD, "does_not_violate": _UPHELD, "precision": _SHARE}},
    "unsettled": 3,
    "golden": {"team": {"english": {"violating": 20, "caught": 19, "harmless": 20, "cleared": 20}}},
    "inherited": {"population": 900, "checked": 60, "wrong": 0, "at_most": 43, "share": 0.048},
    "drift": None,
    "counted_at": "2026-11-23T09:00:00Z",
}
_MADE: Final = {
    "id": 212,
    "item": "184467",
    "team": "english",
    "language": "en",
    "copies": 3,
    "reach": 1200,
    "verdict": "violates",
    "policy": "violence.incitement",
    "clause": "call-to-act",
    "action": "remove",
    "rationale": "",
    "guideline_version": 2,
    "person": "dev-e",
    "decided_at": "2026-11-23T08:40:00Z",
}
_POST: Final = {
    "post": {
        "item": "184467",
        "window": 1,
        "team": "english",
        "language": "en",
        "form": "text",
        "surface": "comments",
        "posted_at": "2026-11-23T07:12:00Z",
        "reach": 1200,
        "matched": ["term:storm the clinic"],
        "read_as": "184467",
        "state": "taken",
        "copies": 3,
        "priority": 0.7,
    },
    "decision": _MADE,
    "copies": ["184470", "184511"],
}


@router.get("/sweeps/{sweep}/scope", responses=shows(_SCOPE))
def show_scope(calls: Calls, sweep: str) -> ScopeTold:
    """What a sweep looks for, what each entry brought in, and where its posts lie. For staff."""
    with calls.store.read() as work:
        found = look_within(calls, work, sweep, Act.see_incidents).sweep
        windows = windows_of(work, sweep)
    return ScopeTold(
        scope=found.scope, terms=list(found.terms or ()), windows=[_window_told(each) for each in windows]
    )


@router.get("/sweeps/{sweep}/quality", responses=shows(_QUALITY))
def show_quality(calls: Calls, sweep: str, after: BackgroundTasks) -> QualityTold:
    """How far people agree, how often decisions hold, how golden items were read; or of the caller's team.

    Whose golden items were read how is told to commanders, to partner leads of their team, and to oneself.
    """
    looked = look_at(calls, sweep)
    counted = looks_of(calls, looked.sweep, looked.by, after)
    counted_at = calls.machine_now - timedelta(seconds=counted.age)
    return QualityTold(**dict(counted.value.quality), counted_at=counted_at)


@router.get("/sweeps/{sweep}/decisions", responses=shows({"items": [_MADE], "next": None}))
def list_decisions(calls: Calls, sweep: str, after: After = None, limit: Limit = 100) -> Page[Made]:
    """The decisions that stand, or those of the caller's team, the last one first."""
    before = read_cursor(after, NUMBER)
    with calls.store.read() as work:
        team = team_of(look_within(calls, work, sweep, Act.undo).by)
        made = recent_decisions(work, sweep, team=team, before=before, most=limit + 1)
    return page(made, limit, _itself, _id)


@router.get("/sweeps/{sweep}/decision", responses=shows(_MADE))
def show_decision(calls: Calls, sweep: str, item: Item) -> Made:
    """The decision that holds for a post, its own or that of the post that it copies."""
    with calls.store.read() as work:
        team = team_of(look_within(calls, work, sweep, Act.undo).by)
        made = decision_about(work, sweep, item)
    if made is None or team not in {None, made.team}:
        raise NotFound(f"No decision holds in {sweep} for a post {item}. Check its id.")
    return made


@router.get("/sweeps/{sweep}/post", responses=shows(_POST))
def show_post(calls: Calls, sweep: str, item: Item) -> PostTold:
    """All that is known of a post but its text. For staff."""
    with calls.store.read() as work:
        look_within(calls, work, sweep, Act.see_incidents)
        post = find_post(work, sweep, item)
        made = decision_about(work, sweep, item)
        copies = copies_of(work, sweep, item)
    return PostTold(post=post, decision=made, copies=copies)


def _window_told(window: Window) -> WindowTold:
    told = window.model_dump(include=set(WindowTold.model_fields) - {"source"})
    return WindowTold(**told, source=window.source.shown)


def _itself(made: Made) -> Made:
    return made


def _id(made: Made) -> int:
    return made.id
