"""Freeze the windows of a sweep, show how far it is, and end it once people have read enough."""

import secrets
from datetime import datetime

import polars as pl
from prefect import task
from prefect.artifacts import create_progress_artifact, create_table_artifact

from incidents.catalogue.teams import CATCH_ALL
from incidents.drills.dice import SEED_BITS, sample_seeds
from incidents.incident.phases import Phase
from incidents.store import ending, sweeps
from incidents.store.freezing import Frozen, freeze
from incidents.store.incidents import find, lock, loose
from incidents.store.lifecycle import start_monitoring
from incidents.store.progress import progress
from incidents.store.sweeps import Sweep
from incidents.sweeps.batches import Assignment
from incidents.sweeps.reading_list import reading_list
from tasks.drills import request_of
from tasks.ranking import first_priorities
from tasks.scan import read_universe
from tasks.world import catalogue, store


@task(persist_result=False)
def freeze_window(sweep: str, window: int, now: datetime) -> bool:
    """Find the copies in a window that was scanned, rank it, and keep what is to be read of it, all at once.

    False where that was done before.
    """
    with store().read() as work:
        found = sweeps.find_sweep(work, sweep)
        drill = find(work, found.incident_id).drill
    from incidents.sweeps.clustering import cluster  # noqa: PLC0415  its libraries take a second to load

    universe = read_universe(sweep, window)
    clustered = cluster(universe.matched, _heads(found, window))
    steer_seed, certify_seed = _seeds(found, drill)
    posts = reading_list(
        universe,
        clustered,
        first_priorities(found, window, clustered),
        assignment(),
        steer_seed=steer_seed,
    )
    frozen = Frozen(
        window=window,
        posts=posts,
        posts_seen=universe.posts_seen,
        terms=universe.terms,
        hash=universe.hash,
        steer_seed=steer_seed,
        certify_seed=certify_seed,
        readers=_readers(posts, drill=bool(drill)),
    )
    with store().begin() as work:
        return freeze(work, sweep, frozen, now=now)


def _heads(sweep: Sweep, window: int) -> pl.DataFrame | None:
    """The posts of earlier windows that are read themselves: later copies of them join their clusters."""
    if window == 1:
        return None
    with store().read() as work:
        ids = sweeps.read_items(work, sweep.id)
    earlier = pl.concat([read_universe(sweep.id, number).matched for number in range(1, window)])
    return earlier.filter(pl.col("id").is_in(pl.Series(ids, dtype=pl.String).implode()))


def _seeds(sweep: Sweep, drill: str) -> tuple[int, int]:
    """Those that were drawn before; else new ones that nobody can foretell, in a drill those of its seed."""
    if sweep.steer_seed is not None and sweep.certify_seed is not None:
        return sweep.steer_seed, sweep.certify_seed
    if drill:
        return sample_seeds(request_of(drill).seed, sweep.number)
    return secrets.randbits(SEED_BITS), secrets.randbits(SEED_BITS)


def _readers(posts: pl.DataFrame, *, drill: bool) -> dict[str, int]:
    """Language of the posts → people who read it; none at a site where nobody is listed."""
    known = catalogue()
    return {tag: known.readers(tag, drill=drill) for tag in posts["language"].unique().sort()}


def assignment() -> Assignment:
    """Which team reads which language, as the catalogue says."""
    known = catalogue()
    reading = [team for team in known.teams if team.languages]
    return Assignment(
        default_team=known.team_for_language(CATCH_ALL).id,
        teams={language: team.id for team in reversed(reading) for language in team.languages},
    )


def items_by_team(sweep: str) -> dict[str, int]:
    """How many posts each team has to read in the sweep."""
    with store().read() as work:
        parts = progress(work, sweep).parts
    items: dict[str, int] = {}
    for part in parts:
        items[part.team] = items.get(part.team, 0) + part.to_read
    return items


def window_is_frozen(sweep: str, window: int) -> bool:
    """Whether what is to be read of a window was kept."""
    with store().read() as work:
        return sweeps.windows_of(work, sweep)[window - 1].frozen_at is not None


def sweep_is_over(sweep: str) -> bool:
    """Whether people have nothing left to do in it."""
    with store().read() as work:
        return ending.is_over(work, sweep)


@task(persist_result=False)
def end_sweep(sweep: str, now: datetime) -> int:
    """End the sweep, unless it ended before, and return how many actions its plan holds."""
    with store().begin() as work:
        ending.finish(work, sweep, now=now)
        return len(sweeps.plan_of(work, sweep))


@task(persist_result=False)
def monitor_if_contained(incident: str, now: datetime) -> Phase:
    """Move on to monitoring once no sweep of the incident is unfinished; return the phase it is in."""
    with store().begin() as work:
        found = lock(work, incident)
        if found.phase is Phase.responding and not loose(work, incident).unfinished_sweeps:
            start_monitoring(work, incident, now=now)
        return find(work, incident).phase


@task(persist_result=False)
def show_progress(sweep: str) -> None:
    """Renew the sweep's progress on Prefect's page: counts by team and language, never a post."""
    with store().read() as work:
        known = progress(work, sweep)
    share = 100 * known.decided / known.items if known.items else 100.0
    create_progress_artifact(
        share, key=f"{sweep.lower()}-decided", description=f"Decided items of {sweep}, in %"
    )
    rows = [part.model_dump() for part in known.parts]
    create_table_artifact(rows, key=sweep.lower(), description=f"How far {sweep} is, by team and language")


@task(persist_result=False)
def show_working_sweeps(_machine_now: datetime) -> int:
    """Renew the progress of every sweep that people work on; returns how many there are."""
    with store().read() as work:
        working = sweeps.working_sweeps(work)
    for sweep in working:
        show_progress.fn(sweep)
    return len(working)
