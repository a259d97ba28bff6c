"""A scope is tried on a platform's first posts: fetched once, counted as files are, and then forgotten."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import polars as pl
import pytest
from pydantic import ValidationError

from flows.try_scope import TrialRequest
from incidents.errors import BadInput, PartnerUnreachable
from incidents.store.post_source import FileSource, HttpSource
from incidents.store.trials import Counted, OpenTrial, Trial, request_trial
from incidents.store.window import try_scope
from incidents.sweeps.posts import write_posts
from incidents.sweeps.scope import Scope
from tasks import world
from tasks.trials import KEPT_FOR, forget_trials, tell_failure, try_on_platform
from tests.stack import TOKEN, until
from tests.tasks.fresh_world import fresh_world
from tests.tasks.test_platform import AT, POSTS, SCOPE, Visit, serving

ALL = 1_000


@pytest.fixture(autouse=True)
def own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own, from which the platform of the tests may be asked."""
    monkeypatch.setenv("WATCHFLOOR_SECRETS__PLATFORM", TOKEN)
    monkeypatch.setenv("WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_ATTEMPTS", "1")
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_REQUESTS_PER_SECOND", "1000")
    with fresh_world(tmp_path / "home", monkeypatch):
        yield


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """One platform for all tests of the module."""
    with serving(POSTS) as url:
        yield url


@pytest.fixture
def visit(address: str, tmp_path: Path) -> Iterator[Visit]:
    """Whoever runs that platform, and its faults, which are gone after the test."""
    made = Visit(address, tmp_path)
    yield made
    made.admin("DELETE", "/admin/faults")


def requested(
    url: str, *, at_most: int = ALL, scope: Scope = SCOPE, secret: str | None = "platform"
) -> OpenTrial:
    """A trial for which somebody waits. Pages of ten posts."""
    source = HttpSource(url=url, secret=secret, page_size=10)
    return request_trial(home(), Trial(scope=scope, source=source, at_most=at_most))


def home() -> Path:
    return world.settings().home.absolute()


def tried(opened: OpenTrial) -> Counted:
    """What came of it."""
    assert try_on_platform.fn(opened.name)
    counted = opened.told().counted
    assert counted is not None
    return counted


def test_it_counts_what_the_same_posts_in_a_file_would_count(address: str, tmp_path: Path) -> None:
    write_posts(POSTS, tmp_path / "posts.parquet")
    wanted = Scope(terms=("alarm", "quiet"), excluded_terms=("7",))
    counted = tried(requested(address, scope=wanted))
    assert counted.is_whole
    assert counted.dry == try_scope(FileSource(path=tmp_path / "posts.parquet"), wanted)


@pytest.mark.parametrize(
    ("at_most", "pages", "is_whole"),
    [(1, 1, False), (25, 3, False), (90, 9, False), (99, 10, False), (100, 10, True)],
)
def test_it_counts_the_first_posts_alone_and_says_whether_these_are_all(
    visit: Visit, at_most: int, pages: int, is_whole: bool
) -> None:
    visit.fail(pages + 1, "status", status=418)  # it would end the run, if anybody asked for more
    counted = tried(requested(visit.url, at_most=at_most))
    assert (counted.dry.posts_seen, counted.is_whole) == (at_most, is_whole)


def test_a_window_without_a_post_is_no_fault(visit: Visit) -> None:
    with serving(POSTS.clear()) as url:
        counted = tried(requested(url))
    assert (counted.dry.posts_seen, counted.dry.posts_matched, counted.is_whole) == (0, 0, True)


def test_where_it_died_the_next_one_goes_on_whatever_it_looks_for(visit: Visit) -> None:
    opened = requested(visit.url)
    visit.fail(7, "status")
    with pytest.raises(PartnerUnreachable):
        try_on_platform.fn(opened.name)
    said = opened.told().failure or ""
    assert "page 7 did not come" in said
    assert said.endswith(
        "The 6 pages before it are kept. Once the platform is well, type the same command again."
    )
    opened.withdraw()
    for page in range(1, 7):
        visit.fail(page, "status", status=418)
    assert tried(requested(visit.url, scope=Scope(terms=("quiet",)))).dry.posts_seen == 100
    # Another stretch of time is another list: its first page is asked for, and fails.
    with pytest.raises(PartnerUnreachable, match=r"page 1: it answered 418"):
        try_on_platform.fn(requested(visit.url, scope=Scope(terms=("quiet",), since=AT)).name)


def test_a_refusal_says_what_to_do_and_no_token(visit: Visit) -> None:
    opened = requested(visit.url, secret=None)
    with pytest.raises(PartnerUnreachable):
        try_on_platform.fn(opened.name)
    said = opened.told().failure or ""
    assert "it answered 401. Check the token with the platform" in said
    assert said.endswith("set the secret anew, and type the same command again.")


def test_once_nobody_waits_no_page_is_asked_for(visit: Visit) -> None:
    opened = requested(visit.url)
    opened.withdraw()
    visit.fail(1, "status", status=418)
    assert not try_on_platform.fn(opened.name)


def test_who_leaves_while_the_platform_is_busy_is_noticed_and_the_pages_stay(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.fail(4, "status", status=429, retry_after="600")
    opened = requested(visit.url)
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_ATTEMPTS", "2")
    world.settings.cache_clear()
    run = Thread(target=try_on_platform.fn, args=(opened.name,))
    run.start()
    until(lambda: "fetching page 4; the platform is busy" in opened.told().doing, lambda: str(opened.told()))
    opened.withdraw()
    run.join(10)
    assert not run.is_alive()
    assert opened.spool.progress().pages == 3
    assert not list(home().rglob("*.json.part"))


def test_two_do_not_fetch_the_same_pages_at_once(visit: Visit) -> None:
    opened = requested(visit.url)
    run = Thread(target=try_on_platform.fn, args=(opened.name,))
    with opened.alone() as is_alone:
        assert is_alone
        run.start()
        until(lambda: "another try" in opened.told().doing, lambda: str(opened.told()))
        assert opened.spool.progress().pages == 0
    run.join(10)
    assert opened.told().counted is not None


def test_posts_lie_nowhere_once_they_are_counted(visit: Visit) -> None:
    opened = requested(visit.url)
    tried(opened)
    told = (home() / "sweeps" / "trials" / f"{opened.name}.told.json").read_text()
    assert "quiet" not in told
    assert TOKEN not in told
    opened.withdraw()
    assert [path.name for path in (home() / "sweeps").rglob("*") if path.is_file()] == ["lock"]


def test_ids_that_stand_twice_are_refused_and_fetched_anew_the_next_time() -> None:
    with serving(pl.concat([POSTS, POSTS.head(1)])) as url:
        opened = requested(url)
        with pytest.raises(BadInput, match="an id stands on more than one post"):
            try_on_platform.fn(opened.name)
    assert opened.spool.progress().pages == 0


def test_what_nobody_came_back_for_is_forgotten_after_a_day(visit: Visit) -> None:
    visit.fail(3, "status", status=418)
    opened = requested(visit.url)
    with pytest.raises(PartnerUnreachable):
        try_on_platform.fn(opened.name)
    opened.withdraw()
    now = datetime.now(UTC)
    assert forget_trials.fn(now + KEPT_FOR - timedelta(minutes=1)) == 0
    late = now + KEPT_FOR + timedelta(minutes=1)
    with opened.alone():
        assert forget_trials.fn(late) == 0
    assert opened.spool.progress().pages == 2
    assert forget_trials.fn(late + timedelta(minutes=1)) == 1
    assert not list((home() / "sweeps" / "trials").iterdir())


def test_the_first_failure_that_is_told_stands(address: str) -> None:
    opened = requested(address)
    tell_failure(opened.name, "its process was killed")
    tell_failure(opened.name, "it failed")
    assert opened.told().failure == "its process was killed"
    opened.withdraw()
    tell_failure(opened.name, "too late")
    assert opened.told().failure is None


def test_a_name_leads_nowhere_else() -> None:
    TrialRequest(trial="0123456789abcdef/01234567")
    with pytest.raises(ValidationError):
        TrialRequest(trial="../../catalogue/01234567")
