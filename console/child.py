"""One child process: started in a group of its own, stopped with everything that it started."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

GRACE = 10.0
"""Seconds that a child has to stop by itself before its whole group is killed."""

LONGEST_LOG = 10_000_000
"""Bytes after which a log is put aside at the next start, as <name>.log.1."""

MARK = "WATCHFLOOR_STACK"
"""Variable that every process of one stack carries, flow runs too, which leave their worker's group."""


@dataclass(frozen=True)
class Program:
    """What a child runs."""

    name: str
    what: str
    command: tuple[str, ...]
    stop_with: signal.Signals = signal.SIGTERM

    @property
    def title(self) -> str:
        """What it is, at the beginning of a sentence."""
        return self.what[:1].upper() + self.what[1:]


class Child:
    """A program, its process while it has one, and its log."""

    def __init__(self, program: Program, *, logs: Path, folder: Path, env: dict[str, str]) -> None:
        self.program = program
        self.log = logs / f"{program.name}.log"
        self._folder = folder
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process. What it prints is added to the log."""
        self.close()
        _put_aside(self.log)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.program.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._env,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """The id of the process, also of its group; None before the first start."""
        return None if self._process is None else self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the process ended; None while it runs, or before it was started."""
        return None if self._process is None else self._process.poll()

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the signal that lets this program finish its business."""
        if self._process is not None and self.is_running:
            with suppress(ProcessLookupError):
                self._process.send_signal(self.program.stop_with)

    def end(self, hurry: Event, *, grace: float = GRACE) -> None:
        """Wait until the process has stopped, at most `grace` seconds, then kill what is left."""
        until = monotonic() + grace
        while self.is_running and monotonic() < until and not hurry.wait(0.05):
            pass
        self.kill()

    def kill(self) -> None:
        """Kill the whole group at once, also what a dead leader left behind."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.close()

    def close(self) -> None:
        """Give the pipe to an ended process back."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()


def _put_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_suffix(".log.1"))


def marked(mark: str) -> list[int]:
    """Ids of the live processes that carry a stack's mark, but for this one.

    Flow runs are sessions of their own, so no group leads to them. Only Linux tells other processes'
    environments through files; elsewhere the answer is empty, and flow runs end with their groups' worker.
    """
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            variables = (folder / "environ").read_bytes().split(b"\0")
            if wanted in variables and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found


def group_of(pid: int) -> int | None:
    """The process group of a process; None where it is gone."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def send(pids: list[int], which: signal.Signals) -> None:
    """Send a signal to processes; those that are gone by now do not matter."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, which)
