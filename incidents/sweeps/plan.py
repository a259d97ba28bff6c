"""What should happen to the items that violate? The plan that a sweep ends in: exported, not executed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from incidents.catalogue.policies import RecommendedAction
from incidents.sweeps.decisions import Decision, Verdict
from incidents.sweeps.sheet_files import write_csv


class PlannedAction(BaseModel):
    """One action on one item, with the decision that it rests on; or the reversal of such an action."""

    model_config = ConfigDict(frozen=True)

    item: str
    action: RecommendedAction
    policy: str | None
    clause: str | None
    policy_version: int | None
    decided_by: tuple[str, ...]
    key: str
    """Idempotency key, `action:<sweep>:<item>`: whoever executes the plan does each line once.

    Of a reversal, `reversal:<sweep>:<item>`.
    """
    reverses: str | None = None
    """Key of the action that is taken back: its decision was undone, and the item is to be kept up."""


def action_plan(sweep: str, decisions: Iterable[Decision]) -> list[PlannedAction]:
    """One line for each item whose standing decision is that it violates, ordered by item.

    The latest decision about an item stands (of the same moment, the one of the last person by id).
    `decided_by` are those whose own latest word has the same verdict, sorted.
    """
    return [
        _planned(sweep, latest)
        for latest in _latest_words(decisions).values()
        if _standing(latest).verdict is Verdict.violates
    ]


def write_plan(plan: Sequence[PlannedAction], path: Path) -> None:
    """Write the plan as CSV, safe to open in a spreadsheet; several names are separated by a space."""
    columns = list(PlannedAction.model_fields)
    write_csv(path, columns, ([_cell(line, name) for name in columns] for line in plan))


def reversal(sweep: str, undone: PlannedAction, by: str) -> PlannedAction:
    """The line that takes a planned action back, whether anybody executed it meanwhile or not.

    Its action is `keep`, so that whoever does not know what a reversal is does no harm with it.
    """
    return PlannedAction(
        item=undone.item,
        action=RecommendedAction.keep,
        policy=undone.policy,
        clause=undone.clause,
        policy_version=undone.policy_version,
        decided_by=(by,),
        key=f"reversal:{sweep}:{undone.item}",
        reverses=undone.key,
    )


def _cell(line: PlannedAction, name: str) -> str:
    value = getattr(line, name)
    if isinstance(value, tuple):
        return " ".join(value)
    return "" if value is None else str(value)


def _planned(sweep: str, latest: Sequence[Decision]) -> PlannedAction:
    stands = _standing(latest)
    return PlannedAction(
        item=stands.item,
        action=stands.action,
        policy=stands.policy,
        clause=stands.clause,
        policy_version=stands.policy_version,
        decided_by=tuple(sorted(d.person for d in latest if d.verdict is stands.verdict)),
        key=f"action:{sweep}:{stands.item}",
    )


def _standing(latest: Sequence[Decision]) -> Decision:
    return max(latest, key=_moment)


def _latest_words(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Item → the latest decision of each person; sorted by item."""
    words: dict[str, dict[str, Decision]] = {}
    for decision in sorted(decisions, key=_moment):
        words.setdefault(decision.item, {})[decision.person] = decision
    return {item: list(words[item].values()) for item in sorted(words)}


def _moment(decision: Decision) -> tuple[datetime, str]:
    return decision.decided_at, decision.person
