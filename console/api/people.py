"""Who there is: people, partner teams, roles, and who asks."""

from typing import Final

from pydantic import BaseModel, Field

from console.api.asking import Calls
from console.api.ground import room, shows
from console.api.pages import NAME, After, Limit, Page, page, read_cursor
from incidents.catalogue.teams import Team
from incidents.people import Act, Person, Role, authorise, is_allowed

router = room("people")


class PersonTold(BaseModel):
    """Somebody who is known here."""

    id: str
    name: str
    roles: list[Role]
    team: str | None = Field(description="Partner team.")
    languages: list[str]


class Myself(PersonTold):
    """Who asks, and what they may do."""

    may: list[Act]


class TeamTold(BaseModel):
    """A partner team."""

    id: str
    title: str
    languages: list[str] = Field(description="None: it receives asks, and no batches.")
    ack_minutes: int = Field(description="Agreed time to acknowledge an ask.")
    batch_size: int
    lease_minutes: int = Field(description="How long one person holds a batch.")
    members: list[str]


class RoleTold(BaseModel):
    """A role, and what it allows."""

    role: Role
    may: list[Act]


_PERSON: Final = {
    "id": "ada-l",
    "name": "Ada L.",
    "roles": ["analyst", "commander"],
    "team": None,
    "languages": ["en", "fr"],
}
_TEAM: Final = {
    "id": "english",
    "title": "English",
    "languages": ["en"],
    "ack_minutes": 30,
    "batch_size": 50,
    "lease_minutes": 120,
    "members": ["dev-e", "fay-e"],
}

_ROLE: Final = {"role": "reviewer", "may": ["see incidents", "sign a retrospective"]}


@router.get("/me", responses=shows(_PERSON | {"may": ["see incidents", "lead an incident"]}))
def show_myself(calls: Calls) -> Myself:
    """Who the token or the session belongs to, and what they may do with it."""
    me = calls.person(drill=True)
    return Myself(**_told(me).model_dump(), may=[act for act in Act if is_allowed(me, act)])


@router.get("/people", responses=shows({"items": [_PERSON], "next": None}))
def list_people(calls: Calls, after: After = None, limit: Limit = 100) -> Page[PersonTold]:
    """The people of the site, by id."""
    authorise(calls.person(), Act.see_incidents)
    since = read_cursor(after, NAME) or ""
    people = sorted((each for each in calls.catalogue.people if each.id > since), key=_id)
    return page(people, limit, _told, _id)


@router.get("/teams", responses=shows({"items": [_TEAM], "next": None}))
def list_teams(calls: Calls, after: After = None, limit: Limit = 100) -> Page[TeamTold]:
    """The partner teams, by id."""
    authorise(calls.person(), Act.see_incidents)
    since = read_cursor(after, NAME) or ""
    teams = sorted((each for each in calls.catalogue.teams if each.id > since), key=_id)

    def told(team: Team) -> TeamTold:
        members = [each.id for each in calls.catalogue.members(team.id)]
        named = team.model_dump(include=set(TeamTold.model_fields))
        return TeamTold(**named, members=members)

    return page(teams, limit, told, _id)


@router.get("/roles", responses=shows({"items": [_ROLE], "next": None}))
def list_roles(calls: Calls, after: After = None, limit: Limit = 100) -> Page[RoleTold]:
    """The roles, and what each allows."""
    authorise(calls.person(), Act.see_incidents)
    since = read_cursor(after, NAME) or ""
    return page(sorted(each for each in Role if each > since), limit, _role_told, str)


def _role_told(role: Role) -> RoleTold:
    somebody = Person(id="somebody", roles=frozenset({role}))
    return RoleTold(role=role, may=[act for act in Act if is_allowed(somebody, act)])


def _told(person: Person) -> PersonTold:
    return PersonTold(
        id=person.id,
        name=person.name,
        roles=sorted(person.roles),
        team=person.team,
        languages=list(person.languages),
    )


def _id(named: Person | Team) -> str:
    return named.id
