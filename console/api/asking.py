"""Who asks the API: a person by their session, or a tool by the token."""

from typing import Annotated

from fastapi import Depends, Header, Request

from console.api_door import Caller, by_token
from console.pages.door import find_visitor, refuse_foreign, refuse_unknown
from console.turned_away import Unauthenticated


def caller(
    request: Request,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
    x_watchfloor_person: Annotated[str | None, Header(max_length=200, description="Who acts.")] = None,
    x_watchfloor_csrf: Annotated[str, Header(max_length=200, include_in_schema=False)] = "",
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


Calls = Annotated[Caller, Depends(caller)]
