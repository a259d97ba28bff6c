"""Keep children running: start again what dies, and give up on what keeps dying."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

from console.child import Child

DEATHS, WITHIN = 5, 60.0
"""So many deaths of one child within so many seconds, and all is stopped: it will not get better."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds before a child is started again, doubling with each recent death."""

Say = Callable[[str], None]


@dataclass
class _Kept:
    """A child with what is remembered of its deaths."""

    child: Child
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))
    again_at: float | None = None


class Keeper:
    """Looks after the children from a thread of its own, from `start` to `stop`."""

    def __init__(self, say: Say, give_up: Callable[[str], None]) -> None:
        self._say = say
        self._give_up = give_up
        self._kept: list[_Kept] = []
        self._stopping = Event()
        self._thread = Thread(target=self._keep, daemon=True, name="keep the children running")

    @property
    def children(self) -> list[Child]:
        """The children, in the order in which they were started."""
        return [kept.child for kept in self._kept]

    @property
    def is_stopping(self) -> bool:
        """Whether nothing is started again any more."""
        return self._stopping.is_set()

    def add(self, child: Child) -> None:
        """Start a child, and remember it."""
        self._kept.append(_Kept(child))
        child.start()

    def start(self) -> None:
        """From here on, start again what dies."""
        self._thread.start()

    def stop(self) -> None:
        """Start nothing again from here on."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.wait(0.2):
            for kept in self._kept:
                if not kept.child.is_running:
                    self._mend(kept, monotonic())

    def _mend(self, kept: _Kept, now: float) -> None:
        if kept.again_at is None:
            self._bury(kept, now)
        elif now >= kept.again_at:
            kept.again_at = None
            kept.child.start()

    def _bury(self, kept: _Kept, now: float) -> None:
        """End what the dead child left behind, and say what comes next."""
        child = kept.child
        code = child.exit_code
        child.kill()
        kept.deaths.append(now)
        recent = sum(now - death <= WITHIN for death in kept.deaths)
        if recent == DEATHS:
            self._stopping.set()
            self._give_up(
                f"{child.program.title} died {DEATHS} times within {WITHIN:.0f} s, so everything is stopped."
                f" The log says why: {child.log}"
            )
            return
        pause = min(FIRST_PAUSE * 2 ** (recent - 1), LONGEST_PAUSE)
        kept.again_at = now + pause
        self._say(
            f"{child.program.title} died (exit code {code}) and is started again in {pause:.1f} s."
            f" Its log: {child.log}"
        )
