"""Have new things stopped turning up? The rate of clusters seen for the first time, window by window."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput
from incidents.sweeps.bounds import rate_at_most


class Quiet(BaseModel):
    """One window of time, the new clusters in it, and what their rate may be at most."""

    model_config = ConfigDict(frozen=True)

    start: datetime
    end: datetime
    new_clusters: int
    an_hour_at_most: float


class StandDown(BaseModel):
    """Whether new distinct clusters have become rare enough, and why."""

    model_config = ConfigDict(frozen=True)

    threshold_an_hour: float
    windows: tuple[Quiet, ...]

    @property
    def quiet(self) -> bool:
        """Whether the bound of every window lies below the threshold."""
        return all(window.an_hour_at_most < self.threshold_an_hour for window in self.windows)


def stand_down(
    first_seen: Sequence[datetime],
    now: datetime,
    *,
    length: timedelta,
    windows: int,
    threshold: float,
    confidence: float = 0.95,
) -> StandDown:
    """Look at the last `windows` windows of `length` before `now`, the latest first.

    `first_seen` is when each distinct cluster was seen for the first time, `threshold` is in clusters an
    hour. A window is from its start, which belongs to it, to its end. The bounds are exact for a Poisson
    count, each with the confidence by itself. A window of length T without any new cluster is bounded by
    3 / T, so that it must be longer than 3 / threshold to say anything. Raises BadInput where no window is
    left to look at.
    """
    if windows < 1 or length <= timedelta(0):
        raise BadInput("A stand-down test looks at one window at least, and a window lasts some time.")
    hours = length / timedelta(hours=1)
    looked_at = []
    for back in range(windows):
        end = now - back * length
        count = sum(end - length <= moment < end for moment in first_seen)
        most = rate_at_most(count, 1 - confidence) / hours
        looked_at.append(Quiet(start=end - length, end=end, new_clusters=count, an_hour_at_most=most))
    return StandDown(threshold_an_hour=threshold, windows=tuple(looked_at))
