"""Which questions do people still have to answer for a flow to go on, and how long may each wait for them?"""

from datetime import timedelta
from typing import Literal

from incidents.catalogue.severities import SeverityClocks
from incidents.incident.phases import OPEN, Phase
from incidents.store.gates import GateKind

CrisisGate = Literal[GateKind.declare, GateKind.stand_down, GateKind.sweep_work]
"""Questions of a crisis, which have its rhythm. The signature is a step of the review, and due as that is."""


def is_asked(kind: GateKind, phase: Phase, *, is_signed: bool, is_over: bool) -> bool:
    """Whether the question is not settled yet, in the phase that the incident is in.

    - declare: while the candidate is assessed
    - stand_down: while the incident is open
    - sign_off: while it is reviewed, until the review `is_signed`
    - sweep_work: until the sweep that is asked about `is_over`
    """
    match kind:
        case GateKind.declare:
            return phase is Phase.assessing
        case GateKind.stand_down:
            return phase in OPEN
        case GateKind.sign_off:
            return phase is Phase.reviewing and not is_signed
        case GateKind.sweep_work:
            return not is_over


def patience(kind: CrisisGate, clocks: SeverityClocks) -> timedelta:
    """How long a question may stay unanswered before `watch` escalates it."""
    if kind is GateKind.declare:
        return timedelta(minutes=clocks.assess_gate_minutes)
    return timedelta(minutes=clocks.stand_down_gate_minutes)
