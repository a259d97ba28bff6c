"""How a retrospective speaks of people: by the role that they had in what happened, not by name."""

from collections.abc import Callable

from incidents.incident.incident import SYSTEM
from incidents.reviews.record import Record
from incidents.timeline import Entry, Event
from incidents.words import md

_TITLES = {
    "commander": "the incident commander",
    "analyst": "the analyst",
    "policy": "the policy lead",
    "partner_lead": "the partner team's lead",
    "partner_reviewer": "a partner reviewer",
    "reviewer": "the reviewer",
    "administrator": "an administrator",
}

_BY_EVENT: dict[Event, str] = {
    Event.assessment_started: "an analyst",
    Event.assessment_recorded: "an analyst",
    Event.crisis_declared: "the incident commander",
    Event.candidate_dismissed: "the commander on call",
    Event.crisis_stood_down: "the incident commander",
    Event.ask_acknowledged: "the partner team",
    Event.message_rerun: "an operator",
    Event.batch_claimed: "a reviewer",
    Event.batch_returned: "a reviewer",
    Event.batch_finished: "a reviewer",
    Event.decisions_imported: "a reviewer",
    Event.owner_named: "a member of staff",
    Event.factor_judged: "a participant of the review",
    Event.factor_changed: "a participant of the review",
    Event.factor_added: "a participant of the review",
    Event.section_written: "a participant of the review",
    Event.action_filed: "its owner",
    Event.action_chased: "its owner",
    Event.action_changed: "somebody responsible",
    Event.role_taken: "somebody on call",
}
"""Event → who does that, where the person held no role on the incident at that time."""

_OF_THE_EVENT = frozenset(
    {Event.role_taken, Event.owner_named, Event.action_filed, Event.action_chased, Event.crisis_declared}
)
"""Events in which the role of the moment says more than the role on the incident."""

_MACHINE = frozenset({SYSTEM.id, "detect", "watch"})


def worded(record: Record) -> Callable[[Entry], Callable[[str], str]]:
    """For an entry, what to call the people in it."""
    held = [(tenure.person, tenure) for tenure in record.roles]

    def who_at(entry: Entry) -> Callable[[str], str]:
        def who(person: str) -> str:
            if person in _MACHINE:
                return "Watchfloor"
            if entry.event is Event.role_handed_over:
                return "one holder" if person == entry.facts.get("was") else "the next"
            if entry.event in _OF_THE_EVENT:
                return _BY_EVENT[entry.event]
            for holder, tenure in held:
                ended = tenure.handed_over_at
                if holder == person and tenure.taken_at <= entry.at and (ended is None or entry.at <= ended):
                    return _TITLES.get(tenure.role) or f"the {md(tenure.role)}"
            return _BY_EVENT.get(entry.event, "a member of staff")

        return who

    return who_at
