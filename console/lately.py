"""Keep what is dear to count, so that a page does not wait for it: it is counted again behind its back.

Counting a sweep of 100,000 posts takes most of a second. Whoever opens its page sees what was counted last,
and when; where that is too old, it is counted anew once the page is sent. Where nothing was counted since the
console started, nobody waits long for it either.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import Final, Generic, TypeVar, cast

from fastapi import BackgroundTasks

from incidents.errors import WatchfloorError

T = TypeVar("T")

AS_GOOD_AS_NEW: Final = 10
"""For so many times as long as counting took: the store spends a tenth of a processor on it at most."""

PATIENCE: Final = 2.0
"""Seconds that a page waits for what was never counted."""

AT_ONCE: Final = 2
"""First counts that go on at the same time; others wait for those."""

MOST: Final = 500
"""Things that are kept; the one that was counted longest ago goes first."""


class StillCounting(WatchfloorError):
    """It was never counted since the start, and takes longer than a page should."""


@dataclass(frozen=True)
class Counted(Generic[T]):
    """What was counted, so many seconds ago; `is_old` where it is being counted again."""

    value: T
    age: float = 0.0
    is_old: bool = False


@dataclass(frozen=True)
class _Kept:
    value: object
    counted_at: float
    took: float


class Lately:
    """What was counted lately, by name. Any thread may ask."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._counting: set[str] = set()
        self._first: dict[str, Future[object]] = {}
        self._counters = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="first count")
        self._lock = Lock()

    def read(self, name: str, count: Callable[[], T], after: BackgroundTasks) -> Counted[T]:
        """What was counted last under that name; where nothing was, it is counted now.

        Raises StillCounting where that takes longer than PATIENCE; it goes on, and whoever asks later has it.
        """
        with self._lock:
            kept = self._kept.get(name)
        if kept is None:
            return Counted(cast("T", self._begun(name, count)))
        age = self._clock() - kept.counted_at
        is_old = age > AS_GOOD_AS_NEW * kept.took
        if is_old:
            after.add_task(self._recount, name, count)
        return Counted(cast("T", kept.value), age, is_old)

    def close(self) -> None:
        """Begin no other first count."""
        self._counters.shutdown(wait=False, cancel_futures=True)

    def _begun(self, name: str, count: Callable[[], T]) -> object:
        """The first count of that name, begun by whoever asks first."""
        with self._lock:
            first = self._first.get(name)
            if first is None:
                first = self._first[name] = self._counters.submit(self._count, name, count)
        first.add_done_callback(lambda _: self._forget_first(name))
        try:
            return first.result(PATIENCE)
        except TimeoutError:
            raise StillCounting(
                f"{name.partition('/')[0]} is being counted, for the first time since the console started."
                " With many posts that takes a minute. Load the page again."
            ) from None

    def _forget_first(self, name: str) -> None:
        with self._lock:
            self._first.pop(name, None)

    def _recount(self, name: str, count: Callable[[], T]) -> None:
        with self._lock:
            if name in self._counting:
                return
            self._counting.add(name)
        try:
            self._count(name, count)
        finally:
            self._counting.discard(name)

    def _count(self, name: str, count: Callable[[], T]) -> T:
        began = self._clock()
        value = count()
        done = self._clock()
        with self._lock:
            self._kept.pop(name, None)
            self._kept[name] = _Kept(value, done, done - began)
            while len(self._kept) > MOST:
                self._kept.pop(next(iter(self._kept)))
        return value
