"""Hand in signals from a file or from stdin: all of a file, or none of it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import example
from incidents.errors import BadInput
from incidents.signals.signal import NewSignal, Signal, read_signal
from incidents.store.signals import take_signal

STDIN = "-"
MOST_COMPLAINTS = 20
"""Wrong lines that are listed; who handed in a thousand has one mistake, not a thousand."""

LARGEST_FILE = 50_000_000
"""Bytes of one file of signals. A signal refers to posts; a larger file is a dump of them."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        epilog=example("watchfloor signal signal.json", "tail -n 1 feed.jsonl | watchfloor signal - --as ada")
    )(signal)


def signal(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON, or JSON lines; - reads stdin.")],
) -> None:
    """Hand in one signal (a JSON object) or many (one object a line): all of the file, or nothing.

    A signal has source, title and event_at, and where known kind, fingerprint, reach and payload.
    It is new, an update (its fingerprint is known and it says something else) or a duplicate.
    """
    door = Door.of(ctx)
    found = read_signals(_text(file), origin="stdin" if file == STDIN else file)
    with door.store.begin() as work:
        taken = [take_signal(work, new, by=door.person, now=door.now) for new in found]
    for incident in sorted({each.incident_id for each in taken if each.incident_id}):
        door.hand_over(incident)
    door.rows([_row(each) for each in taken], ["signal", "standing", "incident", "title"], empty="")


def read_signals(text: str, *, origin: str) -> list[NewSignal]:
    """The signals of a text, or BadInput naming every line that is none."""
    if not text.strip():
        raise BadInput(f"{origin}: there is nothing in it. Write one JSON object, or one a line.")
    if _is_one_object(text):
        return [read_signal(text, origin=origin)]
    found: list[NewSignal] = []
    wrong: list[str] = []
    for place, line in _lines(text, origin):
        try:
            found.append(read_signal(line, origin=place))
        except BadInput as refused:
            wrong.append(str(refused))
    if wrong:
        raise BadInput(_listed(origin, wrong))
    return found


def _text(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read(LARGEST_FILE + 1) if file == STDIN else _content(Path(file))
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: byte {error.start:,} is not UTF-8. Save the file as UTF-8.") from error
    if len(raw) > LARGEST_FILE:
        raise BadInput(f"{file}: larger than {LARGEST_FILE:,} bytes. A signal refers to posts; hand in fewer.")
    return text


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _is_one_object(text: str) -> bool:
    """Whether the text is one JSON value, which may be spread over many lines."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return len(text.strip().splitlines()) == 1
    return True


def _lines(text: str, origin: str) -> Iterator[tuple[str, str]]:
    # Not splitlines(): JSON allows U+2028 and the like within a string.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield f"{origin}, line {number}", line.strip()


def _listed(origin: str, wrong: list[str]) -> str:
    more = len(wrong) - MOST_COMPLAINTS
    rest = [f"… and {more} more."] if more > 0 else []
    head = f"{origin}: {len(wrong)} of its lines cannot be read, so no signal was kept:"
    return "\n".join([head, *(f"  {each}" for each in wrong[:MOST_COMPLAINTS]), *rest])


def _row(taken: Signal) -> dict[str, Any]:
    return {
        "signal": taken.id,
        "standing": taken.standing,
        "incident": taken.incident_id,
        "title": taken.title,
        "fingerprint": taken.fingerprint,
    }
