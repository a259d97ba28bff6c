"""A home of its own for the tasks of this process, which open everything once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks import world
from tests.sqlite import place_tables

OPENED = (world.settings, world.store, world.files)


@contextmanager
def fresh_world(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the tasks forget what they opened, and open this home with an empty store."""
    monkeypatch.setenv("WATCHFLOOR_HOME", str(home))
    monkeypatch.delenv("WATCHFLOOR_DATABASE_URL", raising=False)
    _forget()
    place_tables(world.settings().store_url)
    yield
    world.store().close()
    _forget()


def _forget() -> None:
    for opened in OPENED:
        opened.cache_clear()
