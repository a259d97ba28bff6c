"""Which judgements are refused, and with which code."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from incidents.catalogue.policies import Clause, Crosswalk, Dsa, DsaCategory, Policy, RecommendedAction
from incidents.sweeps.decisions import IMPLIED_ACTION, Decision, Judgement, Verdict, refusals

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
INCITEMENT = Policy(
    id="violence.incitement",
    version=2,
    title="Incitement",
    definition="Calls to violence.",
    clauses=(Clause(id="call-to-act", text="Calls on others to act."), Clause(id="praise", text="Praises.")),
    action=RecommendedAction.remove,
    crosswalk=Crosswalk(dsa=Dsa(category=DsaCategory.violence)),
)
POLICIES = {INCITEMENT.id: INCITEMENT}
VIOLATES: dict[str, Any] = {
    "item": "p1",
    "verdict": "violates",
    "policy": "violence.incitement",
    "clause": "call-to-act",
    "action": "remove",
}
FINE: dict[str, Any] = {"item": "p1", "verdict": "does_not_violate", "action": "keep"}
UNSURE: dict[str, Any] = {"item": "p1", "verdict": "unsure", "action": "escalate", "rationale": "Satire?"}


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        (VIOLATES, []),
        (VIOLATES | {"action": "label"}, []),
        (VIOLATES | {"action": "keep"}, ["ACTION_CONTRADICTS"]),
        (VIOLATES | {"clause": None}, ["CLAUSE_MISSING"]),
        (VIOLATES | {"policy": " "}, ["POLICY_MISSING"]),
        (VIOLATES | {"policy": None, "clause": ""}, ["POLICY_MISSING", "CLAUSE_MISSING"]),
        (VIOLATES | {"policy": "violence.other"}, ["POLICY_UNKNOWN"]),
        (VIOLATES | {"clause": "other"}, ["CLAUSE_UNKNOWN"]),
        (FINE, []),
        (FINE | {"policy": "violence.incitement", "clause": "praise"}, []),
        (FINE | {"action": "remove"}, ["ACTION_CONTRADICTS"]),
        (FINE | {"clause": "praise"}, ["POLICY_MISSING"]),
        (FINE | {"policy": "violence.incitement", "clause": "other"}, ["CLAUSE_UNKNOWN"]),
        (UNSURE, []),
        (UNSURE | {"rationale": " \n"}, ["RATIONALE_MISSING"]),
        (UNSURE | {"action": "remove", "rationale": ""}, ["ACTION_CONTRADICTS", "RATIONALE_MISSING"]),
    ],
)
def test_a_judgement_is_refused_with_its_codes(fields: dict[str, Any], codes: list[str]) -> None:
    assert [refusal.code for refusal in refusals(Judgement(**fields), POLICIES)] == codes


@pytest.mark.parametrize(
    ("version", "codes"), [(2, []), (1, ["POLICY_VERSION_OTHER"]), (None, ["POLICY_VERSION_OTHER"])]
)
def test_a_decision_rests_on_the_version_in_force(version: int | None, codes: list[str]) -> None:
    decision = Decision(**VIOLATES, policy_version=version, person="bo", decided_at=NOON)
    assert [refusal.code for refusal in refusals(decision, POLICIES)] == codes


def test_a_refusal_says_what_is_allowed() -> None:
    [refusal] = refusals(Judgement(**VIOLATES | {"clause": "other"}), POLICIES)
    assert refusal.sentence == "The clause of violence.incitement is one of call-to-act, praise."
    [refusal] = refusals(Judgement(**VIOLATES), {})
    assert "the catalogue has no policy" in refusal.sentence


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "maybe"},
        {"action": "delete"},
        {"item": ""},
        {"person": ""},
        {"policy_version": 0},
        {"decided_at": datetime(2030, 1, 1)},  # noqa: DTZ001 - the case
    ],
)
def test_a_decision_that_makes_no_sense_is_not_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Decision(**{**VIOLATES, "person": "bo", "decided_at": NOON, **wrong})


def test_every_verdict_but_violates_implies_its_action() -> None:
    assert set(Verdict) - set(IMPLIED_ACTION) == {Verdict.violates}
