"""The house rules that a reviewer would otherwise have to remember."""

import ast
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from importlinter.cli import lint_imports

from incidents.timeline import Event

ROOT = Path(__file__).parent.parent
ROOMS = ("flows", "tasks", "incidents", "console")
BUILT_ON = {
    *("cryptography", "faiss", "numpy", "openpyxl", "polars", "pydantic", "pydantic_core", "pydantic_settings"),
    *("rapidfuzz", "rensa", "scipy", "sklearn", "yaml"),
}
"""What the domain is built on, beside the standard library."""

EVENT = re.compile(r"(incident|guideline|partner|sweep|review|action)\.[a-z]+(-[a-z]+)*\.(?P<verb>[a-z-]+)")
PAST = re.compile(r"(\w+ed|frozen|made|rerun|sent|split|taken|undone|written)|handed-over|stood-down")
"""Past tense: the regular form, and the irregular ones that are in use."""

SWALLOWS = {
    # Whatever is broken is what the doctor was called for: it becomes a finding.
    "console/doctor.py",
}
"""Files in which `except Exception` may end without raising, each with its reason."""


class Line(NamedTuple):
    """A place in the code, and what is said there."""

    file: str
    number: int
    said: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.said}"


@cache
def code() -> dict[str, ast.Module]:
    """Every module of the four rooms, parsed, by its path from the root."""
    files = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def lines(where: Callable[[str], bool], said: Callable[[ast.AST], str | None]) -> list[Line]:
    """Every place in the chosen files of which `said` says something."""
    return [
        Line(file, getattr(node, "lineno", 0), told)
        for file, tree in code().items()
        if where(file)
        for node in ast.walk(tree)
        if (told := said(node)) is not None
    ]


def imported(node: ast.AST) -> Iterable[str]:
    """The packages that an import names; our own relative ones do not occur."""
    match node:
        case ast.Import(names=names):
            return [name.name.partition(".")[0] for name in names]
        case ast.ImportFrom(module=str(module)):
            return [module.partition(".")[0]]
    return []


def test_every_contract_of_pyproject_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The linter puts the folder that it works in on the path; it must not stay there for later tests.
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(ROOT)
    ended = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert ended == 0, capsys.readouterr().out


def test_the_domain_is_built_on_little() -> None:
    rendering = {
        "incidents/words.py": {"jinja2"},
        "incidents/own_templates.py": {"jinja2"},
        "incidents/fragments.py": {"markdown", "nh3"},
        "incidents/reviews/chart.py": {"vl_convert"},
        "incidents/reviews/action_files.py": {"icalendar"},
        "incidents/reviews/pdf.py": {"weasyprint"},
    }
    found = {
        (file, package)
        for file, tree in code().items()
        if file.startswith("incidents/")
        for node in ast.walk(tree)
        for package in imported(node)
    }
    allowed = BUILT_ON | sys.stdlib_module_names | {"incidents"}
    strangers = {
        (file, package)
        for file, package in found
        if package not in allowed | rendering.get(file, set())
        and not (file.startswith("incidents/store/") and package in {"alembic", "sqlalchemy"})
    }
    assert strangers == set()


def test_what_time_it_is_is_asked_by_flows_and_doors_alone() -> None:
    def asks(node: ast.AST) -> str | None:
        match node:
            case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr="now" | "utcnow" | "today"):
                return "asks for the time"
            case ast.Attribute(value=ast.Attribute(attr="datetime"), attr="now" | "utcnow"):
                return "asks for the time"
        return None

    asking = lines(lambda file: not file.startswith(("flows/", "console/")), asks)
    assert asking == [], "\n".join(map(str, asking))
    # Among the flows it is one function, which a drill's clock stands behind.
    assert {line.file for line in lines(lambda file: file.startswith("flows/"), asks)} == {"flows/clock.py"}


def test_the_environment_is_read_by_the_settings_alone() -> None:
    def reads(node: ast.AST) -> str | None:
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv" | "putenv" as what):
                return f"os.{what}"
            case ast.ImportFrom(module="os", names=names) if {name.name for name in names} & {
                "environ",
                "getenv",
            }:
                return "from os import environ"
        return None

    # The console prepares the environment of the processes that it starts; the others get settings.
    reading = lines(lambda file: not file.startswith("console/") and file != "incidents/settings.py", reads)
    assert reading == [], "\n".join(map(str, reading))


def test_no_failure_is_swallowed() -> None:
    def swallows(node: ast.AST) -> str | None:
        if not isinstance(node, ast.ExceptHandler):
            return None
        named = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else set()
        broad = node.type is None or named & {"Exception", "BaseException"}
        raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
        return "catches everything and raises nothing" if broad and not raises else None

    swallowed = lines(lambda file: file not in SWALLOWS, swallows)
    assert swallowed == [], "\n".join(map(str, swallowed))
    # An exception to the rule is taken off the list when it is no longer one.
    assert {line.file for line in lines(lambda file: file in SWALLOWS, swallows)} == SWALLOWS


def test_sessions_commit_at_the_edge() -> None:
    def commits(node: ast.AST) -> str | None:
        match node:
            case ast.Attribute(attr="commit" | "rollback" as what):
                return what
        return None

    committing = lines(lambda file: not file.startswith("incidents/store/migrations/"), commits)
    assert committing == [], "\n".join(map(str, committing))


def test_no_file_of_flows_is_named_like_a_package() -> None:
    # A file entrypoint would put flows/ first on the path, where such a file hides the package.
    named = {Path(file).stem for file in code() if file.startswith("flows/")}
    assert named & (set(sys.stdlib_module_names) | {"prefect", *ROOMS} - {"__init__"}) == set()


def test_every_test_folder_is_a_package() -> None:
    # Otherwise pytest imports tests/flows as `flows`, and every test fails.
    folders = {file.parent for file in (ROOT / "tests").rglob("*.py") if "__pycache__" not in file.parts}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("event", Event)
def test_an_event_is_named_subject_object_past_tense(event: Event) -> None:
    read = EVENT.fullmatch(event.value)
    assert read, f"{event.value} is not subject.object.past-tense"
    assert PAST.fullmatch(read["verb"]), f"{read['verb']} is not in the past tense"


def test_no_two_events_are_the_same() -> None:
    # An enum takes a second name for a known value as an alias, without a word.
    assert len(Event.__members__) == len(set(Event))
    sentences = yaml.safe_load((ROOT / "templates" / "timeline.yaml").read_text(encoding="utf-8"))
    assert sorted(sentences) == sorted(event.value for event in Event)


def test_every_event_is_told_by_somebody() -> None:
    told = {
        node.attr
        for file, tree in code().items()
        if file != "incidents/timeline.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Event"
    }
    assert set(Event.__members__) - told == set()
