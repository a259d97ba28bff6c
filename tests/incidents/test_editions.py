"""What the catalogue said is kept once an edition, and read as text."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.catalogue.editions import Kind, as_lines, content_of, digest_of, entries_of, name_of
from incidents.catalogue.load import load_catalogue, shipped_entries
from incidents.catalogue.model import Catalogue
from incidents.store.catalogues import count_editions, editions_of, keep_catalogue
from incidents.store.engine import Store
from tests.incidents.sweep_rows import at_once, split

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue()


def changed(catalogue: Catalogue, version: str, title: str) -> Catalogue:
    """The catalogue with another title of its first policy."""
    first, *others = catalogue.policies
    policies = (first.model_copy(update={"title": title}), *others)
    return catalogue.model_copy(update={"version": version, "policies": policies})


def test_an_edition_is_kept_when_it_first_comes_into_force(store: Store, shipped: Catalogue) -> None:
    entries = sum(len(entries_of(shipped, kind)) for kind in Kind)
    first = shipped.policies[0].id
    found = []
    for day, catalogue in enumerate((shipped, shipped, changed(shipped, "b", "Another"), shipped)):
        with store.begin() as work:
            found.append(keep_catalogue(work, catalogue, now=NOW + timedelta(days=day)))
    assert found == [entries, 0, 1, 0]
    with store.read() as work:
        kept = editions_of(work, Kind.policies, first)
        counts = count_editions(work)
    assert [each.kept_at for each in kept] == [NOW, NOW + timedelta(days=2)]
    assert [each.name for each in kept] == [shipped.policies[0].title, "Another"]
    assert list(kept[0].content) == list(content_of(shipped.policies[0]))
    assert counts[Kind.policies, first] == 2
    assert sum(counts.values()) == entries + 1


def test_two_processes_that_start_at_once_keep_it_once(store: Store, shipped: Catalogue) -> None:
    def keep() -> int:
        with store.begin() as work:
            return keep_catalogue(work, shipped, now=NOW)

    won, failed = split(at_once(keep, keep))
    assert failed == []
    assert sorted(won) == [0, sum(len(entries_of(shipped, kind)) for kind in Kind)]


def test_what_a_file_leaves_out_is_no_part_of_an_edition(shipped: Catalogue) -> None:
    content = content_of(shipped.policies[0])
    assert "graphic" not in content
    assert digest_of(content) == digest_of(dict(reversed(content.items())))
    assert shipped_entries("policies.yaml", "policies") == shipped.policies


def test_every_kept_kind_has_its_file_and_its_names(shipped: Catalogue) -> None:
    assert {kind.file for kind in Kind}.isdisjoint({"channels.yaml", "people.yaml", "drill_people.yaml"})
    for kind in Kind:
        for content in entries_of(shipped, kind).values():
            assert name_of(content)


def test_an_edition_is_compared_a_fact_a_line() -> None:
    content = {
        "id": "a",
        "languages": ["en", "fr"],
        "clauses": [{"id": "one", "text": "A  text\nof lines"}, {"id": "two", "text": "B"}],
        "debrief": {"due_days": 5, "questions": [{"question": "Why?"}]},
    }
    assert as_lines(content).splitlines() == [  # type: ignore[arg-type]
        "id: a",
        "languages: en, fr",
        "clauses › one › id: one",
        "clauses › one › text: A text of lines",
        "clauses › two › id: two",
        "clauses › two › text: B",
        "debrief › due days: 5",
        "debrief › questions › 1 › question: Why?",
    ]
