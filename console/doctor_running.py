"""What the doctor looks at among the processes: Prefect's server, workers, deployments, our API."""

from collections.abc import Iterator

from console import programs
from console.finding import Finding, bad, ok, warn
from console.reach import answers, ask
from incidents.settings import Settings

UP = "Run `watchfloor up` in a terminal of its own, or under your service manager."


def server(settings: Settings) -> Iterator[Finding]:
    """Whether Prefect's server is well."""
    if _server_answers(settings):
        yield ok("prefect server", f"It answers at {settings.prefect_url}.")
        return
    todo = "Start it, or mend WATCHFLOOR_PREFECT_API_URL." if settings.prefect_api_url else UP
    what = f"Nothing answers at {settings.prefect_url}. What people decide is recorded; flows wait."
    yield bad("prefect server", what, todo)


def worker(settings: Settings) -> Iterator[Finding]:
    """Whether a worker takes flow runs from the pool."""
    if not _server_answers(settings):
        return
    pool = ask(f"{settings.prefect_url}/work_pools/{programs.POOL}")
    if pool is None:
        yield bad("worker", f"There is no work pool {programs.POOL}.", UP)
    elif pool.get("is_paused"):
        todo = f"Resume it: `prefect work-pool resume {programs.POOL}`."
        yield bad("worker", f"The work pool {programs.POOL} is paused: no flow starts.", todo)
    elif pool.get("status") != "READY":
        yield bad(
            "worker", f"No worker takes flow runs from the pool {programs.POOL}.", f"{UP} See logs/worker.log."
        )
    else:
        yield ok("worker", f"A worker takes flow runs from the pool {programs.POOL}.")


def flows(settings: Settings) -> Iterator[Finding]:
    """Whether Prefect knows every deployment of prefect.yaml, and none of them is paused."""
    if not _server_answers(settings):
        return
    found = ask(f"{settings.prefect_url}/deployments/filter", {"limit": 200}) or []
    paused = {deployment["name"]: bool(deployment.get("paused")) for deployment in found}
    wanted = [str(entry["name"]) for entry in programs.deployments()]
    if missing := [name for name in wanted if name not in paused]:
        what = f"Prefect does not know {', '.join(missing)}."
        yield bad("deployments", what, "Restart `watchfloor up`, or run `prefect deploy --all`.")
    for name in (name for name in wanted if paused.get(name)):
        yield warn(
            "deployments",
            f"{name} is paused.",
            f"Resume it: `prefect deployment schedule resume {name}/{name}`.",
        )
    if not missing:
        yield ok("deployments", f"Prefect knows all {len(wanted)} of prefect.yaml.")


def task_worker(settings: Settings) -> Iterator[Finding]:
    """Whether a task worker delivers at once what people cause."""
    if not _server_answers(settings):
        return
    if ask(f"{settings.prefect_url}/task_workers/filter", {}):
        yield ok("task worker", "It takes what the console hands over.")
    else:
        what = "None is connected. Deliveries wait for `watch`, a minute or so each."
        yield warn("task worker", what, f"{UP} See logs/tasks.log.")


def api(settings: Settings) -> Iterator[Finding]:
    """Whether our own API answers."""
    url = programs.api_url(settings)
    if answers(f"{url}/health"):
        yield ok("api", f"It answers at {url}.")
    else:
        yield bad("api", f"Nothing answers at {url}.", UP)


def _server_answers(settings: Settings) -> bool:
    return answers(programs.health_url(settings))
