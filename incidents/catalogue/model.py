"""The catalogue as one frozen value, with its lookups."""

from collections.abc import Iterable
from functools import cached_property
from typing import Protocol as Shape
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from incidents.catalogue.channels import Channel
from incidents.catalogue.checklists import Checklist, ChecklistItem
from incidents.catalogue.detection import DetectionRule
from incidents.catalogue.groups import Group
from incidents.catalogue.policies import Policy
from incidents.catalogue.protocols import Protocol
from incidents.catalogue.rotations import Rotation
from incidents.catalogue.severities import PriorityRule, Severity
from incidents.catalogue.teams import CATCH_ALL, Team
from incidents.errors import NotFound
from incidents.four_eyes import ALONE, Consent
from incidents.incident.incident import Incident
from incidents.incident.phases import Phase
from incidents.people import Person, Role
from incidents.reviews.audiences import Audience

DEFAULT_PROTOCOL = "default"
"""Id of the protocol for what no other protocol covers; every catalogue has it."""


class _Named(Shape):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


class Catalogue(BaseModel):
    """Everything that the site's folder and the shipped files say. Every lookup raises NotFound."""

    model_config = ConfigDict(frozen=True)

    version: str = Field(description="Short hash of all files' content: the same content, the same version.")
    policies: tuple[Policy, ...] = ()
    severities: tuple[Severity, ...] = ()
    priority_rules: tuple[PriorityRule, ...] = ()
    protocols: tuple[Protocol, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    teams: tuple[Team, ...] = ()
    channels: tuple[Channel, ...] = ()
    people: tuple[Person, ...] = ()
    drill_people: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()
    detection_rules: tuple[DetectionRule, ...] = ()
    rotations: tuple[Rotation, ...] = ()

    def policy(self, policy_id: str) -> Policy:
        """The policy of that id, e.g. `violence.incitement`."""
        return _find("policy", self.policies, policy_id)

    def severity(self, severity_id: str) -> Severity:
        """The severity of that id, e.g. `sev1`."""
        return _find("severity", self.severities, severity_id)

    def protocol(self, protocol_id: str = DEFAULT_PROTOCOL) -> Protocol:
        """The protocol of that id."""
        return _find("protocol", self.protocols, protocol_id)

    def approvers(self, protocol_id: str, severity: str, audience: Audience) -> tuple[str, ...]:
        """Roles and teams that must approve a retrospective before that audience is given it."""
        return self.protocol(protocol_id).approvers(audience, severity)

    def consent(self, incident: Incident) -> Consent:
        """Which steps in an incident take a second person, by its protocol.

        None where nobody is listed, for one person runs everything then; and none in a drill, whose cast has
        one of each.
        """
        if incident.is_drill or not self.people:
            return ALONE
        return Consent(self.protocol(incident.protocol).four_eyes)

    def items_to_check(self, phase: Phase) -> tuple[ChecklistItem, ...]:
        """What nobody may forget in a phase; nothing where a site has no checklist for it."""
        return next((checklist.items for checklist in self.checklists if checklist.phase is phase), ())

    def team(self, team_id: str) -> Team:
        """The partner team of that id."""
        return _find("team", self.teams, team_id)

    def team_for_language(self, language: str | None) -> Team:
        """The first team that reads the language, or the catch-all team.

        `language` is a BCP 47 tag in any case (`pt-BR` is `pt`), None or empty where it is not known.
        """
        wanted = (language or CATCH_ALL).replace("_", "-").split("-")[0].lower()
        team = self._reads.get(wanted) or self._reads.get(CATCH_ALL)
        if team is None:
            raise NotFound(f"No team reads {wanted}, and none takes `{CATCH_ALL}`. Add one to teams.yaml.")
        return team

    def channel(self, channel_id: str) -> Channel:
        """The channel of that id."""
        return _find("channel", self.channels, channel_id)

    def rotation(self, rotation_id: str) -> Rotation:
        """The rotation of that id."""
        return _find("rotation", self.rotations, rotation_id)

    def with_people(self, others: Iterable[Person]) -> "Catalogue":
        """The same catalogue, which knows these people beside those of its file."""
        return self.model_copy(update={"people": (*self.people, *others)})

    def cast(self, *, drill: bool = False) -> tuple[Person, ...]:
        """Everybody who can act: the site's people, and in a drill the drill cast too."""
        return self.people + self.drill_people if drill else self.people

    def person(self, person_id: str, *, drill: bool = False) -> Person:
        """The person of that id; in a drill the drill cast is known too."""
        return _find("person", self.cast(drill=drill), person_id)

    def holders(self, role: Role, *, drill: bool = False) -> list[str]:
        """The ids of those who are trusted with a role, in the order of the file."""
        return [person.id for person in self.cast(drill=drill) if role in person.roles]

    def reached(self, name: str, *, drill: bool = False) -> tuple[str, ...]:
        """Channels in which a person, a team, or those who hold a role are reached; none: not by themselves."""
        teams = [team.channels[0] for team in self.teams if team.id == name]
        people = [person for person in self.cast(drill=drill) if name in (person.id, *person.roles)]
        return tuple(dict.fromkeys([*teams, *(person.channel for person in people if person.channel)]))

    def members(self, team_id: str, *, drill: bool = False) -> tuple[Person, ...]:
        """The people of a partner team, in the order of the file."""
        return tuple(person for person in self.cast(drill=drill) if person.team == team_id)

    def languages_of(self, person: Person, team: str, *, drill: bool = False) -> tuple[str, ...] | None:
        """The languages in which a person is given work of a team; None for all of them.

        Their own languages, and those of the team that nobody in it lists. Who lists none, and who works for
        the team that takes what no other reads, is given all.
        """
        if not person.languages or CATCH_ALL in self.team(team).languages:
            return None
        listed = {language for member in self.members(team, drill=drill) for language in member.languages}
        orphans = set(self.team(team).languages) - listed
        return tuple(sorted({*person.languages, *orphans}))

    def readers(self, language: str, *, drill: bool = False) -> int:
        """How many people are given work in a language."""
        team = self.team_for_language(language)
        reading = [self.languages_of(each, team.id, drill=drill) for each in self.members(team.id, drill=drill)]
        return sum(languages is None or language in languages for languages in reading)

    @cached_property
    def _reads(self) -> dict[str, Team]:
        # Asked once an item in a sweep of a million items, hence kept.
        pairs = [(language, team) for team in self.teams for language in team.languages]
        return dict(reversed(pairs))


def _find(kind: str, entries: Iterable[T], wanted: str) -> T:
    entries = tuple(entries)
    for entry in entries:
        if entry.id == wanted:
            return entry
    known = ", ".join(entry.id for entry in entries) or "none"
    raise NotFound(f"There is no {kind} {wanted}. Known: {known}.")
