"""How far posts had got before anybody acted, and how soon that was: only as far as somebody said so."""

import pytest

from incidents.four_eyes import ALONE
from incidents.reviews.checking import check
from incidents.reviews.reading import ActedPart
from incidents.reviews.record import Record
from incidents.reviews.retrospective import compose
from incidents.reviews.safety import acted_upon, by_language
from incidents.store.acting import keep_answer, take_report, tell_taken
from incidents.store.engine import Store, Work
from incidents.store.records import read_record
from incidents.store.schema import items, planned_actions
from incidents.store.undo import undo_decision
from incidents.sweeps.acting import Answer, Reported
from tests.incidents.sweep_rows import ADA, after
from tests.incidents.test_acting_store import order, planned

FILE: dict[str, object] = {"kind": "file", "path": "posts.csv"}


def read(work: Work, sweep: str) -> Record:
    return read_record(work, sweep.rpartition("-")[0])


def row(document: str, name: str) -> str:
    [found] = [line for line in document.splitlines() if line.startswith(f"| {name} |")]
    return found


def reported(sweep: str, **reach: int | None) -> list[Reported]:
    return [
        Reported(row=n, key=f"action:{sweep}:{item}", at=after(16 + n), reach=seen)
        for n, (item, seen) in enumerate(reach.items())
    ]


def test_nothing_is_filled_in_where_nobody_said_what_was_done(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work, FILE)
        record = read(work, sweep)
    part = ActedPart(language="de", planned=3, acted=0, measured=0, reach_gathered=0, reach_at_action=0)
    assert record.acted == (part,)
    document = compose(record, generator="g")
    assert "not recorded: nobody said what was carried out of the plan" in row(document, "Reach before action")
    assert "| planned 2026-" in document
    assert "How far posts had got" not in document


def test_a_plan_without_actions_has_no_reach_before_them(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work, FILE)
        work.execute(planned_actions.update().values(action="escalate"))
        record = read(work, sweep)
    assert acted_upon(record) is None
    assert "not recorded: no action was planned" in row(compose(record, generator="g"), "Reach before action")


@pytest.mark.parametrize(("gathered", "at_action"), [(100, None), (0, 120)])
def test_a_reach_that_is_known_from_one_moment_alone_measures_nothing(
    store: Store, gathered: int, at_action: int | None
) -> None:
    with store.begin() as work:
        sweep = planned(work, FILE)
        work.execute(items.update().values(reach=gathered))
        take_report(work, sweep, reported(sweep, p1=at_action), by=ADA, now=after(30))
        record = read(work, sweep)
    [part] = record.acted
    assert (part.planned, part.acted, part.measured) == (3, 1, 0)
    document = compose(record, generator="g")
    said = "not recorded: 1 action was carried out, none of them with the reach"
    assert said in row(document, "Reach before action")
    assert "not recorded | not recorded | not recorded |" in document
    assert "33.3 % (1 of 3) |" in row(document, "Actions carried out")


def test_the_reach_before_action_is_summed_over_what_is_known(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work, FILE)
        work.execute(items.update().where(items.c.item == "p2").values(language="tr"))
        take_report(work, sweep, reported(sweep, p1=130, p2=None, p3=115), by=ADA, now=after(30))
        record = read(work, sweep)
    german, turkish = record.acted
    assert (german.measured, german.reach_gathered, german.reach_at_action, german.added) == (2, 200, 245, 45)
    assert (turkish.acted, turkish.measured) == (1, 0)
    together = acted_upon(record)
    assert together is not None
    assert (together.planned, together.acted, together.measured, together.added) == (3, 3, 2, 45)
    document = compose(record, generator="g")
    said = "245 at the action, 200 when gathered: 45 added between; known for 66.7 % (2 of 3) of the actions"
    assert said in row(document, "Reach before action")
    told = [(each.name, each.until_acted) for each in by_language(record)]
    assert ("de", after(16) - after(2)) in told
    assert ("tr", after(17) - after(2)) in told
    assert check(document, record, generator="g") == []
    forged = document.replace("45 added between", "54 added between")
    assert check(forged, record, generator="g")


def test_what_was_undone_was_no_action_on_harm(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work)
        order(work, sweep)
        keep_answer(work, f"action:{sweep}:p1", Answer(at=after(16), reach=120))
        tell_taken(work, sweep, f"actions:{sweep}:1", now=after(18))
        [part] = read(work, sweep).acted
        assert (part.planned, part.acted, part.measured) == (3, 1, 1)
        undo_decision(work, sweep, "p1", by=ADA, consent=ALONE, reason="A news report.", now=after(20))
        record = read(work, sweep)
    assert record.acted == ()
    assert all(each.first_acted_at is None for each in record.parts)
