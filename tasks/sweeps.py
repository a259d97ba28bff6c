"""Gather the posts of a sweep, keep its universe, and end it once people have decided everything."""

from datetime import datetime

from prefect import task
from prefect.artifacts import create_progress_artifact, create_table_artifact

from incidents.catalogue.teams import CATCH_ALL
from incidents.incident.phases import Phase
from incidents.store import sweeps
from incidents.store.incidents import find, lock, loose
from incidents.store.lifecycle import start_monitoring
from incidents.store.post_source import read_source
from incidents.store.progress import progress
from incidents.sweeps.batches import Assignment
from incidents.sweeps.universe import gather
from tasks.world import catalogue, store


@task(persist_result=False)
def freeze_scope(sweep: str, now: datetime) -> bool:
    """Read the source, match the scope, and keep what the sweep covers with its batches, all at once.

    False where that was done before. BadInput where the source cannot be read: the sweep stays requested.
    """
    with store().read() as work:
        found = sweeps.find_sweep(work, sweep)
    if found.state != "requested":
        return False
    universe = gather(read_source(found.source), found.scope, assignment())
    with store().begin() as work:
        return sweeps.freeze(work, sweep, universe, now=now)


def assignment() -> Assignment:
    """Which team reads which language, in batches of how many, as the catalogue says."""
    known = catalogue()
    reading = [team for team in known.teams if team.languages]
    return Assignment(
        default_team=known.team_for_language(CATCH_ALL).id,
        teams={language: team.id for team in reversed(reading) for language in team.languages},
        sizes={team.id: team.batch_size for team in reading},
    )


def items_by_team(sweep: str) -> dict[str, int]:
    """How many items each team has to decide in the sweep."""
    with store().read() as work:
        parts = progress(work, sweep).parts
    items: dict[str, int] = {}
    for part in parts:
        items[part.team] = items.get(part.team, 0) + part.items
    return items


def sweep_is_worked(sweep: str) -> bool:
    """Whether people have nothing left to do in it."""
    with store().read() as work:
        return sweeps.all_batches_done(work, sweep)


@task(persist_result=False)
def end_sweep(sweep: str, now: datetime) -> int:
    """End the sweep, unless it ended before, and return how many actions its plan holds."""
    with store().begin() as work:
        sweeps.finish(work, sweep, now=now)
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
