"""Who may do what: people, their roles, and the one function that every door asks.

The table `MAY` is the whole policy. A partner's people see their own team's work and nothing else; a
restricted incident is seen by those who hold a role on it and by administrators.
"""

from collections.abc import Collection
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from incidents.errors import NotAuthorised, Refusal


class Role(StrEnum):
    """What a person is trusted with. One person may hold several."""

    commander = "commander"
    analyst = "analyst"
    policy = "policy"
    partner_lead = "partner_lead"
    partner_reviewer = "partner_reviewer"
    reviewer = "reviewer"
    administrator = "administrator"


class Act(StrEnum):
    """Everything that a door can be asked to do. A door names its act; `authorise` answers."""

    see_incidents = "see incidents"
    hand_in_signal = "hand in a signal"
    assess = "assess an incident"
    declare = "declare or dismiss an incident"
    command = "lead an incident"
    waive = "waive a reason"
    write_guideline = "write a guideline"
    ask_partner = "ask a partner team"
    acknowledge = "acknowledge an ask"
    start_sweep = "start a sweep"
    see_sweep = "see a sweep"
    work_batch = "work a batch"
    undo = "undo a decision"
    draft_review = "draft a retrospective"
    write_review = "write in a retrospective"
    sign_review = "sign a retrospective"
    approve_review = "approve a retrospective for an audience"
    share_review = "share a retrospective"
    see_actions = "see action items"
    change_action = "change an action item"
    see_roster = "see who is on call"
    take_shift = "take or give a shift"
    verify = "verify the record"
    administer = "administer"


_STAFF = frozenset({Role.commander, Role.analyst, Role.policy, Role.reviewer})
_PARTNERS = frozenset({Role.partner_lead, Role.partner_reviewer})

MAY: dict[Act, frozenset[Role]] = {
    Act.see_incidents: _STAFF,
    Act.hand_in_signal: _STAFF | _PARTNERS,
    Act.assess: frozenset({Role.commander, Role.analyst}),
    Act.declare: frozenset({Role.commander}),
    Act.command: frozenset({Role.commander}),
    Act.waive: frozenset({Role.commander}),
    Act.write_guideline: frozenset({Role.commander, Role.policy}),
    Act.ask_partner: frozenset({Role.commander, Role.analyst, Role.policy}),
    Act.acknowledge: frozenset({Role.commander}) | _PARTNERS,
    Act.start_sweep: frozenset({Role.commander, Role.analyst}),
    Act.see_sweep: _STAFF | _PARTNERS,
    Act.work_batch: frozenset({Role.analyst}) | _PARTNERS,
    Act.undo: frozenset({Role.commander, Role.partner_lead}),
    Act.draft_review: frozenset({Role.commander, Role.analyst, Role.reviewer}),
    Act.write_review: _STAFF,
    Act.sign_review: frozenset({Role.reviewer}),
    Act.approve_review: _STAFF | frozenset({Role.partner_lead}),
    Act.share_review: frozenset({Role.commander, Role.reviewer}),
    Act.see_actions: _STAFF | _PARTNERS,
    Act.change_action: _STAFF | _PARTNERS,
    Act.see_roster: _STAFF | _PARTNERS,
    Act.take_shift: _STAFF | _PARTNERS,
    Act.verify: _STAFF,
    Act.administer: frozenset(),
}
"""Act → the roles that allow it. An administrator may do everything, except what is `SEPARATE`."""

PROVIDED = ".sso"
"""How the ids of the sign-in provider's people end. Nobody else's do, so that signing in takes over no id."""

SEPARATE = frozenset({Act.sign_review, Act.approve_review})
"""Acts that an administrator may not do by that role alone: another person's word is what they are worth."""


class Person(BaseModel):
    """Somebody known to Watchfloor, as the catalogue or the sign-in describes them."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="Short name, e.g. `ada`.")
    name: str = ""
    roles: frozenset[Role] = frozenset()
    team: str | None = Field(None, description="Partner team, for partner leads and reviewers.")
    languages: tuple[str, ...] = Field((), description="Languages that this person reads (BCP 47).")
    opt_outs: tuple[str, ...] = Field((), description="Policies whose items this person does not look at.")
    channel: str | None = Field(None, description="Id of a channel in which this person alone is reminded.")
    subject: str | None = Field(
        None, description="Who this is at the sign-in provider: the claim `sub` of its ID tokens."
    )
    limited_to: frozenset[Act] | None = Field(
        None, description="Of what the roles allow, only these acts; as with a token. Default: all of it."
    )
    lent_by: str | None = Field(
        None, description="Who made the token that acts for this person, where it was somebody else."
    )

    def held_to(self, scope: frozenset[Act], *, lent_by: str | None = None) -> "Person":
        """The same person, who may do no more than this; by a token that somebody else made, where one did."""
        both = scope if self.limited_to is None else scope & self.limited_to
        return self.model_copy(update={"limited_to": both, "lent_by": lent_by})


def lone_operator(name: str) -> Person:
    """Who runs Watchfloor alone, where nobody is listed: every role. NotAuthorised for what is no id."""
    try:
        return Person(id=name, name="Operator", roles=frozenset(Role))
    except ValidationError as error:
        refusal = Refusal("PERSON_UNKNOWN", "Give your id: lower-case letters, digits, dots and dashes.")
        raise NotAuthorised(f"{name!r} is nobody's id.", [refusal]) from error


def is_provided(person: str) -> bool:
    """Whether an id was given to somebody whom the sign-in provider vouched for."""
    return person.endswith(PROVIDED)


def is_staff(person: Person) -> bool:
    """Whether the person sees the work of all teams; a partner's people see that of their own."""
    return bool(person.roles & (MAY[Act.see_incidents] | {Role.administrator}))


def authorise(
    person: Person,
    act: Act,
    *,
    team: str | None = None,
    restricted_to: Collection[str] | None = None,
) -> None:
    """Return if the person may do it, raise NotAuthorised with a coded reason if not.

    `team` is the partner team whose work is touched (a batch, an ask); `restricted_to` the ids of those
    who hold a role on a restricted incident, None where the incident is not restricted.
    """
    if not _roles_allow(person, act):
        holders = ", ".join(sorted(MAY[act])) or Role.administrator
        raise _refused(person, act, "ROLE_MISSING", f"It takes one of these roles: {holders}.")
    if not is_allowed(person, act):
        within = ", ".join(sorted(person.limited_to or ())) or "nothing"
        raise _refused(person, act, "SCOPE_MISSING", f"The roles allow it, the scope does not: {within}.")
    if _administers(person, act):
        return
    if restricted_to is not None and person.id not in restricted_to:
        raise _refused(person, act, "INCIDENT_RESTRICTED", "Ask its commander for a role on it.")
    if team is not None and not person.roles & _STAFF and person.team != team:
        raise _refused(person, act, "OTHER_TEAM", f"It belongs to the team {team}.")


def is_allowed(person: Person, act: Act) -> bool:
    """Whether the person may do it somewhere: what a page shows a form by. `authorise` decides."""
    return _roles_allow(person, act) and (person.limited_to is None or act in person.limited_to)


def _roles_allow(person: Person, act: Act) -> bool:
    return _administers(person, act) or bool(person.roles & MAY[act])


def _administers(person: Person, act: Act) -> bool:
    return Role.administrator in person.roles and act not in SEPARATE


def _refused(person: Person, act: Act, code: str, sentence: str) -> NotAuthorised:
    return NotAuthorised(f"{person.id} may not {act.value}.", [Refusal(code, sentence)])
