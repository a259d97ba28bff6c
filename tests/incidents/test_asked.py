"""Which questions are put to people, and how long they may take to answer."""

from datetime import timedelta

import pytest

from incidents.catalogue.load import load_catalogue
from incidents.incident.asks import new_ask
from incidents.incident.gates import is_asked, patience
from incidents.incident.phases import OPEN, Phase
from incidents.store.engine import Store
from incidents.store.gates import GateKind
from tests.incidents.sweep_rows import add_candidate, after


@pytest.mark.parametrize("phase", Phase)
def test_a_question_is_asked_in_the_phases_that_its_answer_ends(phase: Phase) -> None:
    asked = {kind for kind in GateKind if is_asked(kind, phase, is_signed=False, is_over=True)}
    wanted = {
        GateKind.declare: phase is Phase.assessing,
        GateKind.stand_down: phase in OPEN,
        GateKind.sign_off: phase is Phase.reviewing,
        GateKind.sweep_work: False,
    }
    assert asked == {kind for kind, is_wanted in wanted.items() if is_wanted}


def test_what_is_signed_is_not_to_be_signed() -> None:
    assert not is_asked(GateKind.sign_off, Phase.reviewing, is_signed=True, is_over=False)


def test_a_sweep_that_is_not_over_waits_for_its_readers() -> None:
    assert is_asked(GateKind.sweep_work, Phase.responding, is_signed=False, is_over=False)


def test_each_question_has_the_clock_of_its_severity() -> None:
    clocks = load_catalogue().severity("sev1").clocks
    assert patience(GateKind.declare, clocks) == timedelta(minutes=clocks.assess_gate_minutes)
    assert patience(GateKind.stand_down, clocks) == timedelta(minutes=clocks.stand_down_gate_minutes)
    assert patience(GateKind.sweep_work, clocks) == timedelta(minutes=clocks.stand_down_gate_minutes)


@pytest.mark.parametrize(("agreed", "due"), [(5, 5), (60, 15)])
def test_an_ask_is_due_by_the_shorter_of_two_clocks_and_goes_to_the_first_channel(
    store: Store, agreed: int, due: int
) -> None:
    known = load_catalogue()
    team = known.team("legal").model_copy(update={"ack_minutes": agreed, "channels": ("chat", "mail")})
    with store.begin() as work:
        incident = add_candidate(work)
    asked = new_ask(
        incident,
        team,
        known.severity("sev1").clocks,
        about="mobilise",
        what="Name a contact.",
        text="Please name a contact.",
        guideline_version=None,
        now=after(1),
    )
    assert (asked.incident, asked.team, asked.channels) == (incident.id, "legal", ("chat",))
    assert asked.due_at == after(1 + due)
    assert incident.id in asked.subject
