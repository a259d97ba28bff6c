"""Errors as RFC 9457 problem details: what happened, what to do, and a code for machines."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from incidents.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotAuthorised,
    NotFound,
    WatchfloorError,
)

STATUS: dict[type[WatchfloorError], tuple[int, str, str]] = {
    NotAuthorised: (403, "NOT_AUTHORISED", "You may not do this"),
    NotFound: (404, "NOT_FOUND", "There is no such thing"),
    Conflict: (409, "CONFLICT", "Somebody else moved first"),
    NotAllowed: (422, "NOT_ALLOWED", "A rule refused it"),
    BadInput: (400, "BAD_INPUT", "It cannot be read"),
    WatchfloorError: (503, "UNAVAILABLE", "It cannot be done now"),
}
"""Family of errors → HTTP status, code and title. The first that fits counts."""


class Unauthenticated(Exception):
    """No token, or a wrong one."""


class TooLarge(Exception):
    """A body beyond what one request may carry."""


def problem(status: int, code: str, title: str, detail: str, **more: Any) -> JSONResponse:  # noqa: ANN401
    """One problem as a response. `detail` is for the person; `code` and `more` are for machines."""
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code, **more}
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Bearer"} if status == 401 else {})
    return JSONResponse(told, status, headers, media_type="application/problem+json")


def answer_problems(app: FastAPI) -> None:
    """Have the application answer every error as a problem."""
    app.add_exception_handler(WatchfloorError, _refused)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    app.add_exception_handler(TooLarge, _too_large)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _unexpected)


def _refused(_request: Request, error: Exception) -> JSONResponse:
    status, code, title = next(row for family, row in STATUS.items() if isinstance(error, family))
    if isinstance(error, NotAllowed):
        reasons = [{"code": reason.code, "sentence": reason.sentence} for reason in error.reasons]
        return problem(status, code, title, error.what, reasons=reasons)
    return problem(status, code, title, str(error))


def _unauthenticated(_request: Request, error: Exception) -> JSONResponse:
    return problem(401, "UNAUTHENTICATED", "Say that you belong here", str(error))


def _too_large(_request: Request, error: Exception) -> JSONResponse:
    return problem(413, "TOO_LARGE", "It is too large", str(error))


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # The value itself stays out: it may be anything.
    wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return problem(422, "BAD_PARAMETER", "A parameter cannot be used", "; ".join(wrong))


def _of_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail = (
        "There is no such page. /api/v1/openapi.json lists them." if error.status_code == 404 else error.detail
    )
    return problem(error.status_code, f"HTTP_{error.status_code}", str(error.detail), detail)


def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    detail = (
        f"{type(error).__name__}. Nothing of this request was kept. logs/api.log in the home folder says more."
    )
    return problem(500, "UNEXPECTED", "Something broke", detail)
