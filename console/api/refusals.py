"""Which refusals a route may answer with, for its description: each is a problem of RFC 9457."""

from collections.abc import Callable
from http import HTTPStatus
from inspect import signature
from typing import Any, Final

from console.problems import STATUS, TURNED_AWAY

REFUSALS: Final[dict[int, str]] = {
    400: "It cannot be read: the body, a cursor, or a value that the store cannot keep.",
    401: "Neither a session nor a token that is good.",
    403: "The caller may not do this, or another site sent it; with coded reasons.",
    404: "There is no such thing.",
    409: "Somebody else moved first: who, and when. Or the same request is being worked on.",
    412: "Somebody changed it since it was read.",
    413: "It is too large.",
    415: "The body is not JSON.",
    422: "A rule refused it, with coded reasons; or a parameter cannot be used.",
    428: "If-Match is missing.",
    503: "The store does not answer.",
}
"""Status → what it means, whichever route answers with it."""

_ALWAYS: Final = (400, 401, 403, 422, 503)
_OF_CHANGES: Final = (409, 413, 415)
_OF_TAGS: Final = (412, 428)


def refusals_of(path: str, endpoint: Callable[..., Any], *, changes: bool) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, by what it takes."""
    wanted = [*_ALWAYS, *(_OF_CHANGES if changes else ())]
    if "{" in path or changes:
        wanted.append(404)
    if "if_match" in signature(endpoint).parameters:
        wanted += _OF_TAGS
    return {status: _refusal(status) for status in sorted(wanted)}


def _refusal(status: int) -> dict[str, Any]:
    known = [*STATUS.values(), *TURNED_AWAY.values()]
    code = next(code for number, code, _ in known if number == status)
    named = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    example = {**named, **_EXAMPLES[status]}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": REFUSALS[status], "content": {"application/problem+json": content}}


_EXAMPLES: Final[dict[int, dict[str, Any]]] = {
    400: {
        "detail": "The body cannot be used: title: Field required. Nothing was kept.",
    },
    401: {"detail": "Nobody is signed in, or the session has ended."},
    403: {
        "detail": "dev-e may not lead an incident.",
        "incident": "INC-12",
        "reasons": [{"code": "ROLE_MISSING", "sentence": "It takes one of these roles: commander."}],
    },
    404: {"detail": "There is no incident INC-12.", "incident": "INC-12"},
    409: {
        "detail": "cleo-l acknowledged ask:INC-12:legal:1 at 2026-11-23 08:00 UTC.",
        "incident": "INC-12",
    },
    412: {"detail": "INC-12-A1 has changed since you read it."},
    413: {"detail": "A request carries at most 2,000,000 bytes."},
    415: {"detail": "Send application/json; text/csv is not read here."},
    422: {
        "detail": "INC-12 cannot be stood down.",
        "incident": "INC-12",
        "reasons": [{"code": "SWEEP_UNFINISHED", "sentence": "Posts are still to be decided in INC-12-S1."}],
    },
    428: {"detail": "Read the action item, and send its ETag as If-Match."},
    503: {"detail": "The store failed. `watchfloor doctor` looks at it."},
}
