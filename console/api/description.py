"""The OpenAPI description of the API: what FastAPI writes of the routes, and what it cannot know."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from console.api.ground import ApiRoute
from console.problems import Problem

VERSION: Final = "1"

SECURITY: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of somebody's account."},
    "session": {"type": "apiKey", "in": "cookie", "name": "watchfloor-session", "description": "A browser's."},
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Watchfloor-CSRF",
        "description": "What the session's pages carry in their forms; needed with its cookie for changes.",
    },
}
"""How a request says who sends it."""

ABOUT: Final = """\
Everything that Watchfloor's pages do, for tools and scripts.
Who may do what is decided as for the pages, by the roles of whoever the token or the session belongs to.
Every error is a problem (RFC 9457): `code` is for programs, `detail` and the reasons are for people.
A list comes a page at a time: `next` of an answer is `after` of the request that goes on.
Texts of posts are in the answers about a batch to whoever holds it, and nowhere else.
"""


class Described(FastAPI):
    """The application with the description of its API."""

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            made = get_openapi(
                title="Watchfloor", version=VERSION, description=ABOUT, routes=self.routes, tags=None
            )
            _, schemas = models_json_schema(
                [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
            )
            _put_nulls_back(made, [route for route in self.state.routes if isinstance(route, ApiRoute)])
            parts = made.setdefault("components", {})
            parts.setdefault("schemas", {}).update(schemas["$defs"])
            parts["securitySchemes"] = SECURITY
            made["security"] = [{"token": []}, {"session": [], "csrf": []}]
            self.openapi_schema = made
        return self.openapi_schema


def _put_nulls_back(made: dict[str, Any], routes: list[ApiRoute]) -> None:
    """Give each answer its example as it is: FastAPI leaves out what is null, also where that is required."""
    for route in routes:
        for method in route.methods or ():
            answers = made["paths"][route.path][method.lower()]["responses"]
            for status, told in route.responses.items():
                for kind, content in told["content"].items():
                    answers[str(status)]["content"][kind]["example"] = content["example"]


def name_of(route: APIRoute) -> str:
    """The id of an operation: the name of its function."""
    return route.name
