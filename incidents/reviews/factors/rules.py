"""What may have contributed, or kept it from being worse? Every rule that proposes hypotheses from the record.

A hypothesis names no person and is no finding: people accept or reject it with a reason. Each has its
evidence: `supports` and `against` cite entries; `but` says what speaks against it.
"""

from collections.abc import Callable, Iterator

from incidents.reviews.factors.command import leaderless, restarted_runs, slow_declaration
from incidents.reviews.factors.detection import late_detection, trailed_users
from incidents.reviews.factors.factor import Factor
from incidents.reviews.factors.mitigators import (
    ahead_of_users,
    asks_in_time,
    copies_covered,
    guideline_first,
    unbroken_command,
)
from incidents.reviews.factors.reading import (
    disagreement,
    flooding_terms,
    returned_leases,
    unread_languages,
    unsure_languages,
)
from incidents.reviews.factors.telling import (
    failed_deliveries,
    guideline_after_decisions,
    guideline_lag,
    late_acknowledgement,
)
from incidents.reviews.record import Record

RULES: tuple[Callable[[Record], Iterator[Factor]], ...] = (
    late_detection,
    trailed_users,
    slow_declaration,
    leaderless,
    guideline_lag,
    guideline_after_decisions,
    late_acknowledgement,
    failed_deliveries,
    returned_leases,
    flooding_terms,
    unsure_languages,
    unread_languages,
    disagreement,
    restarted_runs,
    ahead_of_users,
    unbroken_command,
    guideline_first,
    asks_in_time,
    copies_covered,
)
"""Every rule, in the order in which a crisis unfolds; what kept it from being worse comes last."""


def propose(record: Record) -> list[Factor]:
    """Every hypothesis that the record supports, in the order of the rules."""
    return [factor for rule in RULES for factor in rule(record)]
