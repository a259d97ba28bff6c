"""`watchfloor sweep try` on a platform: real servers, a real worker, and whatever goes wrong between them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from incidents.sweeps.posts import POST_SCHEMA, write_posts
from tests.kill_points import ANY
from tests.stack import ROOT, TOKEN, Site, until
from tests.tasks.test_platform import AT, Visit, serving

POSTS = pl.DataFrame(
    [
        {
            "id": f"p{n}",
            "text": f"hushed {n}" if n % 7 else "an alarm",
            "posted_at": AT,
            "language": "de" if n % 2 else "en",
        }
        for n in range(3_500)
    ],
    schema=POST_SCHEMA,
)
SCOPE = ("--term", "alarm", "--term", "hushed 12")


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    """A platform with four pages of a thousand posts, and whoever runs it."""
    with serving(POSTS) as url:
        yield Visit(url, tmp_path)


def command(visit: Visit, *more: str) -> list[str]:
    return ["sweep", "try", *SCOPE, "--platform", visit.url, "--secret", "platform", *more]


def spooled(site: Site) -> list[str]:
    """Pages that lie in the home folder."""
    return sorted(path.name for path in (site.home / "sweeps" / "trials").rglob("page-*.parquet"))


def test_all_posts_of_a_platform_are_counted_as_those_of_a_file_are(
    site: Site, visit: Visit, tmp_path: Path
) -> None:
    write_posts(POSTS, tmp_path / "posts.parquet")
    in_file = site.told("sweep", "try", *SCOPE, "--posts", str(tmp_path / "posts.parquet"))
    visit.fail(2, "status", status=429, retry_after="1")
    tried = site.told(*command(visit))
    differs = {"place", "seconds"}
    assert tried["place"] == visit.url
    assert {name: tried[name] for name in tried.keys() - differs} == {
        name: in_file[name] for name in in_file.keys() - differs
    }
    assert tried["posts_seen"] == 3_500
    assert spooled(site) == []


def test_where_the_bound_cut_it_off_that_is_said_and_nothing_is_reckoned_up(site: Site, visit: Visit) -> None:
    said = site.run(*command(visit, "--at-most", "1500"))
    assert f"The first 1,500 posts that {visit.url} returned were looked at" in said
    assert "216 match" in said
    assert "the first ones are no sample of them: what follows is about these alone" in said
    told = site.told(*command(visit, "--at-most", "1500"))
    assert (told["posts_seen"], told["posts_matched"], told["is_whole"]) == (1_500, 216, False)


def test_a_platforms_own_search_is_used_only_where_somebody_asks_for_it(site: Site, visit: Visit) -> None:
    said = site.run(*command(visit, "--query", "alarm"))
    assert f"All 500 posts that {visit.url} returned for its own search “alarm” were looked at" in said
    assert "What its search does not find, evasions for instance, is in no number here." in said


def test_a_platform_that_dies_at_a_page_is_taken_up_there_by_the_same_command(site: Site, visit: Visit) -> None:
    visit.fail(3, "status", times=2)
    said = site.run(*command(visit), code=1)
    assert "page 3 did not come in 2 attempts: at last it answered 503. The 2 pages before it are kept." in said
    assert "type the same command again" in said
    assert len(spooled(site)) == 2
    for page in (1, 2):
        visit.fail(page, "status", status=418)
    assert site.told(*command(visit))["posts_seen"] == 3_500
    assert spooled(site) == []


def test_after_ctrl_c_the_same_command_goes_on(site: Site, visit: Visit) -> None:
    visit.fail(3, "status", status=429, retry_after="600")
    # Whoever starts the tests in the background has them ignore the signal, and what they start as well.
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    typed = [sys.executable, "-c", f"{heeding}; from console.cli import main; main()", *command(visit)]
    with subprocess.Popen(typed, env=site.env, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        trials = site.home / "sweeps" / "trials"
        busy = "the platform is busy"
        until(lambda: any(busy in told.read_text() for told in trials.rglob("*.told.json")), site.logs)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Nothing was counted. What was fetched is kept for a day: the same command goes on there." in said
    for page in (1, 2):
        visit.fail(page, "status", status=418)
    assert site.told(*command(visit))["posts_seen"] == 3_500


def test_a_run_that_is_killed_is_told_of_and_none_of_its_pages_fetched_again(site: Site, visit: Visit) -> None:
    site.kill_at(ANY, "incidents.store.window:count_posts@enter")
    said = site.run(*command(visit), code=1)
    assert "The run that fetches the posts ended: " in said
    assert "What was fetched is kept: type the same command again." in said
    for page in range(1, 5):
        visit.fail(page, "status", status=418)
    assert site.told(*command(visit))["posts_seen"] == 3_500


def test_neither_the_token_nor_a_post_is_told_to_prefect(site: Site, visit: Visit) -> None:
    site.run(*command(visit, "--at-most", "10"))
    asked = {"flows": {"name": {"any_": ["try_scope"]}}}
    runs = site.server.post("/flow_runs/filter", json=asked).text
    logs = "".join(path.read_text(errors="replace") for path in (site.home / "logs").glob("*.log"))
    assert "try_on_platform" in logs
    assert '"trial":' in runs
    for secret in (TOKEN, "hushed", "an alarm"):
        assert secret not in runs
        assert secret not in logs
