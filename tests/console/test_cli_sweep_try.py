"""A scope is tried before it becomes a sweep: what it brings in, what floods it, and what it costs to read."""

from pathlib import Path

import pytest

from console import runs
from tests.console.command_line import at_home, declared, run, told, write

POSTS = """\
id,text,language
1,they want to storm the clinic,en
2,they want to st0rm the clinic,en
3,clinic hours are nine to five,en
4,the clinic is closed today,de
5,nothing of the kind,en
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


@pytest.fixture
def posts(tmp_path: Path) -> str:
    return str(write(tmp_path / "posts.csv", POSTS))


def test_it_tells_what_each_entry_alone_brings_in_and_which_trick_hid_it(posts: str) -> None:
    tried = told("sweep", "try", "--term", "storm", "--term", "clinic", "--posts", posts)
    assert (tried["posts_seen"], tried["posts_matched"]) == (5, 4)
    by_entry = {term["term"]: term for term in tried["terms"]}
    assert (by_entry["term:clinic"]["posts"], by_entry["term:clinic"]["alone"]) == (4, 2)
    assert (by_entry["term:storm"]["alone"], by_entry["term:storm"]["evaded"]) == (0, {"leet": 1})
    assert tried["languages"] == {"de": 1, "en": 3}


def test_it_tells_on_which_surfaces_the_posts_stand_where_they_have_one(tmp_path: Path, posts: str) -> None:
    tried = ("sweep", "try", "--term", "clinic", "--posts")
    assert told(*tried, posts)["surfaces"] == {}
    assert "surface" not in run(*tried, posts).stdout
    header, *lines = POSTS.splitlines()
    surfaces = ["Stories", "", "live", "stories", "feed"]
    rows = [f"{header},surface", *map(",".join, zip(lines, surfaces, strict=True))]
    with_surfaces = str(write(tmp_path / "more.csv", "\n".join(rows)))
    assert told(*tried, with_surfaces)["surfaces"] == {"live": 1, "stories": 2}
    assert "stories\t2" in run(*tried, with_surfaces).stdout


def test_it_tells_what_reading_costs_each_team(posts: str) -> None:
    tried = told("sweep", "try", "--term", "clinic", "--posts", posts)
    teams = {team["team"]: team for team in tried["cost"]["teams"]}
    assert {name: team["posts"] for name, team in teams.items()} == {"english": 3, "western-europe": 1}
    assert teams["english"]["people"] == 6
    # 3 posts, a tenth read twice, at 60 an hour of which ten minutes are a break.
    assert teams["english"]["hours"] == 0.1
    said = tried["cost"]["said"]
    assert said.startswith("4 candidates for 12 people: ")
    assert said in run("sweep", "try", "--term", "clinic", "--posts", posts).stdout


def test_an_entry_that_floods_the_sweep_is_named(posts: str) -> None:
    flooded = run("sweep", "try", "--term", "storm", "--term", "nine", "--term", "the", "--posts", posts).stdout
    assert "term:the floods it" not in flooded
    flooded = run("sweep", "try", "--term", "storm", "--pattern", "c[l]inic", "--posts", posts).stdout
    assert "floods it" not in flooded
    flooded = run("sweep", "try", "--term", "hours", "--pattern", "c[l]inic", "--posts", posts).stdout
    assert "pattern:c[l]inic floods it: 3 posts match nothing else." in flooded


def test_nothing_is_kept_of_it(posts: str) -> None:
    declared()
    run("sweep", "try", "INC-1", "--term", "clinic", "--posts", posts)
    assert told("incidents", "show", "INC-1")["sweeps"] == []


def test_only_who_may_start_a_sweep_tries_one(posts: str) -> None:
    declared()
    for words in ((), ("INC-1",)):
        tried = ("sweep", "try", *words, "--term", "clinic", "--posts", posts, "--as", "dev-e")
        assert "ROLE_MISSING" in run(*tried, code=1).stderr


def test_a_scope_that_finds_nothing_costs_nothing(posts: str) -> None:
    tried = run("sweep", "try", "--term", "volcano", "--posts", posts).stdout
    assert "5 posts were looked at in" in tried
    assert "0 candidates for 0 people: 0.0 working days to read them all." in tried


PLATFORM = ("sweep", "try", "--term", "clinic", "--platform", "http://127.0.0.1:9")


def test_a_platform_is_asked_by_a_flow_so_where_none_can_start_that_is_said(home: Path) -> None:
    said = run(*PLATFORM, code=1).stderr
    assert "Prefect's server does not answer" in said
    assert "Start `watchfloor up` in another terminal and try again." in said
    assert not [path for path in (home / "sweeps").rglob("*") if path.is_file()]


def test_a_platform_is_tried_by_those_alone_who_may_start_a_sweep(home: Path) -> None:
    assert "ROLE_MISSING" in run(*PLATFORM, "--as", "dev-e", code=1).stderr
    assert not (home / "sweeps").exists()


def test_a_flow_of_which_nothing_is_heard_is_not_waited_for_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_TIMEOUT_SECONDS", "0.2")
    monkeypatch.setenv("WATCHFLOOR_DEAD_AFTER_SECONDS", "0.3")
    monkeypatch.setattr(runs, "start_flow", lambda *_told, key: key)
    said = run(*PLATFORM, code=1).stderr
    assert "(at last: waiting for a worker)" in said
    assert "`watchfloor doctor` tells what does not run" in said
    assert not [path for path in (home / "sweeps").rglob("*") if path.is_file()]


def test_a_bound_is_for_platforms_alone(posts: str) -> None:
    said = run("sweep", "try", "--term", "clinic", "--posts", posts, "--at-most", "3", code=2).stderr
    assert "files and tables are counted whole" in said
    assert told("sweep", "try", "--term", "clinic", "--posts", posts)["is_whole"] is True
