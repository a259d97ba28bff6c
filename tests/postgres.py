"""A PostgreSQL for the tests: the one that WATCHFLOOR_TEST_POSTGRES names, or a private one.

The private cluster lives in a temporary folder, listens on a Unix socket there, and is stopped at the end.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from incidents.store.engine import Store, open_engine
from incidents.store.upgrade import upgrade

ADMIN_URL = "WATCHFLOOR_TEST_POSTGRES"
"""Environment variable: URL of a database whose user may create and drop databases."""

_SERVER_USER = "postgres"
_SETTINGS = "-F -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 -c listen_addresses="


@dataclass(frozen=True)
class Postgres:
    """A server on which each test gets a database of its own, copied from one with all tables."""

    admin: sa.Engine
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a fresh database, which is dropped at the end."""
        name = f"watchfloor_test_{os.getpid()}_{next(self._numbers)}"
        template = f" TEMPLATE {self._template}" if migrated else ""
        self._run(f"CREATE DATABASE {name}{template}")
        try:
            yield self._url(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def prepare(self) -> None:
        """Make the database that the others are copied from."""
        self._run(f"DROP DATABASE IF EXISTS {self._template}")
        self._run(f"CREATE DATABASE {self._template}")
        store = Store.open(self._url(self._template))
        upgrade(store)
        store.close()

    def forget(self) -> None:
        """Drop that database and let go of the server."""
        self._run(f"DROP DATABASE IF EXISTS {self._template}")
        self.admin.dispose()

    @property
    def _template(self) -> str:
        return f"watchfloor_template_{os.getpid()}"

    def _url(self, name: str) -> str:
        return self.admin.url.set(database=name).render_as_string(hide_password=False)

    def _run(self, sql: str) -> None:
        with self.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(sql)


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A server, from the environment or a private one. Skips, with the reason, where there is neither."""
    if url := os.environ.get(ADMIN_URL):
        with _prepared(url) as server:
            yield server
        return
    binaries = _binaries()
    if binaries is None:
        pytest.skip(f"no PostgreSQL: set {ADMIN_URL}, or install the server")
    with tempfile.TemporaryDirectory(prefix="watchfloor-pg-", ignore_cleanup_errors=True) as folder:
        cluster = Path(folder) / "data"
        _give_away(Path(folder))
        _as_server_user(
            [str(binaries / "initdb"), "-D", str(cluster), "-A", "trust", "-U", "test", "-E", "UTF8"]
        )
        options = f"{_SETTINGS} -k {folder}"
        start = [
            str(binaries / "pg_ctl"),
            "-D",
            str(cluster),
            "-w",
            "-l",
            f"{folder}/log",
            "-o",
            options,
            "start",
        ]
        _as_server_user(start)
        try:
            with _prepared(f"postgresql://test@/postgres?host={folder}") as server:
                yield server
        finally:
            _as_server_user([str(binaries / "pg_ctl"), "-D", str(cluster), "-m", "immediate", "stop"])


@contextmanager
def _prepared(url: str) -> Iterator[Postgres]:
    server = Postgres(open_engine(url))
    server.prepare()
    try:
        yield server
    finally:
        server.forget()


def _binaries() -> Path | None:
    """The folder of the newest server programs; Debian keeps them off the PATH."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path.parent.name)])
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def _as_server_user(command: list[str]) -> None:
    """Run a program of PostgreSQL, which refuses to be run by root."""
    if os.geteuid() == 0:
        switch = shutil.which("runuser")
        if switch is None:
            pytest.skip("no PostgreSQL: it does not run as root, and `runuser` is missing")
        command = [switch, "-u", _SERVER_USER, "--", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, user=_SERVER_USER)
