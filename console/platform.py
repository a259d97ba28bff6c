"""A small platform that has posts and misbehaves on request: what an HTTP source is tested and drilled on.

It speaks the protocol of docs/reference/platform.md, and nothing of it belongs to Watchfloor's own API.
All lies in memory: it forgets every action and every fault when it ends.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from time import monotonic
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from incidents.sweeps.acting import Measure
from incidents.sweeps.fingerprint import fingerprint

MOST_POSTS = 10_000
"""Posts of a page at most."""


class Ordered(BaseModel):
    """One action that somebody orders."""

    model_config = ConfigDict(extra="forbid")

    post: str = Field(min_length=1)
    action: Measure
    reason: str = ""


class Recorded(Ordered):
    """One action as the platform keeps it."""

    number: int
    key: str
    at: AwareDatetime = Field(description="When it took effect.")
    reach: int = Field(description="People who had seen the post by then.")


class FaultKind(StrEnum):
    """How a page can fail: an error's status, a lost connection, half an answer, a long wait."""

    status = "status"
    drop = "drop"
    garble = "garble"
    slow = "slow"


class Fault(BaseModel):
    """What happens to a page, and how many times."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(ge=1)
    kind: FaultKind
    times: int = Field(1, ge=1)
    status: int = Field(503, ge=400, le=599)
    retry_after: str | None = None
    seconds: float = Field(1.0, ge=0)


@dataclass
class Bucket:
    """A token bucket: `rate` requests a second, and as many at once. None is no limit."""

    rate: float | None
    clock: Callable[[], float] = monotonic
    _left: float = field(default=-1.0, init=False)
    _at: float = field(default=0.0, init=False)

    def wait(self) -> float:
        """Seconds until the next request is welcome; 0 where this one is, which is then counted."""
        if self.rate is None:
            return 0.0
        now, most = self.clock(), max(self.rate, 1.0)
        self._left = most if self._left < 0 else min(most, self._left + (now - self._at) * self.rate)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / self.rate
        self._left -= 1
        return 0.0


class FakePlatform:
    """The posts, what was done about them, and what is to go wrong."""

    def __init__(
        self, posts: pl.DataFrame, *, token: str | None, rate: float | None, now: Callable[[], datetime]
    ) -> None:
        self.posts = posts.sort("posted_at", "id", nulls_last=True)
        self.now = now
        self.token = token
        self.bucket = Bucket(rate)
        self.actions: dict[str, Recorded] = {}
        self.faults: dict[int, Fault] = {}
        self._version = fingerprint(posts["id"], posts["text"])
        self.found = lru_cache(maxsize=4)(self._found)

    def record(self, key: str, ordered: Ordered) -> Recorded:
        """Carry an action out once: the same key again is answered with what it did at first."""
        before = self.actions.get(key)
        if before is None:
            told = ordered.model_dump() | {"at": self.now(), "reach": self._seen_by_now(ordered.post)}
            before = self.actions[key] = Recorded(number=len(self.actions) + 1, key=key, **told)
        elif before.model_dump(include=set(Ordered.model_fields)) != ordered.model_dump():
            raise HTTPException(409, f"The key {key} was used for another action.")
        return before

    def _seen_by_now(self, post: str) -> int:
        """People go on looking until somebody acts: a tenth more than its list of posts says."""
        seen: int = self.posts.filter(id=post)["reach"][0] or 0
        return seen + math.ceil(seen / 10)

    def next_fault(self, page: int) -> Fault | None:
        """What goes wrong with this page now; counts it."""
        fault = self.faults.pop(page, None)
        if fault is not None and fault.times > 1:
            self.faults[page] = fault.model_copy(update={"times": fault.times - 1})
        return fault

    def cursor(self, offset: int, asked: str) -> str:
        """Where a list goes on, in a form that nobody should build anything on."""
        return base64.urlsafe_b64encode(f"{offset}:{self._mark(asked)}".encode()).decode()

    def offset(self, cursor: str | None, asked: str) -> int:
        """Where the cursor of this very list leads. 410 for one of another list, 400 for none at all."""
        if cursor is None:
            return 0
        try:
            offset, _, mark = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
            place = int(offset)
        except (ValueError, binascii.Error):
            raise HTTPException(400, "This is no cursor.") from None
        if mark != self._mark(asked):
            raise HTTPException(410, "This cursor is no longer known. Start from the first page.")
        return place

    def _mark(self, asked: str) -> str:
        return hashlib.sha256(f"{self._version}:{asked}".encode()).hexdigest()[:16]

    def _found(self, q: str, since: AwareDatetime | None, until: AwareDatetime | None) -> pl.DataFrame:
        """The posts of a search: words in any case; a post without a time is in every window."""
        posted, keep = pl.col("posted_at"), [pl.lit(value=True)]
        if q:
            keep.append(pl.col("text").str.to_lowercase().str.contains(q.lower(), literal=True))
        if since:
            keep.append(posted.is_null() | (posted >= since))
        if until:
            keep.append(posted.is_null() | (posted < until))
        return self.posts.filter(pl.all_horizontal(keep))


def _now() -> datetime:
    return datetime.now(UTC)


def make_platform(
    posts: pl.DataFrame,
    *,
    token: str | None = None,
    rate: float | None = None,
    now: Callable[[], datetime] = _now,
) -> FastAPI:
    """The application on these posts. `rate` is how many requests a second it takes, `now` its clock."""
    made = FastAPI(title="A platform for tests and drills", docs_url=None, redoc_url=None)
    made.state.platform = FakePlatform(posts, token=token, rate=rate, now=now)
    made.include_router(_router)
    return made


async def _platform(request: Request, authorization: Annotated[str | None, Header()] = None) -> FakePlatform:
    """The platform, for who has the token and is not too quick."""
    found: FakePlatform = request.app.state.platform
    scheme, _, given = (authorization or "").partition(" ")
    if found.token is not None and not (
        scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), found.token.encode())
    ):
        raise HTTPException(401, "Send the header `Authorization: Bearer TOKEN`.")
    if request.url.path.startswith("/v1/") and (wait := found.bucket.wait()) > 0:
        headers = {"Retry-After": str(math.ceil(wait))}
        raise HTTPException(429, "Too many requests.", headers)
    return found


Here = Annotated[FakePlatform, Depends(_platform)]
Limit = Annotated[int, Query(ge=1, le=MOST_POSTS)]
_router = APIRouter()


@_router.get("/v1/posts")
async def list_posts(here: Here, cursor: str | None = None, limit: Limit = 100) -> Response:
    """Every post, by time, then id."""
    return await _page(here, here.posts, "", cursor, limit)


@_router.get("/v1/search")
async def search_posts(
    here: Here,
    q: str = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    cursor: str | None = None,
    limit: Limit = 100,
) -> Response:
    """The posts that hold some words, or lie in a window of time."""
    return await _page(here, here.found(q, since, until), f"{q}|{since}|{until}", cursor, limit)


@_router.post("/v1/actions")
async def take_action(
    here: Here, ordered: Ordered, idempotency_key: Annotated[str, Header(min_length=1, max_length=200)]
) -> Recorded:
    """Do something about a post, once a key."""
    if not here.posts["id"].eq(ordered.post).any():
        raise HTTPException(404, "There is no such post.")
    return here.record(idempotency_key, ordered)


@_router.get("/v1/actions")
async def list_actions(here: Here) -> dict[str, list[Recorded]]:
    """Every action, in order."""
    return {"actions": list(here.actions.values())}


@_router.post("/admin/faults")
async def plan_fault(here: Here, fault: Fault) -> Fault:
    """Have a page fail, the next so many times that it is asked for."""
    here.faults[fault.page] = fault
    return fault


@_router.delete("/admin/faults")
async def clear_faults(here: Here) -> dict[str, int]:
    """Have nothing go wrong any more."""
    count = len(here.faults)
    here.faults.clear()
    return {"cleared": count}


async def _page(
    here: FakePlatform, posts: pl.DataFrame, asked: str, cursor: str | None, limit: int
) -> Response:
    offset = here.offset(cursor, asked)
    written = pl.col("posted_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    some = posts.slice(offset, limit).with_columns(written).to_dicts()
    following = here.cursor(offset + limit, asked) if offset + limit < posts.height else None
    return await _spoilt(here.next_fault(offset // limit + 1), {"posts": some, "next": following})


async def _spoilt(fault: Fault | None, told: dict[str, Any]) -> Response:
    """The answer, with what is to go wrong with it."""
    body = json.dumps(told, ensure_ascii=False).encode()
    if fault is None:
        return Response(body, media_type="application/json")
    if fault.kind is FaultKind.status:
        headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        raise HTTPException(fault.status, "As was asked for.", headers)
    if fault.kind is FaultKind.slow:
        await asyncio.sleep(fault.seconds)
        return Response(body, media_type="application/json")
    half = body[: len(body) // 2]
    # A length that is not kept is what a server shows that dies while it answers.
    promised = {"content-length": str(len(body))} if fault.kind is FaultKind.drop else {}
    return Response(half, media_type="application/json", headers=promised)
