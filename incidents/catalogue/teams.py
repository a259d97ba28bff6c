"""The partner teams that receive asks and work batches, and the people in them."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from incidents.catalogue.entry import Entry, Slug, Text
from incidents.people import Person
from incidents.sweeps.exposure import ExposureBudget

CATCH_ALL = "und"
"""Language of the team that takes what no other team reads (BCP 47: undetermined)."""

TeamId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class Team(Entry):
    """A partner team. One without languages receives asks, and no batches."""

    id: TeamId = Field(description="Short name, e.g. `east-asia`.")
    title: Text = Field(description="Its name.")
    languages: tuple[Language, ...] = Field(
        (), description="Languages it reads (ISO 639, lower case); `und` takes what no other team reads."
    )
    channels: tuple[Slug, ...] = Field(min_length=1, description="Ids of channels, tried in this order.")
    ack_minutes: int = Field(30, gt=0, description="Agreed time to acknowledge an ask, in minutes.")
    pace_per_hour: int = Field(60, gt=0, description="Items that one reviewer decides in an hour.")
    reviewers: int = Field(0, ge=0, description="Reviewers usually on shift; 0 for a team without batches.")
    batch_size: int = Field(50, ge=1, le=1000, description="Items in one batch.")
    lease_minutes: int = Field(
        120, gt=0, description="How long one person holds a batch before it returns to the queue, in minutes."
    )
    exposure: ExposureBudget = Field(
        ExposureBudget(), description="The most that one of its people is given of what is hard to look at."
    )


class PersonEntry(Person):
    """A person as written in people.yaml, where an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")
