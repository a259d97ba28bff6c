"""One stack a home folder: two would run the same flows on the same record twice."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from console.child import marked, send
from incidents.errors import WatchfloorError

NAME = "stack.lock"


class HomeTaken(WatchfloorError):
    """Another stack runs on this home folder. Stop that one, or set WATCHFLOOR_HOME to another folder."""


@contextmanager
def home_lock(home: Path, mark: str) -> Iterator[None]:
    """Hold the home folder. HomeTaken where a live process does; what a dead one left running is ended.

    The kernel gives the lock back when its holder dies, however it dies, so it cannot go stale.
    """
    path = home / NAME
    with path.open("a+", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HomeTaken(_taken(home, _told(path))) from error
        _end_leftovers(_told(path))
        path.write_text(json.dumps({"pid": os.getpid(), "mark": mark}), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text("{}", encoding="utf-8")


def _told(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8") or "{}")
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _taken(home: Path, told: dict[str, Any]) -> str:
    return (
        f"Watchfloor runs on {home} already, as process {told.get('pid', 'unknown')}."
        " Use it, stop it with Ctrl-C, or set WATCHFLOOR_HOME to another folder."
    )


def _end_leftovers(told: dict[str, Any]) -> None:
    """A stack that was killed left its mark in the file, and perhaps processes that carry it."""
    if mark := told.get("mark"):
        send(marked(str(mark)), signal.SIGKILL)
