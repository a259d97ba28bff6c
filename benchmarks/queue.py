"""How many decisions a second does the store take from people who all work at once?

    python -m benchmarks.queue [ITEMS [CLIENTS...]]

Each client is a process of its own. It claims a batch, decides one item after the other, each in a
transaction of its own as a reviewer's page does, and finishes the batch; until ITEMS items (4,000) are
decided by CLIENTS clients (1, 16 and 50) together. The sweep has a certify sample and golden items, as a real
one has: a decision costs whatever it costs there.

The peer, by turns with it, on the same database and from the same clients: one bare transaction a decision,
which inserts one row into a table with the columns of `decisions`, without keys, locks or questions asked.

PostgreSQL is the one of the tests, started for the run with its settings for speed (`fsync` off), for both
alike; SQLite is in WAL mode, as everywhere. Where there is no PostgreSQL, its rows are skipped.

`cpu ms` is the clients' processor time for a decision, with its part of claiming and finishing, beside that for
a bare transaction. On SQLite that is all there is; on PostgreSQL the server's comes on top. Whatever else the
machine does changes it less than the rates.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from math import ceil
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import numpy as np
import pytest
import sqlalchemy as sa

from incidents.people import Person, Role
from incidents.store.batches import Batch, claim_batch
from incidents.store.decisions import decide, finish_batch
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.golden import GoldenItem, add_golden
from incidents.store.schema import judgement_columns, places
from incidents.store.sweeps import Goal, request_sweep
from incidents.store.upgrade import upgrade
from incidents.sweeps.decisions import Decision
from incidents.sweeps.desk import Desk
from tests.incidents.sweep_rows import (
    ADA,
    EVE,
    POLICIES,
    POLICY,
    SCOPE,
    SOURCE,
    T0,
    add_crisis,
    after,
    frozen,
    pile,
)
from tests.postgres import postgres_server

ITEMS: Final = 4_000
CLIENTS: Final = (1, 16, 50)
BATCH: Final = 50

ROUNDS: Final = 2
"""How often ours and the peer take turns, so that whatever else the machine does meets both. A small round
before them, which warms up what a process computes once, is not counted."""

WARM_UP: Final = 10

ROW = "{:<11} {:>7} {:>8} {:>11} {:>7} {:>7} {:>8} {:>9} {:>7} {:>6} {:>7} {:>7}"
HEAD = ROW.format(
    *(
        "database",
        "clients",
        "decided",
        "decisions/s",
        "p95 ms",
        "max ms",
        "claims/s",
        "claim p95",
        "bare/s",
        "ratio",
        "cpu ms",
        "bare",
    )
)

bare = sa.Table(
    "bare_decisions",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sweep_id", sa.String, nullable=False),
    sa.Column("item", sa.String, nullable=False),
    sa.Column("batch_id", sa.String, nullable=False),
    *judgement_columns(),
    sa.Column("superseded_at", sa.DateTime(timezone=True)),
)


@dataclass(frozen=True)
class Timed:
    """What one client did in one round: when it began and ended, its processor time, and the seconds of each
    transaction.
    """

    began: float
    ended: float
    cpu: float
    decisions: tuple[float, ...]
    claims: tuple[float, ...] = ()


_barrier: Barrier


def main() -> None:
    """Print a row for each database and number of clients."""
    items = int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS
    clients = [int(argument) for argument in sys.argv[2:]] or CLIENTS
    print(HEAD)
    for name, stores in (("SQLite", sqlite_stores), ("PostgreSQL", postgres_stores)):
        try:
            with stores() as urls:
                for number in clients:
                    print(measured(name, next(urls), items, number), flush=True)
        except pytest.skip.Exception as why:
            print(f"{name}: skipped, {why}")


@contextmanager
def sqlite_stores() -> Iterator[Iterator[str]]:
    """URLs of new stores, each in a file of its own."""
    with tempfile.TemporaryDirectory(prefix="watchfloor-queue-") as folder:
        yield (f"sqlite:///{Path(folder) / f'{number}.db'}" for number in count())


@contextmanager
def postgres_stores() -> Iterator[Iterator[str]]:
    """URLs of new databases of a server that is stopped at the end."""
    with postgres_server() as server, ExitStack() as stack:
        yield (stack.enter_context(server.database(migrated=False)) for _ in count())


def measured(name: str, url: str, items: int, clients: int) -> str:
    """One row of the table."""
    fill(url, items)
    rounds = together(url, clients, items)
    ours, theirs = rounds[::2], rounds[1::2]
    decided, inserted = rate("decisions", ours), rate("decisions", theirs)
    each = [seconds for round_ in ours for timed in round_ for seconds in timed.decisions]
    claims = [seconds for round_ in ours for timed in round_ for seconds in timed.claims]
    return ROW.format(
        name,
        clients,
        f"{len(each):,}",
        f"{decided:,.0f}",
        milliseconds(np.percentile(each, 95)),
        milliseconds(max(each)),
        f"{rate('claims', ours):,.1f}",
        milliseconds(np.percentile(claims, 95)),
        f"{inserted:,.0f}",
        f"{decided / inserted:.2f}",
        *(f"{1_000 * processor_time(rounds_):.2f}" for rounds_ in (ours, theirs)),
    )


def rate(what: str, rounds: Sequence[Sequence[Timed]]) -> float:
    """Transactions a second; each round lasts from the first client's start to the last one's end."""
    lasted = sum(max(timed.ended for timed in each) - min(timed.began for timed in each) for each in rounds)
    return sum(len(getattr(timed, what)) for each in rounds for timed in each) / lasted


def processor_time(rounds: Sequence[Sequence[Timed]]) -> float:
    """Seconds that the clients needed for each decision, or bare transaction."""
    each = [timed for round_ in rounds for timed in round_]
    return sum(timed.cpu for timed in each) / sum(len(timed.decisions) for timed in each)


def milliseconds(seconds: float) -> str:
    return f"{1_000 * seconds:.1f}"


def fill(url: str, items: int) -> None:
    """A sweep with twice as many posts as are decided, a certify sample and golden items."""
    with closing(Store.open(url)) as store:
        upgrade(store)
        with store.begin() as work:
            ready(work, 2 * items + 3_000)
        bare.create(store.engine)


def ready(work: Work, posts: int) -> None:
    known = [
        GoldenItem(policy=POLICY.id, language="de", text=f"settled {n}", violates=n % 2 == 0)
        for n in range(100)
    ]
    add_golden(work, known, by=EVE, now=T0)
    asked = request_sweep(work, add_crisis(work), SCOPE, SOURCE, by=ADA, now=after(4), goal=Goal())
    found = frozen(pile(*((f"post-{n:07}", "de") for n in range(posts))))
    assert freeze(work, asked.id, found, now=after(5))


def together(url: str, clients: int, items: int) -> list[list[Timed]]:
    """Let all clients work at once: what each did in each round, ours and the peer's by turns."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["incidents.store.decisions", "tests.incidents.sweep_rows"])
    part = ceil(items / clients / ROUNDS)
    with context.Pool(clients, initializer=keep, initargs=(context.Barrier(clients),)) as pool:
        jobs = [(url, number, part) for number in range(clients)]
        by_client = pool.starmap(client, jobs, chunksize=1)
    return [list(each) for each in zip(*by_client, strict=True)]


def keep(barrier: Barrier) -> None:
    """Remember, in a process of the pool, where it meets the others."""
    global _barrier
    _barrier = barrier


def client(url: str, number: int, part: int) -> list[Timed]:
    """One client, in a process of its own. Every round is begun by all at the same moment."""
    with closing(Store.open(url)) as store:
        try:
            one_round(store, number, WARM_UP, reviewer)
            return [one_round(store, number, part, work_on) for work_on in (reviewer, inserter) * ROUNDS]
        except Exception:
            _barrier.abort()  # the others would wait for this one
            raise


def one_round(store: Store, number: int, part: int, work_on: Callable[[Store, int, int], Timed]) -> Timed:
    """Work, once everybody is there."""
    with store.read() as work:
        work.execute(sa.select(sa.literal(1)))  # connected before the start
    _barrier.wait(600)
    return work_on(store, number, part)


def person(number: int) -> Person:
    return Person(id=f"reader{number}", roles=frozenset({Role.partner_reviewer}), team="german")


def said(item: str, by: Person, number: int) -> Decision:
    """One in ten violates."""
    judged: dict[str, object] = {"verdict": "does_not_violate", "action": "keep"}
    if number % 10 == 0:
        judged = {"verdict": "violates", "action": "remove", "policy": POLICY.id, "clause": "call-to-act"}
        judged["policy_version"] = POLICY.version
    return Decision.model_validate({"item": item, "person": by.id, "decided_at": now(), **judged})


def now() -> datetime:
    return datetime.now(UTC)


def reviewer(store: Store, number: int, part: int) -> Timed:
    """Claim, decide one by one, finish, until this client's part is decided."""
    by, desk = person(number), Desk(team="german", batch_size=min(BATCH, part), lease_minutes=60)
    decided, claims = list[float](), list[float]()
    began, cpu = perf_counter(), process_time()
    while len(decided) < part:
        started = perf_counter()
        batch, ids = claimed(store, desk, by)
        claims.append(perf_counter() - started)
        for item in ids:
            started = perf_counter()
            with store.begin() as work:
                word = said(item, by, len(decided))
                decide(work, batch.id, [word], by=by, policies=POLICIES, now=now())
            decided.append(perf_counter() - started)
        with store.begin() as work:
            finish_batch(work, batch.id, by=by, now=now())
    return Timed(began, perf_counter(), process_time() - cpu, tuple(decided), tuple(claims))


def claimed(store: Store, desk: Desk, by: Person) -> tuple[Batch, list[str]]:
    """A batch and its items; asked for again where all that waits is just being handed out to others."""
    while True:
        with store.begin() as work:
            batch = claim_batch(work, desk, by=by, now=now())
            if batch is not None:
                here = sa.select(places.c.item).where(places.c.batch_id == batch.id).order_by(places.c.place)
                return batch, list(work.execute(here).scalars())


def inserter(store: Store, number: int, part: int) -> Timed:
    """The peer: insert one row in one transaction, as often as this client's part is large."""
    by, inserted = person(number), list[float]()
    began, cpu = perf_counter(), process_time()
    for place in range(part):
        started = perf_counter()
        with store.begin() as work:
            word = said(f"post-{place:07}", by, place)
            row = word.model_dump() | {"verdict": word.verdict.value, "action": word.action.value}
            work.execute(bare.insert(), row | {"sweep_id": "INC-1-S1", "batch_id": f"INC-1-S1-B{number}"})
        inserted.append(perf_counter() - started)
    return Timed(began, perf_counter(), process_time() - cpu, tuple(inserted))


if __name__ == "__main__":
    main()
