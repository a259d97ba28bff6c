"""Whatever people do with action items, in whatever order: what holds of each, and what refusals leave."""

from datetime import datetime
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from incidents.errors import BadInput, Conflict, NotAllowed
from incidents.people import Person
from incidents.reviews.actions import ENDED_UNDONE, NEXT, ActionItem, ActionState
from incidents.store import timeline
from incidents.store.action_history import last_moves, state_after
from incidents.store.action_items import actions_of, change_action, chase, file_action, find_action
from incidents.store.engine import Store
from incidents.timeline import Entry, Event
from tests.incidents.review_rows import ADA, BO, CLEO, DEV, add_incident, after

PEOPLE = (ADA, BO, CLEO, DEV)
OWNERS = ("bo", "cleo", "german")
NOTES = st.sampled_from(["", " ", "because", "since"])
_NUMBERS = count(100)


class Items(RuleBasedStateMachine):
    """The action items of one incident, on a real store, beside what was true of them before."""

    store: Store
    items = Bundle("items")

    def __init__(self) -> None:
        super().__init__()
        with self.store.begin() as work:
            self.incident = add_incident(work, next(_NUMBERS), phase="reviewing")
        self.minutes = 0
        self.filed: dict[str, ActionItem] = {}
        self.ended: dict[str, ActionState] = {}

    @rule(target=items, owner=st.sampled_from(OWNERS))
    def file(self, owner: str) -> str:
        told: dict[str, Any] = {
            "title": f"Item {len(self.filed)}",
            "success": "Seen",
            "due_at": after(9_000_000),
        }
        with self.store.begin() as work:
            item = file_action(
                work, self.incident, **told, kind="prevent", owner=owner, by=ADA, now=self._later()
            )
        self.filed[item.id] = item
        return item.id

    @rule(item=items, to=st.sampled_from(ActionState), by=st.sampled_from(PEOPLE), note=NOTES)
    def move(self, item: str, to: ActionState, by: Person, note: str) -> None:
        self._move(item, to, by, note)

    @rule(item=items, by=st.sampled_from(PEOPLE), note=NOTES, heir=items)
    def supersede(self, item: str, by: Person, note: str, heir: str) -> None:
        self._move(item, ActionState.superseded, by, note, heir)

    @rule(item=items, by=st.sampled_from(PEOPLE))
    def finish(self, item: str, by: Person) -> None:
        """Nearly all the way, so that many come to their end."""
        for to in (ActionState.in_progress, ActionState.done_claimed, ActionState.verified):
            self._move(item, to, by, "because")

    def _move(self, item: str, to: ActionState, by: Person, note: str, heir: str | None = None) -> None:
        before, told = self._items(), self._timeline()
        try:
            with self.store.begin() as work:
                change_action(work, item, state=to, note=note, successor=heir, by=by, now=self._later())
        except (NotAllowed, Conflict, BadInput):
            assert (self._items(), self._timeline()) == (before, told)
            return
        self._check_move(before, before[item], to, by, note)
        (entry,) = self._timeline()[len(told) :]
        assert (entry.event, entry.actor) == (Event.action_changed, by.id)
        assert (entry.facts["item"], entry.facts["was"]) == (item, before[item].state)
        assert (entry.facts["state"], entry.facts.get("successor")) == (to, heir)

    def _check_move(
        self, before: dict[str, ActionItem], item: ActionItem, to: ActionState, by: Person, note: str
    ) -> None:
        """The move was one of the table's, by somebody who may, and moved this item alone."""
        now_is = self._items()
        assert to in NEXT[item.state]
        assert by not in (CLEO, DEV) or item.owner in (by.id, by.team)
        assert to is not ActionState.verified or by.id != item.owner
        assert note.strip() or to not in ENDED_UNDONE
        assert now_is[item.id].state is to
        assert {name: each for name, each in now_is.items() if name != item.id} == {
            name: each for name, each in before.items() if name != item.id
        }

    @rule(item=items)
    def remind(self, item: str) -> None:
        with self.store.begin() as work:
            was = find_action(work, item)
            assert chase(work, item, self._later(days=1)) is (item not in self.ended)
            now_is = find_action(work, item)
        assert now_is.model_copy(update={"chased_at": was.chased_at}) == was

    @invariant()
    def what_was_filed_stays_and_what_ended_does_not_move(self) -> None:
        kept = {"id", "number", "title", "kind", "owner", "success", "due_at", "filed_at"}
        now_is = self._items()
        assert set(now_is) == set(self.filed)
        for name, item in now_is.items():
            assert item.model_dump(include=kept) == self.filed[name].model_dump(include=kept)
            assert self.ended.get(name, item.state) is item.state
            if not NEXT[item.state]:
                self.ended[name] = item.state

    @invariant()
    def what_is_superseded_leads_to_one_that_is_not(self) -> None:
        items = self._items()
        for item in items.values():
            assert (item.superseded_by is not None) is (item.state is ActionState.superseded)
            heir, seen = item, set[str]()
            while heir.superseded_by is not None:
                assert heir.id not in seen
                seen.add(heir.id)
                heir = items[heir.superseded_by]

    @invariant()
    def the_timeline_tells_how_each_came_where_it_is(self) -> None:
        with self.store.read() as work:
            assert not list(timeline.verify(work, self.incident))
            moved = last_moves(work, at=after(10_000_000))
        items = self._items()
        assert {name: state_after(moved.get(name)) for name in items} == {
            name: item.state for name, item in items.items()
        }

    def _items(self) -> dict[str, ActionItem]:
        with self.store.read() as work:
            return {item.id: item for item in actions_of(work, self.incident)}

    def _timeline(self) -> list[Entry]:
        with self.store.read() as work:
            return timeline.entries(work, self.incident)

    def _later(self, days: int = 0) -> datetime:
        self.minutes += 1 + days * 24 * 60
        return after(self.minutes)


def test_whatever_people_do_with_action_items(store: Store) -> None:
    machine = type("ItemsOfThisStore", (Items,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
