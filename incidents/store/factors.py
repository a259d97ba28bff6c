"""Factors as people put them: in their words, in another category or part, or added by them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from incidents.errors import BadInput, NotAllowed, NotFound, Refusal
from incidents.people import Act, Person
from incidents.reviews.factors.factor import Otherwise
from incidents.reviews.record import FactorPart
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for, lock
from incidents.store.reviews import refuse_second_trigger, refuse_signed
from incidents.store.schema import factors
from incidents.timeline import Event

_REFERENCE: Final = re.compile(r"INC-\d+#\d+")


def change_factor(
    work: Work,
    incident: str,
    number: int,
    *,
    otherwise: Otherwise,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Put a factor otherwise; the wording of its rule stays beside it.

    NotAllowed (`REASON_MISSING`, `REVIEW_SIGNED`, `TRIGGER_TAKEN`). NotFound where there is no such factor.
    BadInput where nothing would change.
    """
    _open_for(work, incident, by)
    if not reason.strip():
        missing = Refusal("REASON_MISSING", "The record needs it.")
        raise NotAllowed("To change a factor takes a reason.", [missing])
    here = (factors.c.incident_id == incident, factors.c.number == number)
    row = work.execute(sa.select(factors).where(*here)).one_or_none()
    if row is None:
        raise NotFound(f"{incident} has no factor {number}. `watchfloor review factor {incident}` lists them.")
    changed = {name: text for name, text in otherwise.given().items() if text != row._mapping[name]}
    if not changed:
        raise BadInput(f"Factor {number} of {incident} reads so already.")
    if changed.get("part") == FactorPart.trigger and row.state == "accepted":
        refuse_second_trigger(work, incident, number)
    told = {"changed_by": by.id, "changed_because": reason, "proposed": _as_proposed(row)}
    work.execute(sa.update(factors).where(*here).values(**changed, **told))
    facts = {"number": number, "changed": sorted(changed), "reason": reason}
    timeline.append(work, incident, Event.factor_changed, actor=by.id, now=now, facts=facts)


def add_factor(
    work: Work,
    incident: str,
    *,
    otherwise: Otherwise,
    supports: Sequence[str],
    against: Sequence[str] = (),
    by: Person,
    now: datetime,
) -> int:
    """Add a person's own factor, as a hypothesis like any other, and return its number.

    `supports` and `against` cite entries; at least one has to speak for it. NotAllowed (`REVIEW_SIGNED`).
    BadInput where a part of it is missing.
    """
    _open_for(work, incident, by)
    wording = {"part": FactorPart.contributing.value} | otherwise.given()
    if not supports or not {"category", "sentence"} <= wording.keys():
        raise BadInput("A factor has a category, a sentence, and at least one entry that speaks for it.")
    wrong = [ref for ref in (*supports, *against) if not _REFERENCE.fullmatch(ref)]
    if wrong:
        raise BadInput(f"{wrong[0]!r} is no reference to an entry. Write {incident}#7.")
    newest = sa.select(sa.func.max(factors.c.number)).where(factors.c.incident_id == incident)
    number = (work.execute(newest).scalar_one() or 0) + 1
    evidence = {"rule": None, "for": list(supports), "against": list(against), "but": ""}
    row = {"incident_id": incident, "number": number, "state": "proposed", "added_by": by.id}
    work.execute(factors.insert().values(**row, **wording, evidence=evidence))
    timeline.append(work, incident, Event.factor_added, actor=by.id, now=now, facts={"number": number})
    return number


def _open_for(work: Work, incident: str, by: Person) -> None:
    find_for(work, incident, by, Act.draft_review)
    lock(work, incident)
    refuse_signed(work, incident)


def _as_proposed(row: sa.Row[Any]) -> dict[str, str] | None:
    """The wording of the rule; None for what a person added."""
    if row.added_by is not None:
        return None
    if row.proposed is not None:
        return dict(row.proposed)
    return {name: row._mapping[name] for name in ("category", "part", "sentence")}
