"""Who is told that something is late, and how late it must be before the next person is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import Final

from incidents.catalogue.channels import ESCALATIONS


class Whom(StrEnum):
    """Who is told: whoever is to do it, those who lead, those who run the place."""

    doer = "doer"
    lead = "lead"
    administrators = "administrators"


@dataclass(frozen=True)
class Rung:
    """One rung of a ladder: so long after the due date, these people are told."""

    after: timedelta
    whom: Whom


STEPS: Final = (
    Rung(timedelta(), Whom.doer),
    Rung(timedelta(days=1), Whom.lead),
    Rung(timedelta(days=3), Whom.administrators),
)
"""For the steps of a review. Own choice: a review that rests for three days is forgotten."""

ITEMS: Final = (
    Rung(timedelta(days=7), Whom.lead),
    Rung(timedelta(days=14), Whom.administrators),
)
"""For overdue action items; their owners are reminded from the first day on, by `store.action_items.chase`."""


def next_rung(ladder: Sequence[Rung], *, climbed: int, due_at: datetime, now: datetime) -> Rung | None:
    """Whom to tell now, of something that is not done; None where nobody new has to be told.

    `climbed` is how many rungs were told before. Each is told once, one at a time, also where nobody looked
    for a long while.
    """
    if climbed >= len(ladder) or now < due_at + ladder[climbed].after:
        return None
    return ladder[climbed]


def people_told(
    whom: Whom, *, doers: Iterable[str], lead: Iterable[str | None], administrators: Iterable[str]
) -> list[str]:
    """The ids that a reminder names, each once: of those who do it, of those who lead, or of administrators."""
    named: dict[Whom, Iterable[str | None]] = {
        Whom.doer: doers,
        Whom.lead: lead,
        Whom.administrators: administrators,
    }
    return list(dict.fromkeys(each for each in named[whom] if each))


def channels_for(people: Iterable[str], reached: Callable[[str], Iterable[str]]) -> list[str]:
    """The channels that a reminder goes to, each once: those in which the people are reached.

    `reached` gives the channels of one of them. Where somebody has none, or nobody is named, it goes to
    `ESCALATIONS`, too.
    """
    found = [list(reached(each)) for each in people]
    own = dict.fromkeys(chain.from_iterable(found))
    return [*own] if found and all(found) else [*(own | {ESCALATIONS: None})]
