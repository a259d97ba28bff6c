"""A run is taken for dead where it ended badly, vanished, or says nothing any more; never where it waits."""

from datetime import timedelta

import pytest

from incidents.incident.runs import RunState, dead_because, request_again
from tests.incidents.sweep_rows import after

MINUTE = timedelta(minutes=1)
NOW = after(10)


@pytest.mark.parametrize(
    ("kind", "since", "beat", "why"),
    [
        ("CRASHED", 9.99, 9, None),  # Prefect's worker is about to say so once more
        ("CRASHED", 9, 9, "the run was crashed"),
        ("FAILED", 9, 9, "the run was failed"),
        ("CANCELLED", 9, 9, "the run was cancelled"),
        ("RUNNING", 5, 9.5, None),
        ("RUNNING", 9.5, 5, None),  # it was just woken, and has not had the time to beat
        ("RUNNING", 5, 8, "no sign of life since 18:08:00 UTC"),
        ("PENDING", 8, 5, "no sign of life since 18:08:00 UTC"),
        ("SCHEDULED", 5, 5, None),
        ("PAUSED", 5, 5, None),  # it waits for a person, for days if need be
        ("COMPLETED", 5, 5, None),
    ],
)
def test_what_state_and_heartbeat_say(kind: str, since: float, beat: float, why: str | None) -> None:
    state = RunState(kind, after(since))
    assert dead_because(state, after(beat), machine_now=NOW, dead_after=MINUTE) == why


def test_a_run_that_prefect_lost_is_dead_however_lately_it_beat() -> None:
    why = dead_because(None, NOW, machine_now=NOW, dead_after=MINUTE)
    assert why == "Prefect does not know the run any more"


@pytest.mark.parametrize(
    ("key", "request_"),
    [
        ("crisis:INC-1", {"incident": "INC-1"}),
        ("review:INC-1:2", {"incident": "INC-1"}),
        ("sweep:INC-1-S3", {"incident": "INC-1", "sweep": "INC-1-S3"}),
        ("widen:INC-1-S3-W2", {"incident": "INC-1", "sweep": "INC-1-S3", "window": "2"}),
    ],
)
def test_a_run_in_place_of_another_is_asked_for_the_same(key: str, request_: dict[str, str]) -> None:
    assert request_again(key.partition(":")[0], key, "INC-1") == request_
