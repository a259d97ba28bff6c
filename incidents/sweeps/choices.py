"""Which clauses can a decision cite? Those of the incident's own policy first, then what is nearest to it."""

from collections.abc import Iterable
from typing import NamedTuple

from incidents.catalogue.policies import Policy, RecommendedAction

NEAREST = 9
"""Choices that are within reach of a key each."""


class Choice(NamedTuple):
    """One clause of one policy."""

    policy: str
    clause: str
    title: str
    """Of the policy."""
    text: str
    """What the clause does not allow."""
    action: RecommendedAction
    """That the policy recommends."""

    @property
    def key(self) -> str:
        """Policy and clause as one word: `violence.incitement/call-to-act`."""
        return f"{self.policy}/{self.clause}"


def choices(policies: Iterable[Policy], about: str | None) -> list[Choice]:
    """Every clause: of the policy `about` first, then of its family, then of all others."""
    family = (about or "").partition(".")[0]
    near = sorted(policies, key=lambda policy: (policy.id != about, policy.id.partition(".")[0] != family))
    return [
        Choice(policy.id, clause.id, policy.title, clause.text, policy.action)
        for policy in near
        for clause in policy.clauses
    ]
