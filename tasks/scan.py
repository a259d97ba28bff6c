"""Find a sweep's posts: lay its source out in parts, scan each, and put the universe together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from prefect import task

from incidents.store import window as windows
from incidents.store.post_source import HttpSource, Source
from incidents.store.sweeps import find_sweep, windows_of
from incidents.sweeps.scope import Scope
from incidents.sweeps.universe import Universe
from tasks.partners.platform import Platform
from tasks.world import settings, store

_PARTS_A_RUN: Final = 16
"""Parts that one task run scans: a run by itself costs as much as a part does."""


@task(persist_result=False)
def lay_out(sweep: str, window: int) -> list[list[int]]:
    """Lay the posts out in parts, a platform's pages by fetching them; the parts that belong together.

    BadInput or PartnerUnreachable where the source cannot be read. What was fetched before stays.
    """
    folder = folder_of(sweep, window)
    if windows.is_kept(folder):
        return []
    with store().read() as work:
        found = find_sweep(work, sweep)
        source = windows_of(work, sweep)[window - 1].source
    spool = windows.spool_folder(folder)
    _fetch(sweep, source, found.scope, spool)
    count = windows.lay_out(folder, found.scope, source.parts(spool))
    return shared_out(count, settings().scan_workers)


@task(persist_result=False)
def scan_parts(folder: Path, numbers: Sequence[int]) -> int:
    """Scan these parts, and return how many posts they hold. It takes nothing but the folder.

    So a cluster's worker needs neither our settings nor the store, and no post passes through Prefect.
    """
    return sum(windows.scan_part(folder, number) for number in numbers)


@task(persist_result=False)
def keep_universe(sweep: str, window: int) -> str:
    """Put the parts together to the window's universe, and return its hash."""
    earlier = [folder_of(sweep, number) for number in range(1, window)]
    return windows.keep_universe(folder_of(sweep, window), earlier=earlier)


def read_universe(sweep: str, window: int) -> Universe:
    """The universe of a window that was scanned."""
    return windows.read_universe(folder_of(sweep, window))


def folder_of(sweep: str, window: int) -> Path:
    """Where a window is put together. Every process of a cluster must see it."""
    return windows.window_folder(settings().home.absolute(), sweep, window)


def shared_out(count: int, workers: int) -> list[list[int]]:
    """Parts for each task run: enough runs for every worker, and no more parts in one than are worth it."""
    size = max(1, min(_PARTS_A_RUN, -(-count // workers)))
    return [list(range(start, min(start + size, count))) for start in range(0, count, size)]


def _fetch(sweep: str, source: Source, scope: Scope, spool: Path) -> None:
    if isinstance(source, HttpSource):
        platform = Platform(source=source, settings=settings(), scope=scope, seed=sweep)
        platform.fetch(source.spool(spool))
