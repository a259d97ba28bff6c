"""Where those are reached who are on call."""

from collections.abc import Sequence
from datetime import datetime

from incidents.catalogue.channels import ESCALATIONS
from incidents.store.engine import Work
from incidents.store.incidents import find, holders
from incidents.store.shifts import people_on_duty
from tasks.world import catalogue


def channels_on_call(work: Work, incident: str, duties: Sequence[str], now: datetime) -> list[str]:
    """The own channels of those who are on call for these roles and teams, each once.

    Nobody is called for a drill, and for a restricted incident only who may see it.
    """
    found, known = find(work, incident), catalogue()
    if found.is_drill:
        return []
    called = [person for duty in duties for person in people_on_duty(work, known.rotations, duty, now)]
    circle = holders(work, incident) if found.restricted else called
    reached = [channel for person in called if person in circle for channel in known.reached(person)]
    return [channel for channel in dict.fromkeys(reached) if channel != ESCALATIONS]
