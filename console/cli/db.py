"""Is the store at the revision that this version is written for, and how does it get there?"""

import typer

from console.cli.door import Door
from console.cli.options import example
from incidents.store.engine import Store
from incidents.store.upgrade import current_revision, newest_revision, upgrade

app = typer.Typer(help="Look after the tables of the store.", no_args_is_help=True)


@app.command("upgrade", epilog=example("watchfloor db upgrade"))
def upgrade_store(ctx: typer.Context) -> None:
    """Bring the tables to the newest revision. It is one transaction: all of it, or nothing."""
    door = Door.of(ctx)
    store = Store.open(door.settings.store_url)
    try:
        was = current_revision(store)
        reached = upgrade(store)
    finally:
        store.close()
    before = was or "none"
    sentence = f"The store went from revision {before} to {reached}."
    done = f"The store is at revision {reached} already; nothing was changed."
    door.say(done if was == reached else sentence, was=was, revision=reached)


@app.command(epilog=example("watchfloor db status"))
def status(ctx: typer.Context) -> None:
    """Say which revision the tables are at, and which one this version is written for."""
    door = Door.of(ctx)
    store = Store.open(door.settings.store_url)
    try:
        revision, newest = current_revision(store), newest_revision()
    finally:
        store.close()
    is_current = revision == newest
    then = "They are current." if is_current else "Run `watchfloor db upgrade`."
    sentence = f"The tables are at revision {revision or 'none'}; this version is written for {newest}. {then}"
    door.say(sentence, revision=revision, newest=newest, current=is_current)
