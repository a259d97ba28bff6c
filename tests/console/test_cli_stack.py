"""Running Watchfloor and asking whether it is well, at the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from console.finding import bad, ok, warn
from console.stack import StackFailed
from incidents.settings import Settings
from tests.console.command_line import at_home, run, told


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def test_up_prints_where_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(_settings: Settings, say: Callable[[str], None]) -> None:
        say("Watchfloor runs.\x1b[2J")

    monkeypatch.setattr("console.stack.serve", serve)
    assert run("up").stdout == "Watchfloor runs.[2J\n"


def test_up_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise StackFailed("Port 4281 cannot be used.")

    monkeypatch.setattr("console.stack.serve", fail)
    assert run("up", code=1).stderr == "Port 4281 cannot be used.\n"


def test_doctor_is_exit_code_1_where_something_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    well, worn, broken = (
        ok("home", "it is there"),
        warn("mail", "none", "set one"),
        bad("api", "down", "start it"),
    )
    monkeypatch.setattr("console.cli.doctor.examine", lambda _settings: [well, worn])
    assert run("doctor").stdout.splitlines()[1] == "home\tok\tit is there\t"
    monkeypatch.setattr("console.cli.doctor.examine", lambda _settings: [well, broken])
    assert told("doctor", code=1)[1] == {
        "name": "api",
        "state": "bad",
        "what": "down",
        "what_to_do": "start it",
    }


def test_doctor_looks_at_a_fresh_home() -> None:
    # Nothing runs here, and that is said; what is configured is well.
    states = {row["name"]: row["state"] for row in told("doctor", code=1)}
    assert states["prefect server"] == "bad"
    assert states["catalogue"] == "ok"
