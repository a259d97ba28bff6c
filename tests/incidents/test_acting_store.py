"""A plan is carried out when a person says so, item by item; what is undone is taken back."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from incidents.errors import BadInput, NotAllowed, NotAuthorised, NotFound
from incidents.four_eyes import ALONE
from incidents.people import Person
from incidents.store import acting, outbox
from incidents.store.acting import (
    Ordered,
    count_states,
    keep_answer,
    order_actions,
    orderable,
    orders_of,
    take_report,
    taken_of,
    tell_taken,
)
from incidents.store.ending import close_sweep, finish
from incidents.store.engine import Store, Work
from incidents.store.outbox import Parcel
from incidents.store.schema import incidents, items, planned_actions, taken_actions, windows
from incidents.store.sweeps import plan_of
from incidents.store.timeline import entries, milestones_of
from incidents.store.undo import undo_decision
from incidents.sweeps.acting import Answer, Measure, Reported, read_report
from incidents.sweeps.plan import Taken, write_plan
from incidents.timeline import Event
from tests.incidents.sweep_rows import ADA, BO, after
from tests.incidents.test_undo import decided

HTTP = {"kind": "http", "url": "https://platform.example", "page_size": 1_000}
WHY = "Two of us have read the plan."


def planned(work: Work, source: dict[str, object] | None = None) -> str:
    """A finished sweep of a platform whose plan is to remove p1 and its copies p2 and p3; returns its id."""
    sweep = decided(work)
    work.execute(windows.update().where(windows.c.sweep_id == sweep).values(source=source or HTTP))
    work.execute(items.update().where(items.c.sweep_id == sweep).values(reach=100))
    close_sweep(work, sweep, by=ADA, consent=ALONE, reason="Enough.", now=after(13))
    assert finish(work, sweep, now=after(14))
    return sweep


def order(
    work: Work, sweep: str, actions: int = 3, *, by: Person = ADA, reason: str = WHY, switched_on: bool = True
) -> Ordered:
    return order_actions(
        work,
        sweep,
        actions=actions,
        by=by,
        consent=ALONE,
        reason=reason,
        switched_on=switched_on,
        now=after(15),
    )


def parcels(work: Work) -> list[Parcel]:
    return [parcel for parcel in outbox.undelivered(work) if parcel.kind is outbox.Kind.actions]


def told_of(work: Work, sweep: str, event: Event) -> list[dict[str, object]]:
    return [entry.facts for entry in entries(work, sweep.rpartition("-")[0]) if entry.event is event]


def first_action(work: Work, sweep: str) -> list[datetime]:
    reached = milestones_of(work, sweep.rpartition("-")[0])
    return [each["at"] for each in reached if each["name"] == "first_action"]


def answer_all(work: Work, delivery: str, answer: Answer) -> list[str]:
    sent = orders_of(work, delivery)
    for each in sent:
        keep_answer(work, each.key, answer)
    return [each.post for each in sent]


def test_a_person_orders_the_plan_and_each_answer_is_kept(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work)
        assert order(work, sweep) == Ordered(actions=3, reversals=0, deliveries=1)
        [parcel] = parcels(work)
        assert parcel.key == f"actions:{sweep}:1"
        first, second, third = orders_of(work, parcel.key)
        assert (first.key, first.post, first.action) == (f"action:{sweep}:p1", "p1", Measure.remove)
        assert first.reason == "violence.incitement, call-to-act"
        keep_answer(work, first.key, Answer(at=after(17), reach=120))
        keep_answer(work, second.key, Answer(error="it has no such post"))
        assert orders_of(work, parcel.key) == [third]
        keep_answer(work, third.key, Answer(at=after(16)))
        keep_answer(work, third.key, Answer(error="a second answer changes nothing"))
        tell_taken(work, sweep, parcel.key, now=after(18))
        assert count_states(work, sweep) == {"done": 2, "failed": 1}
        assert taken_of(work, sweep) == {
            f"action:{sweep}:p1": Taken(acted_at=after(17), reach=120),
            f"action:{sweep}:p3": Taken(acted_at=after(16), reach=None),
        }
        ordered = {"actions": 3, "reversals": 0, "deliveries": 1}
        assert told_of(work, sweep, Event.actions_ordered) == [{"sweep": sweep, "reason": WHY, **ordered}]
        counted = {"done": 2, "restored": 0, "failed": 1, "withdrawn": 0}
        told = {"sweep": sweep, "delivery": parcel.key, **counted}
        assert told_of(work, sweep, Event.actions_taken) == [told]
        assert first_action(work, sweep) == [after(16)]
        # What the platform refused is ordered again, and nothing else.
        assert [line.planned.item for line in orderable(work, sweep, by=ADA)] == ["p2"]
        order(work, sweep, 1)
        assert [each.post for each in orders_of(work, f"actions:{sweep}:2")] == ["p2"]
        assert count_states(work, sweep) == {"ordered": 1, "done": 2}


def test_what_is_to_be_looked_at_first_is_no_order(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work)
        second = sa.and_(planned_actions.c.sweep_id == sweep, planned_actions.c.item == "p2")
        work.execute(planned_actions.update().where(second).values(action="escalate"))
        assert [line.planned.item for line in orderable(work, sweep, by=ADA)] == ["p1", "p3"]


def test_posts_that_came_from_a_file_are_nothing_for_a_platform(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work, {"kind": "file", "path": "posts.csv"})
        assert orderable(work, sweep, by=ADA) == []
        with pytest.raises(NotAllowed) as refused:
            order(work, sweep, 0)
        assert refused.value.codes == ("PLAN_DIFFERS",)


def test_many_orders_go_out_in_several_deliveries(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "A_DELIVERY", 2)
    with store.begin() as work:
        sweep = planned(work)
        assert order(work, sweep).deliveries == 2
        sent = {parcel.key: [each.post for each in orders_of(work, parcel.key)] for parcel in parcels(work)}
        assert sent == {f"actions:{sweep}:1": ["p1", "p2"], f"actions:{sweep}:2": ["p3"]}


def test_no_message_waits_for_a_plan_to_be_carried_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "A_DELIVERY", 1)
    monkeypatch.setattr(outbox, "ACTING_AT_ONCE", 2)
    with store.begin() as work:
        sweep = planned(work)
        order(work, sweep)
        incident = sweep.rpartition("-")[0]
        outbox.post_event(work, incident, Event.sweep_finished, key="later", now=after(16))
        kinds = [outbox.find(work, row).kind for row in outbox.due(work, machine_now=after(17))]
    assert kinds[-2:] == [outbox.Kind.actions, outbox.Kind.actions]
    assert kinds.count(outbox.Kind.actions) == 2
    assert outbox.Kind.event in kinds


def test_nobody_acts_on_posts_without_a_reason_a_switch_and_the_right_number(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work)
        with pytest.raises(NotAllowed) as refused:
            order(work, sweep, 2, reason=" ", switched_on=False)
        assert refused.value.codes == ("REASON_MISSING", "ACTIONS_SWITCHED_OFF", "PLAN_DIFFERS")
        with pytest.raises(NotAuthorised):
            order(work, sweep, by=BO)
        work.execute(incidents.update().values(drill="DRILL-1"))
        with pytest.raises(NotAllowed) as refused:
            order(work, sweep)
        assert refused.value.codes == ("ACTIONS_IN_DRILL",)
        assert parcels(work) == []
        with pytest.raises(NotAllowed):
            order(work, sweep, 3)


def test_a_sweep_that_goes_on_has_nothing_to_carry_out(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        with pytest.raises(NotFound, match="has no plan yet"):
            orderable(work, sweep, by=ADA)


def test_an_undone_decision_is_taken_back_where_the_platform_had_heard_of_it(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work)
        order(work, sweep)
        answer_all(work, f"actions:{sweep}:1", Answer(at=after(16), reach=120))
        undo_decision(work, sweep, "p1", by=ADA, consent=ALONE, reason="A news report.", now=after(20))
        first, *others = orders_of(work, f"actions:{sweep}:2")
        assert (first.key, first.post, first.action) == (f"reversal:{sweep}:p1", "p1", Measure.restore)
        assert [each.post for each in others] == ["p2", "p3"]
        keep_answer(work, first.key, Answer(error="it has no such post"))
        answer_all(work, f"actions:{sweep}:2", Answer(at=after(21), reach=120))
        tell_taken(work, sweep, f"actions:{sweep}:2", now=after(22))
        counted = {"done": 0, "restored": 2, "failed": 1, "withdrawn": 0}
        told = {"sweep": sweep, "delivery": f"actions:{sweep}:2", **counted}
        assert told_of(work, sweep, Event.actions_taken) == [told]
        # A reversal is no first action, and one that was refused is ordered again.
        assert first_action(work, sweep) == []
        assert order(work, sweep, 1) == Ordered(actions=0, reversals=1, deliveries=1)


def test_an_order_that_was_undone_before_it_was_sent_is_withdrawn(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work)
        order(work, sweep)
        undo_decision(work, sweep, "p1", by=ADA, consent=ALONE, reason="A news report.", now=after(20))
        assert orders_of(work, f"actions:{sweep}:1") == []
        # An attempt that broke off may have reached the platform: it is taken back all the same.
        assert len(orders_of(work, f"actions:{sweep}:2")) == 3
        assert count_states(work, sweep) == {"ordered": 3, "withdrawn": 3}
        tell_taken(work, sweep, f"actions:{sweep}:1", now=after(21))
        [told] = told_of(work, sweep, Event.actions_taken)
        assert (told["done"], told["withdrawn"]) == (0, 3)


def test_what_nobody_ordered_is_not_taken_back(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work)
        undo_decision(work, sweep, "p1", by=ADA, consent=ALONE, reason="A news report.", now=after(20))
        assert parcels(work) == []


# --- what a site did by its own tools ----------------------------------------------------------------


def reported(*rows: tuple[str, datetime, int | None]) -> list[Reported]:
    return [Reported(row=n, key=key, at=at, reach=reach) for n, (key, at, reach) in enumerate(rows, start=2)]


def report(work: Work, sweep: str, rows: Sequence[Reported]) -> int:
    return take_report(work, sweep, rows, by=ADA, now=after(30))


def test_a_site_reports_what_it_did_by_its_own_tools(store: Store, tmp_path: Path) -> None:
    with store.begin() as work:
        sweep = planned(work, {"kind": "file", "path": "posts.csv"})
        rows = reported((f"action:{sweep}:p1", after(17), 130), (f"action:{sweep}:p2", after(16), None))
        assert report(work, sweep, rows) == 2
        assert report(work, sweep, rows) == 0
        told = {"sweep": sweep, "actions": 2, "reversals": 0}
        assert told_of(work, sweep, Event.actions_reported) == [told]
        assert first_action(work, sweep) == [after(16)]
        # A correction takes the place of what was said before.
        assert report(work, sweep, reported((f"action:{sweep}:p1", after(18), 135))) == 1
        assert taken_of(work, sweep)[f"action:{sweep}:p1"] == Taken(acted_at=after(18), reach=135)
        # What is exported says the same when it comes back.
        write_plan(plan_of(work, sweep), tmp_path / "plan.csv", taken_of(work, sweep))
        assert report(work, sweep, read_report(tmp_path / "plan.csv")) == 0
        undo_decision(work, sweep, "p1", by=ADA, consent=ALONE, reason="A news report.", now=after(20))
        assert report(work, sweep, reported((f"reversal:{sweep}:p1", after(22), None))) == 1
        assert told_of(work, sweep, Event.actions_reported)[-1] == {
            "sweep": sweep,
            "actions": 0,
            "reversals": 1,
        }


def test_a_report_is_kept_whole_or_not_at_all(store: Store) -> None:
    with store.begin() as work:
        sweep = planned(work)
        order(work, sweep)
        keep_answer(work, f"action:{sweep}:p3", Answer(at=after(16), reach=120))
        rows = reported(
            (f"action:{sweep}:p1", after(17), 130),
            ("action:INC-9-S1:p1", after(17), 130),
            (f"action:{sweep}:p2", after(31), 130),
            (f"action:{sweep}:p3", after(17), 130),
            (f"action:{sweep}:p1", after(17), 130),
        )
        with pytest.raises(BadInput) as refused:
            report(work, sweep, rows)
        assert str(refused.value).splitlines()[1:] == [
            "  row 2: its key stands on another row, too",
            "  row 3: its key is none of this sweep's plan",
            "  row 4: acted_at lies in the future",
            "  row 5: the platform did this and said otherwise",
            "  row 6: its key stands on another row, too",
        ]
        # What the platform did not get to is reported instead, and not sent any more.
        assert report(work, sweep, reported((f"action:{sweep}:p1", after(17), 130))) == 1
        assert [each.post for each in orders_of(work, f"actions:{sweep}:1")] == ["p2"]
        kept = work.execute(sa.select(taken_actions.c.measure).where(taken_actions.c.item == "p1"))
        assert kept.scalar_one() is None


def test_a_report_that_cannot_be_read_names_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    lines = [
        "k1,2026-03-01T18:00:00Z,12",
        "k2,,",
        "k3,yesterday,1",
        "k4,2026-03-01,-1",
        "k5,,5",
        "k6,2026-03-01,",
    ]
    path.write_text("\n".join(["key,acted_at,reach_at_action", *lines]), encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_report(path)
    assert str(refused.value).splitlines() == [
        "plan.csv: nothing was kept, because of",
        "  row 4: acted_at is no time; write 2026-03-01T18:00:00Z",
        "  row 5: reach_at_action is no whole number from 0 on",
        "  row 6: reach_at_action without acted_at; write when it was carried out",
    ]
    path.write_text("\n".join(["key,acted_at,reach_at_action", *lines[:2], lines[5]]), encoding="utf-8")
    assert [(row.row, row.key, row.reach) for row in read_report(path)] == [(2, "k1", 12), (4, "k6", None)]
