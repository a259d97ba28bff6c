"""A retrospective is published as the record bears it out, and a change by hand is found."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.errors import BadInput
from incidents.incident.phases import Phase
from incidents.reviews.audiences import Audience
from incidents.reviews.charts import charts
from incidents.reviews.checking import Fault, check, incident_of
from incidents.reviews.factors.factor import Category
from incidents.reviews.metrics import MILESTONES
from incidents.reviews.outside import compose_for
from incidents.reviews.record import About, FactorPart, FactorRecord, Milestone, Proposed, Record, SectionRecord
from incidents.reviews.redaction import INTERNAL, View
from incidents.reviews.retrospective import compose, illustrated
from incidents.reviews.sections import Section
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import after, incident_row
from tests.incidents.test_words import FACTS, entry

GENERATOR = "watchfloor (golden)"

MARKS = st.text(alphabet=st.sampled_from("ab.?!“*_`>|#-:\n (),"), max_size=40)
WORDS = st.one_of(st.text(max_size=60), st.builds("{}INC-12#1{}".format, MARKS, MARKS))
"""Anything that cites nothing, and words without a number around a reference."""

FACTORS = st.lists(
    st.builds(
        FactorRecord,
        number=st.just(1),
        category=st.sampled_from(Category).map(str),
        part=st.sampled_from(FactorPart),
        sentence=MARKS,
        supports=st.just(("INC-12#1",)),
        against=st.sampled_from([(), ("INC-12#1",)]),
        state=st.sampled_from(["proposed", "accepted", "rejected"]),
        proposed=st.none()
        | st.builds(Proposed, category=MARKS, part=st.sampled_from(FactorPart), sentence=MARKS),
        added_by=st.sampled_from([None, "eve"]),
    ),
    max_size=3,
)
"""As rules propose them, as people put them, and as people add them."""


@pytest.fixture
def record(store: Store) -> Record:
    with store.begin() as work:
        add_crisis(work)
    with store.read() as work:
        return read_record(work, "INC-12")


def test_what_is_written_from_the_record_passes(record: Record) -> None:
    assert check(compose(record, generator=GENERATOR), record, generator=GENERATOR) == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Event), st.integers(0, 9_000)), max_size=30), st.data())
def test_whatever_happened_the_document_passes_its_own_check(
    told: list[tuple[Event, int]], data: st.DataObject
) -> None:
    entries = tuple(
        entry(event, FACTS.get(event, {})).model_copy(update={"seq": seq, "at": after(minutes)})
        # A candidate is opened first, whatever comes then; and what people add to it they did add.
        for seq, (event, minutes) in enumerate(
            [(Event.candidate_opened, 0), (Event.factor_added, 0), *sorted(told, key=lambda each: each[1])],
            start=1,
        )
    )
    reached = data.draw(st.lists(st.sampled_from(sorted(MILESTONES)), unique=True, max_size=len(entries)))
    milestones = tuple(
        Milestone(name=name, at=at.at, seq=at.seq, source="x", certainty="recorded")
        for name, at in zip(reached, entries, strict=False)
    )
    phase = data.draw(st.sampled_from(Phase)).value
    about = About.model_validate(incident_row(phase=phase, drill="", restricted=False))
    said = data.draw(st.lists(st.tuples(st.sampled_from(Section), WORDS), unique_by=lambda each: each[0]))
    written = tuple(
        SectionRecord(name=name, version=1, text=text, author="eve", written_at=entries[0].at, seq=1)
        for name, text in said
    )
    happened = Record(incident=about, entries=entries, milestones=milestones, sections=written, owner="eve")
    happened = happened.model_copy(
        update={
            "starred": tuple(data.draw(st.sets(st.integers(1, len(entries))))),
            "factors": tuple(data.draw(FACTORS)),
            "zone": data.draw(st.sampled_from([None, "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])),
        }
    )
    for view in (INTERNAL, View(Audience.public), View(Audience.partner, "legal")):
        document = compose_for(happened, view, generator=GENERATOR)
        assert check(document, happened, generator=GENERATOR) == []


def faults(document: str, record: Record) -> list[Fault]:
    return [each.fault for each in check(document, record, generator=GENERATOR)]


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        ("of which 100 matched", "of which 10 matched"),
        ("**40.0 % (40 of 100)", "**41.0 % (40 of 100)"),
        ("| Posts looked at | 5,000 |", "| Posts looked at | 50,000 |"),
        ("declared a crisis at 2026-11-22 18:55 UTC", "declared a crisis at 2026-11-21 18:55 UTC"),
        ("| 100 by 2 people |", "| 100 by 3 people |"),
        ("5 h 37 min (estimated)", "5 h 36 min (estimated)"),
        ("| TTA | Time to acknowledge: from the first signal to a person. | 5 min |",
         "| TTA | Time to acknowledge: from the first signal to a person. | 4 min |"),
    ],
)  # fmt: skip
def test_a_number_that_differs_is_found_with_the_right_one(record: Record, written: str, changed: str) -> None:
    document = compose(record, generator=GENERATOR)
    assert written in document
    [found] = check(document.replace(written, changed, 1), record, generator=GENERATOR)
    assert found.fault is Fault.number_differs
    assert found.line is not None
    assert document.splitlines()[found.line - 1].count(written) == 1


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        ("| Severity | sev2, by", "| Severity | sev4, by"),
        ("vulnerability some (1 of 4)", "vulnerability great (1 of 4)"),
        ("The incident commander declared a crisis at", "The partner team declared a crisis at"),
        ("*`INC-12#1` names the first entry", "*`INC-12#1` names the last entry"),
        ("| Decided | In violation |", "| In violation | Decided |"),
        ("not recorded: nobody said what was carried out", "not recorded: everything was carried out"),
    ],
)
def test_a_changed_word_is_found_with_the_right_one(record: Record, written: str, changed: str) -> None:
    document = compose(record, generator=GENERATOR)
    assert written in document
    [found] = check(document.replace(written, changed, 1), record, generator=GENERATOR)
    assert found.fault is Fault.sentence_differs
    assert written.removeprefix("*`INC-12#1`").strip("| ") in found.why
    assert found.line == document[: document.index(written)].count("\n") + 1


def test_no_word_of_the_record_is_changed_unnoticed(record: Record) -> None:
    document = compose(record, generator=GENERATOR)
    unproven = re.compile(r"^## Open questions$(?s:.)*?(?=^## )|^#.*$", re.MULTILINE)
    stated = unproven.sub(lambda found: " " * len(found[0]), document)
    words = list(re.finditer(r"(?<![\w`#.:-])[a-z]{4,}(?![\w`#:-])", stated))
    for word in words[::60]:
        changed = f"{document[: word.start()]}otherwise{document[word.end() :]}"
        assert faults(changed, record), f"{word[0]} at {word.start()}"


def test_pictures_state_what_the_record_says(record: Record) -> None:
    document = illustrated(compose(record, generator=GENERATOR), charts(record))
    assert document.count("\n![") == len(charts(record))
    assert faults(document, record) == []
    told = "2 asks of 2 were acknowledged"
    [found] = check(document.replace(told, "1 asks of 2 were acknowledged"), record, generator=GENERATOR)
    assert (found.fault, found.line) == (Fault.number_differs, document[: document.index(told)].count("\n") + 1)
    assert told in found.why


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("![A graph that somebody drew](graph.png)", [Fault.evidence_missing]),
        ("![A graph of `INC-12#9`](graph.png)", []),
        ("![A graph of 7,000 posts, `INC-12#9`](graph.png)", [Fault.number_unfounded]),
    ],
)
def test_a_picture_that_somebody_adds_needs_evidence(
    record: Record, picture: str, expected: list[Fault]
) -> None:
    document = compose(record, generator=GENERATOR)
    assert faults(document.replace("## Impact\n", ADDED.format(picture), 1), record) == expected


def test_a_section_that_is_missing_is_named(record: Record) -> None:
    before, _, rest = compose(record, generator=GENERATOR).partition("## Contributing factors")
    [found] = check(before + rest[rest.index("## ") :], record, generator=GENERATOR)
    assert (found.fault, found.text, found.line) == (Fault.section_missing, "Contributing factors", None)


ADDED = "## Impact\n\n{}\n"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The commander thought it was over.", [Fault.evidence_missing]),
        ("The commander thought it was over (`INC-12#9`).", []),
        ("It rests on what nobody wrote down (`INC-12#999`).", [Fault.evidence_unknown]),
        ("It rests on another incident (`INC-99#1`).", [Fault.evidence_unknown]),
        ("Of 5,000 posts nobody had seen any (`INC-12#19`).", []),
        ("Of 7,000 posts nobody had seen any (`INC-12#19`).", [Fault.number_unfounded]),
        ("It was declared at 2026-11-22 18:55 UTC, in the evening (`INC-12#9`).", []),
        ("It was declared at 2026-11-22 17:55 UTC, in the evening (`INC-12#9`).", [Fault.number_unfounded]),
        ("*What follows was not easy to find out.*", []),
        ("First this. Then that (`INC-12#9`).", []),
        ("First this (`INC-12#9`). Then that.", [Fault.evidence_missing]),
        ("- A point without anything", [Fault.evidence_missing]),
        ("- A point with a reference `INC-12#9`", []),
    ],
)
def test_what_people_add_needs_evidence(record: Record, sentence: str, expected: list[Fault]) -> None:
    document = compose(record, generator=GENERATOR)
    assert faults(document.replace("## Impact\n", ADDED.format(sentence), 1), record) == expected


def test_a_reference_that_was_taken_away_is_missed(record: Record) -> None:
    document = compose(record, generator=GENERATOR)
    row = "| Posts looked at | 5,000 | `INC-12#19` |"
    assert row in document
    assert faults(document.replace(row, "| Posts looked at | 5,000 | |"), record) == [Fault.evidence_missing]


def test_questions_need_no_evidence_but_their_numbers_do(record: Record) -> None:
    talk = "**Everybody at the review**\n\n"
    document = compose(record, generator=GENERATOR)
    assert talk in document
    asked = talk + "- Who knew?\n"
    assert faults(document.replace(talk, asked), record) == []
    asked = talk + "- Who knew of the 77 others?\n"
    assert faults(document.replace(talk, asked), record) == [Fault.number_unfounded]


def test_a_document_of_another_incident_is_not_passed(record: Record, store: Store) -> None:
    document = compose(record, generator=GENERATOR).replace("INC-12", "INC-13")
    assert Fault.evidence_unknown in faults(document, record)


def test_an_empty_document_lacks_every_section_and_all_that_people_said(record: Record) -> None:
    assert set(faults("", record)) == {Fault.other_record, Fault.section_missing, Fault.words_missing}


def test_a_document_of_an_earlier_record_is_told_apart(record: Record) -> None:
    document = compose(record, generator=GENERATOR)
    later = record.model_copy(update={"owner": "gil"})
    assert faults(document, later) == [Fault.other_record]


def test_a_document_names_its_incident(record: Record) -> None:
    assert incident_of(compose(record, generator=GENERATOR)) == "INC-12"
    with pytest.raises(BadInput, match="no retrospective"):
        incident_of("# Minutes\n\nSomething else.\n")
