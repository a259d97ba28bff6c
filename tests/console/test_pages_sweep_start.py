"""Begin a sweep in a browser without JavaScript: count, see the cost, start; and where posts may come from."""

from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from console import tries
from console.sources import SOURCES_FILE, named_sources
from incidents.errors import BadInput
from incidents.store.engine import Store
from incidents.store.post_source import FileSource
from incidents.store.sweeps import find_sweep, windows_of
from tests.console.browsing import Browser, form_on, welcome
from tests.console.command_line import declared, opened, told, write
from tests.console.swept import POSTS, SECRET, TERM, worked

NEW = "/incidents/INC-1/sweeps/new"
TRY = "/incidents/INC-1/sweeps/try"
START = "/incidents/INC-1/sweeps/start"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def folder(home: Path) -> Path:
    """A folder of posts that the operator named, and a platform."""
    where = home / "exports"
    write(where / "monday.csv", POSTS)
    write(where / "tuesday.csv", POSTS.replace("\n1,", "\n21,"))
    write(
        home / SOURCES_FILE,
        f"exports: {{kind: file, path: {where}}}\nplatform: {{kind: http, url: 'https://platform.example'}}\n",
    )
    return where


@pytest.fixture
def ada(folder: Path, visiting: Browser, store: Store) -> Browser:
    declared()
    return welcome(visiting, store, "ada-l")


def send(ada: Browser, path: str, **typed: str) -> Any:
    """Send the form as it came, with what was typed into it."""
    given = {"source": "exports/monday.csv", "terms": TERM, "target": "0.9", "confidence": "0.95"}
    return ada.post(path, data=form_on(ada.get(NEW).text, TRY) | given | typed)


def counted(ada: Browser, answer: Any) -> str:
    """The page once the count is over, as whoever loads it again and again sees it."""
    until = monotonic() + 30
    while "Look again" in answer.text:
        assert monotonic() < until
        sleep(0.02)
        answer = ada.get(str(answer.url))
    return str(answer.text)


def test_what_each_entry_brings_in_and_what_reading_it_costs_is_said_before(ada: Browser) -> None:
    answer = send(ada, TRY, terms=f"{TERM}\nevening paper", hashtags="clinicnow")
    assert answer.url.path == NEW
    page = counted(ada, answer)
    assert "<strong>3</strong> of 4 posts match, in exports/monday.csv." in page
    assert f"<bdi>term:{TERM}</bdi> floods it: 2 posts match nothing else" in page
    cost = told("sweep", "try", "--term", TERM, "--posts", str(ada.world.settings.home / "exports/monday.csv"))
    assert f"{cost['cost']['hours']:,} reviewer hours" in page
    assert "<td>english" in page
    assert f"{TERM}\nevening paper</textarea>" in page
    assert SECRET not in page
    assert told("incidents", "show", "INC-1")["sweeps"] == []


def test_it_is_started_with_all_that_was_typed(ada: Browser, store: Store) -> None:
    typed = {
        "hashtags": "#clinicnow",
        "excluded_terms": "film",
        "languages": "en, de",
        "since": "2026-01-15T08:00",
        "target": "0.8",
    }
    page = send(ada, START, **typed)
    assert page.url.path == "/sweeps/INC-1-S1"
    assert "being gathered" in page.text
    with store.read() as work:
        found = find_sweep(work, "INC-1-S1")
    assert found.scope.model_dump(mode="json", exclude_defaults=True) == {
        "terms": [TERM],
        "hashtags": ["clinicnow"],
        "excluded_terms": ["film"],
        "languages": ["en", "de"],
        "since": "2026-01-15T08:00:00Z",
    }
    assert (found.goal.target, found.goal.confidence) == (0.8, 0.95)
    assert isinstance(found.source, FileSource)
    assert found.source.path.name == "monday.csv"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"terms": ""}, "an empty scope"),
        ({"terms": HOSTILE, "patterns": "("}, "patterns: entry 1"),
        ({"source": "exports/../../../etc/passwd"}, "choose one of the sources"),
        ({"source": "https://elsewhere.example"}, "choose one of the sources"),
        ({"since": "yesterday"}, "since is no time"),
    ],
)
def test_what_refuses_it_is_said_beside_the_button_and_nothing_is_lost(
    ada: Browser, wrong: dict[str, str], said: str
) -> None:
    for path in (TRY, START):
        refused = send(ada, path, excluded_terms="kept", **wrong)
        assert refused.status_code == 422
        assert said in refused.text
        assert "kept</textarea>" in refused.text
        assert HOSTILE not in refused.text
    assert told("incidents", "show", "INC-1")["sweeps"] == []


def test_a_target_that_is_none_is_refused(ada: Browser) -> None:
    for target in ("", "1.5", "most"):
        refused = send(ada, START, target=target)
        assert (refused.status_code, "a target is 0.5 to 0.99" in refused.text) == (422, True)


def test_a_candidate_can_be_counted_for_but_not_swept(folder: Path, visiting: Browser, store: Store) -> None:
    opened()
    welcome(visiting, store, "ada-l")
    assert "once it is a crisis" in visiting.get(NEW).text
    assert "posts match" in counted(visiting, send(visiting, TRY))
    refused = send(visiting, START)
    assert (refused.status_code, "SWEEP_NOT_OPEN" in refused.text) == (422, True)
    assert f"{TERM}</textarea>" in refused.text


def test_a_count_is_bounded_and_says_so(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "AT_MOST", 2)
    page = counted(ada, send(ada, TRY))
    assert "<strong>2</strong> of the first 2 posts match" in page
    assert "the first ones are no sample" in page.lower()


def test_a_platform_that_cannot_be_asked_is_said(ada: Browser) -> None:
    page = counted(ada, send(ada, TRY, source="platform"))
    assert "server does not answer" in page
    assert "Nothing was counted" in page


def test_a_count_belongs_to_who_began_it(ada: Browser, store: Store) -> None:
    begun = str(send(ada, TRY).url)
    welcome(ada, store, "noor")
    assert ada.get(begun).status_code == 404


def test_the_next_count_ends_the_one_before(ada: Browser) -> None:
    first, second = (send(ada, TRY, terms=term) for term in (TERM, "evening paper"))
    counted(ada, second)
    kept = ada.world.tries.find(first.url.params["try"], "ada-l", "INC-1")
    assert kept.ended.is_set()


def test_later_posts_come_from_the_same_places(
    folder: Path, tmp_path: Path, visiting: Browser, store: Store
) -> None:
    sweep = worked(tmp_path)
    welcome(visiting, store, "ada-l")
    page = f"/sweeps/{sweep}"
    refused = visiting.submit(page, f"{page}/widen", source="elsewhere")
    assert (refused.status_code, "choose one of the sources" in refused.text) == (422, True)
    widened = visiting.submit(page, f"{page}/widen", source="exports/tuesday.csv")
    assert "Posts, window 2" in widened.text
    with store.read() as work:
        assert windows_of(work, sweep)[1].source.shown.endswith("tuesday.csv")


@pytest.mark.parametrize("written", ["exports: 3", "[", "db: {kind: table, url: 'x://u:hidden@h', tabel: t}"])
def test_a_file_that_names_none_is_told_without_what_stands_in_it(
    home: Path, visiting: Browser, store: Store, written: str
) -> None:
    declared()
    write(home / SOURCES_FILE, written)
    with pytest.raises(BadInput, match=r"sources\.yaml of the site cannot be used") as said:
        named_sources(home)
    assert "hidden" not in str(said.value)
    welcome(visiting, store, "ada-l")
    assert "tell the operator" in visiting.get(NEW).text


def test_without_sources_the_page_says_what_to_do(home: Path, visiting: Browser, store: Store) -> None:
    declared()
    welcome(visiting, store, "ada-l")
    assert "The operator writes <code>sources.yaml</code>" in visiting.get(NEW).text
    (home / "empty").mkdir()
    write(home / SOURCES_FILE, f"empty: {{kind: file, path: {home / 'empty'}}}\n")
    assert "there is no file in this folder" in send(visiting, TRY, source="empty").text
