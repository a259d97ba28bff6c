"""Remind whoever leads a crisis that those who follow it wait for a brief."""

from datetime import datetime, timedelta

from prefect import task

from incidents.catalogue.channels import ESCALATIONS
from incidents.incident.briefs import BriefClock
from incidents.message import Message
from incidents.people import Role
from incidents.store import outbox
from incidents.store.briefs import miss_brief, ticking_clocks
from incidents.store.incidents import holder_of
from incidents.timeline import Event
from incidents.words import render
from tasks.duty import channels_on_call
from tasks.world import catalogue, store


@task(persist_result=False)
def remind_of_late_briefs(machine_now: datetime) -> int:
    """Tell of each brief that was missed, once; return how many reminders went out."""
    with store().read() as work:
        ticking = ticking_clocks(work)
    return sum(_remind(clock, severity, machine_now) for clock, severity in ticking)


def _remind(clock: BriefClock, severity: str, now: datetime) -> bool:
    clocks = catalogue().severity(severity).clocks
    missed = clock.missed(clocks, now)
    if missed <= clock.reminders:
        return False
    due_at = clock.since + missed * timedelta(minutes=clocks.brief_minutes)
    incident = clock.incident_id
    with store().begin() as work:
        if not miss_brief(work, clock, missed, due_at=due_at, now=now):
            return False
        message = Message(
            key=f"brief:{incident}:{clock.sent + 1}:late:{missed}",
            event=Event.brief_missed.value,
            subject=f"{incident}: a brief is late",
            text=render("notes/brief_late.md.j2", clock=clock, due_at=due_at),
            at=now,
        )
        lead = holder_of(work, incident, Role.commander)
        told = [*(catalogue().reached(lead) if lead else ()), ESCALATIONS]
        for channel in dict.fromkeys([*told, *channels_on_call(work, incident, [Role.commander], now)]):
            outbox.post_message(work, incident, channel, message)
    return True
