"""What somebody searches for is found, on both databases alike, and by nobody who may not read it."""

import re
import unicodedata
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from incidents.errors import BadInput, NotAuthorised
from incidents.people import Act, Person, Role
from incidents.reviews.search import (
    EVERYTHING,
    EXCERPT,
    LONGEST_QUERY,
    MOST_TERMS,
    PASSAGE,
    Among,
    Kind,
    cut,
    excerpt,
    read_cursor,
    read_query,
    sections,
    words_of,
)
from incidents.store import search
from incidents.store.action_items import change_action, file_action
from incidents.store.engine import Store
from incidents.store.guidelines import publish_guideline
from incidents.store.incidents import find_for, readable, visible_incidents
from incidents.store.lifecycle import restrict
from incidents.store.reviews import judge_factor, write_draft
from incidents.store.schema import incidents, passages, roles
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import ADA, BO, CLEO, DEV, EVE, T0, add_incident, add_review, after
from tests.incidents.sweep_rows import at_once, split

NOBODY = Person(id="nia")
ROOT = Person(id="root", roles=frozenset({Role.administrator}))


def found(
    store: Store, words: str, by: Person = ADA, among: Among = EVERYTHING, most: int = 20
) -> list[tuple[str, str, str]]:
    """Incident, kind and key of each hit, after the index was brought up to date as the command does it."""
    with store.begin() as work:
        while search.settle(work):
            pass
        hits = search.find_passages(work, read_query(words), by=by, among=among, most=most)
    return [(hit.incident, hit.kind.value, hit.key) for hit in hits]


def titled(store: Store, *titles: str) -> None:
    """Incidents with these titles, from INC-1 on."""
    with store.begin() as work:
        for number, title in enumerate(titles, start=1):
            add_incident(work, number, title=title)


def numbers(store: Store, words: str) -> list[int]:
    return sorted(int(incident.removeprefix("INC-")) for incident, _, _ in found(store, words))


TITLES = (
    "Mirrored copies of attack footage",  # 1
    "Copies, mirrored by hand",  # 2
    "Café Füße naïve Łódź",  # 3
    "火灾现场视频在社交媒体上传播",  # 4
    "東京タワーの動画が拡散",  # 5
    "วิดีโอการโจมตีถูกแชร์",  # 6
    "Ёлка и хоровод",  # 7
    "مُحَمَّد نشر الفيديو",  # 8
    "사진을 올렸다",  # 9
    "VIDEO-K7 on 手机 7",  # 10
)


SOUGHT = {
    "mirrored copies": [1, 2],
    "COPIES Mirrored": [1, 2],
    '"mirrored copies"': [1],
    "“mirrored copies”": [1],
    "mirror": [],
    "mirror*": [1, 2],
    '"mirrored cop*"': [1],
    "mirrored footage*": [1],
    "mirrored nothing": [],
    "cafe": [3],
    "CAFÉ": [3],
    unicodedata.normalize("NFD", "café"): [3],
    "fusse naive lodz": [3],
    "视频": [4],
    "火": [4],
    "播": [4],
    "社交媒体": [4],
    "视频 火灾": [4],
    "视播": [],
    "タワー": [5],
    "動画が拡散": [5],
    "โจมตี": [6],
    "елка": [7],
    "محمد": [8],
    "사진": [9],
    "video-k7": [10],
    "k7 手机": [10],
    '"on 手机 7"': [10],
    "手机7": [10],
}
"""What is typed → which of the titles it finds."""


def test_both_databases_find_the_same(store: Store) -> None:
    titled(store, *TITLES)
    assert {words: numbers(store, words) for words in SOUGHT} == SOUGHT


ODD = (
    *('"mirrored', 'mirrored"', '"""mirrored', "mirrored AND", "(mirrored", "mirrored)", "mirrored & !"),
    *("mirrored | :*", "mirrored <-> ", "^mirrored", "mirrored'; DROP TABLE passages; --", "-mirrored"),
    *("title:mirrored*", "{mirrored}", "mirrored\\", "mirrored\x00", "\u202emirrored\u202c"),
    *("\ud800 mirrored", "NEAR(mirrored copies)", "mirrored OR copies NOT", "mirrored'*'\"*"),
)


def test_no_query_is_an_operator_or_breaks_anything(store: Store) -> None:
    titled(store, "near mirrored copies, and, or, not: title mirrored; drop table passages")
    assert {words: numbers(store, words) for words in ODD} == {words: [1] for words in ODD}


@pytest.mark.parametrize("words", ["", " ", '"', '""', "*", "&|!", "\u202e", "\x00", "。", "🔥"])
def test_a_query_without_words_is_refused(words: str) -> None:
    with pytest.raises(BadInput, match="Nothing to search for"):
        read_query(words)


def test_a_query_of_ten_thousand_characters_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match=rf"10,240 characters: at most {LONGEST_QUERY}"):
        read_query("x" * 10_240)
    with pytest.raises(BadInput, match=f"{MOST_TERMS + 1} words: at most {MOST_TERMS}"):
        read_query(" ".join(f"w{n}" for n in range(MOST_TERMS + 1)))


def test_what_holds_the_words_is_found_by_them(store: Store) -> None:
    texts = ["a " * 300 + "end", "x" * 300, "視" * 450, "one\ttwo\nthree", "ไ" * 7, "tab\u200bbed"]
    titled(store, *texts)
    for number, text in enumerate(texts, start=1):
        assert number in numbers(store, text.split()[-1][:100])
    assert numbers(store, '"視視視視視視視視"') == [3]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_cut_without_losing_a_word(text: str) -> None:
    assert [word for passage in cut(text) for word in words_of(passage)] == words_of(text)
    try:
        query = read_query(text)
    except BadInput:
        return
    assert len(excerpt(text, query)) <= EXCERPT + 2


def test_long_texts_are_cut_into_passages_that_every_index_takes() -> None:
    passages = cut("word " * 1_000 + "視" * 1_000)
    assert max(len(words_of(each)) for each in passages) <= PASSAGE
    assert len(passages) == 4 + 6


def test_a_retrospective_is_found_by_section_without_its_log() -> None:
    page = (
        "# Retrospective INC-1: T\n\n| Commander | ada |\n|---|---|\n\n"
        "## Impact\n\n| What | Much |\n|---|---|\n| Posts \\*all\\* | 5 | `INC-1#2` |\n\n"
        "## Contributing factors\n\n1. A term.\n\n## Full log\n\nNoise.\n"
    )
    assert [(part, " ".join(text.split())) for part, text in sections(page)] == [("Impact", "Posts all 5")]


def test_an_excerpt_shows_the_place_and_nothing_that_acts() -> None:
    text = "word " * 200 + "mirrored\u202e copies " + "word " * 200
    told = excerpt(text, read_query("mirror*"))
    assert told.startswith("… word")
    assert "mirrored copies" in told
    assert len(told) <= EXCERPT + 2
    assert excerpt("mirrored", read_query("mirrored")) == "mirrored"


@pytest.fixture
def crisis(store: Store) -> Store:
    """INC-12 of crisis_rows.py, with a draft."""
    with store.begin() as work:
        add_crisis(work)
        text = "# R\n\n## Summary\n\nIt was about zeppelins.\n\n## Full log\n\nIt was about zebras.\n"
        write_draft(work, "INC-12", markdown=text, input_hash="h", author="eve", now=after(1600))
    return store


def test_each_kind_is_found(crisis: Store) -> None:
    with crisis.begin() as work:
        publish_guideline(
            work,
            add_incident(work, 13, title="Another", policy=None),
            {"en": "Quotes what it forbids: walrus", "de": "…"},
            title="Remove zithers",
            policy=None,
            effective_from=after(1601),
            by=ADA,
            now=after(1601),
        )
    assert found(crisis, "re-uploaded in copies") == [("INC-12", "incident", "title")]
    assert found(crisis, "incitement") == [("INC-12", "incident", "policy")]
    assert found(crisis, "zeppelins") == [("INC-12", "retrospective", "1")]
    assert found(crisis, "zithers") == [("INC-13", "guideline", "1")]
    assert ("INC-12", "factor", "2") in found(crisis, '"nobody was on call"')
    assert found(crisis, "rota nights acknowledged") == [("INC-12", "action", "INC-12-A1")]
    assert found(crisis, "zebras") == found(crisis, "walrus") == []
    assert found(crisis, "legal", among=Among(kinds=(Kind.action,))) == [("INC-12", "action", "INC-12-A1")]


def test_the_newest_version_alone_is_found(crisis: Store) -> None:
    with crisis.begin() as work:
        text = "# R\n\n## Summary\n\nIt was about balloons.\n"
        write_draft(work, "INC-12", markdown=text, input_hash="i", author="eve", now=after(1700))
    assert found(crisis, "balloons") == [("INC-12", "retrospective", "2")]
    assert found(crisis, "zeppelins") == []


def test_what_changes_is_found_as_it_is_now(crisis: Store) -> None:
    with crisis.begin() as work:
        change_action(work, "INC-12-A1", state="in_progress", note="Asked xylophone", by=ADA, now=after(1700))
        judge_factor(work, "INC-12", 3, state="rejected", reason="Told by yodel", by=EVE, now=after(1700))
        work.execute(sa.update(incidents).values(title="Quokka"))
    assert found(crisis, "xylophone") == [("INC-12", "action", "INC-12-A1")]
    assert found(crisis, "yodel") == [("INC-12", "factor", "3")]
    assert found(crisis, "quokka") == [("INC-12", "incident", "title")]
    assert found(crisis, "re-uploaded") == []


def test_nothing_is_written_twice_and_what_is_not_changed_is_left(crisis: Store) -> None:
    with crisis.begin() as work:
        assert search.is_behind(work)
        assert search.settle(work) == 1
        assert not search.is_behind(work)
        before = work.execute(sa.select(passages.c.id)).all()
        assert search.settle(work) == 0
        assert work.execute(sa.select(passages.c.id)).all() == before


def test_two_who_search_at_once_make_each_passage_once(crisis: Store) -> None:
    def settled() -> int:
        with crisis.begin() as work:
            return search.settle(work)

    won, failed = split(at_once(settled, settled))
    assert (sorted(won), failed) == ([0, 1], [])
    assert found(crisis, "zeppelins") == [("INC-12", "retrospective", "1")]


def test_what_is_rolled_back_leaves_no_mark(crisis: Store) -> None:
    with crisis.begin() as work:
        search.settle(work)

    def rename_and_fail() -> None:
        with crisis.begin() as work:
            work.execute(sa.update(incidents).values(title="Quokka"))
            assert search.is_behind(work)
            raise LookupError

    with pytest.raises(LookupError):
        rename_and_fail()
    with crisis.read() as work:
        assert not search.is_behind(work)


def test_taking_an_entry_into_the_timeline_marks_nothing(crisis: Store) -> None:
    with crisis.begin() as work:
        search.settle(work)
        work.execute(sa.update(incidents).values(entries=incidents.c.entries, phase="closed"))
        assert not search.is_behind(work)


def test_the_newest_incident_stands_first_and_of_each_document_one_passage(store: Store) -> None:
    titled(store, *["word " * 600] * 12)
    assert found(store, "word", most=3) == [(f"INC-{n}", "incident", "title") for n in (12, 11, 10)]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_answers_go_on_where_they_ended(crisis: Store, most: int) -> None:
    """Several incidents, and several documents in one of them."""
    titled(crisis, *[f"The rota at night {number}" for number in range(3)])
    with crisis.begin() as work:
        work.execute(sa.update(incidents).where(incidents.c.id == "INC-12").values(title="Nobody at night"))
    whole = found(crisis, "night*")
    assert len({incident for incident, _, _ in whole}) == 4 < len(whole)
    told, since = [], None
    with crisis.read() as work:
        while hits := search.find_passages(work, read_query("night*"), by=ADA, most=most, after=since):
            told += [(hit.incident, hit.kind.value, hit.key) for hit in hits]
            since = read_cursor(hits[-1].cursor)
    assert told == whole


@given(st.text(max_size=40))
def test_only_what_an_answer_gave_is_a_cursor(text: str) -> None:
    assume(re.fullmatch(r"INC-\d+\.\d+", text) is None)
    with pytest.raises(BadInput, match="is not the `next` of an answer"):
        read_cursor(text)


def test_one_incident_is_searched_alone(crisis: Store) -> None:
    titled(crisis, "Nobody at night")
    whole = found(crisis, "night*")
    assert {incident for incident, _, _ in whole} == {"INC-1", "INC-12"}
    assert found(crisis, "night*", among=Among(incident="INC-12")) == [
        hit for hit in whole if hit[0] == "INC-12"
    ]
    assert found(crisis, "night*", among=Among(incident="INC-99")) == []


def test_what_was_written_in_a_stretch_of_time_is_searched_alone(store: Store) -> None:
    with store.begin() as work:
        for number, minutes in enumerate((0, 60, 120), start=1):
            add_incident(work, number, title="At night", opened_at=after(minutes))
    an_hour, two = after(60), after(120)
    assert [hit[0] for hit in found(store, "night", among=Among(since=an_hour))] == ["INC-3", "INC-2"]
    assert [hit[0] for hit in found(store, "night", among=Among(until=an_hour))] == ["INC-1"]
    assert [hit[0] for hit in found(store, "night", among=Among(since=an_hour, until=two))] == ["INC-2"]


def test_drills_are_found_on_demand(store: Store) -> None:
    with store.begin() as work:
        add_incident(work, 1, drill="DRILL-1")
    assert found(store, "footage") == []
    assert found(store, "footage", among=Among(drills=True)) == [("INC-1", "incident", "title")]


PEOPLE = [ADA, BO, CLEO, DEV, EVE, ROOT]


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.id)
def test_what_is_restricted_is_found_by_those_who_may_read_it(crisis: Store, person: Person) -> None:
    with crisis.begin() as work:
        restrict(work, "INC-12", restricted=True, by=ADA, reason="Names of victims", now=after(1700))
        add_incident(work, 13, title="Copies elsewhere")
    in_circle = person in (ADA, ROOT)
    hits = found(crisis, "copies", person)
    assert (("INC-12", "incident", "title") in hits) is in_circle
    assert in_circle or "INC-12" not in {incident for incident, _, _ in hits}
    assert (("INC-13", "incident", "title") in hits) is (person not in (CLEO, DEV))
    assert found(crisis, "rota nights", person) == ([("INC-12", "action", "INC-12-A1")] if in_circle else [])


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.id)
def test_a_partner_finds_their_own_action_items_alone(crisis: Store, person: Person) -> None:
    with crisis.begin() as work:
        for owner in ("german", "maria"):
            file_action(
                work,
                "INC-12",
                title=f"Teach {owner}",
                kind="process",
                owner=owner,
                success="Seen",
                due_at=after(45_000),
                by=ADA,
                now=after(1510),
            )
    wanted = {"cleo": ["INC-12-A1"], "dev": ["INC-12-A2"]}.get(person.id)
    hits = found(crisis, "rota", person) + found(crisis, "teach", person)
    assert [key for _, _, key in hits] == (wanted or ["INC-12-A1", "INC-12-A2", "INC-12-A3"])
    assert bool(found(crisis, "zeppelins", person)) is (wanted is None)


def test_who_has_no_role_is_refused(crisis: Store) -> None:
    with pytest.raises(NotAuthorised, match="nia may not see action items"):
        found(crisis, "copies", NOBODY)


@pytest.mark.parametrize("person", [ADA, BO, EVE, ROOT], ids=lambda person: person.id)
def test_the_condition_for_many_says_what_is_said_of_one(store: Store, person: Person) -> None:
    with store.begin() as work:
        for number in range(1, 5):
            add_incident(work, number, restricted=number % 2 == 0)
        add_review(work, "INC-2")
        gone = {"role": "commander", "person": "ada", "taken_at": T0, "handed_over_at": T0 + timedelta(hours=1)}
        work.execute(roles.insert().values(incident_id="INC-4", **gone))
        listed = set(work.execute(sa.select(incidents.c.id).where(readable(person))).scalars())
        assert {each.id for each in visible_incidents(work, person)} == listed
        for number in range(1, 5):
            try:
                find_for(work, f"INC-{number}", person, Act.see_incidents)
            except NotAuthorised:
                assert f"INC-{number}" not in listed
            else:
                assert f"INC-{number}" in listed


def test_as_many_statements_for_many_incidents_as_for_one(store: Store) -> None:
    asked: list[str] = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = []
    for first in (1, 2):
        with store.begin() as work:
            for number in range(first, first * 10):
                add_incident(work, 100 * first + number)
        asked.clear()
        with store.begin() as work:
            search.settle(work)
            search.find_passages(work, read_query("footage"), by=ADA)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12


def test_every_trigger_survived_the_revisions_that_came_later(store: Store) -> None:
    names = {"incidents", "retrospectives", "guidelines", "factors", "action_items"}
    on_postgresql = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_name LIKE '%marks'"
    on_sqlite = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%marks'"
    with store.read() as work:
        every = work.execute(sa.text(on_postgresql if work.is_postgresql else on_sqlite)).scalars()
        there = [name for name in every if name.endswith("marks")]
    assert len(there) == 3 * len(names)
    assert {name for name in names for each in there if each.startswith(name)} == names
