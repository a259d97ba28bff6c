"""Send a brief of a crisis to the teams that were asked for something in it."""

from datetime import datetime, timedelta

from incidents.catalogue.model import Catalogue
from incidents.incident.briefs import BRIEFED
from incidents.incident.incident import Incident
from incidents.people import Person
from incidents.store.asks import asks_of
from incidents.store.briefs import send_brief
from incidents.store.engine import Work
from incidents.timeline import Entry


def brief_due(catalogue: Catalogue, incident: Incident, since: datetime | None) -> datetime | None:
    """When the next brief is due, counted from `since`; None where nobody waits for one."""
    clocks = {each.id: each.clocks for each in catalogue.severities}.get(incident.severity)
    if since is None or clocks is None or incident.phase not in BRIEFED:
        return None
    return since + timedelta(minutes=clocks.brief_minutes)


def brief_teams(
    work: Work, catalogue: Catalogue, incident: str, text: str, *, by: Person, now: datetime
) -> Entry:
    """Send it through the first channel of each team. Where none was asked, the timeline alone has it."""
    teams = dict.fromkeys(ask.team for ask in asks_of(work, incident))
    channels = dict.fromkeys(catalogue.team(team).channels[0] for team in teams)
    return send_brief(work, incident, text, channels=list(channels), by=by, now=now)
