"""How are the posts of a platform fetched page by page, however often it is busy, and none of them twice?

The protocol is that of docs/reference/platform.md. Each page is laid down in the sweep's spool before the
next one is asked for, so that a run which died goes on at the page that it had not laid down.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from random import Random
from typing import Final

import httpx
import polars as pl
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from incidents.errors import BadInput, PartnerUnreachable
from incidents.settings import Settings
from incidents.store.post_source import HttpSource, platform_posts
from incidents.store.spool import Progress, Spool
from incidents.sweeps.scope import Scope
from tasks.partners.http import retry_after
from tasks.partners.platform_line import OTHERWISE, Passing, PlatformLine

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
"""Seconds. Waits double; a platform that names its own wait is given that."""

_PATIENCE: Final = 900.0
"""Seconds. A platform that wants to be left alone for longer ends the run: people should know."""

_MOST_RESTARTS: Final = 3
"""How often the pages are fetched anew because the platform forgot where we were."""

_WORTH_ANOTHER_TRY: Final = frozenset({408, 425, 429})
_ADVICE: Final = {
    401: "Check the token with the platform, set the secret anew, and {again}.",
    403: "Check with the platform what the token may read, and {again}.",
    404: "Check the address of the source: /v1/posts and /v1/search are added to it.",
}
_LATER: Final = "Once the platform is well, {again}."


@dataclass(frozen=True)
class Page:
    """One page of posts, and where the platform goes on; None where it was the last."""

    posts: pl.DataFrame
    following: str | None


def _is_all(progress: Progress) -> bool:
    return progress.is_complete


@dataclass
class Platform:
    """A platform that is asked no faster than it may be. `sleep` and `seed` decide how retries wait.

    `again` is what a person does to have it asked once more.
    """

    source: HttpSource
    settings: Settings
    scope: Scope
    sleep: Callable[[float], None] = time.sleep
    seed: str = ""
    again: str = "start the sweep's run again"
    _line: PlatformLine = field(init=False)

    def __post_init__(self) -> None:
        """Open the line to it."""
        self._line = PlatformLine(self.source, self.settings, self.sleep)

    def fetch(self, spool: Spool, *, enough: Callable[[Progress], bool] = _is_all) -> None:
        """Lay down every page that is not there yet, until it is `enough`, which is asked before each page.

        Raises PartnerUnreachable where a page does not come, permanent where trying again cannot help, and
        BadInput where one comes that cannot be read. The pages before it are kept.
        """
        restarts = 0
        while not enough(progress := spool.progress()):
            number = progress.pages + 1
            try:
                page = self._page(number, progress.cursor)
                spool.add(page.posts, cursor=page.following)
            except _CursorGone:
                if restarts == _MOST_RESTARTS:
                    raise self._failed(number, "it keeps forgetting its cursors", OTHERWISE) from None
                restarts += 1
                spool.clear()  # what the cursor would have led to is another list by now

    def _page(self, number: int, cursor: str | None) -> Page:
        dice = Random(f"{self.seed}:{number}")
        retrying = Retrying(
            stop=stop_after_attempt(self.settings.platform_attempts),
            wait=lambda state: _wait(state, dice),
            retry=retry_if_exception_type(Passing),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            told = retrying(self._ask, number, cursor)
        except Passing as error:
            attempts = self.settings.platform_attempts
            what = f"page {number} did not come in {attempts} attempts: at last {error.what}"
            kept = f"The {number - 1:,} pages before it are kept."
            raise PartnerUnreachable(f"{self.source.shown}: {what}. {kept} {self._told(_LATER)}") from None
        return self._read(number, cursor, told)

    def _ask(self, number: int, cursor: str | None) -> object:
        """The answer to one request, as JSON."""
        scope = self.scope
        narrowed = {"q": self.source.query, "since": _stamp(scope.since), "until": _stamp(scope.until)}
        told = {name: value for name, value in narrowed.items() if value is not None}
        paging = {"limit": str(self.source.page_size)} | ({"cursor": cursor} if cursor is not None else {})
        path = "/v1/search" if told else "/v1/posts"
        answered = self._line.ask(f"page {number}", path, params=told | paging)
        self._check(number, cursor, answered.status, answered.headers)
        return answered.told()

    def _check(self, number: int, cursor: str | None, status: int, headers: httpx.Headers) -> None:
        """Raise what any answer but 200 means."""
        if status == HTTPStatus.OK:
            return
        what = f"it answered {status}"
        wait = retry_after(headers.get("retry-after", ""))
        if wait is not None and wait > _PATIENCE:
            what = f"{what} and asks to be left alone for {wait:,.0f} s"
            raise self._failed(number, what, _LATER, permanent=False)
        if status >= 500 or status in _WORTH_ANOTHER_TRY:
            raise Passing(what, retry_after_seconds=wait)
        if status == HTTPStatus.GONE and cursor is not None:
            raise _CursorGone
        raise self._failed(number, what, _ADVICE.get(status, OTHERWISE))

    def _failed(self, number: int, what: str, do: str, *, permanent: bool = True) -> PartnerUnreachable:
        return self._line.failed(f"page {number}", what, self._told(do), permanent=permanent)

    def _told(self, do: str) -> str:
        """What a person is told to do."""
        return do.replace("{again}", self.again)

    def _read(self, number: int, cursor: str | None, told: object) -> Page:
        """The page that the answer holds, which must have the shape that the protocol says."""
        place = f"{self.source.shown}, page {number}"
        posts, following = (told.get("posts"), told.get("next")) if isinstance(told, dict) else (None, None)
        if not isinstance(posts, list) or not all(isinstance(post, Mapping) for post in posts):
            raise BadInput(f'{place}: the answer has no list of objects as "posts". {OTHERWISE}')
        if not isinstance(following, str | None):
            raise BadInput(f'{place}: "next" is neither text nor null. {OTHERWISE}')
        if following is not None and following == cursor:
            raise BadInput(f"{place}: the cursor leads back to this very page. {OTHERWISE}")
        return Page(platform_posts(place, posts), following)


class _CursorGone(Exception):
    """The platform no longer knows where we were."""


def _wait(state: RetryCallState, dice: Random) -> float:
    """Seconds until the next attempt: what the platform asked for, else doubled, and some on top by chance."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, Passing) else None
    backed_off = min(_FIRST_WAIT * 2 ** (state.attempt_number - 1), _LONGEST_WAIT)
    return (backed_off if asked is None else asked) + dice.uniform(0, backed_off / 2)


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
