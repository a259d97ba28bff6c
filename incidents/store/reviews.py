"""The review of an incident: its owner, drafts that never change, one signature, one publication."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput, Conflict, NotAllowed, NotFound, Refusal
from incidents.incident.incident import SYSTEM
from incidents.people import Act, Person, Role
from incidents.reviews.factors.factor import Factor
from incidents.reviews.record import FactorPart
from incidents.reviews.signing import sign_refusals
from incidents.store import outbox, timeline
from incidents.store.engine import Work
from incidents.store.gates import GateKind, answer_gate
from incidents.store.incidents import find, find_for, lock
from incidents.store.schema import factors, retrospectives, reviews, roles
from incidents.timeline import Event


class Review(BaseModel):
    """Where the review of an incident stands."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    incident_id: str
    owner: str
    state: str
    due_at: datetime
    started_at: datetime
    signed_version: int | None
    signed_by: str | None
    signed_at: datetime | None
    published_at: datetime | None


class Draft(BaseModel):
    """One version of a retrospective. It is never changed."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    incident_id: str
    version: int
    markdown: str
    input_hash: str
    author: str
    written_at: datetime


def start_review(work: Work, incident: str, *, owner: str, due_at: datetime, now: datetime) -> bool:
    """Name the owner of the review; False where this round's review was started before.

    After a reopening the review starts anew: the old versions stay, the old signature does not count.
    """
    row = {"owner": owner, "state": "drafting", "due_at": due_at, "started_at": now}
    if not work.insert_once(reviews, row | {"incident_id": incident}) and not _restart(work, incident, row):
        return False
    facts = {"person": owner, "due_at": due_at.isoformat()}
    timeline.append(work, incident, Event.owner_named, actor=SYSTEM.id, now=now, facts=facts)
    return True


def find_review(work: Work, incident: str) -> Review:
    """The review of an incident. NotFound where none was started."""
    row = work.execute(sa.select(reviews).where(reviews.c.incident_id == incident)).one_or_none()
    if row is None:
        find(work, incident)
        raise NotFound(f"{incident} has no review yet: it starts when the crisis is stood down.")
    return Review.model_validate(row)


def refuse_signed(work: Work, incident: str) -> None:
    """NotAllowed (`REVIEW_SIGNED`) where the retrospective is signed: nothing would change in it any more."""
    statement = sa.select(reviews.c.signed_version).where(reviews.c.incident_id == incident)
    version = work.execute(statement).scalar_one_or_none()
    if version is not None:
        reason = Refusal("REVIEW_SIGNED", f"Version {version} is signed; what comes later is not in it.")
        raise NotAllowed(f"The retrospective of {incident} is not worked on any more.", [reason])


def choose_zone(work: Work, incident: str, zone: str, *, by: Person) -> None:
    """Show times in this IANA zone, too; `UTC` alone where it is that. BadInput where there is no such zone.

    It is how a document is shown, and no fact of the crisis: the timeline says nothing of it.
    """
    find_for(work, incident, by, Act.draft_review)
    find_review(work, incident)
    refuse_signed(work, incident)
    if zone not in available_timezones() - {"localtime"}:
        raise BadInput(f"{zone!r} is no zone of the IANA database. Write Europe/Berlin, or UTC.")
    statement = sa.update(reviews).where(reviews.c.incident_id == incident)
    work.execute(statement.values(zone=None if zone == "UTC" else zone))


def review_owner(work: Work, incident: str) -> str | None:
    """Who owns the review of an incident; None where none was started."""
    return work.execute(
        sa.select(reviews.c.owner).where(reviews.c.incident_id == incident)
    ).scalar_one_or_none()


def change_owner(
    work: Work, incident: str, owner: Person, *, by: Person, note: str = "", now: datetime
) -> Review:
    """Make somebody else the owner of the review; they must be allowed to draft it.

    NotAllowed where it is published. Conflict where they own it already, or somebody else was named just now.
    """
    find_for(work, incident, by, Act.draft_review)
    find_for(work, incident, owner, Act.draft_review)
    review = find_review(work, incident)
    if review.published_at is not None:
        over = Refusal("REVIEW_OVER", "The retrospective is published.")
        raise NotAllowed(f"The review of {incident} gets no new owner.", [over])
    if review.owner == owner.id:
        raise Conflict(f"{owner.id} owns the review of {incident} already.")
    mine = sa.update(reviews).where(reviews.c.incident_id == incident, reviews.c.owner == review.owner)
    if work.execute(mine.values(owner=owner.id)).rowcount != 1:
        raise Conflict(f"Somebody else changed the owner of {incident}'s review just now. Look again.")
    facts = {"person": owner.id, "was": review.owner, "note": note}
    timeline.append(work, incident, Event.owner_changed, actor=by.id, now=now, facts=facts)
    return find_review(work, incident)


def write_draft(
    work: Work, incident: str, *, markdown: str, input_hash: str, author: str, now: datetime
) -> int:
    """Keep a new version where the text differs from the newest, and return the newest version.

    A signed review is not redrafted: the signed version is returned and nothing is written. For the
    flow; a door asks `authorise` for Act.draft_review first.
    """
    review = find_review(work, incident)
    if review.signed_version is not None:
        return review.signed_version
    last = work.execute(_newest(incident)).one_or_none()
    if last is not None and last.markdown == markdown:
        return int(last.version)
    version = 1 if last is None else int(last.version) + 1
    row = {"incident_id": incident, "version": version, "markdown": markdown, "input_hash": input_hash}
    if not work.insert_once(retrospectives, row | {"author": author, "written_at": now}):
        raise Conflict(f"Somebody else wrote version {version} of {incident}'s retrospective just now.")
    _set_state(work, incident, "signing")
    facts = {"version": version, "input_hash": input_hash}
    timeline.append(work, incident, Event.draft_written, actor=author, now=now, facts=facts)
    return version


def read_draft(work: Work, incident: str, version: int | None = None) -> Draft:
    """A version of the retrospective, the newest where none is named. NotFound where there is none."""
    statement = _newest(incident)
    if version is not None:
        statement = statement.where(retrospectives.c.version == version)
    row = work.execute(statement).one_or_none()
    if row is None:
        which = "retrospective" if version is None else f"version {version} of its retrospective"
        raise NotFound(f"{incident} has no {which}. `watchfloor review draft {incident}` writes one.")
    return Draft.model_validate(row)


def signed_draft(work: Work, incident: str) -> Draft | None:
    """The version that is signed; None where none is."""
    signed = sa.select(reviews.c.signed_version).where(reviews.c.incident_id == incident)
    version = work.execute(signed).scalar_one_or_none()
    return None if version is None else read_draft(work, incident, version)


def sign(work: Work, incident: str, version: int, *, by: Person, reason: str = "", now: datetime) -> Review:
    """A reviewer signs the newest version. NotAllowed with coded reasons (see `sign_refusals`).

    Conflict, with who and when, where it is signed already.
    """
    find_for(work, incident, by, Act.sign_review)
    review = find_review(work, incident)
    if review.signed_at is not None:
        raise _signed_already(review)
    newest = read_draft(work, incident)
    read = read_draft(work, incident, version)
    refusals = sign_refusals(
        version=version,
        newest=newest.version,
        signer=by.id,
        author=read.author,
        commanders=_commanders(work, incident),
    )
    if refusals:
        raise NotAllowed(f"{by.id} cannot sign version {version} of {incident}'s retrospective.", refusals)
    _sign(work, review, version, by.id, now)
    facts = {"version": version, "person": by.id, "reason": reason}
    timeline.append(work, incident, Event.retrospective_signed, actor=by.id, now=now, facts=facts)
    answer_gate(work, incident, GateKind.sign_off, answer="sign", by=by.id, reason=reason, now=now)
    return find_review(work, incident)


def publish(work: Work, incident: str, *, now: datetime, by: Person = SYSTEM) -> bool:
    """Publish the signed version; False where it is published already. NotAllowed where none is signed."""
    find_for(work, incident, by, Act.draft_review)
    review = find_review(work, incident)
    if review.signed_version is None:
        reason = Refusal("REVIEW_UNSIGNED", "The retrospective is not signed by a reviewer.")
        raise NotAllowed(f"{incident}'s retrospective cannot be published yet.", [reason])
    statement = (
        sa.update(reviews)
        .where(reviews.c.incident_id == incident, reviews.c.published_at.is_(None))
        .where(reviews.c.signed_at.is_not(None))
        .values(state="published", published_at=now)
    )
    if work.execute(statement).rowcount != 1:
        return False
    facts = {"version": review.signed_version}
    entry = timeline.append(work, incident, Event.retrospective_published, actor=by.id, now=now, facts=facts)
    timeline.reach_milestone(work, entry, "review_published")
    key = f"published:{incident}:{review.signed_version}"
    outbox.post_event(work, incident, Event.retrospective_published, key=key, now=now)
    return True


def propose_factors(work: Work, incident: str, proposed: Sequence[Factor]) -> int:
    """Keep new hypotheses, and bring those that nobody judged up to date; return how many are new.

    Nothing enters the timeline: a hypothesis is made from it, and only a person's judgement is a fact.
    """
    rows = work.execute(sa.select(factors).where(factors.c.incident_id == incident)).all()
    known = {row.evidence.get("rule"): row for row in rows}
    number = max((row.number for row in rows), default=0)
    new = 0
    for factor in proposed:
        if factor.rule in known:
            _refresh(work, known[factor.rule], factor)
            continue
        number, new = number + 1, new + 1
        row = {"incident_id": incident, "number": number, "state": "proposed", **_told(factor)}
        work.insert_once(factors, row)
    return new


def judge_factor(
    work: Work,
    incident: str,
    number: int,
    *,
    state: str,
    reason: str,
    by: Person,
    now: datetime,
    was: str = "proposed",
) -> None:
    """Accept or reject a hypothesis, with a reason. `was` is the state that the person read.

    Conflict, with who and when, where somebody judged it meanwhile. NotFound where there is none.
    """
    find_for(work, incident, by, Act.draft_review)
    if state not in ("accepted", "rejected"):
        raise BadInput(f"A factor is accepted or rejected, not {state}.")
    if not reason.strip():
        raise NotAllowed(
            "To judge a factor takes a reason.", [Refusal("REASON_MISSING", "The record needs it.")]
        )
    here = (factors.c.incident_id == incident, factors.c.number == number)
    lock(work, incident)
    found = work.execute(sa.select(factors).where(*here)).one_or_none()
    if state == "accepted" and found is not None and found.part == FactorPart.trigger:
        refuse_second_trigger(work, incident, number)
    statement = sa.update(factors).where(*here, factors.c.state == was)
    if work.execute(statement.values(state=state, judged_by=by.id, reason=reason)).rowcount != 1:
        row = work.execute(sa.select(factors).where(*here)).one_or_none()
        raise _judged_already(work, incident, number, row)
    facts = {"number": number, "state": state, "reason": reason}
    timeline.append(work, incident, Event.factor_judged, actor=by.id, now=now, facts=facts)


def refuse_second_trigger(work: Work, incident: str, number: int) -> None:
    """NotAllowed (`TRIGGER_TAKEN`) where another factor is accepted as what set it off."""
    accepted = (factors.c.part == FactorPart.trigger.value, factors.c.state == "accepted")
    statement = sa.select(factors.c.number).where(factors.c.incident_id == incident, *accepted)
    other = work.execute(statement.where(factors.c.number != number)).scalar_one_or_none()
    if other is not None:
        reason = Refusal("TRIGGER_TAKEN", f"Factor {other} is accepted as the trigger; there is one at most.")
        raise NotAllowed(f"Factor {number} of {incident} cannot be accepted as the trigger.", [reason])


def _restart(work: Work, incident: str, row: dict[str, Any]) -> bool:
    named = timeline.last_entry(work, incident, (Event.owner_named,))
    reopened = timeline.last_entry(work, incident, (Event.record_reopened,))
    if reopened is None or (named is not None and named.seq > reopened.seq):
        return False
    unsigned = dict.fromkeys(("signed_version", "signed_by", "signed_at", "published_at"))
    work.execute(sa.update(reviews).where(reviews.c.incident_id == incident).values(**row, **unsigned))
    return True


def _newest(incident: str) -> sa.Select[Any]:
    return (
        sa.select(retrospectives)
        .where(retrospectives.c.incident_id == incident)
        .order_by(retrospectives.c.version.desc())
        .limit(1)
    )


def _set_state(work: Work, incident: str, state: str) -> None:
    unsigned = sa.update(reviews).where(reviews.c.incident_id == incident, reviews.c.signed_at.is_(None))
    work.execute(unsigned.values(state=state))


def _commanders(work: Work, incident: str) -> frozenset[str]:
    """Everybody who commanded it, also those who handed over."""
    statement = sa.select(roles.c.person).where(
        roles.c.incident_id == incident, roles.c.role == Role.commander.value
    )
    return frozenset(work.execute(statement).scalars())


def _sign(work: Work, review: Review, version: int, person: str, now: datetime) -> None:
    newest = sa.select(sa.func.max(retrospectives.c.version)).where(
        retrospectives.c.incident_id == review.incident_id
    )
    statement = (
        sa.update(reviews)
        .where(reviews.c.incident_id == review.incident_id, reviews.c.signed_at.is_(None))
        .where(newest.scalar_subquery() == version)
        .values(state="signed", signed_version=version, signed_by=person, signed_at=now)
    )
    if work.execute(statement).rowcount == 1:
        return
    after = find_review(work, review.incident_id)
    if after.signed_at is not None:
        raise _signed_already(after)
    raise Conflict(f"A newer version of {review.incident_id}'s retrospective was written just now. Read it.")


def _signed_already(review: Review) -> Conflict:
    return Conflict(
        f"{review.incident_id}'s retrospective is signed already: version {review.signed_version}"
        f" by {review.signed_by} at {review.signed_at:%Y-%m-%d %H:%M:%S} UTC (ALREADY_SIGNED)."
    )


def _told(factor: Factor) -> dict[str, Any]:
    evidence = {"rule": factor.rule, "for": list(factor.supports), "against": list(factor.against)}
    return _worded(factor) | {"evidence": evidence | {"but": factor.but}}


def _worded(factor: Factor) -> dict[str, str]:
    return {"category": factor.category.value, "part": factor.part.value, "sentence": factor.sentence}


def _refresh(work: Work, row: sa.Row[Any], factor: Factor) -> None:
    """What a person put otherwise stays so; the rule's own wording is brought up to date beside it."""
    told = _told(factor)
    if row.proposed is not None:
        told = {"evidence": told["evidence"], "proposed": _worded(factor)}
    unjudged = sa.update(factors).where(
        factors.c.incident_id == row.incident_id,
        factors.c.number == row.number,
        factors.c.state == "proposed",
    )
    work.execute(unjudged.values(**told))


def _judged_already(work: Work, incident: str, number: int, row: sa.Row[Any] | None) -> NotFound | Conflict:
    if row is None:
        return NotFound(f"{incident} has no factor {number}. Its retrospective lists them.")
    judged = timeline.entries_of(work, incident, (Event.factor_judged,))
    when = [f" at {e.at:%Y-%m-%d %H:%M:%S} UTC" for e in judged if e.facts.get("number") == number]
    by = f" by {row.judged_by}{when[-1] if when else ''}" if row.judged_by else ""
    return Conflict(f"Factor {number} of {incident} is {row.state}{by}. Nothing of yours was changed.")
