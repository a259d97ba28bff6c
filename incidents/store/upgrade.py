"""Bring a store's tables to the newest revision, and tell which one it is at."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from incidents.store.engine import Store

HEAD = "head"
_LOCK = 4_280_001
"""Advisory lock on PostgreSQL, so that two processes that start at once do not both migrate."""


def upgrade(store: Store, to: str = HEAD) -> str:
    """Run the missing revisions up to `to` in one transaction and return the revision reached."""
    with store.begin() as work:
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


def newest_revision() -> str:
    """The revision that this version of Watchfloor is written for."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _revision(context: MigrationContext) -> str | None:
    return context.get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
