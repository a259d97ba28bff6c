"""What is said for the certificate reaches no ranking: seen from its outcome, its SQL and its imports."""

import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.store import ranking
from incidents.store.aftermath import learn_from, read_in
from incidents.store.batches import find_batch
from incidents.store.certify_schema import certify_readings, certify_sample
from incidents.store.decisions import decide
from incidents.store.engine import Store, Work
from incidents.store.incidents import find
from incidents.store.schema import certificates, items
from incidents.store.steering import load_steering
from incidents.store.sweeps import find_sweep
from incidents.store.upgrade import upgrade
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.features import features_of
from incidents.sweeps.priorities import priorities
from incidents.sweeps.ranking import cold_start, refit
from tests.incidents.reading_rows import add_reading, german, purposes_of, rank, said, take
from tests.incidents.sweep_rows import BO, CLEO, POLICIES, after

ROOT = Path(__file__).parents[2]
SECRET = frozenset({certify_sample.name, certify_readings.name, certificates.name})
"""Tables that no ranking may read."""

WORDS = ("alarm now", "alarm there", "calm alarm", "alarm alarm", "loud alarm")
POSTS = german(16).with_columns(
    text=pl.Series([f"{WORDS[n % 5]} {WORDS[n % 3]} number {n % 4}" for n in range(16)])
)
VIOLATING = frozenset({"p01", "p06", "p11"})


def read_a_batch(work: Work, sweep: str, readings: Sequence[Verdict]) -> list[str]:
    """Bo and Cleo each read a batch; what they say for the certificate is what `readings` says, by turns.

    Returns the posts that were read for it.
    """
    words, met = itertools.cycle(readings), []
    for person in (BO, CLEO):
        batch = take(work, person, size=8, sweep=sweep)
        assert batch is not None
        purposes = purposes_of(work, batch.id)
        for item in sorted(purposes):
            verdict = Verdict.violates if item in VIOLATING else Verdict.does_not_violate
            if purposes[item] == "certify":
                met.append(item)
                verdict = next(words)
            told = said(
                item,
                person,
                11,
                [item] if verdict is Verdict.violates else [],
                [item] if verdict is Verdict.unsure else [],
            )
            decide(work, batch.id, [told], by=person, policies=POLICIES, now=after(11))
        learn_from(work, find_batch(work, batch.id), read_in(work, batch.id), after(12))
    return met


def ranked(store: Store, sweep: str) -> bytes:
    """Do what the task `rank_sweep` does; in which order posts would be read then, to the last bit."""
    with store.read() as work:
        assert ranking.is_due(work, sweep)
        found = find_sweep(work, sweep)
        decided, waiting = ranking.decided_items(work, sweep), ranking.waiting_items(work, sweep)
        examples = ranking.examples_for(work, sweep)
        severity = find(work, found.incident_id).impact.harm / 4
    features = features_of(POSTS)
    scores = refit(features, decided, cold_start(features, POSTS, examples), seed=found.number)
    scored = pl.DataFrame({"id": features.ids, "score": scores.astype(float)})
    weighed = priorities(waiting.join(scored, on="id"), severity=severity)
    ranking.keep_ranking(store, sweep, weighed.iter_rows(), decided=len(decided))
    with store.read() as work:
        kept = ("item", "state", "look", "drawn", "score", "priority")
        rows = work.execute(sa.select(*(items.c[name] for name in kept)).order_by(items.c.item)).all()
        steering = load_steering(work, sweep)
    return repr([*map(tuple, rows), steering]).encode()


def outcome(store: Store, readings: Sequence[Verdict]) -> tuple[bytes, list[str]]:
    """A sweep in which all is equal but what is said for the certificate."""
    with store.begin() as work:
        sweep = add_reading(work, POSTS, certify=16)
        rank(work, sweep, *POSTS["id"])
        met = read_a_batch(work, sweep, readings)
    return ranked(store, sweep), met


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store on SQLite with its tables and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("blank") / "store.db"
    store = Store.open(f"sqlite:///{path}")
    upgrade(store)
    store.close()  # the last to leave writes the log into the file
    return path


@contextmanager
def copy_of(blank: Path, number: int) -> Iterator[Store]:
    path = blank.with_name(f"copy-{number}.db")
    shutil.copy(blank, path)
    store = Store.open(f"sqlite:///{path}")
    try:
        yield store
    finally:
        store.close()
        for left in blank.parent.glob(f"{path.name}*"):
            left.unlink()


NUMBERS = itertools.count()
READINGS = st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=6)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=READINGS, other=READINGS)
def test_two_sweeps_that_differ_in_the_sample_s_readings_alone_are_ranked_alike_to_the_bit(
    blank: Path, one: list[Verdict], other: list[Verdict]
) -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(copy_of(blank, next(NUMBERS))) for _ in range(2))
        (ranks, met), (ranks_too, met_too) = outcome(first, one), outcome(second, other)
    assert met == met_too != []
    assert ranks == ranks_too


def test_what_is_decided_does_reach_the_ranking(blank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above could not fail."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(copy_of(blank, next(NUMBERS))) for _ in range(2))
        ranks, _ = outcome(first, [Verdict.violates])
        monkeypatch.setitem(globals(), "VIOLATING", frozenset({"p02", "p07", "p12"}))
        ranks_too, _ = outcome(second, [Verdict.violates])
    assert ranks != ranks_too


# SQL


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Every statement that is sent to the database meanwhile."""
    sent: list[str] = []

    def keep(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        sa.event.remove(store.engine, "before_cursor_execute", keep)


def named_in(sent: Sequence[str]) -> set[str]:
    """The secret tables that some statement names."""
    return {table for table in SECRET if any(re.search(rf"\b{table}\b", statement) for statement in sent)}


def test_no_statement_of_a_ranking_names_a_table_of_the_sample(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, POSTS, certify=16)
        met = read_a_batch(work, sweep, [Verdict.violates])
    assert met
    with statements(store) as sent:
        with store.read() as work:
            assert ranking.due_rankings(work) == [sweep]
        ranked(store, sweep)
    assert len(sent) > 8
    assert named_in(sent) == set()
    with statements(store) as sent, store.begin() as work:
        read_a_batch(work, sweep, [Verdict.violates])
    assert named_in(sent) == SECRET - {certificates.name}  # so that we know that it would be seen


# Imports


ROOMS = ("flows", "tasks", "incidents", "console")
CONTRACT = "no ranking knows what was read for the certificate"


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("incidents/store/ranking.py", "from incidents.store.certify_schema import certify_readings"),
        ("incidents/sweeps/ranking.py", "from incidents.store import certify"),
        ("incidents/store/steering.py", "from incidents.store.judging import judge_sweep"),
        # Also where another module stands between.
        ("incidents/sweeps/priorities.py", "from incidents.store.aftermath import learn_from"),
    ],
)
def test_the_contract_catches_a_ranking_that_imports_it(tmp_path: Path, module: str, line: str) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    # In a process of its own: the rooms are imported here from where they belong.
    program = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    path = {"PYTHONPATH": str(tmp_path), "PATH": ""}
    found = subprocess.run(
        [*program, "--no-cache"], cwd=tmp_path, env=path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1, found.stderr
    assert f"{CONTRACT} BROKEN" in found.stdout
