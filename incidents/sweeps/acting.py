"""What is a platform asked to do about the items of a plan, and what did it answer, or a site report?"""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from incidents.catalogue.policies import RecommendedAction
from incidents.errors import BadInput
from incidents.sweeps.plan import REPORTED, PlannedAction
from incidents.sweeps.sheet_files import Row, read_rows

LARGEST_REACH: Final = 2**63 - 1
"""What the store keeps at most."""


class Measure(StrEnum):
    """What a platform can do about a post."""

    remove = "remove"
    restrict = "restrict"
    label = "label"
    restore = "restore"


class Order(BaseModel):
    """One thing that a platform is to do, once a key."""

    model_config = ConfigDict(frozen=True)

    key: str
    post: str
    action: Measure
    reason: str


class Answer(BaseModel):
    """What became of an order. `error` where the platform refused it."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime | None = Field(None, description="When it took effect; None where nobody said.")
    reach: int | None = Field(None, ge=0, le=LARGEST_REACH, description="People who had seen the post by then.")
    error: str | None = None


class Reported(BaseModel):
    """One line of a plan that a site carried out by its own tools."""

    model_config = ConfigDict(frozen=True)

    row: int
    key: str
    at: AwareDatetime
    reach: int | None


def measure_for(line: PlannedAction) -> Measure | None:
    """What a platform does about a line of a plan; None where people have to look at it first."""
    if line.reverses is not None:
        return Measure.restore
    return None if line.action in {RecommendedAction.escalate, RecommendedAction.keep} else Measure(line.action)


def read_report(path: Path) -> list[Reported]:
    """The lines of a plan, CSV or XLSX, in which somebody wrote when they were carried out.

    Lines without a time were not. BadInput names every row that cannot be read, and why.
    """
    done, wrong = [], list[str]()
    for row in read_rows(path, ("key", *REPORTED)):
        try:
            reported = _reported(row)
        except ValueError as error:
            wrong.append(f"  row {row.number}: {error}")
            continue
        if reported is not None:
            done.append(reported)
    if wrong:
        raise BadInput("\n".join([f"{path.name}: nothing was kept, because of", *wrong]))
    return done


def _reported(row: Row) -> Reported | None:
    """ValueError says what is wrong with the row."""
    key, at, reach = (row.cells[name].strip() for name in ("key", *REPORTED))
    if not at:
        if reach:
            raise ValueError("reach_at_action without acted_at; write when it was carried out")
        return None
    return Reported(row=row.number, key=key, at=_moment(at), reach=_people(reach) if reach else None)


def _moment(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("acted_at is no time; write 2026-03-01T18:00:00Z") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _people(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= LARGEST_REACH):
        raise ValueError("reach_at_action is no whole number from 0 on")
    return int(text)
