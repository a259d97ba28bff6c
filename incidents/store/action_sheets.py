"""Action items that come back in a spreadsheet: new ones are filed, known ones move on, all rows or none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput, WatchfloorError
from incidents.people import Act, Person
from incidents.reviews.action_files import FilledAction
from incidents.reviews.actions import ActionItem, ActionState
from incidents.store.action_items import actions_of, change_action, file_action, find_action, refuse_others
from incidents.store.engine import Work
from incidents.store.incidents import find_for

FIXED: Final = ("title", "kind", "area", "owner", "success", "factor", "due_at")
"""What a file cannot change of an item that is filed: people rely on it."""


class Taken(BaseModel):
    """What came of the rows of a file."""

    model_config = ConfigDict(frozen=True)

    filed: int = 0
    moved: int = 0
    same: int = 0


def take_actions(work: Work, rows: Sequence[FilledAction], *, by: Person, now: datetime) -> Taken:
    """File the rows without an id, and move on those whose state differs.

    BadInput names every row that is refused, and why; then the caller's transaction must not be committed.
    The same file handed in twice changes nothing the second time.
    """
    counts = dict.fromkeys(Taken.model_fields, 0)
    wrong = []
    for row in rows:
        try:
            counts[_take(work, row, by=by, now=now)] += 1
        except WatchfloorError as error:
            wrong.append(f"  row {row.row}: {' '.join(str(error).split())}")
    if wrong:
        raise BadInput("\n".join(["Nothing was changed, because of", *wrong]))
    return Taken(**counts)


def _take(work: Work, row: FilledAction, *, by: Person, now: datetime) -> str:
    if row.id is None:
        return _file(work, row, by=by, now=now)
    found = find_action(work, row.id)
    find_for(work, found.incident_id, by, Act.change_action)  # before anything of it is told
    refuse_others(found, by)
    changed = [name for name in FIXED if not _is_same(found, row, name)]
    if changed:
        kept = f"{found.id} is filed with another {' and another '.join(changed)}"
        raise BadInput(f"{kept}. A file moves an item on; leave the rest as it was exported.")
    if found.state is row.state:
        return "same"
    change_action(
        work, found.id, state=row.state.value, note=row.note, successor=row.superseded_by, by=by, now=now
    )
    return "moved"


def _file(work: Work, row: FilledAction, *, by: Person, now: datetime) -> str:
    if row.state is not ActionState.open:
        raise BadInput(f"A new item is open, not {row.state}. Move it on once it is filed.")
    new = row.model_dump(include={"title", "area", "owner", "success", "factor", "due_at"})
    known = {item.id for item in actions_of(work, row.incident)}
    filed = file_action(work, row.incident, kind=row.kind.value, **new, by=by, now=now)
    return "same" if filed.id in known else "filed"


def _is_same(item: ActionItem, row: FilledAction, name: str) -> bool:
    ours, theirs = getattr(item, name), getattr(row, name)
    if name == "due_at":  # a spreadsheet has minutes
        return bool(ours.replace(second=0, microsecond=0) == theirs.replace(second=0, microsecond=0))
    return bool(ours == theirs)
