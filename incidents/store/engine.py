"""Open the store, and the unit of work in which everything is read and written.

A session opens and commits at the edge (a task, a command, a request); everything else takes the `Work`
that it was handed and never commits.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from incidents.errors import BadInput, Conflict, StoreFailed
from incidents.store.schema import counters

BUSY_SECONDS = 30
"""How long a writer waits for another on SQLite before it gives up."""

TURN_MILLISECONDS = 20
"""How long SQLite's own waiting for the write lock may go on before it begins anew."""

WAL_ATTEMPTS = 20
"""How often a process asks SQLite for its write-ahead log while others are just making the store."""


class Work:
    """One transaction. Helpers take it, use `execute`, and never commit."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def execute(self, statement: sa.Executable, rows: Any = None) -> sa.CursorResult[Any]:  # noqa: ANN401
        """Run a statement, for each of `rows` where they are given."""
        return self._connection.execute(statement, rows)

    def insert_once(self, table: sa.Table, values: dict[str, Any]) -> bool:
        """Insert a row unless one of its unique keys is taken; tell whether it was inserted."""
        insert = postgresql.insert if self.is_postgresql else sqlite.insert
        # Without the option SQLAlchemy lets go of an INSERT's row count before psycopg was asked for it.
        statement = insert(table).values(**values).on_conflict_do_nothing()
        return self.execute(statement.execution_options(preserve_rowcount=True)).rowcount == 1

    def insert_for_id(self, table: sa.Table, values: dict[str, Any]) -> int | None:
        """Insert a row and return the id the database gave it, or None where a unique key is taken."""
        insert = postgresql.insert if self.is_postgresql else sqlite.insert
        statement = insert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)
        given = self.execute(statement).scalar_one_or_none()
        return None if given is None else int(given)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Take back what was written within, and nothing before it, where an error comes out of it."""
        with self._connection.begin_nested():
            yield

    def next_number(self, name: str) -> int:
        """The next number of a series, starting at 1. Two transactions never get the same one."""
        # Mostly there is such a counter, and SQLAlchemy puts what may conflict together anew each time.
        given = self.execute(_COUNT_UP, {"series": name}).scalar_one_or_none()
        return self._begin_counting(name) if given is None else int(given)

    def _begin_counting(self, name: str) -> int:
        insert = postgresql.insert if self.is_postgresql else sqlite.insert
        statement = (
            insert(counters)
            .values(name=name, value=1)
            .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
            .returning(counters.c.value)
        )
        return int(self.execute(statement).scalar_one())

    def count_rows_anew(self, *tables: sa.Table) -> None:
        """Let PostgreSQL count the rows of tables that have just grown much.

        Its own counting comes about once a minute; until then it plans as if they were as small as before.
        """
        if self.is_postgresql:
            names = ", ".join(table.name for table in tables)
            self.execute(sa.text(f"ANALYZE (SKIP_LOCKED) {names}"))

    @property
    def is_postgresql(self) -> bool:
        """Whether the store is on PostgreSQL; on SQLite otherwise."""
        return self._connection.dialect.name == "postgresql"

    @property
    def connection(self) -> sa.Connection:
        """The connection itself, for Alembic and for reading posts from a table."""
        return self._connection


# Put together once: that takes longer than running it.
_COUNT_UP: Final = (
    sa.update(counters)
    .where(counters.c.name == sa.bindparam("series"))
    .values(value=counters.c.value + 1)
    .returning(counters.c.value)
)


class Store:
    """The database of incidents, on SQLite or PostgreSQL."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._turn = Lock()

    @classmethod
    def open(cls, url: str) -> "Store":
        """Open the store at a SQLAlchemy URL. BadInput where the URL names something else."""
        return cls(open_engine(url))

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """One writing transaction: committed at the end, rolled back on any error."""
        with self._in_words(), self._in_turn(), self.engine.begin() as connection:
            yield Work(connection)

    @contextmanager
    def read(self) -> Iterator[Work]:
        """One reading transaction, which blocks no writer."""
        options = {} if self._is_postgresql else {"watchfloor_reads": True}
        with self._in_words(), self.engine.connect().execution_options(**options) as connection:
            yield Work(connection)

    @contextmanager
    def migrate(self) -> Iterator[Work]:
        """One writing transaction in which tables may be made anew.

        SQLite drops no table that others refer to; there the references are checked at the end instead.
        """
        with self._in_words(), self.engine.connect() as connection:
            if self._is_postgresql:
                with connection.begin():
                    yield Work(connection)
                return
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA foreign_keys=OFF")  # means nothing once a transaction has begun
            try:
                with connection.begin():
                    yield Work(connection)
                    _check_references(connection)
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let the threads of this process write to SQLite one after the other, in the order they came.

        Each would otherwise ask SQLite again and again for a lock that only one can have, with a connection in
        its hands. Whoever waits too long asks SQLite all the same, which says what is wrong.
        """
        alone = not self._is_postgresql and self._turn.acquire(timeout=BUSY_SECONDS)
        try:
            yield
        finally:
            if alone:
                self._turn.release()

    @property
    def _is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """The database's errors in words for the person on call."""
        try:
            yield
        except sa.exc.IntegrityError as error:
            raise Conflict(
                "Somebody else wrote the same thing at the same moment, so nothing was changed."
                f" Look at what is there now, then try again. ({_why(error)})"
            ) from error
        except sa.exc.DataError as error:
            raise BadInput(f"A value cannot be kept, so nothing was changed: {_why(error)}.") from error
        except sa.exc.DBAPIError as error:
            raise StoreFailed(
                f"The store at {self.engine.url.render_as_string(hide_password=True)} failed: {_why(error)}."
                " Nothing was changed. `watchfloor doctor` looks at it; is the database running, and not full?"
            ) from error

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _check_references(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreFailed(
            f"The migration would leave rows of {broken[0]} that refer to nothing in {broken[2]}."
            " Nothing was changed. Restore a backup, or report it with the revision you came from."
        )


def _why(error: sa.exc.DBAPIError) -> str:
    """The driver's first line: PostgreSQL's next one quotes values of the row."""
    return str(error.orig).partition("\n")[0]


def open_engine(url: str) -> sa.Engine:
    """An engine for SQLite (WAL, real transactions, foreign keys) or PostgreSQL (through psycopg).

    Parameters are hidden: an error that quoted them would carry the text of posts into logs.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise BadInput(f"WATCHFLOOR_DATABASE_URL is not a database URL: {error}") from error
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True
        )
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    raise BadInput(f"The store runs on SQLite or PostgreSQL, not on {parsed.get_backend_name()}.")


def _open_sqlite(url: sa.URL) -> sa.Engine:
    if not url.database:
        raise BadInput("The store needs a file, so that flows in other processes see it: sqlite:///path.db")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Turn on WAL and foreign keys, and stop the driver from opening transactions on its own."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _turn_on_wal(cursor)
    cursor.close()


def _turn_on_wal(cursor: DBAPICursor) -> None:
    """Switch to WAL, also where several processes open a new store at the same moment.

    The switch does not wait for another connection that is just writing, as everything else does: it is
    refused at once. Taking the write lock does wait, and then the switch is tried again.
    """
    for _ in range(WAL_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: sa.Connection) -> None:
    """Take the write lock at once: a reader that turns writer half-way would be refused as busy."""
    raw = connection.connection.driver_connection
    assert raw is not None
    if connection.get_execution_options().get("watchfloor_reads", False):
        raw.execute("BEGIN")
    elif not _takes_turn(raw):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _takes_turn(raw: DBAPIConnection) -> bool:
    """Wait for the write lock among others who want it; False where it is another trouble than that.

    SQLite's own waiting is unfair: whoever has waited long asks ten times a second, who just came a
    thousand times, so that among many writers one is left out for half a minute. Here it begins anew, soon.
    """
    raw.execute(f"PRAGMA busy_timeout={TURN_MILLISECONDS}")
    try:
        for _ in range(BUSY_SECONDS * 1_000 // TURN_MILLISECONDS):
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    return False
            else:
                return True
        return False
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1_000}")
