"""How long does a retrospective take, from the store to Markdown, HTML and charts, and how does that grow?

    python -m benchmarks.retrospective [DECISIONS...]

For each number of decisions (1,000, 10,000, 100,000, 1,000,000) with 5,000 entries in its timeline, or as many
as its batches make, one incident is put into SQLite (and PostgreSQL, where there is one). Then a process of its
own reads the record, composes the Markdown, draws the charts, makes the page, and holds the document against
the record as signing does.

The peer does what a script would do by hand: it fetches every decision, counts them in Python, and makes a page
of the same Markdown with markdown-it-py. It cites nothing, checks nothing and draws nothing.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple

import pytest
import sqlalchemy as sa
from markdown_it import MarkdownIt

from benchmarks.matching import peak_megabytes
from incidents.reviews.charts import charts
from incidents.reviews.checking import check
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.retrospective import compose, to_html
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.store.schema import batches, decisions, items, places
from incidents.store.upgrade import upgrade
from tests.incidents.large_rows import add_large
from tests.postgres import postgres_server

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
ENTRIES: Final = 5_000

SMALLEST_BATCH: Final = 4
"""Decisions of a batch, at least: of a thousand nobody makes 2,500 batches."""

ROW: Final = "{:<11} {:>10} {:>8} {:>7} {:>8} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7} {:>6}"
HEAD: Final = ROW.format(
    *("database", "decisions", "entries", "read s", "Markdown", "charts", "HTML", "all s", "check s"),
    *("peak MB", "peer s", "ratio"),
)


class Took(NamedTuple):
    """Seconds by the clock, and the peak of memory in MB."""

    entries: int
    read: float
    compose: float
    draw: float
    page: float
    check: float
    peak: int
    markdown: str

    @property
    def whole(self) -> float:
        """From the store to Markdown, charts and page; the check comes on top."""
        return self.read + self.compose + self.draw + self.page


def main() -> None:
    """Print the table."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    print(HEAD)
    for size in sizes:
        for database in ("SQLite", "PostgreSQL"):
            try:
                with an_incident(database, size) as (url, incident):
                    print_times(database, size, url, incident)
            except pytest.skip.Exception as skipped:
                print(f"{database}: skipped, {skipped}")


@contextmanager
def an_incident(database: str, size: int) -> Iterator[tuple[str, str]]:
    """The URL of a store with one incident of that size, and the incident's id."""
    with TemporaryDirectory() as folder, url_of(database, Path(folder)) as url:
        store = Store.open(url)
        upgrade(store)
        with store.begin() as work:
            incident = add_large(work, decided=size, entries=min(ENTRIES, 2 * size // SMALLEST_BATCH))
            # PostgreSQL does it by itself within a minute; these rows came at once.
            work.count_rows_anew(batches, items, places, decisions)
        store.close()
        yield url, incident


@contextmanager
def url_of(database: str, folder: Path) -> Iterator[str]:
    """An empty database of that kind."""
    if database == "SQLite":
        yield f"sqlite:///{folder}/watchfloor.db"
        return
    with postgres_server() as server, server.database(migrated=False) as url:
        yield url


def print_times(database: str, size: int, url: str, incident: str) -> None:
    """One line: ours in its parts, beside the peer."""
    with get_context("spawn").Pool(1) as pool:
        ours = pool.apply(write, (url, incident))
    with get_context("spawn").Pool(1) as pool:
        peer = pool.apply(write_by_hand, (url, ours.markdown))
    parts = (ours.read, ours.compose, ours.draw, ours.page, ours.whole, ours.check)
    seconds = [f"{part:.2f}" for part in parts]
    told = (database, f"{size:,}", f"{ours.entries:,}", *seconds, f"{ours.peak:,}")
    print(ROW.format(*told, f"{peer:.2f}", f"{ours.whole / peer:.2f}"), flush=True)


def write(url: str, incident: str) -> Took:
    """The document of an incident, as drafting and exporting make it."""
    store, times = Store.open(url), [perf_counter()]
    with store.read() as work:
        record = read_record(work, incident)
    times.append(perf_counter())
    markdown = compose(record, generator=GENERATOR)
    times.append(perf_counter())
    drawn = charts(record)
    for chart in drawn:
        chart.svg()
    times.append(perf_counter())
    to_html(markdown, incident)
    times.append(perf_counter())
    peak = peak_megabytes()
    assert check(markdown, record, generator=GENERATOR) == []
    times.append(perf_counter())
    read, composed, drew, made, checked = (after - before for before, after in pairwise(times))
    return Took(len(record.entries), read, composed, drew, made, checked, peak, markdown)


def write_by_hand(url: str, markdown: str) -> float:
    """Seconds for the same numbers and the same page, without evidence."""
    begun = perf_counter()
    store = Store.open(url)
    fetched = sa.select(items.c.team, items.c.language, decisions.c.verdict).join(
        decisions, sa.and_(decisions.c.sweep_id == items.c.sweep_id, decisions.c.item == items.c.item)
    )
    with store.read() as work:
        counted = Counter(tuple(row) for row in work.execute(fetched))
    assert counted
    MarkdownIt("commonmark").enable("table").render(markdown)
    return perf_counter() - begun


if __name__ == "__main__":
    main()
