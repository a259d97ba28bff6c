"""How long does the server take for each page of a grown installation, and how much does it send?

    python -m benchmarks.pages [INCIDENTS [ITEMS [PEOPLE]]]

A store with INCIDENTS (1,000) incidents, of which one in fifty is open and two in five were reviewed, and with
ITEMS (1,000,000) posts in the sweep of one of them; while PEOPLE (50) work the queue, one decision every ten
seconds each. Each page is asked for ROUNDS times by somebody who is signed in, one request after the other.

`ms` is the time of the whole answer as the browser meets it, on loopback; `kB` what comes over the wire for the
page alone, and `first kB` with the styles and scripts that a first visit loads. The peer, in the same run: a
bare FastAPI application that answers with the very bytes of that page. What is asked: 100 ms and 150 kB.
"""

import os
import re
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, sleep
from typing import Final

import httpx
import numpy as np
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.responses import FileResponse

from benchmarks.console import TEAM, Load, at_home, headers, running, served, some
from incidents.incident.phases import Phase
from incidents.reviews.drafting import gather
from incidents.settings import Settings
from incidents.store import accounts, lifecycle
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.schema import incidents
from incidents.store.sweeps import Goal, request_sweep
from incidents.store.upgrade import upgrade
from incidents.sweeps.batches import Assignment
from tests.incidents.large_rows import add_large
from tests.incidents.stories import Story
from tests.incidents.sweep_rows import ADA, SCOPE, SOURCE, add_crisis, after, frozen, pile
from tests.stack import free_port

INCIDENTS: Final = 1_000
ITEMS: Final = 1_000_000
PEOPLE: Final = 50
ROUNDS: Final = 20
PACE: Final = 0.1
DECIDED, ENTRIES = 2_000, 400

SIGNED_IN: Final = ("lead", "reader0", "root")
STAFF: Final = """\
  - {id: lead, name: Lead, roles: [commander, analyst, policy, reviewer]}
  - {id: root, name: Root, roles: [administrator]}
"""

SERVES: Final = "WATCHFLOOR_BENCHMARK_PAGES"

ROW = "{:<34} {:>7} {:>7} {:>7} {:>7} {:>9} {:>8} {:>6}"
HEAD = ROW.format("page", "p50 ms", "p95 ms", "max ms", "kB", "first kB", "bare ms", "ratio")


def main() -> None:
    """Print a row for each page."""
    told = [int(argument) for argument in sys.argv[1:4]]
    crises, items, people = told + [INCIDENTS, ITEMS, PEOPLE][len(told) :]
    with tempfile.TemporaryDirectory(prefix="watchfloor-pages-") as home:
        settings = at_home(Path(home), f"sqlite:///{Path(home) / 'store.db'}", people, STAFF)
        began = perf_counter()
        reviewed, sweep = fill(settings, crises, items, people)
        size = (Path(home) / "store.db").stat().st_size / 1e6
        print(f"{crises:,} incidents, {items:,} posts: {size:,.0f} MB in {perf_counter() - began:,.0f} s")
        print(HEAD)
        with running(settings), get_context("forkserver").Pool(1) as pool:
            seconds = ROUNDS * len(pages(reviewed, sweep)) * 0.2 + 10
            working = (
                settings.api_port,
                [token(f"reader{n}") for n in range(people)],
                Load(people, PACE),
                seconds,
            )
            at_work = pool.apply_async(some, working)
            measure(settings, Path(home), pages(reviewed, sweep))
            met = at_work.get()
    waits = f"p95 {1_000 * np.percentile(met.waits, 95):,.0f} ms" if met.waits else "none"
    print(f"Meanwhile {people} people decided {len(met.waits):,} posts: {waits}, {met.failed} failed.")


def pages(reviewed: str, sweep: str) -> list[tuple[str, str]]:
    """Who asks for which page."""
    incident = sweep.rpartition("-")[0]
    return [
        ("lead", "/"),
        ("lead", f"/incidents/{incident}"),
        ("lead", f"/incidents/{reviewed}"),
        ("lead", "/declare"),
        ("lead", f"/incidents/{incident}/sweeps"),
        ("lead", f"/sweeps/{sweep}"),
        ("lead", f"/sweeps/{sweep}/decisions"),
        ("lead", f"/sweeps/{sweep}/clusters"),
        ("lead", f"/sweeps/{sweep}/quality"),
        ("lead", f"/incidents/{reviewed}/charts"),
        ("lead", f"/incidents/{incident}/guidelines"),
        ("reader0", "/"),
        ("reader0", "/queue"),
        ("lead", "/retrospectives"),
        ("lead", f"/retrospectives/{reviewed}"),
        ("lead", f"/retrospectives/{reviewed}/words"),
        ("lead", "/search?q=threat"),
        ("lead", "/actions?whose=all"),
        ("root", "/administration"),
        ("root", "/administration/deliveries"),
        ("root", "/administration/log"),
        ("lead", "/trends"),  # counts behind the page for a while, which the others would feel
    ]


def token(person: str) -> str:
    return f"benchmark-{person}"


def fill(settings: Settings, crises: int, items: int, people: int) -> tuple[str, str]:
    """The store; returns the incident that was reviewed at length, and the sweep that is worked."""
    with closing(Store.open(settings.store_url)) as store:
        upgrade(store)
        with store.begin() as work:
            reviewed = add_large(work, decided=DECIDED, entries=ENTRIES)
            gather(work, reviewed, now=datetime.now(UTC))
        with store.begin() as work:
            for number in range(crises - 2):
                tell(work, number)
        with store.begin() as work:
            asked = request_sweep(work, add_crisis(work), SCOPE, SOURCE, by=ADA, now=after(4), goal=Goal())
            waiting = pile(*((f"post-{number:07}", "en") for number in range(items)))
            assert freeze(work, asked.id, frozen(waiting, teams=Assignment(default_team=TEAM)), now=after(5))
        with store.begin() as work:
            for who in (*SIGNED_IN, *(f"reader{n}" for n in range(1, people))):
                now = datetime.now(UTC)
                accounts.open_session(work, who, token(who), how="password", address="", agent="", now=now)
    return reviewed, asked.id


def tell(work: Work, number: int) -> None:
    """One incident of many: in fifty, one is open, twenty were reviewed, and the others dismissed."""
    story = Story(work, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=7 * number))
    story.open(f"Threat {number}", began=-20, sources=("trusted-flagger",))
    if number % 5 > 1:
        lifecycle.dismiss(work, story.incident, by=ADA, reason="A film set", now=story.at(9))
        return
    story.declare(9, reason="It names a day and a place", heard={"german": 2})
    if number % 50:
        lifecycle.start_monitoring(work, story.incident, now=story.at(50))
        story.end(62, reason="No new copies")
        gather(work, story.incident, now=story.at(70))
        # Signing each would ask for more than pages show of it; but for one in ten they are over.
        if number % 10:
            over = sa.update(incidents).where(incidents.c.id == story.incident)
            work.execute(over.values(phase=Phase.closed.value))


def measure(settings: Settings, folder: Path, asked: list[tuple[str, str]]) -> None:
    """Print each page's row."""
    ours = f"http://127.0.0.1:{settings.api_port}"
    port, kept = free_port(), folder / "page.html"
    command = (sys.executable, "-m", "uvicorn", "benchmarks.pages:bare_app", "--factory")
    where = ("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning")
    kept.touch()
    with served(command + where, {SERVES: str(kept)}, port), httpx.Client(timeout=60) as client:
        for person, path in asked:
            took, page = timed(client, f"{ours}{path}", headers(token(person)))
            kept.write_bytes(page)
            bare, _ = timed(client, f"http://127.0.0.1:{port}/page", {})
            first = len(page) + sum(len(client.get(ours + each).content) for each in loads(page.decode()))
            numbers = [f"{1_000 * each:,.0f}" for each in (*np.percentile(took, (50, 95)), max(took))]
            sizes = (f"{len(page) / 1_000:,.0f}", f"{first / 1_000:,.0f}")
            peer = float(np.median(bare))
            ratio = f"{np.median(took) / peer:,.0f}"
            title = path if person == "lead" else f"{path} ({person})"
            print(ROW.format(title, *numbers, *sizes, f"{1_000 * peer:,.1f}", ratio), flush=True)


def timed(client: httpx.Client, url: str, sent: dict[str, str]) -> tuple[list[float], bytes]:
    """Seconds of each answer, and the last one; not of those before what it shows was counted once."""
    took = list[float]()
    while client.get(url, headers=sent).headers.get("retry-after"):
        sleep(1)
    for _ in range(ROUNDS):
        began = perf_counter()
        answer = client.get(url, headers=sent)
        took.append(perf_counter() - began)
        if answer.status_code != 200:
            sys.exit(f"{url} was answered with {answer.status_code}: {answer.text[:500]}")
    return took, answer.content


def loads(page: str) -> list[str]:
    """What a first visit loads with the page."""
    found: list[str] = re.findall(r'(?:src|href)="(/static/[^"]+|/vega\.js)"', page)
    return sorted(set(found))


def bare_app() -> FastAPI:
    """The peer: the same bytes, from a file."""
    made = FastAPI()

    @made.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @made.get("/page")
    def page() -> FileResponse:
        return FileResponse(os.environ[SERVES], media_type="text/html")

    return made


if __name__ == "__main__":
    main()
