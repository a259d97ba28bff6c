"""How well a sweep is decided is told with its intervals, and what a new guideline may turn is read again."""

from contextlib import closing
from pathlib import Path

import pytest

from incidents.store.looks import ask_for
from incidents.sweeps.batches import Purpose
from tests.console.command_line import at_home, open_store, run, seconded, told, write
from tests.console.swept import HARMLESS, VIOLATES, read_by, worked


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def read_twice(folder: Path) -> str:
    """A sweep that Dev decided and Fay read a second time, seeing one post otherwise; returns its id."""
    sweep = worked(folder)
    read_by("dev-e", folder, VIOLATES)
    with closing(open_store()) as store, store.begin() as work:
        ask_for(work, sweep, Purpose.second, {"1": 0.5, "2": 0.5, "4": 0.5})
    read_by("fay-e", folder, VIOLATES, **{"2": HARMLESS})
    return sweep


def test_agreement_comes_with_its_items_and_what_is_open(tmp_path: Path) -> None:
    sweep = read_twice(tmp_path)
    quality = told("sweep", "quality", sweep)
    everything = quality["agreement"]["all"]["all"]
    assert (everything["items"], everything["pairs"]) == (3, 3)
    assert everything["raw"]["value"] == pytest.approx(2 / 3)
    assert list(quality["agreement"]["team"]) == ["english"]
    assert quality["unsettled"] == 1
    assert quality["precision"]["en"]["violates"] == {
        "checked": 2,
        "upheld": 2,
        "overturned": 0,
        "unsettled": 0,
    }
    printed = run("sweep", "quality", sweep).stdout
    assert "all\tall\t3\t0.67 (" in printed
    assert "To be settled by a third person: 1 second reading that differs." in printed


def test_a_partner_sees_the_quality_of_their_own_team(tmp_path: Path) -> None:
    sweep = read_twice(tmp_path)
    assert told("sweep", "quality", sweep, "--as", "dev-e")["agreement"]["all"]["all"]["items"] == 3
    assert told("sweep", "quality", sweep, "--as", "cleo-l")["agreement"]["all"]["all"]["items"] == 0


def test_what_a_new_guideline_may_turn_waits_to_be_read_again(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    read_by("dev-e", tmp_path, VIOLATES)
    assert told("sweep", "reread", sweep)["items"] == []
    page = write(tmp_path / "g.md", "Reports of the news do not violate.\n")
    publish = ("guideline", "publish", "INC-1", "--file", str(page), "--title", "Incitement")
    told(*publish)
    listed = told("sweep", "reread", sweep, "--change", "violence.incitement=narrower")
    assert (listed["applied"], len(listed["items"])) == (False, 3)
    assert listed["items"][0]["why"] == "may be over enforced"
    applied = run("sweep", "reread", sweep, "--apply", "--most", "2").stdout
    assert f"2 decisions of {sweep} wait to be read again." in applied
    assert len(told("sweep", "reread", sweep)["items"]) == 1
    assert told("sweep", "claim", "english", "--as", "fay-e")["size"] == 2
    assert "is none of narrower" in run("sweep", "reread", sweep, "--change", "x=wider", code=2).stderr
    assert "ROLE_MISSING" in run("sweep", "reread", sweep, "--as", "fay-e", code=1).stderr
    seconded("sweep", "close", sweep, "--reason", "Enough")
    assert "SWEEP_ENDED" in run("sweep", "reread", sweep, "--apply", code=1).stderr
