"""What the record suggests kept it from being worse: never on thin evidence, and with what speaks against."""

from pathlib import Path
from typing import Any

import pytest

from incidents.reviews.factors.command import LEADERLESS
from incidents.reviews.factors.detection import TRAILED
from incidents.reviews.factors.factor import Factor
from incidents.reviews.factors.mitigators import (
    COVERED_SHARE,
    FEWEST_ASKS,
    FEWEST_HAND_OVERS,
    HEARD_SHARE,
    OVERTURNED_SHARE,
)
from incidents.reviews.factors.reading import AGREED, FLOODING_SHARE, FLOODING_YIELD, UNSURE_SHARE
from incidents.reviews.factors.rules import propose
from incidents.reviews.interviews import questions
from incidents.reviews.reading import FEWEST, GuidelineHeard, LanguageQuality
from incidents.reviews.record import AskSent, FactorPart, Record, SignalCount, Tenure
from incidents.reviews.retrospective import compose
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.sweeps.quality.precision import Upheld
from incidents.sweeps.quality.proportions import Estimate
from incidents.timeline import Entry, Event
from incidents.words import duration
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import after

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "retrospective.md"
SIGNAL = {"kind": "report", "new": 1, "updates": 2, "duplicates": 0, "reach": 0}
NO_LOOKS = Upheld(checked=0, upheld=0, overturned=0, unsettled=0)


@pytest.fixture
def record(store: Store) -> Record:
    """The evening's crisis of crisis_rows.py: its guideline came before the first decision."""
    with store.begin() as work:
        add_crisis(work)
    with store.read() as work:
        return read_record(work, "INC-12")


def proposed(record: Record, **changes: object) -> dict[str, Factor]:
    told = propose(record.model_copy(update=changes))
    return {each.rule: each for each in told if each.part is FactorPart.mitigator}


def with_entries(record: Record, event: Event, *facts: dict[str, Any]) -> tuple[Entry, ...]:
    """The entries of the record, and after them as many of this kind as there are facts."""
    last = record.entries[-1]
    more = [
        last.model_copy(update={"event": event, "facts": each, "seq": last.seq + number})
        for number, each in enumerate(facts, start=1)
    ]
    return (*record.entries, *more)


def test_a_mitigator_stands_apart_from_what_contributed(record: Record) -> None:
    parts = {each.rule: each.part for each in propose(record)}
    assert parts.pop("guideline_first") is FactorPart.mitigator
    assert set(parts.values()) == {FactorPart.contributing}


def test_a_document_with_praise_alone_does_not_say_that_nothing_contributed(record: Record) -> None:
    nothing = "*None says what contributed. That is no proof that nothing did: ask.*"
    praise = tuple(each for each in record.factors if each.part is FactorPart.mitigator)
    assert nothing not in compose(record, generator="watchfloor")
    assert nothing in compose(record.model_copy(update={"factors": praise}), generator="watchfloor")


def test_people_are_asked_whether_it_was_luck(record: Record) -> None:
    asked = [each.question for each in questions(record) if "luck" in each.question]
    assert asked == [
        "Was it luck that it was not worse, or what the record suggests (factor 8)?"
        " What would it take to have it the next time?"
    ]


def test_a_guideline_that_was_in_force_before_the_first_decision(record: Record) -> None:
    factor = proposed(record)["guideline_first"]
    assert factor.sentence == (
        "The guideline was in force 14 min before the first of 100 decisions, and none was made without one;"
        " of the teams that decided 2 of 2 had acknowledged it before."
    )
    assert (factor.supports, factor.against, factor.but) == (("INC-12#11", "INC-12#21"), (), "")


def test_a_guideline_is_not_praised_that_came_late_or_for_a_few_decisions(record: Record) -> None:
    made = record.decisions
    few = made.model_copy(update={"total": FEWEST - 1})
    without = made.model_copy(update={"without_guideline": 1})
    early = made.model_copy(update={"first_at": after(69)})
    for decisions in (few, without, early):
        assert "guideline_first" not in proposed(record, decisions=decisions)
    not_yet = record.guidelines[0].model_copy(update={"effective_from": after(99)})
    assert "guideline_first" not in proposed(record, guidelines=(not_yet,))
    unpublished = tuple(each for each in record.milestones if each.name != "guideline_published")
    assert "guideline_first" not in proposed(record, milestones=unpublished)


def test_changes_deaf_teams_and_disagreement_speak_against_a_guideline(record: Record) -> None:
    known = {"ask": "ask:INC-12:legal:1", "team": "legal", "decided": 50, "published_at": after(70)}
    known |= {"version": 1, "acknowledged_at": after(150), "first_decided_at": after(90), "decided_before": 12}
    differ = LanguageQuality(
        language="de",
        twice=FEWEST,
        raw=Estimate(value=0.6, low=0.4, high=0.8),
        ac1=Estimate(value=0.3, low=0.1, high=0.5),
        violates=NO_LOOKS,
        does_not_violate=NO_LOOKS,
    )
    again = record.entries[10].model_copy(update={"seq": 99, "at": after(120)})
    factor = proposed(
        record,
        entries=(*record.entries, again),
        heard=(*record.heard, GuidelineHeard.model_validate(known)),
        sweeps=(record.sweeps[0].model_copy(update={"quality": (differ,)}),),
    )["guideline_first"]
    assert factor.against == ("INC-12#99", "INC-12#12", "INC-12#24", "INC-12#28")
    assert factor.but.startswith(
        "Changed while people decided: 1 time. Decided before they acknowledged it: 1 team. Of 20 items in de"
    )


def test_a_guideline_is_not_praised_that_most_teams_had_not_heard_of(record: Record) -> None:
    one, other = record.heard
    deaf = one.model_copy(update={"decided_before": 1})
    assert "guideline_first" not in proposed(record, heard=(deaf, other))
    assert "guideline_first" not in proposed(record, heard=())


def users_reported(minutes: float) -> tuple[SignalCount, ...]:
    first = {"source": "user-reports", "first_received_at": after(minutes)}
    return (SignalCount.model_validate(SIGNAL | first),)


def test_a_candidate_that_was_open_before_users_reported_it(record: Record) -> None:
    factor = proposed(record, signals=users_reported(40))["ahead_of_users"]
    assert factor.sentence == (
        "A candidate was open 40 min before the first of 3 signals of users' reports came in."
    )
    assert (factor.supports, factor.against) == (("INC-12#1",), ("INC-12#2",))
    assert factor.but == "The harm had begun 1 h 35 min before it."


def test_nobody_is_praised_for_minutes_or_because_users_said_nothing(record: Record) -> None:
    assert "ahead_of_users" not in proposed(record, signals=users_reported(15))
    assert "ahead_of_users" not in proposed(record, signals=())


def handed_over(record: Record, notes: tuple[str, ...], gap: float = 0) -> dict[str, Factor]:
    """The commander hands over as many times as there are notes, so many minutes before the next takes it."""
    starts = [55.0, *(100.0 + 50 * number for number in range(len(notes)))]
    ends = [after(start - gap) for start in starts[1:]] + [None]
    held = tuple(
        Tenure(role="commander", person=f"p{number}", taken_at=after(start), handed_over_at=end)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    )
    facts = [{"role": "commander", "note": note} for note in notes]
    return proposed(record, roles=held, entries=with_entries(record, Event.role_handed_over, *facts))


def test_command_that_was_never_empty(record: Record) -> None:
    factor = handed_over(record, ("Quiet", ""))["unbroken_command"]
    assert factor.sentence == (
        "Command was handed over 2 times, and the role of incident commander was never empty for more than"
        " 5 min."
    )
    assert (len(factor.supports), len(factor.against)) == (2, 1)
    assert factor.but == "Handed over without a note: 1 of 2."


def test_one_hand_over_or_a_gap_is_no_praise(record: Record) -> None:
    assert "unbroken_command" not in handed_over(record, ("Quiet",) * (FEWEST_HAND_OVERS - 1))
    assert "unbroken_command" not in handed_over(record, ("Quiet",) * FEWEST_HAND_OVERS, gap=6)


def asked(record: Record, acknowledged: list[float | None]) -> dict[str, Factor]:
    """As many asks, due after half an hour, each heard after so many minutes."""
    told = {"team": "legal", "asked_at": after(70), "due_at": after(100), "escalations": 0}
    heard = [None if each is None else after(70 + each) for each in acknowledged]
    return proposed(
        record,
        asks=tuple(
            AskSent.model_validate(told | {"key": f"ask:{number}", "acknowledged_at": at})
            for number, at in enumerate(heard)
        ),
    )


def test_asks_that_were_all_acknowledged_in_time(record: Record) -> None:
    factor = asked(record, [2, 30, 5])["asks_in_time"]
    assert factor.sentence == "All 3 asks were acknowledged in time, the slowest 30 min after it was sent."
    assert (factor.supports, factor.against) == (("INC-12#17", "INC-12#24"), ("INC-12#14",))
    assert factor.but == "Attempts to deliver a message that failed: 1."


@pytest.mark.parametrize("heard", [[2] * (FEWEST_ASKS - 1), [2, 2, 31], [2, 2, None]])
def test_few_late_or_open_asks_are_no_praise(record: Record, heard: list[float | None]) -> None:
    assert "asks_in_time" not in asked(record, heard)


def copied(record: Record, *, made: int, checked: int, overturned: int) -> dict[str, Factor]:
    """100 posts are decided by so many decisions; of those looked at again so many were overturned."""
    seen = Upheld(checked=checked, upheld=checked - overturned, overturned=overturned, unsettled=0)
    quality = LanguageQuality(language="de", twice=checked, violates=seen, does_not_violate=NO_LOOKS)
    return proposed(
        record,
        decisions=record.decisions.model_copy(update={"total": made, "undone": 1}),
        sweeps=(record.sweeps[0].model_copy(update={"quality": (quality,)}),),
        entries=with_entries(record, Event.decision_undone, {}) if overturned else record.entries,
    )


def test_copies_that_a_decision_covered_which_held_when_looked_at_again(record: Record) -> None:
    factor = copied(record, made=60, checked=20, overturned=2)["copies_covered"]
    assert factor.sentence == (
        "Copies that nobody had to look at were 40.0 % (40 of 100) of the decided posts; of the decisions that"
        " were looked at again 10.0 % (2 of 20) turned out to be the opposite."
    )
    assert factor.supports == ("INC-12#28",)
    assert factor.against == ("INC-12#28", f"INC-12#{len(record.entries) + 1}")
    assert factor.but == "Copies inherit an error, too. Taken back: 1 decision."
    assert copied(record, made=60, checked=20, overturned=0)["copies_covered"].but == ""


@pytest.mark.parametrize(
    "counts",
    [
        {"made": 81, "checked": 20, "overturned": 0},
        {"made": 76, "checked": 20, "overturned": 0},
        {"made": 60, "checked": 19, "overturned": 0},
        {"made": 60, "checked": 20, "overturned": 3},
    ],
    ids=["few copies", "a small share", "hardly looked at again", "overturned"],
)
def test_copies_are_not_praised_on_thin_evidence(record: Record, counts: dict[str, int]) -> None:
    assert "copies_covered" not in copied(record, **counts)


@pytest.mark.parametrize(
    ("rule", "bounds"),
    [
        ("trailed_users", (duration(TRAILED),)),
        ("leaderless", (duration(LEADERLESS),)),
        ("flooding_term", (f"{FLOODING_SHARE:.0%}", str(FEWEST), f"{FLOODING_YIELD:.0%}")),
        ("unsure_language", (str(FEWEST), f"{UNSURE_SHARE:.0%}")),
        ("disagreement", (str(FEWEST), str(AGREED))),
        ("ahead_of_users", (duration(TRAILED),)),
        ("unbroken_command", (str(FEWEST_HAND_OVERS), duration(LEADERLESS))),
        ("guideline_first", (str(FEWEST), f"{HEARD_SHARE:.0%}")),
        ("asks_in_time", (str(FEWEST_ASKS),)),
        ("copies_covered", (str(FEWEST), f"{COVERED_SHARE:.0%}", f"{OVERTURNED_SHARE:.0%}")),
    ],
)
def test_the_page_names_the_bounds_of_a_rule(rule: str, bounds: tuple[str, ...]) -> None:
    [row] = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{rule}`")]
    assert [bound for bound in bounds if bound not in row.replace(" %", "%")] == []
