"""What is known of a sweep now, what is still unknown, and what would another hour of reading buy?

The facts are gathered by `incidents.store.knowledge`; the sentences are templates/sweeps/known.md.j2.
"""

from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.sweeps.forecast import ASSUMED_PACE, Finish, Pace
from incidents.sweeps.stand_down import StandDown
from incidents.sweeps.stopping import Standing, StillToWin
from incidents.words import plain, render

RECENT: Final = 200
"""Posts of the main reading, the last ones, by which the next hour is foretold. Own choice."""

QUIET_AN_HOUR: Final = 1.0
QUIET_WINDOW: Final = timedelta(hours=6)
QUIET_WINDOWS: Final = 2
"""New distinct clusters an hour, and over how many windows of time their bound must lie below it.

Own choice: a window without any new cluster bounds their rate at 0.5 an hour.
"""


class LanguageKnown(BaseModel):
    """One language of a sweep."""

    model_config = ConfigDict(frozen=True)

    language: str
    team: str
    posts: int
    read: int = Field(description="Posts with a decision, copies included.")
    found: int = Field(description="Posts that violate, copies included.")
    to_read: int = Field(description="Posts that somebody still has to read; copies do not count.")
    missing_at_most: int | None = Field(
        None, description="Violating posts that may be unfound, a bound by itself; None without a sample."
    )
    disputes: int = Field(0, description="Posts about which two people differ, or one is unsure.")
    finish: Finish = Field(description="When it would be read to the end.")


class NextHour(BaseModel):
    """What one more hour of reading would buy, at the measured pace."""

    model_config = ConfigDict(frozen=True)

    people: int = Field(description="Who reads now; 1 where nobody does.")
    reads: int = Field(description="Posts that they would read.")
    win: StillToWin | None = Field(None, description="None while nothing was read yet, or nothing is left.")


class Knowledge(BaseModel):
    """All that is known of a sweep at one moment."""

    model_config = ConfigDict(frozen=True)

    sweep: str
    state: str
    posts: int = 0
    read: int = 0
    found: int = 0
    target: float
    confidence: float
    reached_at: datetime | None = None
    finished_at: datetime | None = None
    closed_by: str | None = None
    closed_because: str | None = None
    certificate: str | None = Field(None, description="What its certificate claims; None before there is one.")
    standing: Standing | None = Field(None, description="None for a sweep without a plan, or not frozen yet.")
    languages: tuple[LanguageKnown, ...] = ()
    pace: Pace = Pace(batches=0)
    hours_p50: float | None = Field(None, description="Until all is read; None while one language has no end.")
    hours_p90: float | None = None
    bottleneck: str | None = None
    next_hour: NextHour | None = None
    quiet: StandDown | None = Field(None, description="None while nothing with a time was found to violate.")

    @property
    def disputes(self) -> int:
        """Posts about which two people differ, or one is unsure."""
        return sum(each.disputes for each in self.languages)

    @property
    def worst(self) -> tuple[LanguageKnown, ...]:
        """The languages that may hide most, at most three; none that hides nothing."""
        hiding = [each for each in self.languages if each.missing_at_most]
        return tuple(sorted(hiding, key=lambda each: (-(each.missing_at_most or 0), each.language))[:3])

    @property
    def is_over(self) -> bool:
        """Whether it hands out nothing any more."""
        return self.state == "finished" or self.reached_at is not None or self.closed_by is not None


def sentences(known: Knowledge) -> tuple[str, ...]:
    """What is known, what is unknown, what another hour would buy: a line each, as text."""
    return _lines(render("sweeps/known.md.j2", known=known, standing=known.standing))


def outlook(known: Knowledge) -> tuple[str, ...]:
    """When all would be read, and whether new clusters still turn up: a line each, as far as it is known."""
    return _lines(render("sweeps/outlook.md.j2", known=known, assumed=ASSUMED_PACE, hours="{:,.1f}".format))


def _lines(rendered: str) -> tuple[str, ...]:
    return tuple(" ".join(plain(line).split()) for line in rendered.splitlines() if line.strip())
