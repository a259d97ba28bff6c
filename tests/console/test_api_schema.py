"""Schemathesis asks the API what its description allows and what it does not: no 5xx, no undocumented answer.

The store behind it holds a crisis whose sweep is worked on, one under review, and what hangs on them. Two
people ask: an administrator, and a reviewer, so that refusals are met as well as answers.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console.app import make_app
from incidents.settings import Settings
from tests.console.browsing import STAFFED, Browser
from tests.console.command_line import at_home
from tests.console.reviewed import drafted, suppose
from tests.console.swept import worked
from tests.console.test_api import token_of

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
EXAMPLES = 3
"""Requests of each operation in each mode; the seed is fixed, so that they are the same each time."""

CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance),
    *(response_headers_conformance, allow_header_conformance),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The application on a store in which something goes on."""
    with pytest.MonkeyPatch.context() as patched, ExitStack() as stack:
        folder = Path(tmp_path_factory.mktemp("house"))
        at_home(folder, patched, STAFFED)
        worked(folder)
        suppose(drafted("--title", "Another crisis"), "The rota had a gap")
        made = make_app(Settings())
        visiting = stack.enter_context(Browser(made, raise_server_exceptions=False))
        visiting.made = made
        yield visiting


PLACES: dict[str, Any] = {
    "incident": "INC-1",
    "sweep": "INC-1-S1",
    "batch": "INC-1-S1-B1",
    "item": "INC-2-A1",
    "key": "ask:INC-1:legal:1",
    "version": 1,
    "entry": 1,
    "number": 1,
    "proposal": "INC-1-P1",
    "delivery": 1,
    "step": "interviews",
    "section": "lucky",
}
"""What stands in a path, so that a request comes further than the question whether there is such a thing."""

REVIEWED = "/api/v1/retrospectives/"


def ask(house: Browser, person: str, operation: Any, mode: GenerationMode, **known: Any) -> list[str]:
    """Send requests of one operation, hold each answer against the description; what does not fit."""
    headers = token_of(house, person)

    @seed(12)
    @given(case=operation.as_strategy(generation_mode=mode, **known))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        sent = case.as_transport_kwargs(headers=headers, base_url="http://testserver")
        sent["content"] = sent.pop("data", None)
        del sent["cookies"]
        case.validate_response(house.request(**sent), checks=CHECKS)

    try:
        check()
    except FailureGroup as found:
        return [f"{operation.label}: {found}"]
    return []


def described(house: Browser) -> Any:
    told = house.get("/api/v1/openapi.json").json()
    return schemathesis.openapi.from_dict(told)


@pytest.mark.parametrize("person", ["root-a", "bo-r"])
def test_what_the_description_allows_is_answered_as_it_says(house: Browser, person: str) -> None:
    wrong = []
    for operation in operations(house):
        known = {name: value for name, value in PLACES.items() if f"{{{name}}}" in operation.path}
        if operation.path.startswith(REVIEWED):
            known["incident"] = "INC-2"
        wrong += ask(house, person, operation, POSITIVE, path_parameters=known)
    assert not wrong, "\n".join(wrong)


def test_what_the_description_forbids_is_refused_as_it_says(house: Browser) -> None:
    wrong = [each for operation in operations(house) for each in ask(house, "root-a", operation, NEGATIVE)]
    assert not wrong, "\n".join(wrong)


def operations(house: Browser) -> Iterator[Any]:
    """Every operation of the description."""
    for found in described(house).get_all_operations():
        yield found.ok()
