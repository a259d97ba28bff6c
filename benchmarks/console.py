"""How many decisions a second do people get through the console, and how long does each of them wait?

    python -m benchmarks.console [SECONDS [POSTS]]

The console is started as `watchfloor up` starts it, with as many people signed in as the row says. Each takes
batches and decides them post by post through the API that the page of the queue uses, for SECONDS (60): claim,
read, one request a decision, hand in. POSTS (40,000) wait in one sweep, with a certify sample and golden items.

At a pace, a person decides so many times a second, and waits are counted from the moment at which the decision
was meant to be sent, so that a server which holds everybody up does not hide it (what Gil Tene calls
coordinated omission). `flat out` is everybody as fast as answers come. `killed` is the pace again, with the
console killed (SIGKILL) in the middle and started anew; as the page does, everybody sends again what was not
confirmed. `failed` are the attempts that got no answer or a 5xx; `refused` the answers below that.

After each row the store is asked what became of every confirmed decision: `lost` are those it does not have,
`doubled` the posts that stand twice in one batch, or batches in which two people decided.

The peer, in the same run with the same people flat out: a bare FastAPI application on a store of the same kind,
whose one route inserts one row into a table without keys, locks or questions asked. `ratio` is ours, flat out,
over that.

Prefect takes no part in a decision and is not started. Server, people and database share the machine.
PostgreSQL is the one of the tests, with `fsync` off; where there is none, its rows are skipped.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from console.pages.door import COOKIE, csrf_token
from console.programs import api, environment
from console.reach import answers
from incidents.settings import Settings
from incidents.store import accounts
from incidents.store.certify_schema import certify_readings
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.golden import GoldenItem, add_golden
from incidents.store.schema import decisions, readings
from incidents.store.sweeps import Goal, request_sweep
from incidents.store.upgrade import upgrade
from incidents.sweeps.batches import Assignment
from tests.incidents.sweep_rows import ADA, EVE, SCOPE, SOURCE, T0, add_crisis, after, frozen, pile
from tests.postgres import postgres_server
from tests.stack import free_port

SECONDS: Final = 60
POSTS: Final = 40_000
TEAM: Final = "english"
POLICY, CLAUSE = "violence.incitement", "call-to-act"

SEND_AGAIN: Final = 0.25
"""Seconds after which what got no answer is sent again."""

START_WITHIN: Final = 60
GOLDEN: Final = 100
CLIENTS: Final = 2
"""Processes that the people are spread over: one would be busy with them alone."""

SAID: Final = (decisions, readings, certify_readings)
KEY: Final = ("batch_id", "item", "person")
"""Where a word is kept: as the decision that stands, as a blind reading, or as one of the certify sample."""

BARE_URL: Final = "WATCHFLOOR_BENCHMARK_BARE"


@dataclass(frozen=True)
class Load:
    """Who works, and how fast."""

    people: int
    pace: float | None = None
    """Decisions that each one makes a second; None: as fast as answers come."""

    killed: bool = False

    @property
    def title(self) -> str:
        """How the row calls it."""
        pace = "flat out" if self.pace is None else f"{self.pace:g}/s each"
        return f"{pace}, killed" if self.killed else pace


LOADS: Final = (Load(50, 4), Load(200, 1), Load(50, 4, killed=True), Load(200, 1, killed=True), Load(50))

ROW = "{:<11} {:>6} {:<16} {:>7} {:>11} {:>7} {:>7} {:>7} {:>8} {:>6} {:>7} {:>5} {:>7} {:>6} {:>5}"
HEAD = ROW.format(
    *("database", "people", "pace", "decided", "decisions/s", "p50 ms", "p95 ms", "p99 ms", "max ms"),
    *("failed", "refused", "lost", "doubled", "bare/s", "ratio"),
)

bare = sa.Table(
    "bare_decisions",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("batch", sa.String, nullable=False),
    sa.Column("item", sa.String, nullable=False),
    sa.Column("verdict", sa.String, nullable=False),
)


@dataclass
class Worked:
    """What people met: seconds of each confirmed decision, and what did not go well."""

    waits: list[float] = field(default_factory=list)
    confirmed: list[tuple[str, str]] = field(default_factory=list)
    failed: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Worked") -> None:
        """Count another's in."""
        self.waits += other.waits
        self.confirmed += other.confirmed
        self.failed += other.failed
        self.refused += other.refused


@dataclass
class Reader:
    """One person at work, with the cookie of their session."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    until: float
    period: float
    met: Worked

    async def work(self) -> None:
        """Take batches and decide them until the time is up."""
        while perf_counter() < self.until:
            taken = await self._send("POST", "/api/v1/batches/claim", {"team": TEAM})
            if taken is None or taken["batch"] is None:
                await asyncio.sleep(SEND_AGAIN)
                continue
            batch = taken["batch"]["id"]
            if await self._decide_all(batch):
                await self._send("POST", f"/api/v1/batches/{batch}/finish")

    async def _decide_all(self, batch: str) -> bool:
        opened = await self._send("GET", f"/api/v1/batches/{batch}")
        meant = perf_counter()
        for number, post in enumerate(opened["posts"] if opened else ()):
            if post["said"] is not None:
                continue
            meant = max(meant + self.period, perf_counter() if not self.period else 0)
            await asyncio.sleep(max(0, meant - perf_counter()))
            if perf_counter() >= self.until:
                return False
            item = post["item"]["item"]
            body = {"guideline_version": None, "decisions": [_said(item, number)]}
            if await self._send("POST", f"/api/v1/batches/{batch}/decisions", body) is not None:
                self.met.waits.append(perf_counter() - meant)
                self.met.confirmed.append((batch, item))
        return opened is not None

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """The answer; None where it is a refusal, or where none came before the end."""
        while True:
            answer = None
            with suppress(httpx.TransportError):
                answer = await self.client.request(method, path, json=body, headers=self.headers)
            if answer is not None and answer.status_code < 500:
                break
            self.met.failed += 1
            if perf_counter() >= self.until + START_WITHIN:
                return None
            await asyncio.sleep(SEND_AGAIN)
        if answer.status_code == 200:
            return answer.json()
        told = answer.json()
        self.met.refused[(told.get("reasons") or [told])[0]["code"]] += 1
        return None


def main() -> None:
    """Print a row for each database and load."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    posts = int(sys.argv[2]) if len(sys.argv) > 2 else POSTS
    print(HEAD)
    for name, stores in (("SQLite", sqlite_store), ("PostgreSQL", postgres_store)):
        try:
            for load in LOADS:
                print(measured(name, stores, load, seconds, posts), flush=True)
        except pytest.skip.Exception as why:
            print(f"{name}: skipped, {why}")


@contextmanager
def sqlite_store() -> Iterator[str]:
    """The URL of a new store in a file."""
    with tempfile.TemporaryDirectory(prefix="watchfloor-console-") as folder:
        yield f"sqlite:///{Path(folder) / 'store.db'}"


@contextmanager
def postgres_store() -> Iterator[str]:
    """The URL of a new database of a server that is stopped at the end."""
    with postgres_server() as server, server.database(migrated=False) as url:
        yield url


def measured(name: str, stores: Callable[[], Any], load: Load, seconds: float, posts: int) -> str:
    """One row of the table."""
    with stores() as url, tempfile.TemporaryDirectory(prefix="watchfloor-console-") as home:
        settings = at_home(Path(home), url, load.people)
        tokens = fill(url, load.people, posts)
        with running(settings) as restart:
            met = everybody(settings.api_port, tokens, load, seconds, restart)
        lost, doubled = checked(url, met)
        inserted = None if load.pace else bare_rate(url, load, seconds)
    rate, waits = len(met.waits) / seconds, met.waits or [float("nan")]
    for code, number in met.refused.most_common():
        print(f"  refused: {code} {number:,}")
    return ROW.format(
        *(name, load.people, load.title, f"{len(met.waits):,}", f"{rate:,.0f}"),
        *(f"{1_000 * at:,.0f}" for at in (*np.percentile(waits, (50, 95, 99)), max(waits))),
        *(f"{each:,}" for each in (met.failed, met.refused.total(), lost, doubled)),
        *(("-", "-") if inserted is None else (f"{inserted:,.0f}", f"{rate / inserted:.2f}")),
    )


def at_home(home: Path, url: str, people: int, others: str = "") -> Settings:
    """The settings of an installation with so many readers, and others as people.yaml lists them."""
    folder = home / "catalogue"
    folder.mkdir()
    each = "".join(
        f"  - {{id: {person(n)}, name: Reader {n}, roles: [partner_reviewer], team: {TEAM}}}\n"
        for n in range(people)
    )
    (folder / "people.yaml").write_text(f"version: 1\npeople:\n{each}{others}", encoding="utf-8")
    return Settings(home=home, database_url=url, api_port=free_port(), prefect_port=free_port())


def person(number: int) -> str:
    return f"reader{number}"


def fill(url: str, people: int, posts: int) -> list[str]:
    """A sweep of so many posts, and a session for each person; returns the sessions' tokens."""
    tokens = [f"benchmark-{number}" for number in range(people)]
    with closing(Store.open(url)) as store:
        upgrade(store)
        with store.begin() as work:
            ready(work, posts)
            for number, token in enumerate(tokens):
                who, now = person(number), datetime.now(UTC)
                accounts.open_session(work, who, token, how="password", address="", agent="", now=now)
    return tokens


def ready(work: Work, posts: int) -> None:
    known = [
        GoldenItem(policy=POLICY, language="en", text=f"settled {number}", violates=number % 2 == 0)
        for number in range(GOLDEN)
    ]
    add_golden(work, known, by=EVE, now=T0)
    asked = request_sweep(work, add_crisis(work), SCOPE, SOURCE, by=ADA, now=after(4), goal=Goal())
    waiting = pile(*((f"post-{number:07}", "en") for number in range(posts)))
    assert freeze(work, asked.id, frozen(waiting, teams=Assignment(default_team=TEAM)), now=after(5))


@contextmanager
def running(settings: Settings) -> Iterator[Callable[[], None]]:
    """The console on these settings; what is given kills it and starts it anew."""
    told = {
        f"WATCHFLOOR_{name.upper()}": str(value)
        for name, value in settings.model_dump(
            include={"home", "database_url", "api_port", "prefect_port"}
        ).items()
    }
    with served(api(settings).command, told | environment(settings, ""), settings.api_port) as restart:
        yield restart


@contextmanager
def served(command: tuple[str, ...], told: dict[str, str], port: int) -> Iterator[Callable[[], None]]:
    """A server that answers at the port's /health; what is given kills it and starts it anew."""
    processes = [_start(command, told)]
    _wait(port, processes[-1])

    def restart() -> None:
        processes[-1].kill()
        processes[-1].wait()
        processes.append(_start(command, told))
        _wait(port, processes[-1])

    try:
        yield restart
    finally:
        processes[-1].send_signal(signal.SIGTERM)
        processes[-1].communicate()


def _start(command: tuple[str, ...], told: dict[str, str]) -> "subprocess.Popen[bytes]":
    # It ends when its standard input does, as under `watchfloor up`.
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | told)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(START_WITHIN * 20):
        if process.poll() is not None:
            sys.exit(f"The server ended with {process.returncode} before it answered.")
        if answers(f"http://127.0.0.1:{port}/health"):
            return
        sleep(0.05)
    sys.exit(f"The server did not answer at port {port} within {START_WITHIN} s.")


def everybody(port: int, tokens: list[str], load: Load, seconds: float, restart: Callable[[], None]) -> Worked:
    """Let everybody work for so long; in the middle the server is killed where the load says so."""
    jobs = [(port, tokens[number::CLIENTS], load, seconds) for number in range(CLIENTS)]
    with get_context("forkserver").Pool(CLIENTS) as pool:
        begun = pool.starmap_async(some, jobs, chunksize=1)
        if load.killed:
            sleep(seconds / 2)
            restart()
        met = Worked()
        for each in begun.get():
            met.add(each)
    return met


def some(port: int, tokens: list[str], load: Load, seconds: float) -> Worked:
    """Some of the people, in a process of their own."""
    return asyncio.run(_some(port, tokens, load, seconds))


async def _some(port: int, tokens: list[str], load: Load, seconds: float) -> Worked:
    met, until = Worked(), perf_counter() + seconds
    period = 1 / load.pace if load.pace else 0.0
    async with connected(port, len(tokens)) as client:
        readers = [Reader(client, headers(token), until, period, met) for token in tokens]
        async with asyncio.TaskGroup() as group:
            for number, each in enumerate(readers):
                group.create_task(_begin(each, number * period / len(readers)))
    return met


async def _begin(reader: Reader, later: float) -> None:
    """Begin a moment after the one before, so that a pace is not a drumbeat."""
    await asyncio.sleep(later)
    await reader.work()


@asynccontextmanager
async def connected(port: int, most: int) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=15) as client:
        yield client


def headers(token: str) -> dict[str, str]:
    """What the page of the queue sends along."""
    return {"Cookie": f"{COOKIE}={token}", "X-Watchfloor-CSRF": csrf_token(token)}


def _said(item: str, number: int) -> dict[str, Any]:
    """One in ten violates."""
    if number % 10:
        return {"item": item, "verdict": "does_not_violate"}
    return {"item": item, "verdict": "violates", "policy": POLICY, "clause": CLAUSE, "action": "remove"}


def checked(url: str, met: Worked) -> tuple[int, int]:
    """How many confirmed decisions the store does not have, and how many were made twice."""
    with closing(Store.open(url)) as store, store.read() as work:
        rows = [row for table in SAID for row in work.execute(sa.select(*(table.c[name] for name in KEY)))]
    kept = Counter((row.batch_id, row.item) for row in rows)
    people = Counter(batch for batch, _ in {(row.batch_id, row.person) for row in rows})
    twice = sum(number - 1 for number in kept.values()) + sum(number - 1 for number in people.values())
    return len(set(met.confirmed) - kept.keys()), twice


def bare_rate(url: str, load: Load, seconds: float) -> float:
    """Rows a second that the same people insert through the peer, flat out."""
    port = free_port()
    with closing(Store.open(url)) as store:
        bare.create(store.engine)
    command = (sys.executable, "-m", "uvicorn", "benchmarks.console:bare_app", "--factory")
    where = ("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning")
    jobs = [(port, load.people // CLIENTS, seconds) for _ in range(CLIENTS)]
    with (
        served(command + where, {BARE_URL: url}, port),
        get_context("forkserver").Pool(CLIENTS) as pool,
    ):
        return sum(pool.starmap(inserters, jobs, chunksize=1)) / seconds


def inserters(port: int, people: int, seconds: float) -> int:
    """Rows that so many people insert within so many seconds."""
    return asyncio.run(_inserters(port, people, seconds))


async def _inserters(port: int, people: int, seconds: float) -> int:
    until = perf_counter() + seconds

    async def insert(client: httpx.AsyncClient, number: int) -> int:
        inserted = 0
        while perf_counter() < until:
            row = {"batch": f"INC-1-S1-B{number}", **_said(f"post-{inserted:07}", inserted)}
            (await client.post("/decisions", json=row)).raise_for_status()
            inserted += 1
        return inserted

    async with connected(port, people) as client:
        return sum(await asyncio.gather(*(insert(client, number) for number in range(people))))


def bare_app() -> FastAPI:
    """The peer: one row a request."""
    store, made = Store.open(os.environ[BARE_URL]), FastAPI()

    @made.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @made.post("/decisions")
    def decide(row: dict[str, Any]) -> dict[str, int]:
        kept = {name: row[name] for name in ("batch", "item", "verdict")}
        with store.begin() as work:
            work.execute(bare.insert(), kept)
        return {"new": 1}

    return made


if __name__ == "__main__":
    main()
