"""Put what somebody types into the words of an ask, as flows do with what a protocol says."""

from datetime import datetime

from incidents.catalogue.model import Catalogue
from incidents.errors import BadInput
from incidents.incident.asks import new_ask
from incidents.incident.incident import Incident
from incidents.people import Person
from incidents.store.asks import KEY_SLOT, NewAsk
from incidents.store.engine import Work
from incidents.store.guidelines import guideline_in_force
from incidents.words import render

LONGEST = 2_000
"""Characters of one ask. More belongs into the guideline."""


def ask_by_hand(
    work: Work, catalogue: Catalogue, found: Incident, *, team: str, what: str, by: Person, now: datetime
) -> NewAsk:
    """The ask, ready to be recorded. BadInput for an empty one, or one that is too long."""
    if not what.strip() or len(what) > LONGEST:
        raise BadInput(f"An ask has 1 to {LONGEST:,} characters. What is longer belongs into the guideline.")
    guideline = guideline_in_force(work, found.id, language=None, now=now)
    version = guideline.version if guideline else None
    facts = {"incident": found, "person": by.id, "team": team, "what": what.strip()}
    return new_ask(
        found,
        catalogue.team(team),
        catalogue.severity(found.severity).clocks,
        about=f"by-hand:{by.id}:{now.isoformat()}",
        what=what.strip(),
        text=render("asks/request.md.j2", **facts, version=version, ask=KEY_SLOT),
        guideline_version=version,
        now=now,
    )
