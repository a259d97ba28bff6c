"""Try a scope on a platform: fetch its first posts page by page, and count what the scope finds in them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import polars as pl
from prefect import task

from incidents.errors import BadInput, WatchfloorError
from incidents.store.spool import Progress
from incidents.store.trials import Counted, OpenTrial, Told, Trial
from incidents.store.trials import forget_trials as forget
from incidents.store.window import count_posts
from tasks.partners.platform import Platform
from tasks.world import settings

KEPT_FOR: Final = timedelta(days=1)
"""How long pages lie there that somebody had fetched, and did not come back to have counted."""

_LOOK_EVERY: Final = 1.0
"""Seconds between two looks whether anybody still waits, while the platform is not asked."""


class NobodyWaits(Exception):
    """Who asked for it has left. What was fetched is kept."""


@task(persist_result=False)
def try_on_platform(name: str) -> bool:
    """Count what a scope finds in a platform's first posts; False where nobody waits for that any more.

    PartnerUnreachable or BadInput as a sweep would raise it, and told to whoever waits. Pages are kept until
    they were counted.
    """
    opened = OpenTrial(settings().home.absolute(), name)
    trial = opened.trial()
    if trial is None:
        return False
    visit = _Visit(opened, trial)
    try:
        visit.count_alone()
    except NobodyWaits:
        return False
    except WatchfloorError as error:
        tell_failure(name, str(error))
        raise
    return True


def tell_failure(name: str, why: str) -> None:
    """Tell whoever waits that it failed; what was told first stands."""
    opened = OpenTrial(settings().home.absolute(), name)
    told = opened.told()
    if told.failure is None and told.counted is None:
        opened.tell(told.model_copy(update={"failure": why}))


@task(persist_result=False)
def forget_trials(machine_now: datetime) -> int:
    """Remove posts that were fetched to try a scope on, and left behind; of how many windows."""
    return forget(settings().home.absolute(), before=machine_now - KEPT_FOR)


@dataclass
class _Visit:
    """One attempt at a trial."""

    opened: OpenTrial
    trial: Trial
    told: Told = field(default=Told(), init=False)

    def count_alone(self) -> None:
        """Fetch and count, once nobody else fetches the same pages."""
        while True:
            with self.opened.alone() as is_alone:
                if is_alone:
                    self._fetch()
                    return self._count()
            self._say("waiting until another try of this platform is through")
            self._wait(_LOOK_EVERY)

    def _fetch(self) -> None:
        source, scope = self.trial.source, self.trial.scope
        again = "type the same command again"
        platform = Platform(source, settings(), scope, self._pause, self.opened.name, again)
        platform.fetch(self.opened.spool, enough=self._is_enough)

    def _is_enough(self, progress: Progress) -> bool:
        self._say(f"fetching page {progress.pages + 1}", posts=progress.height)
        return progress.is_complete or progress.height >= self.trial.at_most

    def _pause(self, seconds: float) -> None:
        """Let the platform have its rest, and say so where that can be noticed."""
        until = time.monotonic() + seconds
        before = self.told.doing
        while (left := until - time.monotonic()) > 0:
            if left > _LOOK_EVERY:
                self._say(f"{before}; the platform is busy, and is asked again in {left:.0f} s")
            self._wait(min(left, _LOOK_EVERY))
        self._say(before)

    def _wait(self, seconds: float) -> None:
        self._refuse_if_nobody_waits()
        time.sleep(seconds)

    def _count(self) -> None:
        spool = self.opened.spool
        progress = spool.progress()
        try:
            dry = count_posts(self._frames(), self.trial.scope, place=self.trial.source.shown)
        except BadInput:
            spool.clear()  # the same pages would be refused again
            raise
        is_whole = progress.is_complete and progress.height <= self.trial.at_most
        counted = Counted(dry=dry, is_whole=is_whole)
        self._tell(self.told.model_copy(update={"doing": "counted", "counted": counted}))
        spool.clear()

    def _frames(self) -> Iterator[pl.DataFrame]:
        for number, posts in enumerate(self.opened.spool.first(self.trial.at_most), start=1):
            self._say(f"counting page {number}")
            yield posts

    def _say(self, doing: str, posts: int | None = None) -> None:
        self._refuse_if_nobody_waits()
        self._tell(Told(doing=doing, posts=self.told.posts if posts is None else posts))

    def _tell(self, told: Told) -> None:
        if told != self.told:
            self.told = told
            self.opened.tell(told)

    def _refuse_if_nobody_waits(self) -> None:
        if not self.opened.is_wanted:
            raise NobodyWaits
