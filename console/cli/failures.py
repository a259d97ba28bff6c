"""What a person is told when a command fails: one plain sentence and the exit code, never a trace.

Exit codes: 0 done, 1 refused or broken (with its reason), 2 the command was typed wrongly (Typer's own).
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from console.cli.printing import inert
from incidents.errors import WatchfloorError
from incidents.settings import Settings

REFUSED = 1


class Guarded(TyperGroup):
    """The commands of `watchfloor`: `--as` and `--json` count wherever they stand, and failures speak."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  Typer keeps the type to itself
        """Read the global options, also where they stand behind the command."""
        return super().parse_args(ctx, hoisted(args))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  as above
        """Run the command and turn what goes wrong into a sentence and an exit code."""
        with spoken():
            return super().invoke(ctx)


def hoisted(args: list[str]) -> list[str]:
    """The arguments with the global options in front: `declare INC-1 --as ada` is typed by everybody."""
    own = args[: args.index("--")] if "--" in args else args
    front: list[str] = []
    rest: list[str] = []
    words = iter(own)
    for word in words:
        if word == "--as":
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            (front if word == "--json" or word.startswith("--as=") else rest).append(word)
    return front + rest + args[len(own) :]


@contextmanager
def spoken() -> Iterator[None]:
    """Turn an error into a sentence on stderr and exit 1. Typer's own pass: it words them itself."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
        raise
    except WatchfloorError as refused:
        complain(str(refused))
        raise typer.Exit(REFUSED) from refused
    except Exception as unexpected:
        complain(_unexpected(unexpected))
        raise typer.Exit(REFUSED) from unexpected


def complain(message: str) -> None:
    """Print a message for people to stderr, each line of it inert."""
    for line in message.splitlines():
        typer.echo(inert(line), err=True)


def note(message: str | None) -> None:
    """Print what is worth knowing beside the answer, if there is something; pipes stay clean of it."""
    if message:
        complain(f"Note: {message}")


@contextmanager
def writing_to(path: Path, again: str) -> Iterator[None]:
    """Say in plain words that a file could not be written, and how to write it again (`again`)."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise WatchfloorError(f"{path} could not be written: {why}. Nothing is lost: {again}.") from error


def _unexpected(error: Exception) -> str:
    # A driver's message may quote a whole statement with its values; its first line says what happened.
    first = next(iter(str(error).splitlines()), "")[:300]
    kept = _keep_trace(error)
    where = f"The full trace is in {kept}." if kept else "The trace could not be written anywhere."
    return f"Something went wrong that Watchfloor has no words for: {type(error).__name__}: {first}\n{where}"


def _keep_trace(error: Exception) -> Path | None:
    """Append the trace to logs/cli.log in the home folder; None where even that fails."""
    try:
        path = Settings().home / "logs" / "cli.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(_trace(error))
    except (OSError, ValueError):
        return None
    return path


def _trace(error: Exception) -> str:
    command = " ".join(word for word in sys.argv[1:2])
    trace = logging.Formatter().formatException((type(error), error, error.__traceback__))
    return f"{datetime.now(UTC).isoformat()} watchfloor {command}\n{trace}\n\n"
