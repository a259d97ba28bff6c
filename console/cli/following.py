"""Watch a drill while it runs: its stages, and the incident's timeline as it grows."""

import time
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from console.cli import printing
from console.cli.door import Door
from incidents.store import timeline
from incidents.store.drills import Drill, find_drill
from incidents.store.engine import Store
from incidents.store.incidents import find
from incidents.store.progress import progress as sweep_progress
from incidents.store.sweep_counts import count_sweeps
from incidents.store.sweeps import sweeps_of
from incidents.timeline import Entry
from incidents.words import duration, plain, sentence

LOOK_EVERY = 0.5
"""Seconds between two looks at the store: quick enough to be live, rare enough to cost nothing."""


@dataclass
class FollowedDrill:
    """How far a drill has come, as somebody sees who watches it."""

    drill: Drill
    seen: int = 0
    wall_seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    late: bool = False

    @property
    def incident(self) -> str | None:
        """The incident that it rehearses, once there is one."""
        return self.drill.incident_id

    @property
    def stage(self) -> str:
        """The stage that it reached."""
        return self.drill.stage

    @property
    def failure(self) -> str | None:
        """Why it counts as failed, or None."""
        if self.drill.state == "failed":
            return self.drill.failure or "no reason was recorded"
        if self.late:
            return "it did not end in time; is the machine busy? It goes on while `watchfloor up` runs"
        return None

    @property
    def ended(self) -> str:
        """How it ended, in a word."""
        return "failed" if self.failure else "finished"

    @property
    def summary(self) -> dict[str, Any]:
        """What it came to, as values; `in_words` is what a person reads."""
        known = {"drill": self.drill.id, "incident": self.incident, "state": self.ended, "stage": self.stage}
        return known | self.facts | {"wall_seconds": round(self.wall_seconds, 1)}


def in_words(summary: dict[str, Any]) -> dict[str, Any]:
    """The summary for people: shares as percentages, times in words, nothing that is not known."""
    plain_values = {name: value for name, value in summary.items() if name != "wall_seconds"}
    told = {name.replace("_", " "): value for name, value in plain_values.items() if value is not None}
    shares = {name: f"{100 * told[name]:.1f} %" for name in ("recall", "precision") if name in told}
    return told | shares | {"wall time": duration(summary["wall_seconds"])}


def follow(door: Door, drill: str, *, minutes: int) -> FollowedDrill:
    """Follow a drill until it ends, or until so many minutes have passed by the machine's clock."""
    began = time.monotonic()
    followed = FollowedDrill(_read(door.store, drill))
    with printing.progress("decided", beside_json=door.as_json) as progress:
        task = progress.add_task("starting", total=None)
        while True:
            _look(door, followed, progress.console)
            items, decided = _decided(door.store, followed)
            stage = printing.printable(followed.stage)
            progress.update(task, description=stage, total=items or None, completed=decided)
            followed.wall_seconds = time.monotonic() - began
            followed.late = followed.drill.state == "running" and followed.wall_seconds > minutes * 60
            if followed.drill.state != "running" or followed.late:
                break
            time.sleep(LOOK_EVERY)
    followed.facts = outcome(door.store, followed.drill)
    return followed


def outcome(store: Store, drill: Drill) -> dict[str, Any]:
    """What a drill came to: its severity, its posts and decisions, and what the ground truth says of them."""
    if drill.incident_id is None:
        return {}
    with store.read() as work:
        found = find(work, drill.incident_id)
        sweeps = count_sweeps(work, drill.incident_id)
    known = {
        "severity": found.severity,
        "phase": found.phase.value,
        "posts_seen": sum(sweep.posts_seen or 0 for sweep in sweeps),
        "posts_matched": sum(sweep.posts_matched or 0 for sweep in sweeps),
        "decided": sum(sweep.decided for sweep in sweeps),
        "in_violation": sum(sweep.violates for sweep in sweeps),
    }
    truth = drill.results or {}
    return known | {name: truth.get(name) for name in ("recall", "precision")}


def _read(store: Store, drill: str) -> Drill:
    with store.read() as work:
        return find_drill(work, drill)


def _look(door: Door, followed: FollowedDrill, console: Console) -> None:
    """Read how far it is, and print what is new: the stage that it reached, and the entries of its timeline."""
    was, followed.drill = followed.drill, _read(door.store, followed.drill.id)
    if followed.stage != was.stage:
        console.print(Text(f"Stage: {printing.printable(followed.stage)}", style="bold"))
    if followed.incident is None:
        return
    with door.store.read() as work:
        new = timeline.entries(work, followed.incident, after=followed.seen)
    for entry in new:
        # Soft wrap: in a pipe, a line is a line however long it is.
        console.print(Text(entry_line(entry)), soft_wrap=True)
        followed.seen = entry.seq


def _decided(store: Store, followed: FollowedDrill) -> tuple[int, int]:
    """How many items the drill's sweeps have, and how many of them are decided."""
    if followed.incident is None:
        return 0, 0
    with store.read() as work:
        known = [sweep_progress(work, sweep.id) for sweep in sweeps_of(work, followed.incident)]
    return sum(each.items for each in known), sum(each.decided for each in known)


def entry_line(entry: Entry) -> str:
    """One entry as a line of text: when, by the incident's own clock, and what."""
    return printing.inert(f"{entry.at:%Y-%m-%d %H:%M:%S}  {plain(sentence(entry))}")
