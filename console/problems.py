"""Errors as RFC 9457 problem details: what happened, what to do, and a code for machines.

Who asked for a page is answered with one, which says the same.
"""

from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from console.turned_away import ForeignForm, SignInNeeded, TooLarge, Unauthenticated
from incidents.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotAuthorised,
    NotFound,
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


def problem(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    **more: Any,  # noqa: ANN401
) -> Response:
    """One problem as a response. `detail` is for the person; `code` and `more` are for machines."""
    if not request.url.path.startswith("/api/"):
        reasons = more.get("reasons", [])
        facts = {"status": status, "code": code, "title": title, "detail": detail, "reasons": reasons}
        return HTMLResponse(render("pages/problem.html.j2", **facts), status)
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code, **more}
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Bearer"} if status == 401 else {})
    return JSONResponse(told, status, headers, media_type="application/problem+json")


def answer_problems(app: FastAPI) -> None:
    """Have the application answer every error as a problem."""
    app.add_exception_handler(WatchfloorError, _refused)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    app.add_exception_handler(TooLarge, _too_large)
    app.add_exception_handler(SignInNeeded, _to_sign_in)
    app.add_exception_handler(ForeignForm, _foreign)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _unexpected)


def _refused(request: Request, error: Exception) -> Response:
    status, code, title = next(row for family, row in STATUS.items() if isinstance(error, family))
    if isinstance(error, NotAllowed):
        reasons = [{"code": reason.code, "sentence": reason.sentence} for reason in error.reasons]
        return problem(request, status, code, title, error.what, reasons=reasons)
    return problem(request, status, code, title, str(error))


def _unauthenticated(request: Request, error: Exception) -> Response:
    return problem(request, 401, "UNAUTHENTICATED", "Say that you belong here", str(error))


def _to_sign_in(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)
    return RedirectResponse(_sign_in_path(error.then), 303, {"Cache-Control": "no-store"})


def _foreign(request: Request, _error: Exception) -> Response:
    detail = (
        "The form was not sent from a page of this session: you have signed in again since, or another site"
        " sent it. Nothing was kept. Go back, load the page again, and send the form from there."
    )
    return problem(request, 403, "FOREIGN_FORM", "This form is not ours", detail)


def _too_large(request: Request, error: Exception) -> Response:
    return problem(request, 413, "TOO_LARGE", "It is too large", str(error))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # The value itself stays out: it may be anything.
    wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return problem(request, 422, "BAD_PARAMETER", "A parameter cannot be used", "; ".join(wrong))


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = (
        "There is no such page. /api/v1/openapi.json lists them." if error.status_code == 404 else error.detail
    )
    return problem(request, error.status_code, f"HTTP_{error.status_code}", str(error.detail), detail)


def _unexpected(request: Request, error: Exception) -> Response:
    detail = (
        f"{type(error).__name__}. Nothing of this request was kept. logs/api.log in the home folder says more."
    )
    return problem(request, 500, "UNEXPECTED", "Something broke", detail)


def _sign_in_path(then: str) -> str:
    return "/sign-in" if then == "/" else f"/sign-in?then={quote(then, safe='')}"
