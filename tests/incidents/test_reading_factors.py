"""What the reading suggests: languages, users' reports, disagreement, and who heard of the guideline when."""

import pytest

from incidents.reviews.factors.factor import Factor
from incidents.reviews.factors.reading import AGREED
from incidents.reviews.factors.rules import propose
from incidents.reviews.reading import FEWEST, GuidelineHeard, LanguageQuality, Part
from incidents.reviews.record import Record, SignalCount, SweepRecord
from incidents.reviews.retrospective import compose
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.sweeps.quality.precision import Upheld
from incidents.sweeps.quality.proportions import Estimate
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import after

NEW = {
    "trailed_users",
    "guideline_after_decisions:legal",
    "unread_language:tr",
    "language_without_readers:tr",
    "unread_despite_readers:tr",
    "disagreement:INC-12-S1:de",
}


@pytest.fixture
def record(store: Store) -> Record:
    """The evening's crisis of crisis_rows.py."""
    with store.begin() as work:
        add_crisis(work)
    with store.read() as work:
        return read_record(work, "INC-12")


def proposed(record: Record, **changes: object) -> dict[str, Factor]:
    return {each.rule: each for each in propose(record.model_copy(update=changes)) if each.rule in NEW}


def signals(users: float, flagger: float) -> dict[str, object]:
    """Two sources, each with its first signal so many minutes into the crisis."""
    told = {"kind": "report", "new": 1, "updates": 0, "duplicates": 0, "reach": 0}
    received = (("user-reports", users), ("trusted-flagger", flagger))
    return {
        "signals": tuple(
            SignalCount.model_validate(told | {"source": source, "first_received_at": after(minutes)})
            for source, minutes in received
        )
    }


def test_none_of_it_is_proposed_of_a_crisis_that_gives_no_cause(record: Record) -> None:
    assert proposed(record) == {}


def test_users_who_reported_long_before_the_candidate(record: Record) -> None:
    [factor] = proposed(record, **signals(users=-40, flagger=-5)).values()
    assert factor.sentence == "Users had reported it 40 min before a candidate was opened."
    assert (factor.supports, factor.against, factor.but) == (("INC-12#3", "INC-12#1"), (), "")
    assert proposed(record, **signals(users=-15, flagger=-5)) == {}


def test_another_source_that_told_first_speaks_against_it(record: Record) -> None:
    [factor] = proposed(record, **signals(users=-40, flagger=-41)).values()
    assert (factor.against, factor.but) == (("INC-12#2",), "1 other source had told of it before them.")


def test_a_team_that_decided_before_it_heard_of_the_guideline(record: Record) -> None:
    known = {"ask": "ask:INC-12:legal:1", "team": "legal", "decided": 50, "published_at": after(70)}
    heard = GuidelineHeard.model_validate(
        known
        | {"version": 1, "acknowledged_at": after(150), "first_decided_at": after(90), "decided_before": 12}
    )
    [factor] = proposed(record, heard=(heard,)).values()
    assert factor.sentence == (
        "The team legal made 24.0 % (12 of 50) of its decisions before it acknowledged the guideline."
    )
    assert factor.supports == ("INC-12#12", "INC-12#24", "INC-12#21")
    assert (factor.against, factor.but) == (("INC-12#11",), "It was published 20 min before the first of them.")
    late = heard.model_copy(update={"first_decided_at": after(60)})
    assert proposed(record, heard=(late,))["guideline_after_decisions:legal"].against == ()
    others = (heard.model_copy(update={"version": 2}), heard.model_copy(update={"decided_before": 0}))
    assert proposed(record, heard=others) == {}


def unread(decided: int) -> Part:
    moments = {"first_posted_at": None, "first_decided_at": None, "first_planned_at": None}
    return Part.model_validate(moments | {"language": "tr", "form": "text", "posts": 25, "decided": decided})


def test_a_language_that_nobody_read(record: Record) -> None:
    [factor] = proposed(record, parts=(*record.parts, unread(0))).values()
    assert factor.sentence == (
        "Nobody decided anything in tr, the language of 20.0 % (25 of 125) of the posts."
    )
    assert (factor.supports, factor.against) == (("INC-12#19", "INC-12#28"), ())
    inherited = proposed(record, parts=(*record.parts, unread(3)))["unread_language:tr"]
    assert inherited.sentence.endswith("3 posts in it inherited a decision.")
    reached = record.entries[0].model_copy(update={"event": Event.target_reached})
    enough = proposed(record, parts=(*record.parts, unread(0)), entries=(reached, *record.entries[1:]))
    assert enough["unread_language:tr"].against == ("INC-12#1",)
    nothing_read = record.decisions.model_copy(update={"total": 0})
    assert proposed(record, parts=(unread(0),), decisions=nothing_read) == {}


def listing(record: Record, **readers: int) -> tuple[SweepRecord, ...]:
    return tuple(sweep.model_copy(update={"readers": readers}) for sweep in record.sweeps)


def test_a_language_without_readers_is_told_from_one_whose_readers_decided_nothing(record: Record) -> None:
    parts = (*record.parts, unread(3))
    [nobody] = proposed(record, parts=parts, sweeps=listing(record, de=2, tr=0)).values()
    assert (nobody.rule, nobody.sentence) == (
        "language_without_readers:tr",
        "Nobody was listed to read tr, the language of 20.0 % (25 of 125) of the posts, and nobody decided"
        " anything in it. 3 posts in it inherited a decision.",
    )
    [idle] = proposed(record, parts=parts, sweeps=listing(record, de=2, tr=1)).values()
    assert (idle.rule, idle.sentence) == (
        "unread_despite_readers:tr",
        "Nobody decided anything in tr, the language of 20.0 % (25 of 125) of the posts; listed to read it:"
        " 1 person. 3 posts in it inherited a decision.",
    )
    assert set(proposed(record, parts=parts, sweeps=listing(record, de=0, tr=0))) == {"unread_language:tr"}


def test_the_table_of_languages_says_who_was_listed(record: Record) -> None:
    told = record.model_copy(
        update={"parts": (*record.parts, unread(0)), "sweeps": listing(record, de=2, tr=0)}
    )
    rows = compose(told, generator="watchfloor").split("## Coverage")[1].splitlines()
    assert [row.split(" | ")[1] for row in rows if row.startswith(("| de", "| en", "| tr"))][:3] == [
        "2",
        "not recorded",
        "none",
    ]


def second_looks(value: float, high: float, twice: int = FEWEST) -> LanguageQuality:
    nothing = Upheld(checked=0, upheld=0, overturned=0, unsettled=0)
    ac1 = Estimate(value=value, low=0.1, high=high)
    raw = Estimate(value=0.6, low=0.4, high=0.8)
    return LanguageQuality(
        language="de", twice=twice, raw=raw, ac1=ac1, violates=nothing, does_not_violate=nothing
    )


def disagreeing(record: Record, quality: LanguageQuality) -> dict[str, Factor]:
    sweeps = tuple(sweep.model_copy(update={"quality": (quality,)}) for sweep in record.sweeps)
    return proposed(record, sweeps=sweeps)


def test_readers_of_one_language_who_disagree(record: Record) -> None:
    [factor] = disagreeing(record, second_looks(0.32, 0.5)).values()
    assert factor.sentence == (
        "Of 20 items in de that two people read in INC-12-S1 they saw 60.0 % (40.0 % to 80.0 %) alike;"
        " beyond chance (AC1) that is 0.32 (0.10 to 0.50)."
    )
    assert (factor.supports, factor.but) == (("INC-12#28",), "")
    [unsure] = disagreeing(record, second_looks(0.5, 0.7)).values()
    assert unsure.but == "The interval of AC1 reaches 0.70, so it may be chance."


def row_of_quality(record: Record, twice: int, checked: int) -> list[str]:
    """The cells about German: agreement, AC1, precision, missed harm, overturned."""
    looks = Upheld(checked=checked, upheld=checked - 1, overturned=1, unsettled=0)
    quality = second_looks(0.32, 0.5, twice).model_copy(
        update={"violates": looks, "precision": Estimate(value=0.9, low=0.7, high=1.0)}
    )
    sweeps = tuple(sweep.model_copy(update={"quality": (quality,)}) for sweep in record.sweeps)
    document = compose(record.model_copy(update={"sweeps": sweeps}), generator="watchfloor")
    [row] = [line for line in document.splitlines() if line.startswith("| INC-12-S1 | de | ")]
    return row.strip("| ").split(" | ")[3:8]


def test_of_few_second_looks_no_share_is_stated(record: Record) -> None:
    few = "too few to say (19)"
    assert row_of_quality(record, FEWEST - 1, FEWEST - 1) == [few, few, few, "not measurable", "1 of 19"]
    assert row_of_quality(record, FEWEST, FEWEST) == [
        "60.0 % (40.0 % to 80.0 %)",
        "0.32 (0.10 to 0.50)",
        "90.0 % (70.0 % to 100.0 %)",
        "not measurable",
        "5.0 % (1 of 20)",
    ]


def test_few_items_or_enough_agreement_suggest_nothing(record: Record) -> None:
    assert disagreeing(record, second_looks(0.32, 0.5, FEWEST - 1)) == {}
    assert disagreeing(record, second_looks(AGREED, 0.8)) == {}
