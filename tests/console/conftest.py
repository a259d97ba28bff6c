"""A home of its own for each test, the application on it, and its store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.settings import Settings
from incidents.store.engine import Store
from tests.console.browsing import STAFFED, Browser, browser
from tests.console.command_line import at_home


@pytest.fixture
def people() -> str:
    """The people file of the home. A test that needs others says so with a fixture of this name."""
    return STAFFED


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: str) -> Path:
    return at_home(tmp_path, monkeypatch, people)


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings()


@pytest.fixture
def visiting(settings: Settings) -> Iterator[Browser]:
    with browser(settings) as opened:
        yield opened


@pytest.fixture
def store(settings: Settings, visiting: Browser) -> Iterator[Store]:
    store = Store.open(settings.store_url)
    yield store
    store.close()
