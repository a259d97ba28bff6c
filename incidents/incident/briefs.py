"""When is the next brief due to those who follow a crisis, and how often was it missed?"""

from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict

from incidents.catalogue.severities import SeverityClocks
from incidents.incident.phases import Phase

BRIEFED: Final = frozenset({Phase.declared, Phase.responding, Phase.monitoring})
"""Phases in which people who follow a crisis wait to hear of it."""


class BriefClock(BaseModel):
    """From when on the next brief counts: the last one, or the moment at which the crisis was declared."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    incident_id: str
    since: datetime
    sent: int
    reminders: int

    def missed(self, clocks: SeverityClocks, now: datetime) -> int:
        """How many briefs should have been sent since; each is reminded of once."""
        return max(0, (now - self.since) // timedelta(minutes=clocks.brief_minutes))
