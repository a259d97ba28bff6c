"""The web application: the JSON API and the pages, on one store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from console.api import rooms
from console.api.description import Described, name_of
from console.api_door import World, machine_now
from console.oidc.provider import Provider
from console.oidc.setting_up import refuse_half_set
from console.pages import (
    actions,
    administration,
    board,
    catalogue,
    channels,
    charts,
    drills,
    guidelines,
    incident,
    live,
    oncall,
    proposals,
    provider,
    retrospective,
    retrospectives,
    review_audience,
    review_comments,
    review_work,
    senders,
    sign_in,
    sweep_proofs,
    sweep_start,
    sweeps,
    tokens,
    trends,
    work,
)
from console.pages.headers import SecureHeaders
from console.problems import answer_problems
from console.tables import open_store
from incidents.catalogue.load import load_catalogue
from incidents.settings import Settings
from incidents.store.catalogues import keep_catalogue
from incidents.words import use_templates

ROOMS = (
    *rooms.ROOMS,
    *(provider, sign_in, board, live, charts, incident, proposals, guidelines, work, actions, administration),
    *(tokens, senders, channels, catalogue, retrospectives, retrospective, review_work, review_comments),
    *(review_audience, trends, oncall, sweep_start, sweep_proofs, sweeps, drills),
)
"""Modules whose routes the application is made of. The order counts where two paths fit a request."""

STATIC = Path(__file__).parent / "static"


def make_app(settings: Settings) -> FastAPI:
    """The application on these settings, with its store open until it is shut down."""
    use_templates(settings.templates_folder)
    files = load_catalogue(settings.catalogue_folder)
    refuse_half_set(settings, files)
    world = World(settings=settings, store=open_store(settings), files=files, provider=Provider.of(settings))
    with world.store.begin() as work:
        keep_catalogue(work, files, now=machine_now())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        world.tries.close()
        world.lately.close()
        world.store.close()

    made = Described(
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        generate_unique_id_function=name_of,
        lifespan=lifespan,
    )
    made.state.world = world
    made.state.routes = [route for room in ROOMS for route in room.router.routes]
    answer_problems(made)
    for room in ROOMS:
        made.include_router(room.router)
    made.add_api_route("/health", health, methods=["GET"], include_in_schema=False)
    made.mount("/static", StaticFiles(directory=STATIC), name="static")
    made.add_middleware(SecureHeaders)
    return made


def app() -> FastAPI:
    """The application on the settings of the environment; uvicorn calls this."""
    return make_app(Settings())


def health() -> dict[str, str]:
    """Say that the application answers. Nothing about the record is told without a token or a session."""
    return {"status": "ok"}
