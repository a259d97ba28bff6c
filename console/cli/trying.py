"""Try a scope on a platform: have a flow fetch and count its first posts, and wait for what that tells."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.failures import complain
from incidents.errors import WatchfloorError
from incidents.settings import Settings
from incidents.store.trials import Counted, OpenTrial, Told, Trial, request_trial

LOOK_EVERY = 0.25
"""Seconds between two looks at how far it is."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

KEPT = "What was fetched is kept for a day: the same command goes on there."


def try_on_platform(door: Door, trial: Trial) -> Counted:
    """What a flow counted. WatchfloorError where it cannot be started, fails, or is not heard of any more."""
    with _requested(door.settings, trial) as opened:
        from console.runs import start_flow  # noqa: PLC0415  Prefect takes a second that files need not wait

        start_flow(door.settings, "try_scope", {"trial": opened.name}, key=opened.name)
        return _awaited(door, opened, trial.at_most)


@contextmanager
def _requested(settings: Settings, trial: Trial) -> Iterator[OpenTrial]:
    """The trial for as long as somebody waits for it; Ctrl-C leaves it."""
    opened = request_trial(settings.home.absolute(), trial)
    try:
        yield opened
    except KeyboardInterrupt:
        complain(f"Nothing was counted. {KEPT}")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        opened.withdraw()


def _awaited(door: Door, opened: OpenTrial, at_most: int) -> Counted:
    """What is told at last, with how far it is on the terminal until then."""
    longest = door.settings.platform_timeout_seconds + door.settings.dead_after_seconds
    told, heard_at = Told(), time.monotonic()
    with printing.progress("posts", beside_json=door.as_json) as progress:
        task = progress.add_task(told.doing, total=at_most)
        while told.counted is None:
            time.sleep(LOOK_EVERY)
            before, told = told, opened.told()
            heard_at = time.monotonic() if told != before else heard_at
            if told.failure is not None:
                raise WatchfloorError(f"Nothing was counted. {told.failure}")
            if time.monotonic() - heard_at > longest:
                raise WatchfloorError(_silent(told, longest))
            progress.update(task, description=printing.printable(told.doing), completed=told.posts)
    return told.counted


def _silent(told: Told, seconds: float) -> str:
    return (
        f"Nothing was heard for {seconds:.0f} s (at last: {told.doing}), so it is waited for no longer."
        f" `watchfloor doctor` tells what does not run. {KEPT}"
    )
