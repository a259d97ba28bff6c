"""A SQLite file with every table and no row, for tests that do not ask how the tables came to be there.

The revisions are run once a process; each test gets a copy, as on PostgreSQL each gets one of a template.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from incidents.store.engine import Store
from incidents.store.upgrade import upgrade


def place_tables(url: str) -> None:
    """Put such a file where the URL of a SQLite store points, before anything opens it."""
    file = Path(str(sa.make_url(url).database))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_with_all_tables())


@cache
def _with_all_tables() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "watchfloor.db"
        store = Store.open(f"sqlite:///{file}")
        upgrade(store)
        store.close()
        return file.read_bytes()
