"""Which programs make up a running Watchfloor, and the environment that they share."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import yaml

from console.child import MARK, Program
from incidents.errors import WatchfloorError
from incidents.settings import Settings

POOL = "watchfloor"
"""Prefect's work pool, of type process, from which our worker takes flow runs."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_CLI = ("--load", "prefect.cli.worker", "--load", "prefect.workers.process")


def deployments_file() -> Path:
    """prefect.yaml: at the root of a checkout, or in the package `flows` where a wheel is installed."""
    root = Path(__file__).parent.parent
    for path in (root / "prefect.yaml", root / "flows" / "prefect.yaml"):
        if path.is_file():
            return path
    raise WatchfloorError(f"There is no prefect.yaml in {root}. The installation is broken: install it anew.")


def deployments() -> list[dict[str, Any]]:
    """What prefect.yaml says of each deployment, in its own words."""
    told = yaml.safe_load(deployments_file().read_text(encoding="utf-8")) or {}
    return list(told.get("deployments") or [])


def health_url(settings: Settings) -> str:
    """The page on which Prefect's server says that it is well."""
    return f"{settings.prefect_url}/health"


def api_url(settings: Settings) -> str:
    """Where our own API answers, also where it listens on every address."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.api_host, settings.api_host)
    return f"http://{host}:{settings.api_port}"


def server(settings: Settings) -> Program:
    """Prefect's server and its page."""
    port = str(settings.prefect_port)
    command = ("prefect.cli:app", "server", "start", "--host", "127.0.0.1", "--port", port)
    return Program("server", "Prefect's server", _python("console.warm", *command), signal.SIGINT)


def worker(settings: Settings) -> Program:
    """The worker, which makes the pool where it is missing and starts each flow run as a process."""
    started = ("worker", "start", "--pool", POOL, "--type", "process", "--install-policy", "never")
    warm = _python("console.warm", *_CLI, "--until", health_url(settings), "prefect.cli:app", *started)
    return Program("worker", "the worker", warm, signal.SIGINT)


def task_worker(settings: Settings) -> Program:
    """The task worker, which carries out what the console hands over."""
    warm = _python("console.warm", "--until", health_url(settings), "tasks.worker:main")
    return Program("tasks", "the task worker", warm)


def api(settings: Settings) -> Program:
    """The pages and the JSON API."""
    where = ("--host", settings.api_host, "--port", str(settings.api_port))
    # Open pages hold a connection on which they are told what happens; nobody waits for those to end.
    quiet = ("--log-level", "warning", "--timeout-graceful-shutdown", "2")
    command = _python("console.warm", "uvicorn:main", "console.app:app", "--factory", *where, *quiet)
    return Program("api", "the API", command)


def deploy(settings: Settings) -> Program:
    """The run that tells Prefect what prefect.yaml says. It waits for the pool, which the worker makes."""
    modules = sorted({entry["entrypoint"].rpartition(".")[0] for entry in deployments()})
    loads = [word for module in ["prefect.cli.deploy", *modules] for word in ("--load", module)]
    until = ("--until", f"{settings.prefect_url}/work_pools/{POOL}")
    told = ("--no-prompt", "deploy", "--all", "--prefect-file", str(deployments_file()))
    command = ("prefect.cli:app", *told)
    return Program("deploy", "the deployment of the flows", _python("console.warm", *loads, *until, *command))


def environment(settings: Settings, mark: str) -> dict[str, str]:
    """What every child finds in its environment: all of ours, and what makes the parts find each other."""
    few = {name: os.environ.get(name, "1") for name in _ONE_THREAD}
    local = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1,localhost"]))
    told = {
        MARK: mark,
        "NO_PROXY": local,
        "no_proxy": local,
        "PYTHONUNBUFFERED": "1",
        "POLARS_MAX_THREADS": os.environ.get("POLARS_MAX_THREADS", "2"),
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_LOGGING_COLORS": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        # One transaction a task run, Prefect's default, makes its other writers on SQLite wait and retry.
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
        "PREFECT_WORKER_QUERY_SECONDS": str(settings.poll_seconds),
    }
    kept = {name: value for name, value in os.environ.items() if name != "PREFECT_PROFILE"}
    return kept | few | told | _own_state(settings) | prefect_environment(settings)


def prefect_environment(settings: Settings) -> dict[str, str]:
    """What Prefect must find in the environment before it is imported, here and in every child."""
    told = {
        "PREFECT_API_URL": settings.prefect_url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    own = str((settings.home / "prefect").absolute())
    elsewhere = settings.prefect_api_url is not None
    return told | {"PREFECT_HOME": os.environ.get("PREFECT_HOME", own) if elsewhere else own}


def _own_state(settings: Settings) -> dict[str, str]:
    """Our own paths, absolute: a flow run's folder is not the one in which `watchfloor up` was typed."""
    told = {"WATCHFLOOR_HOME": str(settings.home.absolute())}
    if settings.catalogue is not None:
        told["WATCHFLOOR_CATALOGUE"] = str(settings.catalogue.absolute())
    relative = _relative_path(settings.database_url)
    if relative is not None:
        told["WATCHFLOOR_DATABASE_URL"] = f"sqlite:///{Path(relative).absolute()}"
    return told


def _relative_path(url: str | None) -> str | None:
    """The path of a SQLite URL that is relative; None for any other URL."""
    path = (url or "").removeprefix("sqlite:///")
    return None if url is None or path == url or not path or path.startswith("/") else path


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
