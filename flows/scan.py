"""The part of a sweep that takes machines: every post is looked at once, by as many workers as there are."""

from importlib import import_module
from typing import Any

from prefect import flow, unmapped
from prefect.futures import wait
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from incidents.errors import BadInput
from tasks.scan import folder_of, keep_universe, lay_out, scan_parts
from tasks.world import settings


def scan_source(sweep: str, window: int) -> str:
    """Scan a sweep's source for a window, on the runner of the settings, and return the universe's hash.

    `tasks.scan.read_universe` reads what was found. It does nothing where the window was scanned before.
    """
    return scan.with_options(task_runner=runner())(sweep, window)


@flow(name="scan", flow_run_name="scan {sweep} window {window}", persist_result=False)
def scan(sweep: str, window: int) -> str:
    """Lay the source out in parts, scan them, and put the universe together."""
    shares = lay_out(sweep, window)
    scanned = scan_parts.map(unmapped(folder_of(sweep, window)), shares)
    wait(scanned)
    for each in scanned:
        each.result()
    return keep_universe(sweep, window)


def runner() -> TaskRunner[Any]:
    """What scans the parts: threads, processes, or a Dask cluster. BadInput where that is not installed."""
    known = settings()
    if known.scan_runner == "threads":
        return ThreadPoolTaskRunner(max_workers=known.scan_workers)
    if known.scan_runner == "processes":
        return ProcessPoolTaskRunner(max_workers=known.scan_workers)
    return _dask(known.dask_address, known.scan_workers)


def _dask(address: str | None, workers: int) -> TaskRunner[Any]:
    try:
        dask = import_module("prefect_dask")
    except ImportError:
        raise BadInput(
            "WATCHFLOOR_SCAN_RUNNER is dask, and prefect-dask is not installed: install watchfloor[dask]."
        ) from None
    if address is not None:
        return dask.DaskTaskRunner(address=address)  # type: ignore[no-any-return]
    local = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    return dask.DaskTaskRunner(cluster_kwargs=local)  # type: ignore[no-any-return]
