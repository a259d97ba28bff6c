"""The crisis protocols that an incident can be assessed against."""

from pydantic import Field, HttpUrl

from incidents.catalogue.entry import Entry, Slug, Text, Version
from incidents.catalogue.severities import SeverityId
from incidents.four_eyes import FourEyes
from incidents.incident.phases import Phase
from incidents.people import Role
from incidents.reviews.audiences import Audience


class ActivationType(Entry):
    """One way in which a protocol can be activated."""

    id: Slug = Field(description="Short name.")
    title: Text = Field(description="Its name.")
    sentence: Text = Field(description="When it applies.")


class Criterion(Entry):
    """A question that is answered yes or no, with a reason, when the incident is assessed."""

    id: Slug = Field(description="Short name; the incident records the answer under it.")
    question: Text = Field(description="A question that yes or no answers.")


class Stage(Entry):
    """One stage of a protocol, and the phase of the incident in which it falls."""

    id: Slug = Field(description="Short name.")
    title: Text = Field(description="Its name.")
    phase: Phase = Field(description="Phase of the incident in which it falls.")
    sentence: Text = Field(description="What is done in it.")


class Notification(Entry):
    """Somebody who is told, and by when."""

    id: Slug = Field(description="Short name.")
    whom: Text = Field(description="Who is told.")
    stage: Slug = Field(description="Stage of this protocol in which it is due.")
    team: Slug | None = Field(None, description="Partner team that is asked to do it; none: the commander.")
    within_minutes: int | None = Field(None, gt=0, description="From the start of that stage, in minutes.")
    sentence: Text = Field(description="What they are told, and why.")


class ProtocolClock(Entry):
    """A limit of time that the protocol or a law sets."""

    id: Slug = Field(description="Short name.")
    stage: Slug = Field(description="Stage of this protocol whose start starts the clock.")
    minutes: int = Field(gt=0, description="How long it runs, in minutes.")
    sentence: Text = Field(description="What must have happened by then, and who says so.")


class DebriefQuestion(Entry):
    """A question that the review must answer, and who is asked it beforehand."""

    ask: Slug | None = Field(None, description="Role or team that is asked; none: everybody at the review.")
    question: Text = Field(description="What is asked.")


class Debrief(Entry):
    """What the review afterwards must answer."""

    due_days: int = Field(gt=0, description="From stand-down, in days.")
    questions: tuple[DebriefQuestion, ...] = Field(min_length=1, description="What the debrief must answer.")


class Approval(Entry):
    """Whose word it takes before a version of the retrospective is given to an audience."""

    audience: Audience = Field(description="Who is to read it: `internal`, `partner`, `public`, `privileged`.")
    by: tuple[Slug, ...] = Field(
        min_length=1, description="Roles, or teams, whose lead speaks for them; each of them must approve."
    )
    severities: tuple[SeverityId, ...] = Field((), description="For these severities; empty: for all.")


class Protocol(Entry):
    """A protocol by its facts, in our own words; `source_url` leads to its owner's."""

    id: Slug = Field(description="Short name.")
    version: Version = Field(description="Ours; raise it whenever a criterion, stage or clock changes.")
    title: Text = Field(description="Its name.")
    source_url: HttpUrl | None = Field(None, description="Where its owner publishes it; none: our own.")
    activation_types: tuple[ActivationType, ...] = Field(min_length=1, description="How it can be activated.")
    entry_criteria: tuple[Criterion, ...] = Field(min_length=1, description="Answered before declaring.")
    exit_criteria: tuple[Criterion, ...] = Field(min_length=1, description="Answered before standing down.")
    stages: tuple[Stage, ...] = Field(min_length=1, description="Its stages, in order.")
    roles: tuple[Role, ...] = Field(min_length=1, description="Roles to be filled when mobilising.")
    notifications: tuple[Notification, ...] = Field((), description="Who is told, and by when.")
    clocks: tuple[ProtocolClock, ...] = Field((), description="Limits of time that it sets.")
    debrief: Debrief = Field(description="What the review afterwards must answer.")
    approvals: tuple[Approval, ...] = Field(
        (), description="Who approves a retrospective, by audience; empty: the signature is enough."
    )
    four_eyes: tuple[FourEyes, ...] = Field(
        (), description="Which steps take a second person; empty: none does."
    )

    def approvers(self, audience: Audience, severity: str) -> tuple[str, ...]:
        """The roles and teams that must approve before the audience gets it, each once, in order."""
        asked = [
            approver
            for each in self.approvals
            if each.audience is audience and severity in (each.severities or (severity,))
            for approver in each.by
        ]
        return tuple(dict.fromkeys(asked))
