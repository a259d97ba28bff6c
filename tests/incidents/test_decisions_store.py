"""What a person sends is recorded whole or not at all, once, and under that person's name."""

from functools import partial
from pathlib import Path

import pytest

from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised
from incidents.people import Person
from incidents.store import outbox
from incidents.store.batches import Batch, batches_of, claim, find_batch
from incidents.store.decisions import Recorded, decide, finish_batch, signed
from incidents.store.engine import Store, Work
from incidents.store.gates import GateKind, current_gate, open_gate
from incidents.store.guidelines import publish_guideline
from incidents.store.schema import decisions
from incidents.store.sheets import expected_batch, export_batch, import_decisions
from incidents.store.standing import counts, current_decisions, decisions_of
from incidents.store.timeline import entries, milestones_of, verify
from incidents.sweeps.decisions import Decision
from incidents.sweeps.exchange import Filled, FilledRow, read_filled, write_batch
from incidents.timeline import Event
from tests.incidents.sweep_rows import (
    BO,
    CLEO,
    DEV,
    EVE,
    POLICIES,
    add_crisis,
    add_sweep,
    after,
    at_once,
    harmless,
    leased,
    split,
    violating,
)


def say(work: Work, batch: Batch, *said: Decision, by: Person = BO, minutes: float = 11) -> Recorded:
    """Decide at that minute."""
    return decide(work, batch.id, said, by=by, policies=POLICIES, now=after(minutes))


def fill(item: str, row: int = 2) -> FilledRow:
    """A row of a spreadsheet: the item does not violate."""
    return FilledRow.model_validate({"row": row, "item": item, "verdict": "does_not_violate", "action": "keep"})


def take_in(work: Work, batch: str, *rows: FilledRow, by: Person = BO) -> Recorded:
    """Import rows at minute 20."""
    return import_decisions(work, batch, rows, by=by, policies=POLICIES, now=after(20), lease_minutes=60)


def test_decisions_are_recorded_with_all_that_they_rest_on(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        recorded = say(work, batch, violating("p1", guideline_version=3), harmless("p2"))
    assert recorded == Recorded(new=2, superseded=0, unchanged=0, undecided=0)
    with store.read() as work:
        first, second = current_decisions(work, batch.sweep_id)
        reached = {m["name"]: m for m in milestones_of(work, batch.incident_id)}
        claimed = next(e for e in entries(work, batch.incident_id) if e.event is Event.batch_claimed)
    assert first == violating("p1", guideline_version=3)
    assert second == harmless("p2")
    assert (reached["first_decision"]["at"], reached["first_decision"]["seq"]) == (after(11), claimed.seq)


def test_the_same_decision_sent_twice_counts_once(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        say(work, batch, violating("p1"))
        again = say(work, batch, violating("p1", minutes=12), minutes=12)
        assert again == Recorded(new=0, superseded=0, unchanged=1, undecided=1)
        # Also when the answer was lost and the lease has ended since.
        assert say(work, batch, violating("p1"), minutes=999).unchanged == 1
        assert counts(work, batch.sweep_id).decided == 1


def test_another_decision_of_the_same_person_supersedes_the_first(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        say(work, batch, violating("p1"))
        changed = say(work, batch, harmless("p1", minutes=12), minutes=12)
        assert changed == Recorded(new=0, superseded=1, unchanged=0, undecided=1)
        rows = work.execute(decisions.select().order_by(decisions.c.id)).all()
        told = counts(work, batch.sweep_id)
    assert [(row.verdict, row.superseded_at) for row in rows] == [
        ("violates", after(12)),
        ("does_not_violate", None),
    ]
    assert (told.decided, told.violates, told.does_not_violate) == (1, 0, 1)


def test_another_person_s_decision_stays(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        say(work, batch, violating("p1"))
        claim(work, batch.id, by=CLEO, now=after(80), lease_minutes=60)
    with store.begin() as work, pytest.raises(Conflict, match=r"item p1: bo, 2026-11-22 18:11:00 UTC"):
        say(work, batch, harmless("p1", CLEO), harmless("p2", CLEO), by=CLEO, minutes=81)
    with store.begin() as work:
        assert counts(work, batch.sweep_id).decided == 1
        # The rest of the batch is Cleo's to decide, and then it is complete.
        assert say(work, batch, harmless("p2", CLEO), by=CLEO, minutes=81).undecided == 0
        assert finish_batch(work, batch.id, by=CLEO, now=after(82)).leased_to == "cleo"


def test_what_stands_is_not_judged_again_by_a_newer_policy(store: Store) -> None:
    batch = leased(store)
    newer = {key: policy.model_copy(update={"version": 3}) for key, policy in POLICIES.items()}
    with store.begin() as work:
        say(work, batch, violating("p1"))
        both = [violating("p1"), violating("p2", policy_version=3)]
        recorded = decide(work, batch.id, both, by=BO, policies=newer, now=after(12))
    assert recorded == Recorded(new=1, superseded=0, unchanged=1, undecided=0)


@pytest.mark.parametrize("minutes", [70, 500])
def test_an_ended_lease_records_nothing(store: Store, minutes: float) -> None:
    batch = leased(store)
    with store.begin() as work:
        with pytest.raises(NotAllowed) as refused:
            say(work, batch, violating("p1"), minutes=minutes)
        assert refused.value.codes == ("LEASE_EXPIRED",)
        assert counts(work, batch.sweep_id).decided == 0


def test_who_does_not_hold_the_batch_cannot_decide(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        with pytest.raises(Conflict, match="held by bo until"):
            say(work, batch, harmless("p1", CLEO), by=CLEO)
        with pytest.raises(NotAuthorised):
            say(work, batch, harmless("p1", DEV), by=DEV)
        other = find_batch(work, f"{batch.sweep_id}-B2")
        with pytest.raises(NotAllowed) as refused:
            say(work, other, harmless("p3"))
    assert refused.value.codes == ("LEASE_MISSING",)


def test_one_wrong_decision_keeps_all_from_being_recorded(store: Store) -> None:
    batch = leased(store)
    wrong = [
        harmless("p1"),
        violating("p2", clause="none-such"),
        violating("p9", policy_version=1),
        harmless("p1", CLEO),
    ]
    with store.begin() as work:
        with pytest.raises(NotAllowed) as refused:
            say(work, batch, *wrong)
        assert counts(work, batch.sweep_id).decided == 0
    assert refused.value.codes == (
        "ITEM_REPEATED",
        "CLAUSE_UNKNOWN",
        "POLICY_VERSION_OTHER",
        "ITEM_ELSEWHERE",
        "ITEM_REPEATED",
        "PERSON_OTHER",
    )
    assert "item p9: The batch has no such item." in str(refused.value)
    assert "alarm" not in str(refused.value)


def test_a_batch_with_an_undecided_item_is_not_finished(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        say(work, batch, violating("p1"))
        with pytest.raises(NotAllowed) as refused:
            finish_batch(work, batch.id, by=BO, now=after(12))
        assert refused.value.codes == ("ITEMS_UNDECIDED",)
        assert "1 of its 2 items" in str(refused.value)
        say(work, batch, harmless("p2"))
        done = finish_batch(work, batch.id, by=BO, now=after(12))
        assert (done.state, done.done_at, done.leased_to) == ("done", after(12), "bo")
        assert finish_batch(work, batch.id, by=BO, now=after(13)) == done
        told = [e.facts for e in entries(work, batch.incident_id) if e.event is Event.batch_finished]
        with pytest.raises(Conflict, match="done: bo finished it at 2026-11-22 18:12:00"):
            say(work, batch, harmless("p1"))
    assert told == [{"batch": batch.id, "person": "bo", "items": 2, "violates": 1}]


def test_a_decision_that_arrives_twice_at_once_is_recorded_once(store: Store) -> None:
    batch = leased(store)

    def run() -> int:
        with store.begin() as work:
            return say(work, batch, violating("p1"), harmless("p2")).new

    won, failed = split(at_once(run, run, run))
    assert (sorted(won), failed) == ([0, 0, 2], [])


def test_the_last_batch_answers_the_gate_also_when_two_finish_at_once(store: Store) -> None:
    people = {"german": (BO, CLEO), "turkish": (DEV,)}
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = add_sweep(work, incident)
        open_gate(
            work, incident, GateKind.sweep_work, subject=sweep, due_at=after(99), flow_run_id="r", now=after(6)
        )
        pairs = []
        for batch in batches_of(work, sweep):
            by = people[batch.team][(batch.number - 1) % 2 if batch.team == "german" else 0]
            claim(work, batch.id, by=by, now=after(10), lease_minutes=60)
            ids = [current.item for current in decisions_of(work, batch.id, by=by)]
            say(work, batch, *(harmless(item, by) for item in ids), by=by)
            pairs.append((batch.id, by))

    def finish(batch: str, by: Person) -> str:
        with store.begin() as work:
            return finish_batch(work, batch, by=by, now=after(12)).id

    with store.read() as work:
        assert not current_gate(work, incident, GateKind.sweep_work, sweep).is_answered
    won, failed = split(at_once(*(partial(finish, batch, by) for batch, by in pairs)))
    assert (sorted(won), failed) == (sorted(batch for batch, _ in pairs), [])
    with store.read() as work:
        gate = current_gate(work, incident, GateKind.sweep_work, sweep)
        resumes = [p for p in outbox.undelivered(work) if p.kind is outbox.Kind.resume]
        assert list(verify(work)) == []
    assert (gate.state, gate.answer, gate.answered_by) == ("answered", "done", "watchfloor")
    assert resumes[-1].key == f"resume:gate:{gate.id}"


def test_an_import_claims_records_and_finishes(store: Store) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work))
        batch = f"{sweep}-B1"
        recorded = take_in(work, batch, fill("p1"), fill("p2", 3))
        assert recorded == Recorded(new=2, superseded=0, unchanged=0, undecided=0)
        again = take_in(work, batch, fill("p1"), fill("p2", 3))
        assert again == Recorded(new=0, superseded=0, unchanged=2, undecided=0)
        told = [(e.event, e.facts) for e in entries(work, find_batch(work, batch).incident_id)][-3:]
        assert find_batch(work, batch).is_done
    assert [event for event, _ in told] == [
        Event.batch_claimed,
        Event.decisions_imported,
        Event.batch_finished,
    ]
    assert told[1][1] == {"batch": batch, "person": "bo", "rows": 2}


def test_an_import_with_a_wrong_row_changes_nothing(store: Store) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work))
    with pytest.raises(NotAllowed), store.begin() as work:
        take_in(work, f"{sweep}-B1", fill("p1"), fill("p3"))
    with store.read() as work:
        assert find_batch(work, f"{sweep}-B1").state == "open"
        assert counts(work, sweep).decided == 0


def test_an_import_does_not_break_into_somebody_s_lease(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work, pytest.raises(Conflict, match="held by bo"):
        take_in(work, batch.id, fill("p1"), by=CLEO)


def test_an_import_in_part_leaves_the_batch_with_its_person(store: Store) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work))
        assert take_in(work, f"{sweep}-B1", fill("p1")).undecided == 1
        found = find_batch(work, f"{sweep}-B1")
    assert (found.state, found.leased_to) == ("leased", "bo")


def round_trip(work: Work, batch: str, by: Person, path: Path) -> Filled:
    """Out to a CSV and, untouched, back in."""
    write_batch(export_batch(work, batch, by=by, now=after(81)), path)
    expected = expected_batch(work, batch, by=by, policies=POLICIES, now=after(81))
    return read_filled(path, expected=expected)


def test_a_batch_that_was_taken_over_goes_out_with_what_stands_and_comes_back(
    store: Store, tmp_path: Path
) -> None:
    batch = leased(store)
    with store.begin() as work:
        publish_guideline(
            work,
            batch.incident_id,
            {"en": "Remove calls to act."},
            title="Attack",
            policy=None,
            effective_from=after(5),
            by=EVE,
            now=after(5),
        )
        say(work, batch, violating("p1", guideline_version=1))
        claim(work, batch.id, by=CLEO, now=after(80), lease_minutes=60)
        back = round_trip(work, batch.id, CLEO, tmp_path / "batch.csv")
        assert ([row.item for row in back.rows], back.undecided) == (["p1"], ["p2"])
        rows = [*back.rows, fill("p2", 3)]
        recorded = import_decisions(
            work, batch.id, rows, by=CLEO, policies=POLICIES, now=after(82), lease_minutes=60
        )
        assert recorded == Recorded(new=1, superseded=0, unchanged=0, undecided=0)
        said = {d.item: d for d in current_decisions(work, batch.sweep_id)}
    assert (said["p1"].person, said["p2"].person, said["p2"].guideline_version) == ("bo", "cleo", 1)


def test_a_file_of_another_batch_is_refused(store: Store, tmp_path: Path) -> None:
    batch = leased(store)
    with store.begin() as work:
        two = export_batch(work, f"{batch.sweep_id}-B2", by=BO, reason="A check", now=after(11))
        write_batch(two, tmp_path / "two.csv")
        expected = expected_batch(work, batch.id, by=BO, policies=POLICIES, now=after(11))
        with pytest.raises(BadInput, match="the batch is not"):
            read_filled(tmp_path / "two.csv", expected=expected)
        with pytest.raises(NotAuthorised):
            export_batch(work, batch.id, by=DEV, now=after(11))


def test_a_judgement_is_signed_with_the_version_of_its_policy() -> None:
    row = FilledRow.model_validate(violating("p1").model_dump() | {"row": 2})
    (decision,) = signed([row], by=BO, policies=POLICIES, guideline_version=4, now=after(11))
    assert decision == violating("p1", guideline_version=4)
