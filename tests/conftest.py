"""Fixtures that every folder of tests shares: the store, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from incidents.store.engine import Store
from tests.drill_run import DrillRun, run_drill
from tests.postgres import Postgres, postgres_server
from tests.sqlite import place_tables
from tests.stack import Site, running_site


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; tests that need one are skipped, with the reason, where there is none."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a store with all its tables and nothing in it: once on SQLite, once on PostgreSQL."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'store' / 'watchfloor.db'}"
            place_tables(url)
        else:
            url = stack.enter_context(request.getfixturevalue("postgres").database())
        yield url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with all its tables and nothing in it: once on SQLite, once on PostgreSQL."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A whole Watchfloor on SQLite, with people and real processes, shared by all tests that need one."""
    with running_site(tmp_path_factory.mktemp("site") / "home") as running:
        yield running


@pytest.fixture(scope="session")
def first_drill(tmp_path_factory: pytest.TempPathFactory) -> DrillRun:
    """The standard drill, as the README shows it."""
    return run_drill(tmp_path_factory.mktemp("first-drill"))


@pytest.fixture(scope="session")
def second_drill(tmp_path_factory: pytest.TempPathFactory) -> DrillRun:
    """The same drill with the same seed, in another home."""
    return run_drill(tmp_path_factory.mktemp("second-drill"))
