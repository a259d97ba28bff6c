"""Action items do not die: one owner, a due date, and done only when somebody else has seen it."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised, NotFound
from incidents.people import Person, Role
from incidents.reviews.actions import NEXT, ActionArea, ActionItem, ActionState, refusals
from incidents.store import timeline
from incidents.store.action_items import (
    actions_of,
    change_action,
    chase,
    file_action,
    find_action,
    overdue_actions,
    overdue_of_class,
    visible_actions,
)
from incidents.store.engine import Store, Work
from incidents.store.incidents import find
from incidents.store.schema import incidents
from incidents.timeline import Event
from tests.incidents.review_rows import ADA, BO, CLEO, DEV, EVE, T0, add_incident, after

DAY = timedelta(days=1)


@pytest.fixture
def store(store: Store) -> Store:
    with store.begin() as work:
        add_incident(work)
    return store


def new(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Write the term list with the team that reads the language",
        "kind": "prevent",
        "owner": "cleo",
        "success": "The next drill's term list has a second reader.",
        "factor": None,
        "due_at": T0 + 15 * DAY,
    } | changes


def file(store: Store, **changes: Any) -> ActionItem:
    with store.begin() as work:
        return file_action(work, "INC-12", **new(**changes), by=ADA, now=T0)


def change(store: Store, item: str, state: str, by: Person, note: str = "", minutes: float = 1) -> ActionItem:
    with store.begin() as work:
        return change_action(work, item, state=state, note=note, by=by, now=after(minutes))


def events(work: Work) -> list[Event]:
    return [entry.event for entry in timeline.entries(work, "INC-12")]


def test_an_item_goes_from_open_to_verified_by_somebody_else(store: Store) -> None:
    item = file(store)
    assert (item.id, item.state) == ("INC-12-A1", ActionState.open)
    change(store, item.id, "in_progress", CLEO)
    change(store, item.id, "done_claimed", CLEO, note="in the handbook")
    done = change(store, item.id, "verified", BO, minutes=5)
    assert done.state is ActionState.verified
    assert done.note == "in the handbook"
    with store.read() as work:
        assert events(work) == [Event.action_filed] + [Event.action_changed] * 3
        assert not list(timeline.verify(work))


def test_its_owner_does_not_verify_it(store: Store) -> None:
    item = file(store, owner="bo")
    change(store, item.id, "in_progress", BO)
    change(store, item.id, "done_claimed", BO)
    with pytest.raises(NotAllowed) as refused:
        change(store, item.id, "verified", BO)
    assert refused.value.codes == ("VERIFIER_IS_OWNER",)


@pytest.mark.parametrize("was", ActionState)
@pytest.mark.parametrize("to", ActionState)
def test_the_table_says_which_moves_are_allowed(was: ActionState, to: ActionState) -> None:
    item = ActionItem(
        **new(),
        id="A",
        incident_id="I",
        number=1,
        area=None,
        state=was,
        superseded_by=None,
        note=None,
        filed_at=T0,
        chased_at=None,
    )
    heir = item.model_copy(update={"id": "B", "state": ActionState.open})
    found = refusals(item, to, note="because", person="bo", successor=heir)
    codes = [refusal.code for refusal in found]
    assert codes == ([] if to in NEXT[was] else ["STATE_NOT_NEXT"])


@pytest.mark.parametrize("state", ["wont_do", "in_progress"])
def test_what_is_dropped_or_sent_back_says_why(store: Store, state: str) -> None:
    item = file(store)
    change(store, item.id, "in_progress", CLEO)
    change(store, item.id, "done_claimed", CLEO)
    with pytest.raises(NotAllowed) as refused:
        change(store, item.id, state, ADA, note="  ")
    assert refused.value.codes == ("REASON_MISSING",)
    assert change(store, item.id, state, ADA, note="the tool is gone").note == "the tool is gone"


def test_an_item_is_superseded_by_one_that_will_be_done(store: Store) -> None:
    item, heir = file(store), file(store, title="One tool for both", area="tooling")
    assert (item.area, heir.area) == (None, ActionArea.tooling)

    def supersede(by: str | None, note: str = "One tool does both") -> ActionItem:
        with store.begin() as work:
            return change_action(
                work, item.id, state="superseded", note=note, successor=by, by=ADA, now=after(3)
            )

    for by, note, code in (
        (None, "why", "SUCCESSOR_MISSING"),
        (item.id, "why", "SUCCESSOR_ENDED"),
        (heir.id, " ", "REASON_MISSING"),
    ):
        with pytest.raises(NotAllowed) as refused:
            supersede(by, note)
        assert refused.value.codes == (code,)
    with pytest.raises(NotFound):
        supersede("INC-12-A9")
    with pytest.raises(BadInput, match="Only an item that is superseded"), store.begin() as work:
        change_action(work, item.id, state="in_progress", successor=heir.id, by=ADA, now=after(3))
    assert supersede(heir.id).superseded_by == heir.id
    # It has ended: nobody is chased for it, and it takes nobody's place.
    with store.begin() as work:
        assert [each.id for each in actions_of(work, open_only=True)] == [heir.id]
        with pytest.raises(NotAllowed) as back:
            change_action(work, heir.id, state="superseded", note="x", successor=item.id, by=ADA, now=after(4))
        assert back.value.codes == ("SUCCESSOR_ENDED",)
        entry = timeline.entries(work, "INC-12")[-1]
        assert entry.facts["successor"] == heir.id


def test_the_successor_may_be_an_item_of_another_incident_that_one_sees(store: Store) -> None:
    item = file(store)
    root = Person(id="root", roles=frozenset({Role.administrator}))
    with store.begin() as work:
        add_incident(work, 13, restricted=True)
        hidden = file_action(work, "INC-13", **new(), by=root, now=T0)
    with store.begin() as work, pytest.raises(NotAuthorised) as refused:
        change_action(work, item.id, state="superseded", note="x", successor=hidden.id, by=ADA, now=after(1))
    assert refused.value.codes == ("INCIDENT_RESTRICTED",)


def test_the_next_incident_of_a_policy_is_told_what_is_overdue(store: Store) -> None:
    late = file(store, due_at=T0 + DAY)
    file(store, title="Not yet due", due_at=T0 + 9 * DAY)
    others: list[dict[str, Any]] = [{}, {"policy": "spam"}, {"policy": None}, {"drill": "D"}]
    with store.begin() as work:
        for number, changes in enumerate(others, start=13):
            add_incident(work, number, **changes)

    def told(incident: str, days: float = 2) -> list[str]:
        with store.read() as work:
            return [item.id for item in overdue_of_class(work, find(work, incident), T0 + days * DAY)]

    assert told("INC-13") == [late.id]
    assert [told(f"INC-{number}") for number in (12, 14, 15, 16)] == [[], [], [], []]
    assert told("INC-13", days=1) == []
    with store.begin() as work:
        work.execute(sa.update(incidents).where(incidents.c.id == "INC-12").values(restricted=True))
    assert told("INC-13") == []


def test_whoever_comes_second_is_told_who_and_when(store: Store) -> None:
    item = file(store)
    change(store, item.id, "in_progress", CLEO, minutes=7)
    with pytest.raises(Conflict, match="cleo moved it first, at 2026-11-22 18:07:00 UTC"):
        change(store, item.id, "in_progress", ADA)


def test_partners_change_their_own_items_only(store: Store) -> None:
    item = file(store)
    with pytest.raises(NotAllowed) as refused:
        change(store, item.id, "in_progress", DEV)
    assert refused.value.codes == ("OTHERS_ACTION",)
    assert file(store, title="Another", owner="german").owner == "german"
    assert change(store, "INC-12-A2", "in_progress", DEV).state is ActionState.in_progress


def test_everything_that_is_wrong_is_named_at_once(store: Store) -> None:
    with pytest.raises(BadInput) as wrong:
        file(store, title=" ", kind="vague", area="there", owner="", success="", factor=3, due_at=T0)
    for part in (
        "title is empty",
        "owner is empty",
        "success is empty",
        "kind is one of",
        "area is one of",
        "no factor 3",
    ):
        assert part in str(wrong.value)
    assert "has passed" in str(wrong.value)
    with pytest.raises(BadInput, match="not finished"):
        change(store, file(store).id, "finished", ADA)
    with pytest.raises(NotFound), store.read() as work:
        find_action(work, "INC-12-A9")


def test_the_same_title_is_filed_once(store: Store) -> None:
    assert file(store) == file(store)
    with store.read() as work:
        assert events(work) == [Event.action_filed]


def test_filing_takes_a_role(store: Store) -> None:
    with store.begin() as work, pytest.raises(NotAuthorised):
        file_action(work, "INC-12", **new(), by=CLEO, now=T0)


def test_overdue_items_are_those_that_nobody_verified_and_no_drills(store: Store) -> None:
    late = file(store)
    file(store, title="Later", due_at=T0 + 30 * DAY)
    dropped = file(store, title="Dropped")
    change(store, dropped.id, "wont_do", ADA, note="no need")
    with store.begin() as work:
        add_incident(work, 13, drill="DRILL-1")
        file_action(work, "INC-13", **new(), by=ADA, now=T0)
    with store.read() as work:
        assert [item.id for item in overdue_actions(work, T0 + 16 * DAY)] == [late.id]
        assert overdue_actions(work, T0 + 15 * DAY) == []
        assert len(actions_of(work)) == 4
        assert [item.title for item in actions_of(work, "INC-12", open_only=True)] == [late.title, "Later"]


def test_an_owner_is_reminded_once_a_day_until_it_is_done(store: Store) -> None:
    item = file(store, due_at=T0 + DAY)

    def chased(days: float) -> bool:
        with store.begin() as work:
            return chase(work, item.id, T0 + days * DAY)

    assert [chased(2), chased(2.5), chased(3), chased(4)] == [True, False, True, True]
    change(store, item.id, "wont_do", ADA, note="no need")
    assert not chased(9)
    with store.read() as work:
        chases = [e for e in timeline.entries(work, "INC-12") if e.event is Event.action_chased]
    assert [entry.facts["times"] for entry in chases] == [1, 2, 3]
    with store.begin() as work, pytest.raises(NotFound):
        chase(work, "INC-12-A9", T0)


def test_who_sees_which_items(store: Store) -> None:
    file(store)
    file(store, title="Another", owner="ada")
    with store.begin() as work:
        add_incident(work, 13, restricted=True)
        file_action(work, "INC-13", **new(), by=Person(id="root", roles=frozenset({"administrator"})), now=T0)
    with store.read() as work:
        assert {item.id for item in visible_actions(work, EVE)} == {"INC-12-A1", "INC-12-A2"}
        assert {item.id for item in visible_actions(work, CLEO, "INC-12")} == {"INC-12-A1"}
        assert visible_actions(work, DEV) == []
        with pytest.raises(NotAuthorised):
            visible_actions(work, EVE, "INC-13")
