"""How far a sweep is, by team and language."""

from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.store.engine import Work
from incidents.store.said import holds
from incidents.store.schema import batches, decisions, items
from incidents.sweeps.decisions import Verdict


class Part(BaseModel):
    """The work of one team in one language. `batches_open` counts those that were given back."""

    model_config = ConfigDict(frozen=True)

    team: str
    language: str
    items: int
    decided: int = Field(0, description="Items for which a decision holds, copies included.")
    violates: int = 0
    unsure: int = 0
    to_read: int = Field(0, description="Items that wait for somebody to read them; copies do not.")
    batches_open: int = 0
    batches_leased: int = 0
    batches_done: int = 0


class Surface(BaseModel):
    """The posts that stand at one place of the platform; null where it is unknown."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    surface: str | None
    items: int
    decided: int
    violates: int


class Progress(BaseModel):
    """How far a sweep is: its parts, ordered by team and language, and their sums."""

    model_config = ConfigDict(frozen=True)

    sweep: str
    parts: tuple[Part, ...]

    def of_team(self, team: str) -> "Progress":
        """What a partner team may see: its own work."""
        return self.model_copy(update={"parts": tuple(part for part in self.parts if part.team == team)})

    @property
    def items(self) -> int:
        """Items to decide."""
        return sum(part.items for part in self.parts)

    @property
    def decided(self) -> int:
        """Items decided."""
        return sum(part.decided for part in self.parts)

    @property
    def violates(self) -> int:
        """Items decided to violate."""
        return sum(part.violates for part in self.parts)

    @property
    def to_read(self) -> int:
        """Items that wait for somebody to read them."""
        return sum(part.to_read for part in self.parts)

    @property
    def unsure(self) -> int:
        """Items sent on, because the reviewer was unsure."""
        return sum(part.unsure for part in self.parts)


def progress(work: Work, sweep: str) -> Progress:
    """How far a sweep is. A lease that has ended counts as leased until somebody takes the batch back."""
    queues = {(row["team"], row["language"]): row for row in work.execute(_batches(sweep)).mappings()}
    parts = [
        Part.model_validate({**row, **queues.get((row["team"], row["language"]), {})})
        for row in work.execute(_items(sweep)).mappings()
    ]
    return Progress(sweep=sweep, parts=tuple(parts))


def surfaces_of(work: Work, sweep: str, *, team: str | None = None) -> list[Surface]:
    """How many posts of each surface there are, most first; those of one team where it is named."""
    violating = decisions.c.verdict == Verdict.violates.value
    statement = (
        sa.select(
            items.c.surface,
            sa.func.count().label("items"),
            sa.func.count(decisions.c.id).label("decided"),
            sa.func.count().filter(violating).label("violates"),
        )
        .select_from(items.outerjoin(decisions, holds()))
        .where(items.c.sweep_id == sweep)
        .group_by(items.c.surface)
    )
    if team is not None:
        statement = statement.where(items.c.team == team)
    found = [Surface.model_validate(row) for row in work.execute(statement)]
    return sorted(found, key=lambda each: (-each.items, each.surface or ""))


def _items(sweep: str) -> sa.Select[Any]:
    said = {
        verdict: sa.func.count().filter(decisions.c.verdict == verdict.value).label(verdict.value)
        for verdict in (Verdict.violates, Verdict.unsure)
    }
    return (
        sa.select(
            items.c.team,
            items.c.language,
            sa.func.count().label("items"),
            sa.func.count(decisions.c.id).label("decided"),
            *said.values(),
            sa.func.count().filter(items.c.state == "waiting").label("to_read"),
        )
        .select_from(items.outerjoin(decisions, holds()))
        .where(items.c.sweep_id == sweep)
        .group_by(items.c.team, items.c.language)
        .order_by(items.c.team, items.c.language)
    )


def _batches(sweep: str) -> sa.Select[Any]:
    states = [
        sa.func.count().filter(batches.c.state == state).label(f"batches_{state}")
        for state in ("open", "leased", "done")
    ]
    return (
        sa.select(batches.c.team, batches.c.language, *states)
        .where(batches.c.sweep_id == sweep)
        .group_by(batches.c.team, batches.c.language)
    )
