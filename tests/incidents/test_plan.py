"""The action plan has one line for each item that violates, whoever decided, and how often."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from incidents.catalogue.policies import RecommendedAction
from incidents.sweeps.decisions import IMPLIED_ACTION, Decision, Verdict
from incidents.sweeps.plan import PlannedAction, Taken, action_plan, reversal, write_plan

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def decision(item: str, person: str, verdict: Verdict, minutes: int = 0, **more: Any) -> Decision:
    violates = {"policy": "violence.incitement", "clause": "call-to-act", "policy_version": 2}
    action = IMPLIED_ACTION.get(verdict, RecommendedAction.remove)
    fields: dict[str, Any] = {"action": action, **(violates if verdict is Verdict.violates else {}), **more}
    at = NOON + timedelta(minutes=minutes)
    return Decision(item=item, person=person, verdict=verdict, decided_at=at, **fields)


VIOLATES, FINE, UNSURE = Verdict.violates, Verdict.does_not_violate, Verdict.unsure


def test_each_item_that_violates_has_one_line_with_its_key() -> None:
    decided = [
        decision("p2", "cleo", VIOLATES, 5),
        decision("p2", "bo", VIOLATES),
        decision("p1", "bo", VIOLATES, action="label"),
        decision("p3", "bo", FINE),
        decision("p4", "bo", UNSURE),
    ]
    assert action_plan("SWP-1", decided) == [
        PlannedAction(
            item=item,
            action=action,
            policy="violence.incitement",
            clause="call-to-act",
            policy_version=2,
            decided_by=people,
            key=f"action:SWP-1:{item}",
        )
        for item, action, people in [
            ("p1", RecommendedAction.label, ("bo",)),
            ("p2", RecommendedAction.remove, ("bo", "cleo")),
        ]
    ]


def test_a_person_s_later_word_replaces_the_earlier_one() -> None:
    decided = [decision("p1", "bo", FINE, 9), decision("p1", "bo", VIOLATES)]
    assert action_plan("SWP-1", decided) == []


def test_the_latest_word_stands_whoever_said_otherwise() -> None:
    decided = [decision("p1", "bo", FINE), decision("p1", "cleo", VIOLATES, 1)]
    [line] = action_plan("SWP-1", decided)
    assert line.decided_by == ("cleo",)


def test_nothing_decided_is_an_empty_plan() -> None:
    assert action_plan("SWP-1", []) == []


MANY = st.lists(
    st.builds(
        decision,
        st.sampled_from("abc"),
        st.sampled_from(["bo", "cleo"]),
        st.sampled_from(Verdict),
        st.integers(0, 3),
    ),
    unique_by=lambda one: (one.item, one.person, one.decided_at),
)


@given(MANY)
def test_the_order_of_the_decisions_does_not_matter(decided: list[Decision]) -> None:
    plan = action_plan("SWP-1", decided)
    assert action_plan("SWP-1", reversed(decided)) == plan
    assert len({line.key for line in plan}) == len(plan)
    latest = {each.item: each for each in sorted(decided, key=lambda each: (each.decided_at, each.person))}
    assert [line.item for line in plan] == sorted(i for i, last in latest.items() if last.verdict is VIOLATES)


def test_the_exported_plan_runs_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    plan = action_plan("SWP-1", [decision("=1+1", "bo", VIOLATES), decision("=1+1", "cleo", VIOLATES)])
    write_plan(plan, path, {plan[0].key: Taken(acted_at=NOON, reach=17)})
    with path.open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert row == {
        "item": "'=1+1",
        "action": "remove",
        "policy": "violence.incitement",
        "clause": "call-to-act",
        "policy_version": "2",
        "decided_by": "bo cleo",
        "key": "action:SWP-1:=1+1",
        "reverses": "",
        "acted_at": NOON.isoformat(),
        "reach_at_action": "17",
    }


def test_what_a_decision_leaves_open_is_an_empty_cell(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    write_plan(
        action_plan("SWP-1", [decision("p1", "bo", VIOLATES, policy=None, policy_version=None)]), path, {}
    )
    [_, line] = path.read_text(encoding="utf-8-sig").splitlines()
    assert line == '"p1","remove","","call-to-act","","bo","action:SWP-1:p1","","",""'


def test_a_reversal_names_what_it_takes_back_and_does_no_harm() -> None:
    [undone] = action_plan("SWP-1", [decision("p1", "bo", VIOLATES)])
    line = reversal("SWP-1", undone, "ada")
    assert (line.key, line.reverses) == ("reversal:SWP-1:p1", "action:SWP-1:p1")
    assert (line.item, line.action, line.decided_by) == ("p1", "keep", ("ada",))
