"""The features of a sweep are kept from window to window, and what is lost of them is made again."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from incidents.people import Person, Role
from incidents.store import ranking
from incidents.store.freezing import freeze
from incidents.store.post_source import FileSource
from incidents.store.sweeps import request_sweep, request_window
from incidents.sweeps.posts import write_posts
from tasks import sweeps, world
from tasks.ranking import rank_sweep
from tasks.scan import folder_of, keep_universe, lay_out, scan_parts
from tasks.sweeps import assignment, freeze_window
from tests.incidents.reading_rows import settle, states_of, take
from tests.incidents.sweep_rows import ADA, SCOPE, add_crisis, after, pile
from tests.tasks.fresh_world import fresh_world

TEXTS = ["an alarm at the bridge", "alarm over the old town", "no alarm, all is calm", "the alarm of the siren"]
FIRST = pile(*((f"p{n}", "en") for n in range(4))).with_columns(text=pl.Series(TEXTS))
LATER = pile(*((f"q{n}", "en") for n in range(4))).with_columns(text=pl.Series(TEXTS) + " by night")


@pytest.fixture(autouse=True)
def own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with fresh_world(tmp_path / "home", monkeypatch):
        yield


@pytest.fixture
def sweep(tmp_path: Path) -> str:
    """A sweep whose first window is frozen, and whose second one is scanned."""
    source = FileSource(path=tmp_path / "posts")
    source.path.mkdir()
    write_posts(FIRST, source.path / "0.parquet")
    with world.store().begin() as work:
        found = request_sweep(work, add_crisis(work), SCOPE, source, by=ADA, now=after(4)).id
    scan(found, 1)
    assert freeze_window.fn(found, 1, after(5))
    write_posts(LATER, source.path / "1.parquet")
    with world.store().begin() as work:
        request_window(work, found, source, by=ADA, now=after(6))
    scan(found, 2)
    return found


def scan(sweep: str, window: int) -> None:
    for numbers in lay_out.fn(sweep, window):
        scan_parts.fn(folder_of(sweep, window), numbers)
    keep_universe.fn(sweep, window)


def kept(sweep: str) -> dict[str, bytes]:
    """What lies in the folder of the features."""
    return {path.name: path.read_bytes() for path in features(sweep).iterdir()}


def features(sweep: str) -> Path:
    return folder_of(sweep, 1).parent / "features"


def die(*_: object, **__: object) -> bool:
    raise KeyboardInterrupt


def scores(sweep: str) -> dict[str, object]:
    with world.store().read() as work:
        return states_of(work, sweep, "score")


def leave(_: str) -> None:
    """What was kept by the attempt that died stays as it is."""


def break_off(sweep: str) -> None:
    """The attempt died while it wrote."""
    (features(sweep) / "prior.npy").unlink()
    (features(sweep) / "matrix.npz").write_bytes(b"half")


def lose(sweep: str) -> None:
    shutil.rmtree(features(sweep))


@pytest.mark.parametrize("left", [leave, break_off, lose])
def test_a_window_whose_attempt_died_is_frozen_by_the_next_one_as_if_nothing_had_been(
    sweep: str, left: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "freeze", die)
    with pytest.raises(KeyboardInterrupt):
        freeze_window.fn(sweep, 2, after(7))
    whole = kept(sweep)
    left(sweep)
    monkeypatch.setattr(sweeps, "freeze", freeze)
    assert freeze_window.fn(sweep, 2, after(8))
    assert kept(sweep) == whole
    assert list(scores(sweep)) == [*FIRST["id"], *LATER["id"]]
    assert None not in scores(sweep).values()


def test_a_ranking_learns_the_same_from_features_that_were_lost(sweep: str) -> None:
    freeze_window.fn(sweep, 2, after(7))
    whole = kept(sweep)
    cold = scores(sweep)
    lose(sweep)
    assert not rank_sweep(sweep)
    reader = Person(id="bo", roles=frozenset({Role.partner_reviewer}), team=assignment().team_for("en"))
    with world.store().begin() as work:
        batch = take(work, reader, size=1, sweep=sweep)
        assert batch is not None
        [read] = settle(work, batch, reader)
        decided = ranking.decided_items(work, sweep)
    assert decided == {read: False}
    assert rank_sweep(sweep)
    assert kept(sweep) == whole
    learned = scores(sweep)
    assert {post for post in cold if learned[post] != cold[post]} == set(cold) - {read}
