"""How far a sweep is, by team and language."""

from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.store.engine import Work
from incidents.store.schema import batches, decisions
from incidents.sweeps.decisions import Verdict


class Part(BaseModel):
    """The work of one team in one language. `batches_open` counts those that nobody has."""

    model_config = ConfigDict(frozen=True)

    team: str
    language: str
    items: int
    decided: int = 0
    violates: int = 0
    unsure: int = 0
    batches_open: int
    batches_leased: int
    batches_done: int


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
    def unsure(self) -> int:
        """Items sent on, because the reviewer was unsure."""
        return sum(part.unsure for part in self.parts)


def progress(work: Work, sweep: str) -> Progress:
    """How far a sweep is. A lease that has ended counts as leased until somebody takes the batch back."""
    said = _said(work, sweep)
    parts = [
        Part.model_validate(dict(row) | said.get((row["team"], row["language"]), {}))
        for row in work.execute(_batches(sweep)).mappings()
    ]
    return Progress(sweep=sweep, parts=tuple(parts))


def _batches(sweep: str) -> sa.Select[Any]:
    return (
        sa.select(
            batches.c.team,
            batches.c.language,
            sa.func.sum(batches.c.size).label("items"),
            *(
                sa.func.sum(sa.case((batches.c.state == state, 1), else_=0)).label(f"batches_{state}")
                for state in ("open", "leased", "done")
            ),
        )
        .where(batches.c.sweep_id == sweep)
        .group_by(batches.c.team, batches.c.language)
        .order_by(batches.c.team, batches.c.language)
    )


def _said(work: Work, sweep: str) -> dict[tuple[str, str], dict[str, int]]:
    """Team and language → items decided, and of them violating and unsure."""
    statement = (
        sa.select(
            batches.c.team,
            batches.c.language,
            sa.func.count().label("decided"),
            *(
                sa.func.sum(sa.case((decisions.c.verdict == verdict.value, 1), else_=0)).label(verdict.value)
                for verdict in (Verdict.violates, Verdict.unsure)
            ),
        )
        .join_from(decisions, batches, batches.c.id == decisions.c.batch_id)
        .where(batches.c.sweep_id == sweep, decisions.c.superseded_at.is_(None))
        .group_by(batches.c.team, batches.c.language)
    )
    rows = work.execute(statement).mappings()
    return {
        (row["team"], row["language"]): {name: row[name] for name in ("decided", "violates", "unsure")}
        for row in rows
    }
