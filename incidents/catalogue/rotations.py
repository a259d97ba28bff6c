"""Who is on call: turns that people take in the same order again and again, as oncall.yaml writes them."""

from datetime import date, datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, StringConstraints

from incidents.catalogue.entry import Entry, Slug, Text
from incidents.catalogue.teams import Language

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

WallTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""What a clock on the wall shows, as `09:00`."""


def _known_zone(name: object) -> object:
    if name not in available_timezones():
        raise ValueError("must be a zone of the IANA list, such as `Europe/Vienna` or `UTC`")
    return name


Zone = Annotated[str, BeforeValidator(_known_zone)]
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]


class Hours(Entry):
    """The part of a week in which somebody is on call, by the clock on the wall."""

    days: tuple[Day, ...] = Field(WEEK, min_length=1, description="The days on which these hours begin.")
    begin: WallTime = Field(description="When they begin, e.g. `08:00`.")
    end: WallTime = Field(description="When they end; where that is not later, on the day after.")


class Rotation(Entry):
    """A turn for each person in the order of the list, and then from the top again."""

    id: Slug = Field(description="Short name, e.g. `commander-europe`.")
    title: Text = Field(description="Its name.")
    duty: Slug = Field(description="What they are on call for: a role, or a team of teams.yaml.")
    people: tuple[PersonId, ...] = Field(min_length=1, description="Ids of people, in the order of turns.")
    zone: Zone = Field(description="Time zone of all its times (IANA), e.g. `Europe/Vienna`.")
    starts: date = Field(description="Day on which the first person's first turn begins.")
    handover: WallTime = Field("09:00", description="When one turn ends and the next begins.")
    turn_days: int = Field(7, ge=1, le=90, description="Length of a turn, in days.")
    hours: Hours | None = Field(None, description="Only in these hours. Default: around the clock.")
    languages: tuple[Language, ...] = Field((), description="Only for these languages. Default: for all.")
    gaps_meant: bool = Field(False, description="Hours in which nobody is on call are meant so.")

    def wall(self, day: date, clock: str) -> datetime:
        """The moment at which the zone's clocks show this, aware.

        An hour that a change of the clocks leaves out counts as one later; one that comes twice is the first.
        """
        return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(self.zone))
