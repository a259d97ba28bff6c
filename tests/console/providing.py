"""A site whose people sign in at a provider on loopback, and the way there and back."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from incidents.settings import Settings
from tests.console.browsing import Browser
from tests.console.command_line import write
from tests.oidc import CLIENT, SECRET, Provider

GROUPS = """\
version: 1
groups:
  - {id: crisis-leads, roles: [commander, analyst]}
  - {id: english-leads, roles: [partner_lead], team: english}
  - {id: legal-readers, roles: [partner_reviewer], team: legal}
  - {id: keepers, roles: [administrator]}
"""


def at_provider(provider: Provider, home: Path, monkeypatch: pytest.MonkeyPatch, **more: str) -> Settings:
    """The settings of a home whose people sign in there; `more` are settings of it."""
    write(home / "catalogue" / "groups.yaml", GROUPS)
    told = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Example Inc."}
    for name, value in (told | {"timeout_seconds": "3"} | more).items():
        monkeypatch.setenv(f"WATCHFLOOR_OIDC_{name.upper()}", value)
    provider.claims = {
        "name": "Mara Q.",
        "preferred_username": "Mara.Q@example.com",
        "groups": ["everybody", "crisis-leads"],
    }
    return Settings()


def away(visiting: Browser, then: str = "/") -> str:
    """The address at the provider that the browser is sent to."""
    answer = visiting.get("/sign-in/provider", params={"then": then}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def back_from(address: str) -> str:
    """Where the provider sends a browser that was sent there."""
    return str(httpx.get(address, trust_env=False).headers["location"])


def through(visiting: Browser, then: str = "/") -> Any:
    """Sign in at the provider, and return the answer to coming back."""
    return visiting.get(back_from(away(visiting, then)), follow_redirects=False)
