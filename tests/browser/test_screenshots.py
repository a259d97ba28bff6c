"""The main pages as docs/pages.md shows them; `make screenshots` takes the pictures anew."""

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import ViewportSize

from incidents.store.lifecycle import start_response
from incidents.store.schema import windows
from tests.browser.conftest import Visiting
from tests.console.command_line import declared, open_store, run, told, write
from tests.console.reviewed import drafted, suppose
from tests.console.swept import HARMLESS, TERM, VIOLATES, gathered, read_by

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
TAKES = os.environ.get("WATCHFLOOR_SCREENSHOTS") == "1"
"""Whether the pictures are taken anew; else each page is only looked at."""

WIDE = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=780)
GUIDELINE = """\
Remove calls to take part, and every copy of them.

| Leave | Remove |
|---|---|
| News that reports on the calls | Posts that name a time or a place to meet |
| Posts that condemn them | Copies, also mirrored or with a new caption |

When in doubt, say that you are unsure, and why.
"""
PARTS = ("by the river", "at noon", "again", "my neighbour says", "nobody was there", "heard at school")


class Shot(NamedTuple):
    """One picture: whose page it is, and how it is looked at."""

    name: str
    person: str
    path: str
    scheme: Literal["light", "dark"] = "light"
    phone: bool = False


SHOTS = (
    Shot("board", "ada-l", "/"),
    Shot("board-dark", "ada-l", "/", scheme="dark"),
    Shot("declare", "ada-l", "/declare"),
    Shot("incident", "ada-l", "/incidents/INC-2"),
    Shot("incident-dark", "ada-l", "/incidents/INC-2", scheme="dark"),
    Shot("incident-phone", "ada-l", "/incidents/INC-2", phone=True),
    Shot("sweep", "ada-l", "/sweeps/INC-2-S1"),
    Shot("guidelines", "ada-l", "/incidents/INC-2/guidelines"),
    Shot("queue", "dev-e", "/queue/INC-2-S1-B2"),
    Shot("queue-dark", "dev-e", "/queue/INC-2-S1-B2", scheme="dark"),
    Shot("retrospectives", "bo-r", "/retrospectives"),
    Shot("retrospective", "bo-r", "/retrospectives/INC-1"),
    Shot("retrospective-words", "bo-r", "/retrospectives/INC-1/words"),
    Shot("actions", "bo-r", "/actions?whose=all"),
    Shot("administration", "root-a", "/administration"),
)


def posts(now: datetime) -> str:
    """So many harmless lines that the term finds."""
    rows = [
        f"{n},{TERM} {PARTS[n % 6]} says the {n}. voice {'and again' * (n % 4)},en,{n * 37 % 900},"
        f"{(now - timedelta(minutes=3 * n)).isoformat()}"
        for n in range(1, 121)
    ]
    return "\n".join(["id,text,language,reach,posted_at", *rows]) + "\n"


@pytest.fixture
def staged(tmp_path: Path, visiting: Visiting) -> Visiting:
    """A crisis in the middle of its sweep, one under review, one that waits to be responded to."""
    now = datetime.now(UTC)
    reviewed = drafted()
    suppose(reviewed, "Nobody who reads Turkish was on shift in the first hour")
    words = (
        "--title",
        "Match mirrored copies",
        "--kind",
        "detect",
        "--owner",
        "bo-r",
        "--success",
        "None is back",
    )
    run("actions", "file", reviewed, *words, "--as", "ada-l")
    crisis = declared("--title", "Calls to gather at a clinic")
    with closing(open_store()) as store, store.begin() as work:
        start_response(work, crisis, now=now)
    body = write(tmp_path / "en.md", GUIDELINE)
    title = ("--title", "Calls to gather at a clinic")
    run("guideline", "publish", crisis, "--file", str(body), "--language", "en", *title, "--as", "ada-l")
    for team, what in (
        ("legal", "Which removal orders are to be expected?"),
        ("english", "Please enforce it."),
    ):
        run("ask", crisis, "--team", team, "--text", what, "--as", "ada-l")
    file = write(tmp_path / "posts.csv", posts(now))
    gathered(str(told("sweep", "start", crisis, "--term", TERM, "--posts", str(file))["sweep"]))
    read_by("fay-e", tmp_path, HARMLESS, **{str(n): VIOLATES for n in range(1, 120, 3)})
    told("sweep", "claim", "english", "--as", "dev-e")
    with closing(open_store()) as store, store.begin() as work:
        # The pictures are of no machine: where the posts lie differs on each.
        work.execute(windows.update().values(source={"kind": "file", "path": "posts/this-morning.csv"}))
    run(
        "declare",
        "--title",
        "Forged results of an election",
        "--harm",
        "2",
        "--reason",
        "It spreads",
        "--as",
        "noor",
    )
    return visiting


def test_every_main_page_fits_its_window_and_has_its_picture(staged: Visiting) -> None:
    pages = {person: staged(person) for person in {shot.person for shot in SHOTS}}
    wide = []
    for shot in SHOTS:
        page = pages[shot.person]
        page.emulate_media(color_scheme=shot.scheme)
        page.set_viewport_size(PHONE if shot.phone else WIDE)
        answer = page.goto(shot.path)
        assert answer is not None
        assert answer.status == 200, shot.path
        assert page.get_by_role("button", name="Sign out").is_visible(), shot.path
        if not page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"):
            wide.append(shot.name)
        if TAKES:
            PICTURES.mkdir(exist_ok=True)
            page.screenshot(path=PICTURES / f"{shot.name}.png", animations="disabled")
    assert wide == []
    assert sorted(path.stem for path in PICTURES.glob("*.png")) == sorted(shot.name for shot in SHOTS)
