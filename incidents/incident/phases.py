"""Which phases a crisis passes through, and which moves between them are allowed.

The table is the protocol: read it first. What else must hold before a move (an unfinished sweep, an
unsigned review) is in `incident.py`; this module knows the map alone.
"""

from enum import StrEnum

from incidents.errors import NotAllowed, Refusal


class Phase(StrEnum):
    """Where an incident stands. `SENTENCES` says what each phase means."""

    detected = "detected"
    assessing = "assessing"
    declared = "declared"
    responding = "responding"
    monitoring = "monitoring"
    stood_down = "stood_down"
    reviewing = "reviewing"
    closed = "closed"
    dismissed = "dismissed"


SENTENCES: dict[Phase, str] = {
    Phase.detected: "Signals were grouped into a candidate; nobody has looked at it yet.",
    Phase.assessing: "An analyst answers the entry criteria; a commander declares a crisis or dismisses it.",
    Phase.declared: "It is a crisis; roles, the guideline and the asks to partner teams are being prepared.",
    Phase.responding: "Partner teams enforce the guideline and work the sweeps.",
    Phase.monitoring: "Every sweep has ended; we watch whether the harm comes back.",
    Phase.stood_down: "The commander ended the crisis; everybody was told.",
    Phase.reviewing: "The retrospective is being written, read and signed.",
    Phase.closed: "The retrospective is published; its action items live on.",
    Phase.dismissed: "A commander decided that this was no crisis, and said why.",
}

NEXT: dict[Phase, frozenset[Phase]] = {
    Phase.detected: frozenset({Phase.assessing}),
    Phase.assessing: frozenset({Phase.declared, Phase.dismissed}),
    Phase.declared: frozenset({Phase.responding}),
    Phase.responding: frozenset({Phase.monitoring, Phase.stood_down}),
    Phase.monitoring: frozenset({Phase.responding, Phase.stood_down}),
    Phase.stood_down: frozenset({Phase.reviewing, Phase.responding}),
    Phase.reviewing: frozenset({Phase.closed, Phase.responding}),
    Phase.closed: frozenset({Phase.responding}),
    Phase.dismissed: frozenset({Phase.assessing}),
}

OPEN = frozenset({Phase.detected, Phase.assessing, Phase.declared, Phase.responding, Phase.monitoring})
"""Phases in which new signals of the same grouping key join the incident; the database keeps it to one."""

REOPENED_INTO: dict[Phase, Phase] = {
    Phase.stood_down: Phase.responding,
    Phase.reviewing: Phase.responding,
    Phase.closed: Phase.responding,
    Phase.dismissed: Phase.assessing,
}
"""Ended phase → the phase in which a reopened incident goes on."""


def check_move(incident: str, was: Phase, to: Phase) -> None:
    """Return if the table allows the move, raise NotAllowed naming the phases that are allowed if not."""
    if to in NEXT[was]:
        return
    allowed = ", ".join(sorted(NEXT[was]))
    reason = Refusal("PHASE_NOT_NEXT", f"From {was} it can go to: {allowed}.")
    raise NotAllowed(f"{incident} is {was} and cannot become {to}.", [reason])
