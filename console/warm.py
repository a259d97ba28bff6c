"""Start a program early: import it while the server that it needs is still starting.

    python -m console.warm [--load MODULE]… [--until URL] MODULE:FUNCTION ARGUMENT…

Imports are most of what our processes do at their start, and they need no server. The program ends with
the process that started it, however that one ends: its standard input is a pipe from there.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from threading import Thread
from time import monotonic, sleep

from console.reach import answers

PATIENCE = 180.0
"""Seconds after which a server that does not answer is given up; the stack then starts us again."""

GRACE = 15.0
"""Seconds between asking ourselves to stop and stopping, once the process that started us is gone."""


def main(arguments: list[str] | None = None) -> None:
    """Import, wait, and become the program."""
    told = _read(arguments)
    Thread(target=_end_with_parent, daemon=True, name="end with parent").start()
    for module in told.load:
        import_module(module)
    program = _find(told.program)
    if told.until and not _wait_for(told.until):
        sys.exit(f"Nothing answered at {told.until} within {PATIENCE:.0f} s.")
    sys.argv = [told.program, *told.arguments]
    sys.exit(program())


def _read(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m console.warm")
    parser.add_argument("--load", action="append", default=[], help="Module to import as well.")
    parser.add_argument("--until", help="Address that must answer before the program begins.")
    parser.add_argument("program", help="MODULE:FUNCTION.")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def _find(name: str) -> Callable[[], int | None]:
    module, _, function = name.partition(":")
    found: Callable[[], int | None] = getattr(import_module(module), function)
    return found


def _wait_for(url: str) -> bool:
    until = monotonic() + PATIENCE
    while not answers(url):
        if monotonic() > until:
            return False
        sleep(0.1)
    return True


def _end_with_parent() -> None:
    """Wait for the end of the pipe. Killed processes cannot say goodbye, but their pipes close."""
    try:
        while os.read(0, 1024):
            pass
    except OSError:
        return
    sys.stderr.write("The process that started this one is gone, so this one stops.\n")
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(GRACE)
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    main()
