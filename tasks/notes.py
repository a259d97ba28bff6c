"""Notes from one shift to the next."""

from datetime import datetime

from prefect import task

from incidents.catalogue.channels import ESCALATIONS
from incidents.incident.phases import OPEN
from incidents.message import Message
from incidents.store import outbox, shift_notes, timeline
from incidents.store.asks import asks_of
from incidents.store.gates import open_gates
from incidents.store.incidents import find, in_phases
from incidents.store.progress import progress
from incidents.store.roles import tenures
from incidents.store.sweeps import sweeps_of
from incidents.timeline import Event
from incidents.words import render, sentence
from tasks.world import store, told


@task(persist_result=False)
def write_shift_notes(machine_now: datetime) -> int:
    """Write a note for each open incident, once an hour at most; return how many were written."""
    with store().read() as work:
        incidents = in_phases(work, OPEN)
    return sum(_write_note(incident.id, told(incident.id, machine_now)) for incident in incidents)


def _write_note(incident: str, now: datetime) -> bool:
    with store().begin() as work:
        last = shift_notes.last_note(work, incident)
        entries = timeline.entries(work, incident, after=last.seq if last else 0)
        found = find(work, incident)
        markdown = render(
            "notes/shift.md.j2",
            incident=found,
            now=now,
            roles=[role for role in tenures(work, incident) if role["handed_over_at"] is None],
            gates=open_gates(work, incident),
            asks=[ask for ask in asks_of(work, incident) if not ask.is_acknowledged],
            sweeps=[(sweep, progress(work, sweep.id)) for sweep in sweeps_of(work, incident)],
            told=[(entry, sentence(entry)) for entry in entries],
        )
        key = f"shift:{incident}:{now:%Y-%m-%dT%H}"
        if not shift_notes.keep(work, incident, key=key, markdown=markdown, now=now):
            return False
        if found.restricted:
            return True  # the note is kept for those who may see it, and goes to nobody else
        message = Message(
            key=key, event=Event.shift_noted.value, subject=f"Shift note {incident}", text=markdown, at=now
        )
        return outbox.post_message(work, incident, ESCALATIONS, message)
