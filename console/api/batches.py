"""The JSON API of the review queue: take a batch, read it, decide, skip, hand it in or back.

It carries a person's own session, with what its pages' forms carry in the header X-Watchfloor-CSRF, or the
bearer token and X-Watchfloor-Person as the rest of the API. Texts of posts are in the answer about a batch
to whoever holds it, and nowhere else.

Every request may be sent again, and then changes nothing: a decision that stands word for word, a post that
was skipped, a batch that was finished or is held. So no key is needed for that.
"""

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, BackgroundTasks, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from console import working
from console.api_door import Body, Caller, by_token
from console.pages.door import find_visitor, refuse_foreign, refuse_unknown
from console.turned_away import Unauthenticated
from incidents.errors import BadInput
from incidents.store.at_work import Opened
from incidents.store.batches import Batch
from incidents.store.decisions import Recorded
from incidents.sweeps.decisions import MAX_RATIONALE

router = APIRouter(prefix="/api/v1/batches", tags=["batches"])

MOST = 1_000
"""Decisions in one request: as many as the largest batch has posts."""


def worker(
    request: Request,
    authorization: Annotated[str | None, Header(description="Bearer and the token.")] = None,
    x_watchfloor_person: Annotated[str | None, Header(max_length=200, description="Who acts.")] = None,
    x_watchfloor_csrf: Annotated[str, Header(max_length=200, description="With a session's cookie.")] = "",
) -> Caller:
    """Whoever sends the request, by token or by session. Raises Unauthenticated, or ForeignForm."""
    if authorization is not None:
        return by_token(request, authorization, x_watchfloor_person)
    visits = find_visitor(request)
    if visits is None:
        raise Unauthenticated("Nobody is signed in, or the session has ended. Sign in, and send it again.")
    if request.method != "GET":
        refuse_foreign(request)
        refuse_unknown(visits, x_watchfloor_csrf)
    return visits


Worker = Annotated[Caller, Depends(worker)]


class Claim(BaseModel):
    """Of what a batch is asked for."""

    model_config = ConfigDict(extra="forbid")

    team: str | None = Field(None, max_length=40, description="Without it: the caller's own.")
    sweep: str | None = Field(None, max_length=100, description="Only of this one; a drill's must be named.")
    languages: list[str] = Field([], max_length=50, description="Only these; else all that the caller reads.")


class Claimed(BaseModel):
    """What was given."""

    batch: Batch | None = Field(description="None where nothing waits.")


class Decisions(BaseModel):
    """What somebody says of posts of one batch."""

    model_config = ConfigDict(extra="forbid")

    guideline_version: int | None = Field(description="Of the guideline that they had before them, if any.")
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


_BATCH = {
    "id": "INC-12-S1-B3",
    "sweep_id": "INC-12-S1",
    "incident_id": "INC-12",
    "number": 3,
    "team": "english",
    "language": "en",
    "size": 50,
    "state": "leased",
    "leased_to": "tomasz",
    "done_at": None,
    "leased_at": "2026-11-23T08:00:00Z",
    "lease_expires_at": "2026-11-23T10:00:00Z",
}
_DECISION = {"item": "184467", "verdict": "violates", "policy": "violence.incitement", "clause": "call-to-act"}
_ITEM = {
    "item": "184467",
    "place": 1,
    "text": "…",
    "language": "en",
    "posted_at": "2026-11-23T07:12:00Z",
    "reach": 1200,
    "matched": ["storm the clinic"],
    "copies": 3,
}
_READ = {
    "batch": _BATCH,
    "policy": "violence.incitement",
    "guideline": None,
    "before": None,
    "posts": [{"item": _ITEM, "said": None}],
}
_RECORDED = {"new": 1, "superseded": 0, "unchanged": 0, "undecided": 49}
_PROBLEM = {
    "type": "about:blank",
    "title": "A rule refused it",
    "status": 422,
    "code": "NOT_ALLOWED",
    "detail": "INC-12-S1-B3 is not leased to tomasz any more.",
    "reasons": [{"code": "LEASE_EXPIRED", "sentence": "Claim the batch again, and send it again."}],
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "It cannot be read."},
    401: {"description": "Neither a session nor the token."},
    403: {"description": "The caller may not do this, or another site sent it."},
    404: {"description": "There is no such batch, sweep or team."},
    409: {"description": "Somebody else holds it, decided it, or it is done: who, and when."},
    413: {"description": "It is too large."},
    422: {"description": "A rule refused it, with coded reasons."},
}


def _answers(example: Any) -> dict[int | str, dict[str, Any]]:  # noqa: ANN401  whatever JSON it is
    problem = {"application/problem+json": {"schema": {"type": "object"}, "example": _PROBLEM}}
    refused = {status: told | {"content": problem} for status, told in _REFUSED.items()}
    return {200: {"content": {"application/json": {"example": example}}}, **refused}


def _takes(model: type[BaseModel], example: Any, *, required: bool = True) -> dict[str, Any]:  # noqa: ANN401
    # The bodies are read by hand, so that too long ones are not read at all; the schema must be told.
    schema = model.model_json_schema()
    told = _inlined(schema, schema.pop("$defs", {}))
    content = {"application/json": {"schema": told, "example": example}}
    return {"requestBody": {"required": required, "content": content}}


def _inlined(schema: Any, known: dict[str, Any]) -> Any:  # noqa: ANN401  JSON of any shape
    """A schema without references, which would lead elsewhere within the whole description."""
    if isinstance(schema, list):
        return [_inlined(each, known) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(known[schema["$ref"].rpartition("/")[2]], known)
    return {name: _inlined(each, known) for name, each in schema.items()}


@router.post(
    "/claim",
    responses=_answers({"batch": _BATCH}),
    openapi_extra=_takes(Claim, {"team": "english"}, required=False),
)
def claim_batch(calls: Worker, body: Body, after: BackgroundTasks) -> Claimed:
    """Take what matters most for the team at this moment; whoever holds a batch of it gets that one back."""
    asked = _read(Claim, body or "{}")
    team = asked.team or calls.person(drill=True).team
    if team is None:
        raise BadInput("Name the team that you work for: you belong to none. Nothing was claimed.")
    taken = working.claim(calls, after, team, sweep=asked.sweep, languages=asked.languages)
    return Claimed(batch=taken)


@router.get("/{batch}", responses=_answers(_READ))
def read_batch(calls: Worker, batch: str) -> Opened:
    """The posts of a batch with the guideline in force, for whoever holds it. Sensitive: it holds texts."""
    return working.read(calls, batch)


@router.post("/{batch}/claim", responses=_answers(_BATCH))
def hold_batch(calls: Worker, batch: str, after: BackgroundTasks) -> Batch:
    """Take this very batch, or hold it for longer."""
    return working.hold(calls, after, batch)


@router.post(
    "/{batch}/decisions",
    responses=_answers(_RECORDED),
    openapi_extra=_takes(Decisions, {"guideline_version": 2, "decisions": [_DECISION]}),
)
def decide(calls: Worker, batch: str, body: Body, after: BackgroundTasks) -> Recorded:
    """Record what the caller says of posts of the batch, all of it or nothing."""
    sent = _read(Decisions, body)
    return working.judge(calls, after, batch, sent.decisions, read_under=sent.guideline_version)


@router.post(
    "/{batch}/skips",
    responses=_answers({"item": "184467"}),
    openapi_extra=_takes(Skip, {"item": "184467", "reason": "I know the author"}),
)
def skip_post(calls: Worker, batch: str, body: Body, after: BackgroundTasks) -> dict[str, str]:
    """Leave a post to somebody else; the caller is not asked about it again."""
    sent = _read(Skip, body)
    working.skip(calls, after, batch, sent.item, sent.reason)
    return {"item": sent.item}


@router.post(
    "/{batch}/return",
    responses=_answers({"batch": "INC-12-S1-B3"}),
    openapi_extra=_takes(Reason, {"reason": "a break"}),
)
def return_batch(calls: Worker, batch: str, body: Body, after: BackgroundTasks) -> dict[str, str]:
    """Put the batch back into the queue; what was decided in it stays."""
    working.give_back(calls, after, batch, _read(Reason, body).reason)
    return {"batch": batch}


@router.post("/{batch}/finish", responses=_answers(_BATCH | {"state": "done"}))
def finish_batch(calls: Worker, batch: str, after: BackgroundTasks) -> Batch:
    """Say that the batch is done: every post of it has a word."""
    return working.finish(calls, after, batch)


Sent = TypeVar("Sent", bound=BaseModel)


def _read(model: type[Sent], body: str) -> Sent:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # The values themselves stay out: a rationale may quote.
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:20])
        raise BadInput(f"The body cannot be used: {wrong}. Nothing was kept.") from None
