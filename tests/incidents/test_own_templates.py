"""A site writes in its own words, and is told before anybody reads them what is wrong with its templates."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents import words
from incidents.own_templates import faults, shipped, tried
from incidents.reviews.checking import check
from incidents.reviews.record import Record
from incidents.reviews.retrospective import compose
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.test_words import entry

GENERATOR = "watchfloor (golden)"
QUESTIONS = "retrospective/questions.md.j2"


@pytest.fixture
def record(store: Store) -> Record:
    with store.begin() as work:
        add_crisis(work)
    with store.read() as work:
        return read_record(work, "INC-12")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A folder that is used for as long as the test lasts."""
    folder = tmp_path / "own"
    folder.mkdir()
    words.use_templates(folder)
    yield folder
    words.use_templates(None)


def put(site: Path, name: str, text: str) -> None:
    path = site / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    # As a process that starts after the file was put there.
    words.use_templates(None)
    words.use_templates(site)


def test_a_template_of_ones_own_stands_in_for_the_shipped_one(record: Record, site: Path) -> None:
    assert "this site's own templates" not in compose(record, generator=GENERATOR)
    put(site, QUESTIONS, "## Open questions\n\n- Who would do what otherwise, {{ incident.title | md }}?\n")
    text = compose(record, generator=GENERATOR)
    assert "- Who would do what otherwise, Attack footage, re-uploaded in copies?" in text
    assert f"with this site's own templates `{words.own_templates()}`" in text
    assert check(text, record, generator=GENERATOR) == []
    assert faults(site) == []
    assert tried(record, generator=GENERATOR) == []


def test_a_sentence_of_ones_own_leaves_the_others_as_they_are(site: Path) -> None:
    before = words.sentence(entry(Event.response_started, {}))
    put(site, words.SENTENCES, f"{Event.record_closed.value}: The file was closed by {{{{ who(actor) }}}}.\n")
    assert words.sentence(entry(Event.record_closed, {})) == "The file was closed by ada."
    assert words.sentence(entry(Event.response_started, {})) == before
    assert faults(site) == []


@pytest.mark.parametrize(
    ("name", "text", "line", "why"),
    [
        (QUESTIONS, "fine\n{% if %}", 2, "Expected an expression"),
        (QUESTIONS, "{{ incident.title | shout }}", 1, "No filter named 'shout'"),
        (QUESTIONS, "{{ nobody }}", None, "nobody is not given to it."),
        ("retrospective/question.md.j2", "a slip", None, "Nothing uses it"),
        (words.SENTENCES, "incident.record.shut: closed", None, "no kind of entry incident.record.shut"),
        (words.SENTENCES, "a: [", None, "cannot be read"),
        ("other.yaml", "a: b", None, "Nothing uses it"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_line(
    site: Path, name: str, text: str, line: int | None, why: str
) -> None:
    put(site, name, text)
    found = faults(site)[0]
    assert (found.file, found.line) == (name, line)
    assert why in found.why


def test_a_part_that_an_own_template_includes_is_used(site: Path) -> None:
    put(site, "house/rules.md.j2", "*Written by our rules.*\n")
    put(site, QUESTIONS, "## Open questions\n\n{% include 'house/rules.md.j2' %}\n")
    assert faults(site) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("## Open questions\n\n*{{ incident.title }}*\n", "comes out as it went in"),
        ("## Questions\n\nIt was bad.\n", "Cite the entries"),
        ("## Open questions\n\n{{ incident.titel | md }}\n", "cannot be composed"),
        ("## Open questions\n\n{{ incident.__class__.__mro__ }}\n", "cannot be composed"),
    ],
)
def test_a_retrospective_that_would_not_hold_is_found_on_an_incident(
    record: Record, site: Path, text: str, why: str
) -> None:
    put(site, QUESTIONS, text)
    assert faults(site) == []
    assert why in "\n".join(tried(record, generator=GENERATOR))


def test_the_shipped_templates_hold_for_whatever_people_write(record: Record) -> None:
    assert tried(record, generator=GENERATOR) == []
    assert faults(words.TEMPLATES) == []
    assert QUESTIONS in shipped()


def test_a_folder_that_is_not_there_replaces_nothing(tmp_path: Path) -> None:
    words.use_templates(tmp_path / "nowhere")
    assert words.own_templates() == ""
    assert faults(tmp_path / "nowhere") == []
