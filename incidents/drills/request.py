"""What can be asked of a drill."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

START = datetime(2026, 1, 15, 8, tzinfo=UTC)
"""When a drill begins by its own clock: always the same moment, so that documents can be compared."""


class DrillRequest(BaseModel):
    """A whole crisis, on recorded or generated posts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str = Field("attack", description="Generated scenario; not used where `posts_file` is given.")
    posts: int = Field(5000, ge=100, le=1_000_000, description="Posts to generate.")
    posts_file: Path | None = Field(None, description="Recorded posts: CSV, JSONL (gzip too) or Parquet.")
    seed: int = Field(1, ge=0, description="The same seed gives the same drill.")
    error_rate: float = Field(
        0.02, ge=0, le=0.5, description="Share of verdicts that simulated reviewers get wrong."
    )
    live: bool = Field(
        False,
        description="The clock is the machine's; simulated people take up to 10 s for each thing they do.",
    )
