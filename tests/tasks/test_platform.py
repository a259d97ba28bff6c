"""A platform's posts are fetched page by page, however it misbehaves: nothing is lost, nothing comes twice."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import httpx
import polars as pl
import pytest
import uvicorn

from console.platform import make_platform
from incidents.errors import BadInput, PartnerUnreachable
from incidents.files import write_whole
from incidents.settings import Settings
from incidents.store import spool as spools
from incidents.store.post_source import HttpSource
from incidents.store.spool import Spool
from incidents.sweeps.posts import POST_SCHEMA
from incidents.sweeps.scope import Scope
from tasks.partners.platform import Platform
from tests.stack import TOKEN
from tests.tasks.servers import answers, http_partner

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
SCOPE = Scope(terms=("alarm",))
POSTS = pl.DataFrame(
    [
        {
            "id": f"p{n:03d}",
            "text": "an alarm" if n % 3 == 0 else f"quiet {n} \N{CLOUD}",
            "posted_at": AT + timedelta(minutes=n) if n else None,
            "language": "de",
            "reach": n,
            "surface": "live" if n % 2 else None,
        }
        for n in range(100)
    ],
    schema=POST_SCHEMA,
)


@contextmanager
def serving(posts: pl.DataFrame, *, rate: float | None = None) -> Iterator[str]:
    """The reference platform on a port of its own, and its address."""
    app = make_platform(posts, token=TOKEN, rate=rate)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", ws="none", lifespan="off"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """One platform for all tests of the module."""
    with serving(POSTS) as url:
        yield url


@dataclass
class Visit:
    """One attempt to fetch a platform's posts into a folder, on a clock that nobody waits for."""

    url: str
    folder: Path
    slept: list[float] = field(default_factory=list)
    really_sleeps: bool = False

    def sleep(self, seconds: float) -> None:
        """Note how long one would have waited."""
        self.slept.append(seconds)
        if self.really_sleeps:
            sleep(seconds)

    def fetch(
        self, scope: Scope = SCOPE, settings: dict[str, Any] | None = None, **source: Any
    ) -> pl.DataFrame:
        """Everything that lies in the spool once all pages do."""
        told = {"url": self.url, "secret": "platform", "page_size": 10} | source
        made = HttpSource.model_validate(told)
        known = {"secrets": {"platform": TOKEN}, "allow_private_addresses": True, "platform_attempts": 4}
        platform = Platform(
            source=made,
            settings=Settings.model_validate(known | {"platform_requests_per_second": 1e6} | (settings or {})),
            scope=scope,
            sleep=self.sleep,
        )
        platform.fetch(self.spool)
        return pl.concat([part.read() for part in made.parts(self.folder)])

    @property
    def spool(self) -> Spool:
        """Where the pages lie."""
        return HttpSource(url=self.url).spool(self.folder)

    def admin(self, method: str, path: str, **body: Any) -> Any:
        """Speak to the reference platform as whoever runs it."""
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False) as client:
            answer = client.request(method, path, json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fail(self, page: int, kind: str, **told: Any) -> None:
        """Have a page fail."""
        self.admin("POST", "/admin/faults", page=page, kind=kind, **told)


@pytest.fixture
def visit(address: str, tmp_path: Path) -> Iterator[Visit]:
    """A visit to the platform of the module, which forgets the faults of the test after it."""
    made = Visit(address, tmp_path)
    yield made
    made.admin("DELETE", "/admin/faults")


def by_id(posts: pl.DataFrame) -> pl.DataFrame:
    return posts.sort("id")


def test_every_page_is_laid_down(visit: Visit) -> None:
    assert by_id(visit.fetch()).equals(POSTS)
    assert visit.spool.progress().posts == (10,) * 10
    assert visit.slept == []


def test_a_platform_narrows_what_it_can(visit: Visit) -> None:
    window = Scope(terms=("alarm",), since=AT + timedelta(minutes=50), until=AT + timedelta(minutes=60))
    found = visit.fetch(window, query="ALARM")
    # p000 has no time, so it may belong to any window.
    assert found["id"].sort().to_list() == ["p000", "p051", "p054", "p057"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status"},
        {"kind": "status", "status": 429},
        {"kind": "drop"},
        {"kind": "garble"},
        {"kind": "slow", "seconds": 2},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_a_page_that_fails_is_asked_for_again(visit: Visit, fault: dict[str, Any]) -> None:
    visit.fail(7, times=2, **fault)
    found = visit.fetch(settings={"platform_timeout_seconds": 0.5})
    assert by_id(found).equals(POSTS)
    first, second = visit.slept
    assert 0.5 <= first <= 0.75 < 1.0 <= second <= 1.5


def test_retries_wait_alike_whenever_they_are_run(visit: Visit, tmp_path: Path) -> None:
    for name in ("one", "other"):
        visit.fail(7, "status", times=3)
        visit.folder = tmp_path / name
        visit.fetch()
    assert visit.slept[:3] == visit.slept[3:]


@pytest.mark.parametrize(("header", "least", "most"), [("7", 7, 7.25), ("soon", 0.5, 0.75)])
def test_a_platform_is_left_alone_for_as_long_as_it_asks(
    visit: Visit, header: str, least: float, most: float
) -> None:
    visit.fail(3, "status", status=429, retry_after=header)
    assert visit.fetch().height == 100
    [waited] = visit.slept
    assert least <= waited <= most


def test_a_platform_is_left_alone_until_the_date_that_it_names(visit: Visit) -> None:
    until = datetime.now(UTC) + timedelta(minutes=10)
    visit.fail(3, "status", status=429, retry_after=format_datetime(until, usegmt=True))
    assert visit.fetch().height == 100
    [waited] = visit.slept
    assert 300 < waited <= 600.25


def test_a_platform_that_wants_to_be_left_alone_for_hours_ends_the_run(visit: Visit) -> None:
    visit.fail(3, "status", status=503, retry_after="7200")
    with pytest.raises(PartnerUnreachable, match="503 and asks to be left alone for 7,200 s"):
        visit.fetch()
    assert visit.slept == []


def test_a_platform_that_dies_is_taken_up_at_the_page_where_it_died(visit: Visit) -> None:
    visit.fail(7, "status", times=4)
    with pytest.raises(PartnerUnreachable) as refused:
        visit.fetch()
    said = str(refused.value)
    assert "page 7 did not come in 4 attempts: at last it answered 503. The 6 pages before it are kept" in said
    assert not refused.value.permanent
    for page in range(1, 7):  # they would fail, if anybody asked for them again
        visit.fail(page, "status", status=418)
    assert by_id(visit.fetch()).equals(POSTS)


def test_a_process_that_died_between_a_page_and_its_note_writes_it_again(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(path: Path, text: str) -> None:
        if len(json.loads(text)["posts"]) == 5:
            raise Died
        write(path, text)

    write = write_whole
    monkeypatch.setattr(spools, "write_whole", die)
    with pytest.raises(Died):
        visit.fetch()
    assert visit.spool.progress().pages == 4
    monkeypatch.setattr(spools, "write_whole", write)
    assert by_id(visit.fetch()).equals(POSTS)


def test_a_platform_that_forgot_its_cursor_is_read_from_its_first_page(visit: Visit) -> None:
    visit.fail(7, "status", status=410)
    assert by_id(visit.fetch()).equals(POSTS)
    for page in range(2, 9):
        visit.fail(page, "status", status=410, times=9)
    visit.folder /= "other"
    with pytest.raises(PartnerUnreachable, match="page 2: it keeps forgetting its cursors"):
        visit.fetch()


def test_pages_are_asked_for_no_faster_than_allowed(visit: Visit) -> None:
    visit.fetch(settings={"platform_requests_per_second": 0.001}, page_size=50)
    assert len(visit.slept) == 1
    assert 990 < visit.slept[0] <= 1000


def test_a_busy_platform_is_waited_for(tmp_path: Path) -> None:
    with serving(POSTS, rate=1) as url:
        visit = Visit(url, tmp_path, really_sleeps=True)  # the platform's bucket fills by its own clock
        assert by_id(visit.fetch(page_size=50)).equals(POSTS)
    assert len(visit.slept) == 1
    assert 1 <= visit.slept[0] <= 1.25


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"secret": "other"}, "the secret `other` is not set. Set WATCHFLOOR_SECRETS__OTHER"),
        ({"secret": None}, "page 1: it answered 401. Check the token"),
        ({"url": "http://127.0.0.1:9"}, "page 1 did not come in 4 attempts: at last the connection failed"),
    ],
)
def test_what_is_set_wrongly_is_said(visit: Visit, told: dict[str, Any], why: str) -> None:
    with pytest.raises(PartnerUnreachable, match=why) as refused:
        visit.fetch(**told)
    assert TOKEN not in str(refused.value)


def test_an_address_in_our_own_network_is_not_asked(visit: Visit) -> None:
    with pytest.raises(PartnerUnreachable, match="inside a private network") as refused:
        visit.fetch(settings={"allow_private_addresses": False})
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([1, 2], 'page 1: the answer has no list of objects as "posts"'),
        ({"posts": [1], "next": None}, 'page 1: the answer has no list of objects as "posts"'),
        ({"posts": [], "next": 2}, 'page 1: "next" is neither text nor null'),
        (
            {"posts": [{"id": "p1", "text": "an alarm"}], "next": "c"},
            "page 2: the cursor leads back",
        ),
        ({"posts": [{"id": "p1"}], "next": None}, r"page 1: row 1 \(id p1\) has no text"),
    ],
)
def test_an_answer_that_is_no_page_is_refused(tmp_path: Path, answer: object, why: str) -> None:
    page = answers(200, body=json.dumps(answer).encode())
    with http_partner(page) as partner, pytest.raises(BadInput, match=why) as refused:
        Visit(partner.url, tmp_path).fetch()
    assert "alarm" not in str(refused.value)
