"""The reference of the commands is written from the commands."""

from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from console.cli.commands import app
from console.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "write it anew: python -m console.cli.reference > docs/reference/commands.md"
    )


def commands() -> list[tuple[str, Any]]:
    found, waiting = [], [("watchfloor", get_command(app))]
    while waiting:
        name, command = waiting.pop()
        inner = getattr(command, "commands", {})
        waiting += [(f"{name} {word}", each) for word, each in inner.items()]
        if not inner:
            found.append((name, command))
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_teaches(name: str, command: Any) -> None:
    """It has a sentence, an example that begins with its own name, and a word on each of its options."""
    assert command.help
    assert f"$ {name}" in (command.epilog or "") or f"| {name}" in (command.epilog or "")
    assert all(param.help for param in command.params if param.name != "help")


def test_every_example_can_be_parsed() -> None:
    """Each word of an example that begins with -- is an option of its command."""
    for name, command in commands():
        known = {opt for param in command.params for opt in [*param.opts, *param.secondary_opts]}
        words = [word for word in (command.epilog or "").split() if word.startswith("--")]
        assert set(words) <= known | {"--as", "--json"}, name
