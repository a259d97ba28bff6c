"""Open the store for a door: made ready where it is new, refused where it is of another version."""

from incidents.errors import WatchfloorError
from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.upgrade import current_revision, newest_revision, upgrade


def open_store(settings: Settings) -> Store:
    """Open the store. An empty SQLite file is made ready; any other that is not current is refused."""
    store = Store.open(settings.store_url)
    try:
        _make_current(store)
    except BaseException:
        store.close()
        raise
    return store


def _make_current(store: Store) -> None:
    revision, newest = current_revision(store), newest_revision()
    if revision == newest:
        return
    if revision is None and store.engine.dialect.name == "sqlite":
        upgrade(store)
        return
    raise WatchfloorError(
        f"The store is at revision {revision or 'none'}, and this Watchfloor is written for {newest}."
        " Run `watchfloor db upgrade`; make a copy of the store first."
    )
