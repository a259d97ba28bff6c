"""A sweep's posts are scanned by threads, by processes or by a cluster, and what is found is the same."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from prefect.task_runners import ThreadPoolTaskRunner

from console.programs import prefect_environment
from flows import scan as flows
from flows.scan import runner
from incidents.errors import BadInput, PartnerUnreachable
from incidents.store.post_source import FileSource, HttpSource
from incidents.store.sweeps import request_sweep, request_window
from incidents.sweeps.posts import write_posts
from incidents.sweeps.universe import gather
from tasks import world
from tasks.scan import folder_of, keep_universe, lay_out, read_universe, scan_parts, shared_out
from tests.incidents.sweep_rows import ADA, SCOPE, add_crisis, after, pile
from tests.stack import ROOT, TOKEN, Site
from tests.tasks.fresh_world import fresh_world
from tests.tasks.test_platform import POSTS, Visit, serving

PILE = pl.concat(
    [
        pile(*((f"p{n:04d}", "de" if n % 4 else "tr") for n in range(0, 3000, 2))),
        pile(*((f"p{n:04d}", "en") for n in range(1, 3000, 2)), text="quiet"),
    ]
)


@pytest.fixture(autouse=True)
def own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own, from which the platform of the tests may be asked."""
    monkeypatch.setenv("WATCHFLOOR_SECRETS__PLATFORM", TOKEN)
    monkeypatch.setenv("WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_REQUESTS_PER_SECOND", "1000")
    with fresh_world(tmp_path / "home", monkeypatch):
        yield


@pytest.fixture
def partitions(tmp_path: Path) -> FileSource:
    """The pile in thirty files."""
    folder = tmp_path / "posts"
    folder.mkdir()
    for number in range(30):
        write_posts(PILE[number::30], folder / f"{number:02d}.parquet")
    return FileSource(path=folder)


def requested(source: FileSource | HttpSource, crisis: str) -> str:
    """A sweep over the source that nobody began."""
    with world.store().begin() as work:
        return request_sweep(work, add_crisis(work, crisis), SCOPE, source, by=ADA, now=after(4)).id


def scanned(sweep: str, window: int = 1) -> str:
    """What the flow does, in this process and without Prefect; the universe's hash."""
    for numbers in lay_out.fn(sweep, window):
        scan_parts.fn(folder_of(sweep, window), numbers)
    return keep_universe.fn(sweep, window)


def started(sweep: str, runner: str, workers: int, site: Site) -> subprocess.Popen[str]:
    """A process that scans the sweep as a flow run does, told by its environment with what."""
    told = {
        "WATCHFLOOR_HOME": str(world.settings().home),
        "WATCHFLOOR_SCAN_RUNNER": runner,
        "WATCHFLOOR_SCAN_WORKERS": str(workers),
    }
    command = f"from flows.scan import scan_source; print(scan_source({sweep!r}, 1))"
    env = site.env | prefect_environment(site.settings) | told
    return subprocess.Popen(
        [sys.executable, "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        cwd=ROOT,
    )


def test_what_is_found_is_the_same_with_one_process_two_and_a_cluster(
    partitions: FileSource, site: Site
) -> None:
    wanted, found = gather(PILE, SCOPE), {}
    runs = {"threads": 1, "processes": 2, "dask": 2}
    sweeps = {name: requested(partitions, name) for name in runs}
    started_runs = {name: started(sweeps[name], name, workers, site) for name, workers in runs.items()}
    for name, run in started_runs.items():
        told, _ = run.communicate(timeout=240)
        assert run.returncode == 0, told
        assert wanted.hash in told
        assert "alarm" not in told
        files = [folder_of(sweeps[name], 1) / file for file in ("universe.json", "universe.parquet")]
        found[name] = [path.read_bytes() for path in files]
    assert found["threads"] == found["processes"] == found["dask"]
    assert read_universe(sweeps["dask"], 1).matched.equals(wanted.matched)


def test_what_was_scanned_is_not_scanned_again(partitions: FileSource) -> None:
    sweep = requested(partitions, "footage")
    first = scanned(sweep)
    (partitions.path / "00.parquet").unlink()
    assert lay_out.fn(sweep, 1) == []
    assert scanned(sweep) == first


def test_a_second_window_holds_the_posts_that_came_since(partitions: FileSource) -> None:
    sweep = requested(partitions, "footage")
    scanned(sweep)
    write_posts(pile(("q1", "de"), ("q2", "en")), partitions.path / "99.parquet")
    with world.store().begin() as work:
        assert request_window(work, sweep, partitions, by=ADA, now=after(9)) == 2
    scanned(sweep, 2)
    second = read_universe(sweep, 2)
    assert second.matched["id"].to_list() == ["q1", "q2"]
    assert (second.posts_seen, second.known) == (3002, 1500)
    assert read_universe(sweep, 1).matched.height == 1500


def test_a_platform_that_died_is_taken_up_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_ATTEMPTS", "1")
    world.settings.cache_clear()
    with serving(POSTS) as url:
        source = HttpSource(url=url, secret="platform", page_size=10)
        sweep, visit = requested(source, "footage"), Visit(url, tmp_path)
        visit.fail(7, "status")
        with pytest.raises(PartnerUnreachable, match="page 7 did not come"):
            scanned(sweep)
        visit.fail(6, "status", status=418)  # it would end the run, if anybody asked again
        scanned(sweep)
    found = read_universe(sweep, 1)
    assert found.posts_seen == 100
    assert found.matched.equals(gather(POSTS, SCOPE).matched)


def test_a_partition_that_cannot_be_read_is_named_and_mended(partitions: FileSource) -> None:
    sweep = requested(partitions, "footage")
    (partitions.path / "30.parquet").write_bytes(b"no such thing")
    with pytest.raises(BadInput, match=r"30\.parquet: this is not Parquet"):
        scanned(sweep)
    (partitions.path / "30.parquet").unlink()
    scanned(sweep)
    assert read_universe(sweep, 1).posts_seen == 3000


@pytest.mark.parametrize(
    ("count", "workers", "shares"),
    [(0, 2, []), (1, 2, [1]), (5, 2, [3, 2]), (40, 1, [16, 16, 8]), (40, 8, [5] * 8)],
)
def test_parts_are_shared_out_among_the_workers(count: int, workers: int, shares: list[int]) -> None:
    found = shared_out(count, workers)
    assert [len(share) for share in found] == shares
    assert [number for share in found for number in share] == list(range(count))


def test_threads_are_the_default_and_dask_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(runner(), ThreadPoolTaskRunner)
    monkeypatch.setenv("WATCHFLOOR_SCAN_RUNNER", "dask")
    monkeypatch.setenv("WATCHFLOOR_DASK_ADDRESS", "tcp://cluster:8786")
    world.settings.cache_clear()
    assert getattr(runner(), "address", None) == "tcp://cluster:8786"

    def missing(_: str) -> None:
        raise ImportError

    monkeypatch.setattr(flows, "import_module", missing)
    with pytest.raises(BadInput, match=r"install watchfloor\[dask\]"):
        runner()
