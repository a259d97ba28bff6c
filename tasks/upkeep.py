"""What `watch` repairs: leases that ran out, clocks that rang, runs that died, answers that were lost."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import httpx
from prefect import task

from incidents.catalogue.channels import ESCALATIONS
from incidents.errors import PartnerUnreachable
from incidents.incident.phases import OPEN, Phase
from incidents.incident.runs import dead_because, request_again
from incidents.message import Message
from incidents.people import Role
from incidents.store import attempts, outbox, timeline
from incidents.store.asks import Ask, escalate_ask, late_asks
from incidents.store.attempts import Attempt
from incidents.store.catalogues import keep_catalogue
from incidents.store.engine import Work
from incidents.store.gates import Gate, escalate_gate, late_gates
from incidents.store.incidents import in_phases
from incidents.store.missing import missing_runs
from incidents.store.returns import return_expired
from incidents.timeline import Event
from incidents.words import render
from tasks.duty import channels_on_call
from tasks.runs import run_state, start_again, start_run, wake_run
from tasks.world import catalogue, is_rehearsed, settings, store, told

PATIENCE = timedelta(minutes=30)
"""How long an escalation waits for an answer before it is repeated."""

MINUTE = timedelta(minutes=1)

MOST_STARTS = 5
"""Starts in a row without coming to a gate, after which a run is left to a person."""

LEADS = (Role.commander,)
"""Duties that are called whatever is late in a crisis."""

RESPONDING = (Phase.declared, Phase.responding, Phase.monitoring)


@task(persist_result=False)
def return_expired_leases(machine_now: datetime) -> int:
    """Put batches back into the queue whose reviewer went away."""
    with store().begin() as work:
        return len(return_expired(work, now_of=lambda incident: told(incident, machine_now)))


@task(persist_result=False)
def keep_what_is_in_force(machine_now: datetime) -> int:
    """Keep what the catalogue says since its files were changed; return how many editions are new."""
    with store().begin() as work:
        return keep_catalogue(work, catalogue(), now=machine_now)


@task(persist_result=False)
def escalate_late_asks(machine_now: datetime) -> int:
    """Tell somebody else about asks that nobody acknowledged in time; return how many."""
    with store().read() as work:
        asks = late_asks(work, RESPONDING, now=machine_now)
    return sum(_escalate(ask, escalate_ask, ask.key, machine_now, (*LEADS, ask.team)) for ask in asks)


@task(persist_result=False)
def escalate_late_gates(machine_now: datetime) -> int:
    """Tell somebody else about questions that nobody answered in time; return how many."""
    with store().read() as work:
        gates = late_gates(work, now=machine_now)
    return sum(_escalate(gate, escalate_gate, f"gate:{gate.id}", machine_now, LEADS) for gate in gates)


def _escalate(
    late: Ask | Gate, count: Callable[..., bool], key: str, now: datetime, duties: Sequence[str]
) -> bool:
    """Count the escalation and promise its message, both or neither; False where another process did."""
    asked = isinstance(late, Ask)
    text = render("asks/late.md.j2", ask=late) if asked else render("gates/late.md.j2", gate=late)
    with store().begin() as work:
        if not count(work, late, next_due=now + PATIENCE, now=now):
            return False
        _tell_escalations(work, late.incident_id, f"{key}:late:{late.escalations + 1}", text, now, duties)
    return True


def _tell_escalations(
    work: Work, incident: str, key: str, text: str, now: datetime, duties: Sequence[str] = LEADS
) -> None:
    subject = f"{incident}: nobody answered"
    message = Message(key=key, event=Event.gate_escalated.value, subject=subject, text=text, at=now)
    for channel in (ESCALATIONS, *channels_on_call(work, incident, duties, now)):
        outbox.post_message(work, incident, channel, message)


@task(persist_result=False)
def restart_dead_runs(machine_now: datetime) -> int:
    """Start runs again that crashed, failed, vanished, or say nothing any more; return how many."""
    with store().read() as work:
        leading = attempts.unfinished(work)
    return sum(_restart_if_dead(attempt, machine_now) for attempt in leading)


def _restart_if_dead(attempt: Attempt, machine_now: datetime) -> bool:
    state = run_state(attempt.flow_run_id)
    dead_after = timedelta(seconds=settings().dead_after_seconds)
    why = dead_because(state, attempt.beat_at, machine_now=machine_now, dead_after=dead_after)
    if why is None:
        return False
    if attempt.starts >= MOST_STARTS:
        return _give_up(attempt, why, machine_now)
    with store().begin() as work:
        # Whoever moves the heartbeat first restarts the run; a second `watch` finds it moved.
        if not attempts.claim_restart(work, attempt, machine_now=machine_now):
            return False
        facts = {"flow": attempt.flow, "why": why}
        now = told(attempt.incident_id, machine_now)
        timeline.append(work, attempt.incident_id, Event.run_restarted, actor="watch", now=now, facts=facts)
    if state is None:
        _replace(attempt, machine_now)
    else:
        start_again(attempt.flow_run_id, machine_now)
    return True


def _give_up(attempt: Attempt, why: str, machine_now: datetime) -> bool:
    """Ask a person to look, once: what fails this often will fail again."""
    now = told(attempt.incident_id, machine_now)
    text = render("notes/stuck.md.j2", attempt=attempt, why=why, now=now)
    with store().begin() as work:
        _tell_escalations(work, attempt.incident_id, f"stuck:{attempt.key}:{attempt.flow_run_id}", text, now)
    return False


def _replace(attempt: Attempt, machine_now: datetime) -> None:
    """Start a new run in place of one that Prefect lost, with its whole database perhaps."""
    request = request_again(attempt.flow, attempt.key, attempt.incident_id)
    run = start_run(attempt.flow, request, key=f"{attempt.key}:instead-of:{attempt.flow_run_id}")
    with store().begin() as work:
        attempts.replace_run(work, attempt, run, machine_now=machine_now)


@task(persist_result=False)
def start_missing_runs(machine_now: datetime) -> int:
    """Start the flows that should be there and are not: their event was lost. Returns how many.

    What was asked for less than a minute ago is left to its event.
    """
    with store().read() as work:
        missing = missing_runs(work)
    # By a standing clock nothing ages: there a run that its event starts anyway only finds the lead taken.
    calm = [m for m in missing if is_rehearsed(m.incident) or m.since < told(m.incident, machine_now) - MINUTE]
    for run in calm:
        start_run(run.flow, run.request, key=f"missing:{run.key}")
    return len(calm)


@task(persist_result=False)
def wake_answered_runs(machine_now: datetime) -> int:
    """Wake runs whose gate is answered and which still wait: their poke was lost. Returns how many."""
    with store().read() as work:
        waiting = attempts.waiting_at_answered_gates(work)
    woken = 0
    for flow_run_id in waiting:
        state = run_state(flow_run_id)
        if state is not None and state.kind == "PAUSED":
            wake_run(flow_run_id, machine_now)
            woken += 1
    return woken


@task(persist_result=False)
def verify_timelines(_machine_now: datetime) -> int:
    """Recompute the timelines of what goes on; raises where one does not fit, returns 0 otherwise.

    Closed incidents are left to `watchfloor verify`: their number grows for ever, and this runs each minute.
    """
    with store().read() as work:
        going_on = in_phases(work, OPEN | {Phase.stood_down, Phase.reviewing})
        broken = [found for incident in going_on for found in timeline.verify(work, incident.id)]
    if broken:
        listed = "; ".join(f"{b.incident} at entry {b.seq}: {b.why}" for b in broken)
        raise RuntimeError(f"The record was changed behind our back: {listed}. Run `watchfloor verify`.")
    return 0


@task(retries=2, retry_delay_seconds=1, persist_result=False)
def ping_dead_man(_done: Mapping[str, int]) -> None:
    """Call the dead-man address: all is well. Who watches it is alarmed when the calls stop."""
    url = settings().dead_man_url
    if url is None:
        return
    try:
        httpx.get(url, timeout=settings().partner_timeout_seconds).raise_for_status()
    except httpx.HTTPError as error:
        raise PartnerUnreachable(
            "The dead-man address did not take our call; it will raise its alarm."
        ) from error
