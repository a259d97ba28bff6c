"""What should happen to the items that violate? The plan that a sweep ends in; nobody acts on it unasked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from incidents.catalogue.policies import RecommendedAction
from incidents.sweeps.decisions import Decision, Verdict
from incidents.sweeps.sheet_files import write_csv

REPORTED: Final = ("acted_at", "reach_at_action")
"""Columns of a plan's file in which stands what was carried out, and where a site writes that it did."""


class Taken(BaseModel):
    """That a line of a plan was carried out."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    acted_at: datetime | None
    """When it took effect; None where the platform did not say."""
    reach: int | None
    """People who had seen the post by then; None where nobody said."""


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


def write_plan(plan: Sequence[PlannedAction], path: Path, taken: Mapping[str, Taken]) -> None:
    """Write the plan as CSV, safe to open in a spreadsheet; several names are separated by a space.

    `taken` tells by key what was carried out of it.
    """
    columns = list(PlannedAction.model_fields)
    rows = ([*(_cell(line, name) for name in columns), *_cells(taken.get(line.key))] for line in plan)
    write_csv(path, [*columns, *REPORTED], rows)


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


def _cells(taken: Taken | None) -> tuple[str, str]:
    if taken is None:
        return "", ""
    at = "" if taken.acted_at is None else taken.acted_at.astimezone(UTC).isoformat()
    return at, "" if taken.reach is None else str(taken.reach)


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
