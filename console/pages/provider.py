"""Sign in at the provider: leave for it, and come back."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console.api_door import World, machine_now
from console.oidc.attempt import LASTS, Attempt
from console.oidc.provider import Provider, ProviderFails, Returned
from console.pages.door import cookie_name, go, keep_token, origin_of, safe_path
from console.pages.sign_in import sign_in_page
from console.signing_in import enter_by_provider, note_refusal, refuse_tries_from
from incidents.errors import NotAuthorised, NotFound, Refusal

router = APIRouter(prefix="/sign-in", include_in_schema=False)

BACK = "/sign-in/return"
"""Where the provider sends browsers back to; the site registers it there with its own address before it."""

Told = Annotated[str, Query(max_length=4_000)]


@router.get("/provider", response_model=None)
def leave(request: Request, then: Told = "/") -> HTMLResponse | RedirectResponse:
    """Send the browser to the provider, with what it needs to come back."""
    world: World = request.app.state.world
    attempt = Attempt.begin(safe_path(then), machine_now())
    try:
        answer = go(_provider(world).begin(attempt, _back_to(request)))
    except ProviderFails as refused:
        return sign_in_page(world, then=attempt.then, refused=refused, status=503)
    answer.set_cookie(
        _cookie(request),
        attempt.cookie,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/return", response_model=None)
def come_back(
    request: Request, state: Told = "", code: Told = "", error: Told = "", iss: Told | None = None
) -> HTMLResponse | RedirectResponse:
    """Open a session for whom the provider vouches for, or say why not. An attempt ends either way."""
    world: World = request.app.state.world
    provider, now = _provider(world), machine_now()
    attempt = Attempt.read(request.cookies.get(_cookie(request), ""), now)
    returned, then = Returned(state=state, code=code, error=error, iss=iss), "/"
    answer: HTMLResponse | RedirectResponse
    try:
        attempt = _refuse_lost(attempt, returned)
        then = safe_path(attempt.then)
        token = _enter(request, provider, attempt, returned)
    except NotAuthorised as refused:
        status = 503 if isinstance(refused, ProviderFails) else 403
        answer = sign_in_page(world, then=then, refused=refused, status=status)
    else:
        answer = keep_token(request, go(then), token)
    answer.delete_cookie(_cookie(request), path="/", secure=request.url.scheme == "https", httponly=True)
    return answer


def _enter(request: Request, provider: Provider, attempt: Attempt, returned: Returned) -> str:
    world: World = request.app.state.world
    now, origin = machine_now(), origin_of(request)
    refuse_tries_from(world.store, origin, now=now)
    try:
        claimed = provider.finish(attempt, returned, _back_to(request), now=now)
    except ProviderFails:
        raise
    except NotAuthorised as refused:
        note_refusal(world.store, refused, origin=origin, now=now)
        raise
    return enter_by_provider(world.store, world.files, claimed, origin=origin, now=now)


def _refuse_lost(attempt: Attempt | None, returned: Returned) -> Attempt:
    """The attempt that this browser began, where the provider's answer belongs to it (RFC 9700, 4.7)."""
    if attempt is None or not hmac.compare_digest(attempt.state.encode(), returned.state.encode()):
        todo = "Begin again from the sign-in page, in one tab, and be back within ten minutes."
        lost = Refusal("ATTEMPT_LOST", f"This browser did not begin this sign-in, or too long ago. {todo}")
        raise NotAuthorised("Nobody was signed in.", [lost])
    return attempt


def _provider(world: World) -> Provider:
    if world.provider is None:
        raise NotFound("No sign-in provider is set here. Sign in with a password.")
    return world.provider


def _back_to(request: Request) -> str:
    return f"{request.base_url}".rstrip("/") + BACK


def _cookie(request: Request) -> str:
    return f"{cookie_name(request)}-attempt"
