"""Start everything that a running Watchfloor is made of, keep it running, and stop it without a trace.

The children are Prefect's server, the worker that starts flow runs, the task worker and the API. They
import what they need while the server starts, and wait for it by themselves.
"""

import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from time import monotonic
from uuid import uuid4

from console import programs
from console.child import GRACE, Child, Program, group_of, marked, send
from console.home_lock import home_lock
from console.interrupts import interrupt_main, interrupts
from console.keeper import Keeper, Say
from console.reach import answers
from console.signing_in import first_link
from console.tables import open_store
from incidents.catalogue.load import load_catalogue
from incidents.errors import WatchfloorError
from incidents.settings import Settings

START_WITHIN = 120.0
"""Seconds until the server must answer; on a slow disk its first start makes its tables for a while."""

TRIES_TO_DEPLOY = 3

CLIENTS = frozenset({"worker", "tasks"})
"""Children that are told what to do by Prefect's server, over a connection that they keep open."""

TRIES_TO_CONNECT = 3
"""How often each of them may lose that connection before everything runs."""


class StackFailed(WatchfloorError):
    """Watchfloor cannot start, or cannot be kept running. The log named in the message says why."""


def is_up(settings: Settings, seconds: float = 1.0) -> bool:
    """Whether Prefect's server and the API answer, each asked once."""
    health = f"{programs.api_url(settings)}/health"
    return answers(programs.health_url(settings), seconds) and answers(health, seconds)


class Stack:
    """The children of one Watchfloor. `running_stack` makes one, and stops it."""

    def __init__(self, settings: Settings, say: Say, mark: str) -> None:
        self.settings = settings
        self.logs = settings.home / "logs"
        self.hurry = Event()
        self.failure: str | None = None
        self.keeper = Keeper(say, self._give_up)
        self._mark = mark
        self._env = programs.environment(settings, mark)
        self._ended = Event()
        self._tries: Counter[str] = Counter()

    def start(self) -> None:
        """Start the children and return when flows can be started. StackFailed where they cannot."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self._check_ports()
        if self.settings.prefect_api_url is None:
            self._add(programs.server(self.settings))
        open_store(self.settings).close()
        for program in (programs.api, programs.worker, programs.task_worker):
            self._add(program(self.settings))
        self._deploy()
        self._wait_for_api()
        self.keeper.start()

    def check(self) -> None:
        """Raise StackFailed where the stack was given up."""
        if self.failure is not None:
            raise StackFailed(self.failure)

    def wait(self) -> None:
        """Return when the stack ends; StackFailed where it was given up."""
        self._ended.wait()
        self.check()

    def stop(self) -> None:
        """Stop the children, the last one first, with everything that they started."""
        self.keeper.stop()
        self._ended.set()
        for child in reversed(self.keeper.children):
            if child.program.name == "worker":
                self._end_flow_runs()
            child.ask_to_stop()
            child.end(self.hurry)
        send(marked(self._mark), signal.SIGKILL)

    def _end_flow_runs(self) -> None:
        """Ask flow runs to stop first, while the server hears that they did: `watch` then need not guess."""
        until = monotonic() + GRACE
        send(self._flow_runs(), signal.SIGTERM)
        while self._flow_runs() and monotonic() < until and not self.hurry.wait(0.1):
            pass
        send(self._flow_runs(), signal.SIGKILL)

    def _flow_runs(self) -> list[int]:
        """The processes of flow runs. They are sessions of their own, so only the mark leads to them."""
        groups = {child.pid for child in self.keeper.children}
        return [pid for pid in marked(self._mark) if group_of(pid) not in groups]

    def _give_up(self, why: str) -> None:
        self.failure = why
        self._ended.set()
        # Whoever runs inside `running_stack` waits for something that will not come.
        interrupt_main()

    def _child(self, program: Program) -> Child:
        return Child(program, logs=self.logs, folder=self.settings.home, env=self._env)

    def _add(self, program: Program) -> None:
        self.keeper.add(self._child(program))

    def _check_ports(self) -> None:
        _check_port("API_PORT", self.settings.api_host, self.settings.api_port)
        if self.settings.prefect_api_url is None:
            _check_port("PREFECT_PORT", "127.0.0.1", self.settings.prefect_port)

    def _deploy(self) -> None:
        """Tell Prefect what our flows are, as soon as its server answers and the pool is there."""
        deploy = self._child(programs.deploy(self.settings))
        for _ in range(TRIES_TO_DEPLOY):
            deploy.start()
            try:
                if self._ends_well(deploy):
                    return
            finally:
                deploy.kill()
        raise StackFailed(f"Prefect did not take the flows of prefect.yaml. See {deploy.log}.")

    def _ends_well(self, deploy: Child) -> bool:
        until, server_is_up = monotonic() + START_WITHIN, False
        while deploy.is_running:
            self._fail_on_death()
            server_is_up = server_is_up or answers(programs.health_url(self.settings), 0.5)
            if monotonic() > until:
                raise StackFailed(self._too_slow(deploy, server_is_up=server_is_up))
            self.hurry.wait(0.1)
        return deploy.exit_code == 0

    def _too_slow(self, deploy: Child, *, server_is_up: bool) -> str:
        if server_is_up:
            return f"Prefect did not take our flows within {START_WITHIN:.0f} s. See {deploy.log}."
        log = "" if self.settings.prefect_api_url else f" See {self.logs / 'server.log'}."
        return f"No Prefect server answered at {self.settings.prefect_url} within {START_WITHIN:.0f} s.{log}"

    def _wait_for_api(self) -> None:
        until = monotonic() + START_WITHIN
        while not answers(f"{programs.api_url(self.settings)}/health", 0.5):
            self._fail_on_death()
            if monotonic() > until:
                raise StackFailed(
                    f"The API did not answer within {START_WITHIN:.0f} s. See {self.logs}/api.log."
                )
            self.hurry.wait(0.05)

    def _fail_on_death(self) -> None:
        """While starting, a death is an error to be shown, but for what the young server lost by itself."""
        for child in self.keeper.children:
            if not child.is_running and not self._start_again(child):
                raise StackFailed(
                    f"{child.program.title} ended at its start (exit code {child.exit_code})."
                    f" The log says why: {child.log}"
                )

    def _start_again(self, child: Child) -> bool:
        """Give the server's clients another try: it may drop their first connection while it starts."""
        if child.program.name not in CLIENTS or self._tries[child.program.name] >= TRIES_TO_CONNECT:
            return False
        self._tries[child.program.name] += 1
        child.kill()
        child.start()
        return True


@contextmanager
def running_stack(settings: Settings, say: Say = lambda _line: None) -> Iterator[Stack]:
    """Everything, running, until the block ends. StackFailed where it cannot start or was given up.

    In the main thread SIGTERM and a closed terminal end the block as Ctrl-C does, with KeyboardInterrupt;
    a second one kills what is still stopping.
    """
    settings = settings.model_copy(update={"home": settings.home.absolute()})
    _make_home(settings)
    mark = uuid4().hex
    with home_lock(settings.home, mark):
        stack = Stack(settings, say, mark)
        with interrupts(is_stopping=lambda: stack.keeper.is_stopping, hurry=stack.hurry):
            try:
                stack.start()
                yield stack
            except KeyboardInterrupt:
                stack.check()
                raise
            finally:
                stack.stop()


def serve(settings: Settings, say: Say = lambda _line: None) -> None:
    """Run everything until Ctrl-C or SIGTERM. StackFailed where it cannot start or was given up."""
    try:
        with running_stack(settings, say) as stack:
            page = settings.prefect_url.removesuffix("/api")
            say(f"Watchfloor runs: {programs.api_url(settings)}  Prefect's page: {page}")
            _say_who_may_enter(settings, say)
            say("Ctrl-C stops everything; nothing is lost by it.")
            stack.wait()
    except KeyboardInterrupt:
        say("Everything is stopped.")


def _say_who_may_enter(settings: Settings, say: Say) -> None:
    """On a first start nobody has a password: print the link with which the first administrator sets one."""
    store = open_store(settings)
    try:
        path = first_link(store, settings, load_catalogue(settings.catalogue_folder), now=datetime.now(UTC))
    finally:
        store.close()
    if path is not None:
        say(f"Nobody has an account yet. Set a password at {programs.api_url(settings)}{path}")


def _make_home(settings: Settings) -> None:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackFailed(
            f"The home folder {settings.home} cannot be made: {error.strerror}. Set WATCHFLOOR_HOME to another."
        ) from error


def _check_port(name: str, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise StackFailed(
                f"Port {port} of {host} cannot be used: {error.strerror or error}. If another Watchfloor has"
                f" it, use that one or stop it; otherwise set WATCHFLOOR_{name} to a free port."
            ) from error
