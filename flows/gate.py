"""Wait for people: the run is suspended, its process ends, and nothing runs while they think."""

from prefect import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from flows.clock import now_in
from flows.lead import Lead
from incidents.store.gates import Gate, GateKind
from tasks.gates import open_gate, question, take_answer

DecisionField = Field("", description="What is decided. Leave it empty to change nothing.")
ReasonField = Field("", description="Why; it stands in the timeline and the retrospective.")
PersonField = Field("", description="Your id, as the catalogue knows you.")


class Declare(RunInput):
    """Is it a crisis?"""

    person: str = PersonField
    decision: str = Field(
        "", description="`declare` or `dismiss`.", json_schema_extra={"enum": ["", "declare", "dismiss"]}
    )
    reason: str = ReasonField


class StandDown(RunInput):
    """Is it over?"""

    person: str = PersonField
    decision: str = Field("", description="`stand_down`.", json_schema_extra={"enum": ["", "stand_down"]})
    reason: str = ReasonField


class SignOff(RunInput):
    """Is the retrospective right?"""

    person: str = PersonField
    decision: str = Field("", description="`sign`.", json_schema_extra={"enum": ["", "sign"]})
    reason: str = ReasonField


class WorkDone(RunInput):
    """Nothing to fill in: the sweep goes on by itself when every batch is done."""


FORMS: dict[GateKind, type[RunInput]] = {
    GateKind.declare: Declare,
    GateKind.stand_down: StandDown,
    GateKind.sign_off: SignOff,
    GateKind.sweep_work: WorkDone,
}


def wait_at(lead: Lead, kind: GateKind, *, subject: str | None = None) -> None:
    """Come back once the question is settled, however long that takes.

    1. The store is asked first: where it is settled there, the flow goes on at once.
    2. Otherwise the run is suspended with a form, and this process ends here.
    3. Woken, the flow runs again from its first line and comes to 1. Where it was Prefect's form that
       woke it, the answer is in the form: it is applied by the same rules, and asked again if refused.
    """
    gate = open_gate(lead.incident, kind, lead.run, now_in(lead.incident), subject=subject)
    while gate is not None and not gate.is_answered:
        gate = take_answer(gate, _suspend(lead, gate), now_in(lead.incident))


def _suspend(lead: Lead, gate: Gate) -> dict[str, str]:
    """Suspend this run, or return what the form said if the run was woken from this very place."""
    lead.waits()
    form = FORMS[gate.kind].with_initial_data(description=question(gate))
    # Prefect takes lower-case letters, digits and dashes. A refused answer makes the next key another.
    key = f"{gate.kind.value}-{gate.subject}-{gate.round}-{gate.refusals}".replace("_", "-").lower()
    answer = suspend_flow_run(wait_for_input=form, key=key)
    lead.goes_on()
    return dict(answer.model_dump(include={"person", "decision", "reason"}))
