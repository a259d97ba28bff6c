"""Errors as RFC 9457 problem details: what happened, what to do, and a code for machines.

Who asked for a page is answered with one, which says the same.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from console.lately import StillCounting
from console.turned_away import (
    ForeignForm,
    SignInNeeded,
    TagMissing,
    TagOutdated,
    TooLarge,
    Unauthenticated,
    WrongMediaType,
)
from incidents.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotAuthorised,
    NotFound,
    Refusal,
    WatchfloorError,
)
from incidents.words import render

STATUS: dict[type[WatchfloorError], tuple[int, str, str]] = {
    NotAuthorised: (403, "NOT_AUTHORISED", "You may not do this"),
    NotFound: (404, "NOT_FOUND", "There is no such thing"),
    Conflict: (409, "CONFLICT", "Somebody else moved first"),
    NotAllowed: (422, "NOT_ALLOWED", "A rule refused it"),
    BadInput: (400, "BAD_INPUT", "It cannot be read"),
    WatchfloorError: (503, "UNAVAILABLE", "It cannot be done now"),
}
"""Family of errors → HTTP status, code and title. The first that fits counts."""

TURNED_AWAY: Final[dict[type[Exception], tuple[int, str, str]]] = {
    Unauthenticated: (401, "UNAUTHENTICATED", "Say that you belong here"),
    TagOutdated: (412, "TAG_OUTDATED", "It has changed meanwhile"),
    TooLarge: (413, "TOO_LARGE", "It is too large"),
    WrongMediaType: (415, "MEDIA_TYPE", "It is of a kind that is not read here"),
    TagMissing: (428, "TAG_MISSING", "Say which version you change"),
}
"""What turns a request away before it reaches the record, in the same way."""

LOOK_AGAIN: Final = 3
"""Seconds after which somebody looks whether something is counted."""

_INCIDENT: Final = re.compile(r"INC-\d+")


class CodedReason(BaseModel):
    """One coded reason of a refusal."""

    code: str = Field(description="For programs; docs/reference/phases.md lists them.")
    sentence: str = Field(description="What it means, and what to do.")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="Always about:blank: `code` tells problems apart.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened, and what to do, for a person.")
    code: str = Field(description="What happened, for a program.")
    incident: str | None = Field(None, description="Which incident it is about, where it is about one.")
    reasons: list[CodedReason] = Field([], description="Why a rule refused it, every reason.")


def coded(reasons: Sequence[Refusal]) -> list[CodedReason]:
    """Reasons as the API shows them."""
    return [CodedReason(code=reason.code, sentence=reason.sentence) for reason in reasons]


def problem(
    request: Request, status: int, code: str, title: str, detail: str, reasons: Sequence[Refusal] = ()
) -> Response:
    """One problem as a response. `title` is for a page; the API says the status in its own words there."""
    told_why = coded(reasons)
    if _wants_page(request):
        facts = {"status": status, "code": code, "title": title, "detail": detail, "reasons": told_why}
        return HTMLResponse(render("pages/problem.html.j2", **facts), status)
    named = _INCIDENT.search(request.url.path)
    told = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        incident=named[0] if named else None,
        reasons=told_why,
    )
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Bearer"} if status == 401 else {})
    return Response(told.model_dump_json(), status, headers, media_type="application/problem+json")


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/")


def answer_problems(app: FastAPI) -> None:
    """Have the application answer every error as a problem."""
    app.add_exception_handler(WatchfloorError, _refused)
    for family in TURNED_AWAY:
        app.add_exception_handler(family, _turned_away)
    app.add_exception_handler(SignInNeeded, _to_sign_in)
    app.add_exception_handler(ForeignForm, _foreign)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _unexpected)


def _refused(request: Request, error: Exception) -> Response:
    status, code, title = next(row for family, row in STATUS.items() if isinstance(error, family))
    if isinstance(error, NotAllowed):
        return problem(request, status, code, title, error.what, error.reasons)
    answer = problem(request, status, code, title, str(error))
    if isinstance(error, StillCounting):
        # The second is of HTML's own standard (4.2.5.3, Pragma directives): the page comes by itself.
        answer.headers["Retry-After"] = answer.headers["Refresh"] = str(LOOK_AGAIN)
    return answer


def _turned_away(request: Request, error: Exception) -> Response:
    status, code, title = TURNED_AWAY[type(error)]
    reasons = error.reasons if isinstance(error, Unauthenticated) else ()
    return problem(request, status, code, title, str(error), reasons)


def _to_sign_in(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)
    return RedirectResponse(_sign_in_path(error.then), 303, {"Cache-Control": "no-store"})


def _foreign(request: Request, _error: Exception) -> Response:
    detail = (
        "The form was not sent from a page of this session: you have signed in again since, or another site"
        " sent it. Nothing was kept. Go back, load the page again, and send the form from there."
    )
    return problem(request, 403, "FOREIGN_FORM", "This form is not ours", detail)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # The value itself stays out: it may be anything, and quote a post.
    wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:20])
    if any(each["loc"][0] == "body" for each in error.errors()):
        status, code, title = STATUS[BadInput]
        return problem(request, status, code, title, f"The body cannot be used: {wrong}. Nothing was kept.")
    return problem(request, 422, "BAD_PARAMETER", "A parameter cannot be used", wrong)


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, title = error.status_code, str(error.detail)
    if status == 404:
        lead = "The board leads to what goes on" if _wants_page(request) else "/api/v1/openapi.json lists them"
        return problem(request, status, "HTTP_404", title, f"There is no such page. {lead}.")
    if status != 405:
        return problem(request, status, f"HTTP_{status}", title, title)
    allowed = ", ".join(_methods(request))
    answer = problem(request, status, "HTTP_405", title, f"{request.url.path} is asked with {allowed} alone.")
    answer.headers["Allow"] = allowed
    return answer


def _methods(request: Request) -> list[str]:
    """Every method of a path; the framework names those of its first route alone."""
    routes: list[Route] = request.app.state.routes
    near = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in near for method in route.methods or ()})


def _unexpected(request: Request, error: Exception) -> Response:
    detail = (
        f"{type(error).__name__}. Nothing of this request was kept. logs/api.log in the home folder says more."
    )
    return problem(request, 500, "UNEXPECTED", "Something broke", detail)


def _sign_in_path(then: str) -> str:
    return "/sign-in" if then == "/" else f"/sign-in?then={quote(then, safe='')}"
