"""A sweep as its flow leaves it, for the tests of the command line: gathered, clustered, ready to be read."""

import csv
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from incidents.store.ending import finish
from incidents.store.freezing import Frozen, freeze
from incidents.store.post_source import FileSource
from incidents.store.schema import sweeps
from incidents.store.sweeps import find_sweep, windows_of
from incidents.sweeps.batches import Assignment
from incidents.sweeps.clustering import cluster
from incidents.sweeps.reading_list import reading_list
from incidents.sweeps.universe import gather
from tests.console.command_line import declared, open_store, run, told, write

TERM = "storm the clinic"
SECRET = "bring your friends at nine"
POSTS = (
    "id,text,language,reach,posted_at\n"
    f"1,{TERM} {SECRET} said nobody who was there,en,10,2026-01-15T08:00:00Z\n"
    f"2,a second voice wants to {TERM} with torches and flags,en,20,2026-01-15T08:05:00Z\n"
    f"3,{SECRET},en,1,2026-01-15T08:05:00Z\n"
    f"4,why would anyone {TERM} asks the evening paper today,en,30,2026-01-15T09:00:00Z\n"
)
"""Three posts that the term finds, none a copy of another, and one that it does not."""

COPIED = POSTS + "".join(
    f"{n},{TERM} {SECRET} said nobody who was there,en,100,2026-01-15T0{n - 4}:00:00Z\n" for n in (11, 12)
)
"""And two copies of the first."""

VIOLATES = {"verdict": "violates", "policy": "violence.incitement", "clause": "call-to-act", "action": "remove"}
HARMLESS = {"verdict": "does_not_violate", "action": "keep"}
UNSURE = {"verdict": "unsure", "action": "escalate", "rationale": "It may be a quote."}


def requested(folder: Path, text: str = POSTS) -> str:
    """A crisis with a sweep that was asked for and is not gathered; returns the sweep's id."""
    declared()
    posts = write(folder / "posts.csv", text)
    return str(told("sweep", "start", "INC-1", "--term", TERM, "--posts", str(posts))["sweep"])


def worked(folder: Path, text: str = POSTS, *, sampled: bool = False) -> str:
    """A crisis with a sweep whose posts wait to be read by the team english; returns the sweep's id.

    Where nothing is `sampled`, every post of a batch is there to be decided.
    """
    sweep = requested(folder, text)
    gathered(sweep)
    if not sampled:
        goal = {"golden_share": 0, "second_share": 0, "check_share": 0}
        with closing(open_store()) as store, store.begin() as work:
            work.execute(sweeps.update().values(plan=None, certify_wanted=0, goal=goal))
    return sweep


def gathered(sweep: str, window: int = 1) -> None:
    """Freeze a window as the flow does; every language has two readers at least."""
    with closing(open_store()) as store, store.begin() as work:
        found = find_sweep(work, sweep)
        source = windows_of(work, sweep)[window - 1].source
        assert isinstance(source, FileSource)
        universe = gather(pl.concat(source.frames()), found.scope)
        priorities = universe.matched.select("id", pl.lit(0.5).alias("score"), pl.lit(0.0).alias("priority"))
        frozen = Frozen(
            window=window,
            posts=reading_list(
                universe,
                cluster(universe.matched),
                priorities,
                Assignment(default_team="english"),
                steer_seed=11,
            ),
            posts_seen=universe.posts_seen,
            terms=universe.terms,
            hash=universe.hash,
            steer_seed=11,
            certify_seed=12,
            readers={"en": 3},
        )
        assert freeze(work, sweep, frozen, now=datetime.now(UTC))


def read_by(person: str, folder: Path, said: dict[str, str], **of_items: dict[str, str]) -> dict[str, Any]:
    """Take a batch, decide its items (alike, or as it says of an item), hand it in; return the batch."""
    claimed: dict[str, Any] = told("sweep", "claim", "english", "--as", person)
    file = folder / "batch.csv"
    run("sweep", "export", claimed["batch"], "--out", str(file), "--as", person)
    fill_in(file, said, of_items)
    told("sweep", "import", str(file), "--batch", claimed["batch"], "--as", person)
    return claimed


def fill_in(file: Path, said: dict[str, str], of_items: dict[str, dict[str, str]] | None = None) -> None:
    """Decide every row of an exported CSV alike, or as it says of an item."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.DictWriter(text, rows[0].keys(), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        # An id of digits is written with an apostrophe before it, so that it stays text.
        writer.writerows({**row, **(of_items or {}).get(row["item"].lstrip("'"), said)} for row in rows)


def ended(sweep: str) -> None:
    """End the sweep, as the flow does once people have read enough."""
    with closing(open_store()) as store, store.begin() as work:
        assert finish(work, sweep, now=datetime.now(UTC))
