"""Count what a scope would bring in while its writer goes on typing: in the background, bounded, for a page.

A try belongs to who began it in which incident; their next one there ends it. What was typed is kept with
it, so that a page that is loaded again has lost nothing.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from secrets import token_urlsafe
from threading import Event, Lock
from typing import Final

import polars as pl

from console.runs import start_flow
from incidents.errors import NotFound, WatchfloorError
from incidents.settings import Settings
from incidents.store.post_source import FileSource, HttpSource, Source, TableSource
from incidents.store.trials import Counted, OpenTrial, Told, Trial, request_trial
from incidents.store.window import count_posts
from incidents.sweeps.scope import Scope

AT_MOST: Final = 200_000
"""Posts of a file or table that are counted: some seconds. `watchfloor sweep try` counts all."""

AT_MOST_FETCHED: Final = 20_000
"""Posts of a platform that are fetched and counted: twenty pages."""

AT_ONCE: Final = 2
"""Tries that are counted at the same time; others wait."""

MOST: Final = 200
"""Tries that are remembered; the oldest goes first."""


class Ended(Exception):
    """Nobody waits for this try any more."""


@dataclass
class Try:
    """One try, and how far it is."""

    person: str
    incident: str
    fields: Mapping[str, list[str]]
    """What was typed."""
    scope: Scope
    source: Source
    ended: Event = field(default_factory=Event)
    told_here: Told = field(default_factory=Told)
    opened: OpenTrial | None = None
    """On a platform: what its flow writes to."""

    @property
    def told(self) -> Told:
        """What is known by now."""
        if self.opened is None or self.told_here.failure or self.told_here.counted:
            return self.told_here
        return self.opened.told()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be told."""
        told = self.told
        return told.counted is not None or told.failure is not None

    def tell(self, **news: object) -> None:
        """Go on telling."""
        self.told_here = self.told_here.model_copy(update=news)

    def end(self) -> None:
        """Wait for it no longer."""
        self.ended.set()
        if self.opened is not None:
            self.tell(**dict(self.opened.told()))
            self.opened.withdraw()


class Tries:
    """The tries of one process."""

    def __init__(self) -> None:
        self._tries: dict[str, Try] = {}
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="try a scope")

    def begin(self, settings: Settings, begun: Try) -> str:
        """Begin to count, and return the name of the try. An earlier one of the same person there ends."""
        name = token_urlsafe(9)
        with self._lock:
            theirs = [
                known
                for known in self._tries.values()
                if (known.person, known.incident) == (begun.person, begun.incident)
            ]
            self._tries[name] = begun
            while len(self._tries) > MOST:
                theirs.append(self._tries.pop(next(iter(self._tries))))
        for each in theirs:
            each.end()
        self._pool.submit(_run, settings, begun).add_done_callback(partial(_tell_broken, begun))
        return name

    def find(self, name: str, person: str, incident: str) -> Try:
        """The try of that name. NotFound where it is not theirs, or forgotten."""
        with self._lock:
            found = self._tries.get(name)
        if found is None or (found.person, found.incident) != (person, incident):
            raise NotFound("This count is not kept any more. Go back, and count again.")
        return found

    def close(self) -> None:
        """End all of them."""
        for each in self._tries.values():
            each.end()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _run(settings: Settings, begun: Try) -> None:
    if begun.ended.is_set():
        return
    try:
        if isinstance(begun.source, HttpSource):
            _ask_flow(settings, begun, begun.source)
        else:
            begun.tell(counted=_count(begun, begun.source))
    except Ended:
        return
    except WatchfloorError as error:
        begun.tell(failure=str(error))


def _tell_broken(begun: Try, run: "Future[None]") -> None:
    """A fault of ours must not look like counting that goes on for ever."""
    broken = None if run.cancelled() else run.exception()
    if broken is not None:
        begun.tell(failure=f"It broke off ({type(broken).__name__}).")


def _ask_flow(settings: Settings, begun: Try, source: HttpSource) -> None:
    trial = Trial(scope=begun.scope, source=source, at_most=AT_MOST_FETCHED)
    begun.opened = request_trial(settings.home.absolute(), trial)
    start_flow(settings, "try_scope", {"trial": begun.opened.name}, key=begun.opened.name)


def _count(begun: Try, source: FileSource | TableSource) -> Counted:
    first = _First(begun)
    dry = count_posts(first.of(source.frames()), begun.scope, place=source.shown)
    return Counted(dry=dry, is_whole=first.is_whole)


class _First:
    """The first posts of a source; says how many there were, and whether that is all."""

    def __init__(self, begun: Try) -> None:
        self._begun = begun
        self.is_whole = True

    def of(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        seen = 0
        for posts in frames:
            if self._begun.ended.is_set():
                raise Ended
            if seen == AT_MOST:
                self.is_whole = False
                return
            some = posts.head(AT_MOST - seen)
            self.is_whole = some.height == posts.height
            seen += some.height
            self._begun.tell(doing="counting", posts=seen)
            yield some
