"""One run leads one piece of work, and says that it lives while it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from prefect.runtime import flow_run

from flows.clock import machine_now
from tasks.attempts import attempt_key, beat, beat_seconds, rest, take_lead


@dataclass(frozen=True)
class Lead:
    """The lead that this run holds."""

    key: str
    incident: str
    run: str

    def waits(self) -> None:
        """The run is about to be suspended at a gate."""
        rest(self.key, self.run, "waiting", machine_now())

    def goes_on(self) -> None:
        """The run goes on behind a gate."""
        rest(self.key, self.run, "running", machine_now())


@contextmanager
def leading(flow: str, subject: str, incident: str) -> Iterator[Lead | None]:
    """Hold the lead of a piece of work; None where another live run holds it.

    While it is held a thread records a heartbeat, so that `watch` can tell a run that works for long from
    one that died with its machine. A run that is suspended, fails or is killed keeps its place in the
    record: it takes the lead again when it is started again.
    """
    lead = Lead(key=attempt_key(flow, subject, incident), incident=incident, run=str(flow_run.get_id()))
    if not take_lead(lead.key, flow, incident, lead.run, machine_now()):
        yield None
        return
    ended = Event()
    heart = Thread(target=_beat_until, args=(lead, ended), daemon=True, name=f"heartbeat {lead.key}")
    heart.start()
    try:
        yield lead
        rest(lead.key, lead.run, "done", machine_now())
    finally:
        ended.set()
        heart.join()


def _beat_until(lead: Lead, ended: Event) -> None:
    while not ended.wait(beat_seconds()):
        beat(lead.key, lead.run, machine_now())
