"""What every route of the API stands on: how a body is read, what is answered, and what is sent again."""

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic_core import from_json

from console.api.asking import Calls
from console.api.refusals import refusals_of
from console.api_door import LARGEST_BODY
from console.turned_away import TagMissing, TagOutdated, TooLarge, WrongMediaType
from incidents.errors import BadInput, WatchfloorError
from incidents.people import Act, is_allowed
from incidents.store.engine import Store
from incidents.store.request_keys import Answer, free_key, keep_answer, take_key

SAFE: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing, and carry no body."""

KEPT_HEADERS: Final = ("etag", "location")
"""Headers that belong to an answer as much as its body."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


Numbered = Annotated[int, Path(ge=1, lt=2**31)]
"""What a path names by a number."""

Older = Annotated[int | None, Query(alias="from", ge=1, lt=2**31, description="Default: the one before.")]
Newer = Annotated[int | None, Query(alias="to", ge=1, lt=2**31, description="Default: the newest.")]
"""Which two versions are compared."""


class Replayed(Exception):
    """The request was answered before; this is the answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class ApiRequest(Request):
    """A request whose body is JSON, and no larger than is allowed."""

    async def read(self) -> None:
        """Read the body. Raises WrongMediaType, or TooLarge before the rest is read."""
        read = bytearray()
        async for chunk in self.stream():
            read += chunk
            if len(read) > LARGEST_BODY:
                raise TooLarge(f"A request carries at most {LARGEST_BODY:,} bytes. Refer to what is larger.")
        given = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if read and given != "application/json":
            raise WrongMediaType("Send `Content-Type: application/json`. Nothing was kept.")
        if b"\0" in read or b"\\u0000" in read:
            raise BadInput("The body holds a NUL character, which no database keeps. Nothing was kept.")
        self._body = bytes(read)

    async def json(self) -> Any:  # noqa: ANN401  whatever JSON it is
        """The body as JSON of RFC 8259: no NaN, and no half of a surrogate pair, which no database keeps."""
        try:
            return from_json(self._body, allow_inf_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


class ApiRoute(APIRoute):
    """A route that documents every answer that it may give, and gives the same one to the same key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        given = options.get("responses") or {}
        methods: Sequence[str] = options.get("methods") or ["GET"]
        options["responses"] = refusals_of(path, endpoint, changes=not SAFE.issuperset(methods)) | given
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        """Read the body first; afterwards keep the answer where the request carries a key."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            asked = ApiRequest(request.scope, request.receive)
            if asked.method not in SAFE:
                await asked.read()
            try:
                answer = await handler(asked)
            except Replayed as before:
                return _again(before.answer)
            except _KEEPS_NOTHING:
                if taken := _taken(asked):
                    await run_in_threadpool(_free, _store(asked), taken)
                raise
            if taken := _taken(asked):
                await run_in_threadpool(_keep, _store(asked), taken, answer)
            return answer

        return handle


_KEEPS_NOTHING: Final = (WatchfloorError, HTTPException, RequestValidationError, TagMissing, TagOutdated)
"""Refusals, before which everything is rolled back. After anything else nobody knows how far it came."""


class Taken(BaseModel):
    """A key that this request has taken."""

    person: str
    key: str


async def once(
    request: Request,
    calls: Calls,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            description="Any text that is new with each request. The same key with the same request is"
            " answered as before, for 24 hours; with another request, by 422; while it is worked on, by 409.",
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        ),
    ] = None,
) -> None:
    """Take the request's key. Raises Replayed where it was answered before; see `take_key`."""
    if idempotency_key is None:
        return
    me = calls.person(drill=True)
    taken = Taken(person=me.id, key=idempotency_key)
    address = f"{request.method} {request.url.path}?{request.url.query}\n"
    # With other roles, or by a token of another scope, it is another request: it might be refused.
    reach = ", ".join(act for act in Act if is_allowed(me, act)) + "\n"
    fingerprint = sha256((address + reach).encode() + await request.body()).hexdigest()

    def take() -> Answer | None:
        with calls.store.begin() as work:
            return take_key(work, taken.person, taken.key, fingerprint, now=calls.machine_now)

    before = await run_in_threadpool(take)
    if before is not None:
        raise Replayed(before)
    request.state.taken = taken


ONCE: Final = Depends(once)
"""For a route that changes something: sending it again with its key does it once."""


def room(tag: str) -> APIRouter:
    """The routes about one kind of thing."""
    return APIRouter(prefix="/api/v1", tags=[tag], route_class=ApiRoute)


def shows(example: object, *, status: int = 200, tagged: bool = False) -> dict[int | str, dict[str, Any]]:
    """What a route answers where nothing refuses it, for its description."""
    told: dict[str, Any] = {"content": {"application/json": {"example": example}}}
    if tagged:
        tag = {"description": "Send it as If-Match with a change of this.", "schema": {"type": "string"}}
        told["headers"] = {"ETag": tag}
    return {status: told}


def hands_out(examples: Mapping[str, str]) -> dict[int | str, dict[str, Any]]:
    """What a route answers that hands out a file, by media type."""
    schema = {"type": "string", "format": "binary"}
    content = {kind: {"schema": schema, "example": example} for kind, example in examples.items()}
    return {200: {"description": "The file.", "content": content}}


def tag_of(shown: object) -> str:
    """The strong entity tag of what is shown (RFC 9110, 8.8.3): equal where its JSON is."""
    told = shown.model_dump_json() if isinstance(shown, BaseModel) else json.dumps(shown, default=str)
    return f'"{sha256(told.encode()).hexdigest()[:32]}"'


IfMatch = Annotated[
    str | None,
    Header(max_length=1_000, description="The ETag of what was read. Needed: two may edit this."),
]


def refuse_outdated(given: str | None, shown: object, where: str) -> None:
    """Return if the change is one of what is shown now. Raises TagMissing, or TagOutdated."""
    if given is None:
        raise TagMissing(f"Read {where}, and send its ETag as If-Match. Nothing was kept.")
    tags = {tag.strip() for tag in given.split(",")}
    if "*" not in tags and tag_of(shown) not in tags:
        raise TagOutdated(f"{where} has changed since you read it. Read it again. Nothing was kept.")


def _again(answer: Answer) -> Response:
    headers = answer.headers | {"Idempotency-Replayed": "true"}
    return Response(answer.body, answer.status, headers, media_type="application/json")


def _keep(store: Store, taken: Taken, answer: Response) -> None:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    kept = Answer(status=answer.status_code, headers=headers, body=bytes(answer.body).decode())
    with store.begin() as work:
        keep_answer(work, taken.person, taken.key, kept)


def _free(store: Store, taken: Taken) -> None:
    with store.begin() as work:
        free_key(work, taken.person, taken.key)


def _taken(request: Request) -> Taken | None:
    return getattr(request.state, "taken", None)


def _store(request: Request) -> Store:
    store: Store = request.app.state.world.store
    return store
