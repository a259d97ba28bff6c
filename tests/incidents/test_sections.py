"""What people write stands as they wrote it, outlives every draft, and proves nothing by itself."""

import markdown as python_markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised
from incidents.people import Person, Role
from incidents.reviews.checking import Fault, check
from incidents.reviews.drafting import GENERATOR, redraft
from incidents.reviews.publishing import sign_checked
from incidents.reviews.retrospective import compose
from incidents.reviews.sections import LONGEST, Block, Section, blocks, tidied
from incidents.reviews.writing import write_checked
from incidents.store import timeline
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.store.reviews import read_draft
from incidents.store.schema import incidents
from incidents.store.sections import newest_sections, sections_of, write_section
from incidents.timeline import Event
from incidents.words import cited
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import ADA, BO, CLEO, EVE, after
from tests.incidents.test_words import HOSTILE, assert_inert


@pytest.fixture
def store(store: Store) -> Store:
    """The evening's crisis, in which Eve wrote the sections `lesson` and `surprised`."""
    with store.begin() as work:
        add_crisis(work)
    return store


def write(
    store: Store,
    text: str,
    section: Section = Section.lucky,
    *,
    was: int = 0,
    by: Person = EVE,
    minutes: float = 1600,
) -> int:
    with store.begin() as work:
        return write_checked(work, "INC-12", section, text, was=was, by=by, now=after(minutes))


def drafted(store: Store) -> str:
    with store.begin() as work:
        version = redraft(work, "INC-12", author="watchfloor", now=after(1700))
        return read_draft(work, "INC-12", version).markdown


def faults(store: Store, document: str) -> list[Fault]:
    with store.read() as work:
        return [each.fault for each in check(document, read_record(work, "INC-12"), generator=GENERATOR)]


def test_words_outlive_every_draft_and_say_whose_they_are(store: Store) -> None:
    write(store, "A newsroom called us.", by=ADA)
    for _ in range(2):
        document = drafted(store)
        with store.begin() as work:
            timeline.append(work, "INC-12", Event.action_chased, actor="watchfloor", now=after(1800))
        assert "> A newsroom called us." in document
        assert "Written by the incident commander at 2026-11-23 20:40 UTC (`INC-12#38`):" in document
        assert "ada" not in document.split("## In people's words")[1].split("## ")[0]


def test_each_save_is_a_version_and_none_is_overwritten(store: Store) -> None:
    assert write(store, "One.") == 1
    assert write(store, "Two.", was=1, by=BO, minutes=1601) == 2
    with store.read() as work:
        found = [each for each in sections_of(work, "INC-12") if each.name is Section.lucky]
        newest = newest_sections(work, "INC-12")
        told = timeline.entries(work, "INC-12")[-1]
    assert [(each.version, each.text, each.author) for each in found] == [(1, "One.", "eve"), (2, "Two.", "bo")]
    assert [each.name for each in newest] == [Section.lesson, Section.surprised, Section.lucky]
    assert newest[-1].text == "Two."
    assert (told.event, told.facts) == (Event.section_written, {"section": "lucky", "version": 2})
    assert ", version 2 (`INC-12#39`)" in drafted(store)


def test_whoever_did_not_read_the_last_version_is_told_who_wrote_it_and_when(store: Store) -> None:
    write(store, "One.")
    with pytest.raises(Conflict, match=r"Version 1 .* was written by eve at 2026-11-23 20:40:00 UTC"):
        write(store, "Mine.")
    with pytest.raises(Conflict, match="Nobody wrote the section went_hard"):
        write(store, "Mine.", Section.went_hard, was=3)


def test_nothing_is_written_once_it_is_signed(store: Store) -> None:
    drafted(store)
    with store.begin() as work:
        sign_checked(work, "INC-12", 1, approvers=(), by=BO, now=after(1800))
    with pytest.raises(NotAllowed) as refused:
        write(store, "Too late.")
    assert refused.value.codes == ("REVIEW_SIGNED",)


def test_staff_write_and_a_restricted_incident_is_closed_to_others(store: Store) -> None:
    policy = Person(id="pia", roles=frozenset({Role.policy}))
    write(store, "One.", by=policy)
    with pytest.raises(NotAuthorised):
        write(store, "Two.", by=CLEO, was=1)
    with store.begin() as work:
        work.execute(incidents.update().values(restricted=True))
    with pytest.raises(NotAuthorised):
        write(store, "Two.", by=policy, was=1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("It rests on what nobody wrote down (INC-12#999).", "The record has no INC-12#999"),
        ("As in INC-99#1.", "The record has no INC-99#1"),
        ("Of 7,000 posts nobody had seen any (INC-12#19).", "Nothing that it cites says 7000"),
        ("- Of 7,000 posts nobody had seen any, INC-12#19", "Nothing that it cites says 7000"),
    ],
)
def test_what_words_cite_has_to_bear_them_out(store: Store, text: str, fault: str) -> None:
    with pytest.raises(NotAllowed, match=fault) as refused:
        write(store, text)
    assert set(refused.value.codes) == {"WORDS_UNFOUNDED"}
    with store.read() as work:
        assert Section.lucky not in {each.name for each in newest_sections(work, "INC-12")}


@pytest.mark.parametrize(
    "text",
    [
        "I had slept 3 hours.",
        "Of 5,000 posts nobody had seen any (INC-12#19).",
        "It was *not* “fine”. 7 of us thought so.\n\n1. One thing\n2. Another",
        "*Quite.*",
    ],
)
def test_what_cites_nothing_is_a_persons_word(store: Store, text: str) -> None:
    write(store, text)
    assert faults(store, drafted(store)) == []


def test_a_number_in_somebodys_words_founds_no_other(store: Store) -> None:
    write(store, "We were 77 people.")
    document = drafted(store)
    added = "## Impact\n\nThere were 77 people (`INC-12#38`).\n"
    assert faults(store, document.replace("## Impact\n", added, 1)) == [Fault.number_unfounded]


def test_words_that_somebody_else_changed_added_or_left_out_are_found(store: Store) -> None:
    document = drafted(store)
    line = "> Nobody had seen this term before."
    assert faults(store, document.replace(line, "> Nobody had ever seen it.")) == [
        Fault.words_missing,
        Fault.words_differ,
    ]
    assert faults(store, document.replace(line, f"{line} They were tired.")) == [Fault.words_differ]
    assert faults(store, document.replace(line, ">")) == [Fault.words_missing]
    # Nor do they become what the record says, or the other way round.
    assert faults(store, document.replace(line, line.removeprefix("> "))) == [
        Fault.words_missing,
        Fault.evidence_missing,
    ]
    assert faults(store, document.replace("## Impact\n", "## Impact\n\n> It was *ours*.\n", 1)) == [
        Fault.words_differ
    ]


def test_words_written_after_the_draft_are_not_left_out_of_what_is_signed(store: Store) -> None:
    drafted(store)
    write(store, "A newsroom called us.")
    with pytest.raises(NotAllowed, match="WORDS_MISSING"), store.begin() as work:
        sign_checked(work, "INC-12", 1, approvers=(), by=BO, now=after(1800))
    drafted(store)
    with store.begin() as work:
        assert sign_checked(work, "INC-12", 2, approvers=(), by=BO, now=after(1800)).signed_by == "bo"


def test_the_little_markdown_that_means_something() -> None:
    assert blocks("One\nline.\n\nTwo.\n- a\n  goes on\n* b\n\n- c") == [
        Block(is_list=False, lines=("One line.",)),
        Block(is_list=False, lines=("Two.",)),
        Block(is_list=True, lines=("a   goes on", "b")),
        Block(is_list=True, lines=("c",)),
    ]
    assert blocks("") == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("see INC-12#7.", "see `INC-12#7`."),
        ("see `INC-12#7`, INC-12#8", "see `INC-12#7`, `INC-12#8`"),
        ("``INC-12#7``", "`INC-12#7`"),
        ("xINC-12#7 and INC-12#7x", "xINC-12\\#7 and INC-12\\#7x"),
        ("`code`", "\\`code\\`"),
        ("\\INC-12#7", "\\\\`INC-12#7`"),
    ],
)
def test_references_in_words_lead_somewhere(typed: str, shown: str) -> None:
    assert cited(typed) == shown


@given(st.text(alphabet=st.sampled_from("`\\INC-12#7 *_<>[]()|~\n")))
def test_whatever_stands_around_a_reference_is_inert(text: str) -> None:
    html = python_markdown.markdown("Words: " + cited(text)).replace("<code>", "").replace("</code>", "")
    assert_inert(html)


def test_a_section_has_a_length(store: Store) -> None:
    with pytest.raises(BadInput, match=r"Where were we lucky\?"):
        tidied(Section.lucky, " \n\x00\n ")
    with pytest.raises(BadInput, match="4,001 characters"):
        tidied(Section.lucky, "x" * (LONGEST + 1))
    with pytest.raises(BadInput, match="301 characters; 300 are read"):
        tidied(Section.lesson, "x" * 301)
    assert tidied(Section.lucky, "\n\na\x1b[31m \u202eb\r\n\nc") == "a[31m b\n\nc"


def test_hostile_words_stay_words(store: Store) -> None:
    write(store, f"{HOSTILE}\n\n- {HOSTILE}\n- # {HOSTILE}")
    document = drafted(store)
    assert faults(store, document) == []
    quotation = "\n".join(line.removeprefix("> ") for line in document.splitlines() if line.startswith("> "))
    html = python_markdown.markdown(quotation)
    for tag in ("<script", "<img", "<a ", "<h1", "<ol", "<blockquote", "<strong", "<em"):
        assert tag not in html


def test_what_nobody_answered_is_asked_in_one_line(store: Store) -> None:
    line = "*Nobody has answered yet: Where were we lucky? What went well? What was hard?"
    assert line in drafted(store)
    for section in (Section.lucky, Section.went_well, Section.went_hard, Section.coordination, Section.open):
        write(store, f"About {section.title()}.", section)
    document = drafted(store)
    assert "Nobody has answered yet" not in document
    asked = document.split("## Open questions")[1].split("## Full log")[0]
    assert "Open for longer, written by a participant of the review" in asked
    assert "> About Open." in asked


def test_before_its_review_nobody_is_asked(store: Store) -> None:
    with store.read() as work:
        record = read_record(work, "INC-12").model_copy(update={"owner": None, "sections": ()})
    assert "In people's words" not in compose(record, generator=GENERATOR)


def test_two_who_write_at_once_do_not_both_win(store: Store) -> None:
    write(store, "One.")
    with store.begin() as work:
        assert write_section(work, "INC-12", Section.lucky, "Two.", was=1, by=EVE, now=after(1601)) == 2
        with pytest.raises(Conflict, match="--was 2"):
            write_section(work, "INC-12", Section.lucky, "Two too.", was=1, by=BO, now=after(1601))
