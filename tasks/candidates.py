"""Turn signals into candidate incidents, and look at each candidate for the first time."""

from datetime import datetime, timedelta

from prefect import task

from incidents.catalogue.model import Catalogue
from incidents.incident.incident import SYSTEM
from incidents.incident.phases import Phase
from incidents.incident.severity import priority
from incidents.signals.detection import Group, group_signals
from incidents.store import outbox
from incidents.store.engine import Work
from incidents.store.incidents import NewCandidate, find, open_candidate, open_with_key
from incidents.store.lifecycle import start_assessment
from incidents.store.signals import attach, still_waiting, waiting_signals
from incidents.timeline import Event
from tasks.world import catalogue, store

LOOK_BACK = timedelta(days=2)
"""Signals older than this open nothing any more; they stay in the store."""


@task(persist_result=False)
def open_candidates(now: datetime, drill: str | None = None) -> list[str]:
    """Group the signals that belong to no incident and open or feed candidates; return the opened ones.

    Each group is one transaction. A group that an open incident covers joins it; one that no rule fires
    for waits for more. `drill` looks at the signals of that drill alone.
    """
    known = catalogue()
    with store().read() as work:
        waiting = waiting_signals(work, since=now - LOOK_BACK, drill=drill)
    groups = group_signals(waiting, known.detection_rules, now=now)
    opened = []
    for group in groups:
        with store().begin() as work:
            incident = _open_or_feed(work, group, known, drill=drill or "", now=now)
        if incident is not None:
            opened.append(incident)
    return opened


def _open_or_feed(work: Work, group: Group, known: Catalogue, *, drill: str, now: datetime) -> str | None:
    """Open a candidate for the group and return its id; None where it joined one, or has to wait."""
    covering = open_with_key(work, group.key)
    if covering is not None:
        attach(work, group.signals, covering.id, now=now)
        return None
    if group.why is None or not still_waiting(work, group.signals):
        return None
    opened = open_candidate(work, _candidate(group, known, drill), by=SYSTEM.id, now=now)
    if opened is None:
        return None
    attach(work, group.signals, opened.id, now=now)
    outbox.post_event(work, opened.id, Event.candidate_opened, key=f"candidate:{opened.id}", now=now)
    return opened.id


def _candidate(group: Group, known: Catalogue, drill: str) -> NewCandidate:
    protocol = known.protocol(group.rule.protocol)
    return NewCandidate(
        title=group.title,
        grouping_key=group.key,
        impact=group.rule.impact,
        priority=priority(group.rule.impact, known.priority_rules),
        policy=_policy(group, known),
        protocol=protocol.id,
        protocol_version=protocol.version,
        catalogue_version=known.version,
        why=f"{group.why} (rule {group.rule.id})",
        drill=drill,
    )


def _policy(group: Group, known: Catalogue) -> str:
    """The policy that the signals name, where the catalogue knows it; else the rule's."""
    named = {signal.field("policy") for signal in group.signals} & {policy.id for policy in known.policies}
    return min(named, default=None, key=str) or group.rule.policy


@task(persist_result=False)
def begin_assessment(incident: str, now: datetime) -> Phase:
    """Note that the candidate is being looked at, unless it was before; return the phase it is in."""
    with store().begin() as work:
        found = find(work, incident)
        if found.phase is Phase.detected:
            found = start_assessment(work, incident, by=SYSTEM, now=now)
        return found.phase
