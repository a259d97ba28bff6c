"""What the doctor looks at in the record: the tables, what is not delivered, and whether timelines fit."""

from collections.abc import Iterator
from contextlib import contextmanager

from console.finding import Finding, bad, ok, warn
from incidents.incident.incident import SYSTEM
from incidents.settings import Settings
from incidents.store import outbox, timeline
from incidents.store.engine import Store
from incidents.store.incidents import visible_incidents
from incidents.store.upgrade import current_revision, newest_revision

MOST_LISTED = 20
VERIFIED = 20
"""Incidents whose timelines are recomputed, the newest ones; `watchfloor verify` does all."""


def database(settings: Settings) -> Iterator[Finding]:
    """Whether the database answers, and is of the revision that this version is written for."""
    if _is_new(settings):
        yield ok("database", "There is none yet; the first command makes it.")
        return
    with opened(settings) as store:
        revision, newest, name = current_revision(store), newest_revision(), store.engine.dialect.name
    if revision == newest:
        yield ok("database", f"It is on {name}, at revision {revision}.")
    else:
        todo = "Make a copy of it, then run `watchfloor db upgrade`."
        yield bad("database", f"It is at revision {revision or 'none'}, this version is for {newest}.", todo)


def deliveries(settings: Settings) -> Iterator[Finding]:
    """What was promised to the world outside and is not delivered."""
    if not is_current(settings):
        return
    with opened(settings) as store, store.read() as work:
        failed = outbox.undelivered(work, states=("failed",))
        waiting = outbox.undelivered(work, states=("pending",))
    for parcel in failed[:MOST_LISTED]:
        why = f"{parcel.key} failed {parcel.attempts} times: {parcel.last_error or 'nobody knows why'}"
        yield bad("deliveries", f"{parcel.name}, {why}", _rerun(parcel.id))
    if len(failed) > MOST_LISTED:
        todo = "`watchfloor outbox list` lists them all."
        yield bad("deliveries", f"{len(failed) - MOST_LISTED} more deliveries failed.", todo)
    tried = [parcel for parcel in waiting if parcel.last_error]
    for parcel in tried[:MOST_LISTED]:
        what = f"{parcel.name} is tried again: {parcel.last_error}"
        yield warn("deliveries", what, "Nothing, if the other side is being mended; `watch` goes on trying.")
    if not failed and not tried:
        yield ok("deliveries", f"None failed; {len(waiting)} wait for their turn.")


def timelines(settings: Settings) -> Iterator[Finding]:
    """Whether the newest timelines fit their hashes."""
    if not is_current(settings):
        return
    with opened(settings) as store, store.read() as work:
        newest = [incident.id for incident in visible_incidents(work, SYSTEM)[:VERIFIED]]
        breaks = [found for incident in newest for found in timeline.verify(work, incident)]
    for found in breaks:
        todo = "Copy the database before anything else, and find out who writes to it beside Watchfloor."
        yield bad("timelines", f"{found.incident}#{found.seq} does not fit: {found.why}.", todo)
    if not breaks:
        yield ok("timelines", f"The newest {len(newest)} fit. `watchfloor verify` recomputes all.")


def _rerun(parcel: int) -> str:
    return f"Mend its cause, then run `watchfloor outbox rerun {parcel}`."


def _is_new(settings: Settings) -> bool:
    """Whether there is no SQLite file yet. To look for one must not make one."""
    return settings.database_url is None and not (settings.home / "watchfloor.db").exists()


def is_current(settings: Settings) -> bool:
    """Whether there is a database, of the revision that this version is written for."""
    if _is_new(settings):
        return False
    with opened(settings) as store:
        return current_revision(store) == newest_revision()


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The store, for as long as the block takes."""
    store = Store.open(settings.store_url)
    try:
        yield store
    finally:
        store.close()
