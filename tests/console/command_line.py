"""Type a command as a person would: on a home of its own, with nothing of Prefect running."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli.commands import app
from console.tables import open_store as open_tables
from incidents.catalogue.load import load_catalogue
from incidents.incident.incident import SYSTEM
from incidents.incident.severity import Impact, priority
from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.incidents import NewCandidate, open_candidate
from incidents.store.lifecycle import start_assessment, start_response

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)

PEOPLE = """\
version: 1
people:
  - {id: ada-l, name: Ada L., roles: [commander, analyst]}
  - {id: noor, name: Noor A., roles: [commander]}
  - {id: bo-r, name: Bo R., roles: [reviewer]}
  - {id: cleo-l, name: Cleo L., roles: [partner_lead], team: legal}
  - {id: dev-e, name: Dev E., roles: [partner_reviewer], team: english, languages: [en]}
  - {id: fay-e, name: Fay E., roles: [partner_lead], team: english, languages: [en]}
"""
CRISIS = ("declare", "--title", "Calls to storm a clinic", "--policy", "violence.incitement")
WHY = ("--reason", "Footage is being re-uploaded")


def run(*words: str, code: int = 0, stdin: str | bytes | None = None) -> Result:
    """Run a command, and insist on its exit code."""
    result = CliRunner().invoke(app, list(words), input=stdin)
    assert result.exit_code == code, f"{result.output}{result.exception!r}"
    return result


def told(*words: str, code: int = 0) -> Any:
    """What a command answers with --json."""
    return json.loads(run(*words, "--json", code=code).stdout)


def declared(*words: str) -> str:
    """Declare a crisis from nothing as Ada, and return its id."""
    told_of: dict[str, Any] = told(*CRISIS, *WHY, "--harm", "4", "--reach", "3", "--as", "ada-l", *words)
    return str(told_of["id"])


def open_store() -> Store:
    """The store behind the commands, for what no command does."""
    return open_tables(Settings())


def write(path: Path, text: str) -> Path:
    """Write a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: str = PEOPLE) -> Path:
    """A home with people in it, Ada acting, and a port on which no Prefect answers."""
    for name in [name for name in os.environ if name.startswith("WATCHFLOOR_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("WATCHFLOOR_HOME", str(home))
    monkeypatch.setenv("WATCHFLOOR_PREFECT_PORT", "1")
    monkeypatch.setenv("WATCHFLOOR_API_PORT", "2")
    monkeypatch.setenv("WATCHFLOOR_PERSON", "ada-l")
    write(home / "catalogue" / "people.yaml", people)
    return home


def seconded(*words: str, more: tuple[str, ...] = ()) -> Result:
    """Have Ada propose what takes a second person, and Noor confirm it."""
    proposal = told(*words)["proposal"]
    return run("proposals", "confirm", proposal, "--reason", "I looked, too", *more, "--as", "noor")


def opened(title: str = "A candidate", drill: str = "") -> str:
    """Open a candidate as detection does, begin its assessment, and return its id."""
    with closing(open_store()) as store, store.begin() as work:
        impact = Impact(harm=4, reach=3)
        known = load_catalogue(Settings().catalogue_folder)
        new = NewCandidate(
            title=title,
            grouping_key=title,
            impact=impact,
            priority=priority(impact, known.priority_rules),
            policy="violence.incitement",
            protocol="default",
            protocol_version=1,
            catalogue_version=known.version,
            drill=drill,
        )
        found = open_candidate(work, new, by=SYSTEM.id, now=NOW)
        assert found is not None
        start_assessment(work, found.id, by=SYSTEM, now=NOW)
        return found.id


def responding(incident: str) -> None:
    """Start the response, as the crisis flow does."""
    with closing(open_store()) as store, store.begin() as work:
        start_response(work, incident, now=datetime.now(UTC))
