"""Which group of the sign-in provider is trusted with what."""

from typing import Annotated

from pydantic import Field, StringConstraints

from incidents.catalogue.entry import Entry
from incidents.catalogue.teams import TeamId
from incidents.people import Role

GroupName = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class Group(Entry):
    """What somebody may do who signs in at the provider and is in a group there."""

    id: GroupName = Field(description="The group as the provider tells it: a name, a path or a number.")
    roles: tuple[Role, ...] = Field(min_length=1, description="What its people are trusted with.")
    team: TeamId | None = Field(
        None, description="Their partner team; needed for partner leads and reviewers. The first one counts."
    )
