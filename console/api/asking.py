"""Who asks the API: a person by their session, or a tool by its token."""

from typing import Annotated

from fastapi import Depends, Request

from console.api_door import Caller, World
from console.pages.door import find_visitor, refuse_foreign, refuse_unknown
from console.tokens import read_token
from console.turned_away import Unauthenticated


def caller(request: Request) -> Caller:
    """Whoever sends the request, by token or by session. Raises Unauthenticated, or ForeignForm."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return _by_token(request.app.state.world, authorization)
    visits = find_visitor(request)
    if visits is None:
        raise Unauthenticated(
            "Nobody is signed in, or the session has ended. Sign in, or send `Authorization: Bearer TOKEN`;"
            " the page of your account makes a token, and so does `watchfloor tokens make`."
        )
    if request.method != "GET":
        refuse_foreign(request)
        refuse_unknown(visits, request.headers.get("x-watchfloor-csrf", ""))
    return visits


def _by_token(world: World, authorization: str) -> Caller:
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("The API knows `Authorization: Bearer TOKEN`, and no other scheme.")
    token = read_token(world.store, given.strip())
    return Caller(world, token.person, token)


Calls = Annotated[Caller, Depends(caller)]
