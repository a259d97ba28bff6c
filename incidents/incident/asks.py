"""What is a partner team asked, through which channel, and by when must it say that it heard?"""

from datetime import datetime, timedelta

from incidents.catalogue.severities import SeverityClocks
from incidents.catalogue.teams import Team
from incidents.incident.incident import Incident
from incidents.store.asks import NewAsk
from incidents.words import plain, render


def new_ask(
    incident: Incident,
    team: Team,
    clocks: SeverityClocks,
    *,
    about: str,
    what: str,
    text: str,
    guideline_version: int | None,
    now: datetime,
) -> NewAsk:
    """An ask for the team's first channel, ready to be recorded and sent.

    It is due once the time is over that was agreed with the team, or that of the incident's severity,
    whichever is shorter. `what` is the ask in a line, `text` the whole message.
    """
    agreed = min(team.ack_minutes, clocks.acknowledge_minutes)
    return NewAsk(
        incident=incident.id,
        team=team.id,
        about=about,
        what=what,
        guideline_version=guideline_version,
        due_at=now + timedelta(minutes=agreed),
        channels=team.channels[:1],
        subject=plain(render("asks/subject.txt.j2", incident=incident, about=about).strip()),
        text=text,
    )
