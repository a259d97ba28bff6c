"""A universe is the same however its posts are cut and in whatever order they are scanned, once each."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from incidents.errors import BadInput
from incidents.store import window as windows
from incidents.store.post_source import FileSource
from incidents.store.window import keep_universe, lay_out, read_universe, scan_part, try_scope
from incidents.sweeps import post_files
from incidents.sweeps.posts import POST_SCHEMA, write_posts
from incidents.sweeps.scope import Scope
from incidents.sweeps.universe import Universe, combine, gather, scan

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
SCOPE = Scope(terms=("alarm", "siren"))


def pile(count: int, start: int = 0) -> pl.DataFrame:
    """Posts of which every third has a term of the scope, and every sixth both."""
    texts = ["an alarm and a siren", "quiet", "quiet", "an alarm", "quiet", "quiet"]
    rows = [
        {
            "id": f"p{n:04d}",
            "text": texts[n % 6],
            "posted_at": AT - timedelta(minutes=n) if n % 2 else None,
            "language": "de" if n % 4 else "tr",
            "reach": n,
        }
        for n in range(start, start + count)
    ]
    return pl.DataFrame(rows, schema=POST_SCHEMA)


def same(one: Universe, other: Universe) -> bool:
    """Whether two universes are the same in everything."""
    rest = [(u.posts_seen, u.terms, u.languages, u.hash, u.known, u.changed) for u in (one, other)]
    return one.matched.equals(other.matched) and rest[0] == rest[1]


def test_a_universe_tells_what_matched_and_what_brought_it_in() -> None:
    universe = gather(pile(60), SCOPE)
    assert (universe.posts_seen, universe.matched.height) == (60, 20)
    assert [(each.term, each.posts, each.alone) for each in universe.terms] == [
        ("term:alarm", 20, 10),
        ("term:siren", 10, 0),
    ]
    assert universe.languages == {"de": 15, "tr": 5}
    times = universe.matched["posted_at"].to_list()
    dated = [time for time in times if time]
    assert times == sorted(dated) + [None] * (len(times) - len(dated))


def test_the_tricks_that_hid_a_term_are_counted() -> None:
    hidden = pile(3).with_columns(text=pl.Series(["a 4l4rm", "an alarm", "an a l a r m"]))
    [alarm] = gather(hidden, Scope(terms=("alarm",))).terms
    assert (alarm.posts, alarm.evaded) == (3, {"leet": 1, "spaced": 1})


def test_how_a_pile_is_cut_changes_nothing() -> None:
    posts = pile(60)
    cuts = [posts[start : start + 7] for start in range(0, 60, 7)]
    forwards = combine([scan(cut, SCOPE) for cut in cuts])
    backwards = combine([scan(cut, SCOPE) for cut in reversed(cuts)])
    assert same(forwards, gather(posts, SCOPE))
    assert same(backwards, gather(posts, SCOPE))


def test_a_universe_keeps_its_hash_from_release_to_release() -> None:
    assert gather(pile(12), SCOPE).hash[:16] == "7e4ebb4089d77bb3"


def test_an_id_that_matched_in_two_parts_is_refused() -> None:
    with pytest.raises(BadInput, match="1 ids stand on more than one post: p0000"):
        combine([scan(pile(3), SCOPE), scan(pile(1), SCOPE)])


def test_a_new_window_holds_what_no_earlier_one_does() -> None:
    first = gather(pile(12), SCOPE)
    edited = pile(24).with_columns(
        text=pl.when(pl.col("id") == "p0003").then(pl.lit("an alarm!")).otherwise("text")
    )
    second = combine([scan(edited, SCOPE)], earlier=first.matched)
    assert second.matched["id"].sort().to_list() == ["p0012", "p0015", "p0018", "p0021"]
    assert (second.posts_seen, second.known, second.changed) == (24, 4, ("p0003",))
    assert sum(second.languages.values()) == 4


# --- a window's folder -----------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileSource:
    """A folder of partitions with 600 posts, read in many small parts."""
    monkeypatch.setattr(post_files, "BLOCK", 2_500)
    (tmp_path / "posts").mkdir()
    write_posts(pile(200), tmp_path / "posts" / "a.parquet")
    for name, start in (("b.csv", 200), ("c.csv", 400)):
        pile(200, start).select("id", "text", "posted_at", "language", "reach").write_csv(
            tmp_path / "posts" / name
        )
    return FileSource(path=tmp_path / "posts")


def laid_out(folder: Path, source: FileSource, scope: Scope = SCOPE) -> int:
    """Lay the parts out, as a run does that begins or begins again."""
    return lay_out(folder, scope, source.parts(windows.spool_folder(folder)))


def scanned(folder: Path, source: FileSource, *earlier: Path) -> Universe:
    """A window from its beginning to its end."""
    for number in reversed(range(laid_out(folder, source))):
        scan_part(folder, number)
    keep_universe(folder, earlier=earlier)
    return read_universe(folder)


def test_a_window_is_the_universe_of_all_its_parts(tmp_path: Path, source: FileSource) -> None:
    folder = tmp_path / "w1"
    assert laid_out(folder, source) >= 10
    assert same(scanned(folder, source), gather(pile(600), SCOPE))
    # The posts that did not match are nowhere in it.
    assert sorted(path.name for path in folder.iterdir()) == ["plan.json", "universe.json", "universe.parquet"]
    assert try_scope(source, SCOPE).posts_matched == 200


def count_scans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows with every part that is really scanned."""
    scans: list[int] = []

    def counted(posts: pl.DataFrame, scope: Scope) -> object:
        scans.append(posts.height)
        return scan(posts, scope)

    monkeypatch.setattr(windows, "scan", counted)
    return scans


def test_a_part_is_scanned_once_through_any_number_of_attempts(
    tmp_path: Path, source: FileSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = count_scans(monkeypatch)
    count = laid_out(tmp_path / "w1", source)
    scan_part(tmp_path / "w1", 3)
    assert same(scanned(tmp_path / "w1", source), gather(pile(600), SCOPE))
    assert (len(scans), sum(scans)) == (count, 600)
    keep_universe(tmp_path / "w1", earlier=[])
    assert len(scans) == count


@pytest.mark.parametrize("after", ["ids", "parquet"])
def test_a_part_that_was_half_written_is_scanned_again(tmp_path: Path, source: FileSource, after: str) -> None:
    laid_out(tmp_path / "w1", source)
    half = tmp_path / "w1" / "scanned"
    scan_part(tmp_path / "w1", 3)
    (half / "000003.json").unlink()
    (half / f"000003.{after}").write_bytes(b"half of i")
    assert same(scanned(tmp_path / "w1", source), gather(pile(600), SCOPE))


@pytest.mark.parametrize("change", ["the source", "the scope"])
def test_what_was_scanned_before_a_change_is_forgotten(
    tmp_path: Path, source: FileSource, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    for number in range(laid_out(tmp_path / "w1", source, Scope(terms=("quiet",)))):
        scan_part(tmp_path / "w1", number)
    scans = count_scans(monkeypatch)
    if change == "the source":
        write_posts(pile(100, 600), source.path / "d.parquet")
    found = scanned(tmp_path / "w1", source)
    assert same(found, gather(pile(700 if change == "the source" else 600), SCOPE))
    assert sum(scans) == found.posts_seen


def test_a_second_window_reads_the_source_again_and_keeps_the_new(tmp_path: Path, source: FileSource) -> None:
    scanned(tmp_path / "w1", source)
    write_posts(pile(60, 600), source.path / "d.parquet")
    second = scanned(tmp_path / "w2", source, tmp_path / "w1")
    assert same(combine([scan(pile(60, 600), SCOPE)]), _without_the_old(second))
    assert (second.posts_seen, second.known) == (660, 200)


def _without_the_old(universe: Universe) -> Universe:
    seen = universe.posts_seen - 600
    return Universe(seen, universe.matched, universe.terms, universe.languages, universe.hash)


@pytest.mark.parametrize("keys_at_once", [2_000_000, 100])
def test_an_id_that_stands_in_two_parts_is_named_though_it_did_not_match(
    tmp_path: Path, source: FileSource, monkeypatch: pytest.MonkeyPatch, keys_at_once: int
) -> None:
    monkeypatch.setattr(windows, "_KEYS_AT_ONCE", keys_at_once)
    write_posts(pile(3, 301), source.path / "d.parquet")
    with pytest.raises(BadInput, match=r"d\.parquet, from row 1: the id p030. stands in .*b\.csv"):
        scanned(tmp_path / "w1", source)
    with pytest.raises(BadInput, match="an id stands on more than one post"):
        try_scope(source, SCOPE)


def test_ids_that_share_a_number_are_not_taken_for_the_same(
    tmp_path: Path, source: FileSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_digits: Callable[[pl.Expr | pl.Series], pl.Expr | pl.Series]
    first_digits = lambda ids: ids.str.slice(1, 3).cast(pl.UInt64)  # noqa: E731
    monkeypatch.setattr(pl.Expr, "hash", first_digits)
    monkeypatch.setattr(pl.Series, "hash", first_digits)
    assert same(scanned(tmp_path / "w1", source), gather(pile(600), SCOPE))


def test_ids_have_the_same_numbers_in_every_process() -> None:
    asked = "import polars as pl; print(pl.Series(['p0001', 'ü']).hash().to_list())"
    told = [
        subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert json.loads(told[0]) == json.loads(told[1]) == pl.Series(["p0001", "ü"]).hash().to_list()


def test_a_platform_that_has_nothing_leaves_an_empty_universe(tmp_path: Path) -> None:
    assert lay_out(tmp_path, SCOPE, []) == 0
    keep_universe(tmp_path, earlier=[])
    assert same(read_universe(tmp_path), gather(pile(0), SCOPE))
