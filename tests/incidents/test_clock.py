"""A drill's clock stands still between moves; the machine's does not."""

from datetime import UTC, datetime, timedelta

from incidents.drills.clock import Clock
from incidents.drills.request import START, DrillRequest
from incidents.incident.incident import SYSTEM
from incidents.store import drills
from incidents.store.engine import Store

MACHINE = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_standing_clock_shows_the_same_time_however_long_machines_take() -> None:
    clock = Clock(stands_at=START)
    assert clock.tell(MACHINE) == clock.tell(MACHINE + HOUR) == START


def test_a_live_clock_is_the_machine_s() -> None:
    assert Clock().tell(MACHINE) == MACHINE


def test_a_clock_moves_forward_and_never_back(store: Store) -> None:
    drill = _drill(store, Clock(stands_at=START))
    with store.begin() as work:
        drills.move_clock(work, drill, START + HOUR)
        drills.move_clock(work, drill, START)
        assert drills.find_drill(work, drill).stands_at == START + HOUR


def test_a_live_clock_cannot_be_moved(store: Store) -> None:
    drill = _drill(store, Clock())
    with store.begin() as work:
        drills.move_clock(work, drill, START)
        drills.set_clock(work, drill, START)
        assert drills.find_drill(work, drill).clock.tell(MACHINE) == MACHINE


def test_the_first_end_of_a_drill_stays(store: Store) -> None:
    drill = _drill(store, Clock())
    with store.begin() as work:
        drills.end_drill(work, drill, failure="the run was killed")
        drills.end_drill(work, drill)
        ended = drills.find_drill(work, drill)
    assert (ended.state, ended.failure) == ("failed", "the run was killed")


def _drill(store: Store, clock: Clock) -> str:
    request = DrillRequest().model_dump(mode="json")
    with store.begin() as work:
        return drills.open_drill(work, request, clock=clock, by=SYSTEM).id
