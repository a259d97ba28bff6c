"""Bring a store's tables to the newest revision, and tell which one it is at."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from incidents.errors import StoreFailed
from incidents.store.engine import Store

HEAD = "head"
_LOCK = 4_280_001
"""Advisory lock on PostgreSQL, so that two processes that start at once do not both migrate."""


def upgrade(store: Store, to: str = HEAD) -> str:
    """Run the missing revisions up to `to` in one transaction and return the revision reached.

    StoreFailed where the store was made by a newer Watchfloor than this one.
    """
    at = current_revision(store)
    if at is not None and at not in known_revisions():
        raise StoreFailed(
            f"The store is at revision {at}, which this version of Watchfloor does not know."
            " It was made by a newer one: install that, or restore a backup."
        )
    with store.migrate() as work:
        if work.is_postgresql:
            work.connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config = _config()
        config.attributes["connection"] = work.connection
        command.upgrade(config, to)
        return _revision(MigrationContext.configure(work.connection)) or ""


def current_revision(store: Store) -> str | None:
    """The revision the store is at; None for an empty database."""
    with store.read() as work:
        return _revision(MigrationContext.configure(work.connection))


def known_revisions() -> frozenset[str]:
    """Every revision that this version of Watchfloor can start from."""
    return frozenset(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def newest_revision() -> str:
    """The revision that this version of Watchfloor is written for."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _revision(context: MigrationContext) -> str | None:
    return context.get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
