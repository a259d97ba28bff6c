"""People put factors otherwise, or add their own; what was proposed stays, and evidence is asked for."""

import pytest

from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised, NotFound
from incidents.reviews.checking import check
from incidents.reviews.drafting import GENERATOR, redraft
from incidents.reviews.factors.factor import LONGEST, Category, Factor, Otherwise
from incidents.reviews.publishing import sign_checked
from incidents.reviews.record import FactorPart, Record
from incidents.reviews.retrospective import compose
from incidents.reviews.writing import add_checked, change_checked
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.store.reviews import judge_factor, propose_factors
from incidents.store.schema import factors
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import ADA, BO, CLEO, EVE, after

WAITED = "The candidate waited 45 min for a decision, 15 min past the clock of its severity."
OWN = Otherwise(category=Category.process, sentence="The rota had a gap on Sundays.")


@pytest.fixture
def store(store: Store) -> Store:
    """The evening's crisis, with seven factors of which the second is accepted."""
    with store.begin() as work:
        add_crisis(work)
    return store


def read(store: Store) -> Record:
    with store.read() as work:
        return read_record(work, "INC-12")


def change(store: Store, number: int, otherwise: Otherwise, reason: str = "We were there") -> None:
    with store.begin() as work:
        change_checked(work, "INC-12", number, otherwise, reason=reason, by=ADA, now=after(1600))


def add(store: Store, otherwise: Otherwise = OWN, *, supports: tuple[str, ...] = ("INC-12#7",)) -> int:
    with store.begin() as work:
        return add_checked(
            work, "INC-12", otherwise, supports=supports, against=("INC-12#4",), by=EVE, now=after(1600)
        )


def judge(store: Store, number: int, state: str = "accepted") -> None:
    with store.begin() as work:
        judge_factor(work, "INC-12", number, state=state, reason="seen", by=EVE, now=after(1610))


def told(store: Store) -> str:
    """The section, whose document passes its own check."""
    record = read(store)
    document = compose(record, generator=GENERATOR)
    assert check(document, record, generator=GENERATOR) == []
    return document.split("## Contributing factors")[1].split("\n## ")[0]


def test_what_a_person_put_otherwise_stands_beside_what_was_proposed(store: Store) -> None:
    sentence = "Nobody was on call, so that it waited 45 min."
    change(store, 2, Otherwise(category=Category.staffing, part=FactorPart.trigger, sentence=sentence))
    found = next(each for each in read(store).factors if each.number == 2)
    assert (found.category, found.part, found.sentence) == (
        "staffing or language",
        FactorPart.trigger,
        sentence,
    )
    assert found.proposed is not None
    assert (found.proposed.category, found.proposed.part) == ("process", FactorPart.contributing)
    assert (found.proposed.sentence, found.changed_by, found.state) == (WAITED, "ada", "accepted")
    trigger = told(store).split("### What set it off")[1].split("### What contributed")[0]
    assert "- **Factor 2, staffing or language**, accepted, in people's words." in trigger
    assert "Put otherwise by the incident commander (`INC-12#38`), because “We were there”." in trigger
    assert f"The record proposed, as contributing and process: {WAITED}" in trigger
    assert "> Nobody was on call, so that it waited 45 min. For: `INC-12#7`" in trigger
    change(store, 2, Otherwise(sentence=WAITED), reason="It was right")
    again = next(each for each in read(store).factors if each.number == 2)
    assert again.proposed == found.proposed
    assert f"**Factor 2, staffing or language**, accepted: {WAITED}" in told(store)


def test_only_its_part_is_changed_and_the_sentence_stays_the_rules(store: Store) -> None:
    change(store, 5, Otherwise(part=FactorPart.mitigator))
    section = told(store)
    mitigators = section.split("### What kept it from being worse")[1]
    assert "- **Factor 5, staffing or language**, proposed: 1 of 2 batches went back" in mitigators
    assert "> " not in section


def test_a_changed_factor_is_kept_as_it_was_put_when_its_rule_learns_more(store: Store) -> None:
    change(store, 4, Otherwise(sentence="Mail was down."))
    rule = Factor(
        rule="failed_deliveries",
        category=Category.communications,
        sentence="2 messages to partners could not be delivered at the first attempt.",
        supports=("INC-12#14",),
    )
    with store.begin() as work:
        assert propose_factors(work, "INC-12", [rule]) == 0
    found = next(each for each in read(store).factors if each.number == 4)
    assert found.sentence == "Mail was down."
    assert found.proposed is not None
    assert found.proposed.sentence.startswith("2 messages")


def test_a_person_adds_a_factor_with_its_evidence(store: Store) -> None:
    assert add(store) == 9
    section = told(store)
    assert "- **Factor 9, process**, proposed, in people's words. Added by a participant" in section
    assert "> The rota had a gap on Sundays. For: `INC-12#7`. Against: `INC-12#4`." in section
    judge(store, 9)
    assert "**Factor 9, process**, accepted" in told(store)
    assert [entry.event for entry in read(store).entries[-2:]] == [Event.factor_added, Event.factor_judged]
    with store.begin() as work:
        assert propose_factors(work, "INC-12", []) == 0


@pytest.mark.parametrize(
    ("otherwise", "supports", "why"),
    [
        (OWN, ("INC-12#999",), "The record has no INC-12#999"),
        (OWN.model_copy(update={"sentence": "It took 99 hours."}), ("INC-12#7",), "cites says 99"),
    ],
)
def test_what_people_say_of_a_factor_has_to_rest_on_its_evidence(
    store: Store, otherwise: Otherwise, supports: tuple[str, ...], why: str
) -> None:
    with pytest.raises(NotAllowed, match=why) as refused:
        add(store, otherwise, supports=supports)
    assert set(refused.value.codes) == {"WORDS_UNFOUNDED"}
    with pytest.raises(NotAllowed, match="cites says 99"):
        change(store, 2, Otherwise(sentence="It took 99 hours."))
    assert len(read(store).factors) == 8


@pytest.mark.parametrize(
    ("otherwise", "supports"),
    [
        (OWN, ()),
        (OWN, ("`x` <b>",)),
        (OWN.model_copy(update={"category": None}), ("INC-12#7",)),
        (OWN.model_copy(update={"sentence": None}), ("INC-12#7",)),
        (OWN.model_copy(update={"sentence": " \n"}), ("INC-12#7",)),
        (OWN.model_copy(update={"sentence": "x" * (LONGEST + 1)}), ("INC-12#7",)),
    ],
)
def test_a_factor_that_is_not_whole_is_not_added(
    store: Store, otherwise: Otherwise, supports: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput):
        add(store, otherwise, supports=supports)


def test_there_is_one_trigger_at_most(store: Store) -> None:
    change(store, 2, Otherwise(part=FactorPart.trigger))
    change(store, 1, Otherwise(part=FactorPart.trigger))
    with pytest.raises(NotAllowed, match="Factor 2 is accepted as the trigger") as refused:
        judge(store, 1)
    assert refused.value.codes == ("TRIGGER_TAKEN",)
    judge(store, 1, "rejected")
    judge(store, 3)
    with pytest.raises(NotAllowed) as refused:
        change(store, 3, Otherwise(part=FactorPart.trigger))
    assert refused.value.codes == ("TRIGGER_TAKEN",)
    change(store, 2, Otherwise(part=FactorPart.contributing))
    change(store, 3, Otherwise(part=FactorPart.trigger))


def test_the_database_itself_keeps_it_to_one_trigger(store: Store) -> None:
    with pytest.raises(Conflict), store.begin() as work:
        work.execute(factors.update().values(part="trigger", state="accepted"))


def test_to_change_a_factor_takes_a_reason_a_role_and_something_else(store: Store) -> None:
    with pytest.raises(NotAllowed) as refused:
        change(store, 1, Otherwise(part=FactorPart.trigger), reason=" ")
    assert refused.value.codes == ("REASON_MISSING",)
    with pytest.raises(BadInput, match="reads so already"):
        change(store, 2, Otherwise(sentence=WAITED))
    with pytest.raises(NotFound):
        change(store, 99, Otherwise(part=FactorPart.trigger))
    otherwise = Otherwise(part=FactorPart.trigger)
    with pytest.raises(NotAuthorised), store.begin() as work:
        change_checked(work, "INC-12", 1, otherwise, reason="x", by=CLEO, now=after(1600))


def test_nothing_is_put_otherwise_once_it_is_signed(store: Store) -> None:
    with store.begin() as work:
        redraft(work, "INC-12", author="watchfloor", now=after(1600))
        sign_checked(work, "INC-12", 1, approvers=(), by=BO, now=after(1601))
    for late in (lambda: change(store, 1, Otherwise(part=FactorPart.trigger)), lambda: add(store)):
        with pytest.raises(NotAllowed) as refused:
            late()
        assert refused.value.codes == ("REVIEW_SIGNED",)
