"""docs/reference/commands.md, written from the commands themselves: `python -m console.cli.reference`."""

import inspect
import sys
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from console.cli.commands import app

HEAD = """# Commands

Written from the commands by `python -m console.cli.reference > docs/reference/commands.md`; a test checks
that it is current. `--as NAME` and `--json` may stand anywhere in the line.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused, or broken: the reason is printed to stderr |
| 2 | the command was typed wrongly |
"""


def reference() -> str:
    """The whole page, as Markdown."""
    root = get_command(app)
    sections = [HEAD, _options_of(root), *_sections("watchfloor", root)]
    return "\n".join(section for section in sections if section)


# Typer keeps the types of its commands and parameters to itself, hence Any.


def _sections(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401
    for word, inner in getattr(command, "commands", {}).items():
        yield _section(f"{name} {word}", inner)
        yield from _sections(f"{name} {word}", inner)


def _section(name: str, command: Any) -> str:  # noqa: ANN401
    lines = [f"## {name}", "", _text(command.help)]
    shown = command.epilog.removeprefix("\b\n") if command.epilog else ""
    examples = [line.strip().removeprefix("$ ") for line in shown.splitlines()[1:]]
    if examples:
        lines += ["", "```sh", *examples, "```"]
    return "\n".join([*lines, "", _options_of(command)])


def _options_of(command: Any) -> str:  # noqa: ANN401
    rows = [_row(param) for param in command.params if param.name != "help"]
    if not rows:
        return ""
    return "\n".join(["| argument or option | what it says |", "|---|---|", *rows, ""])


def _row(param: Any) -> str:  # noqa: ANN401
    told = [(getattr(param, "help", None) or "").replace("|", "\\|")]
    if param.required:
        told.append("Required.")
    elif _has_default(param):
        told.append(f"Default: `{_default(param.default)}`.")
    return f"| `{_name(param)}` | {' '.join(told)} |"


def _name(param: Any) -> str:  # noqa: ANN401
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    return " / ".join([*param.opts, *param.secondary_opts])


def _has_default(param: Any) -> bool:  # noqa: ANN401
    is_plain = isinstance(param.default, str | int | float) and not isinstance(param.default, bool)
    # A path is a default too, and neither a number nor a word; a flag's is said by its name.
    return (is_plain or hasattr(param.default, "as_posix")) and param.default != ""


def _default(value: Any) -> str:  # noqa: ANN401
    return str(getattr(value, "as_posix", lambda: value)())


def _text(text: str | None) -> str:
    return inspect.cleandoc(text or "")


if __name__ == "__main__":
    sys.stdout.write(reference())
