"""How does one person work for a team: what are they given to read, and how much of it?"""

from pydantic import BaseModel, ConfigDict, Field

from incidents.catalogue.model import Catalogue
from incidents.people import Person
from incidents.sweeps.exposure import ExposureBudget


class Desk(BaseModel):
    """What one person is given for a team: which languages, in batches of how many, for how long."""

    model_config = ConfigDict(frozen=True)

    team: str
    languages: tuple[str, ...] | None = Field(None, description="Read by the person; None: all of the team.")
    batch_size: int = Field(50, ge=1)
    lease_minutes: int = Field(120, ge=1)
    pace_per_hour: int = Field(60, ge=1, description="Items that one person of the team reads in an hour.")
    graphic_policies: frozenset[str] = Field(frozenset(), description="Whose items are hard to look at.")
    budget: ExposureBudget | None = Field(None, description="What one person is given at most; None: no limit.")


def desk_for(catalogue: Catalogue, person: Person, team: str, *, drill: bool = False) -> Desk:
    """The desk of a person in a team, as the catalogue says. NotFound for a team that it does not know."""
    known = catalogue.team(team)
    return Desk(
        team=team,
        languages=catalogue.languages_of(person, team, drill=drill),
        batch_size=known.batch_size,
        lease_minutes=known.lease_minutes,
        pace_per_hour=known.pace_per_hour,
        graphic_policies=frozenset(policy.id for policy in catalogue.policies if policy.graphic),
        budget=known.exposure,
    )
