"""Give a retrospective to an audience. Who gave which version to whom stands in the timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.errors import NotAllowed, Refusal
from incidents.four_eyes import Consent, Matter
from incidents.people import Act, Person
from incidents.reviews.audiences import OUTSIDE, Audience
from incidents.reviews.chart import Chart
from incidents.reviews.checking import is_made_of
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.outside import charts_for, compose_for
from incidents.reviews.record import Record, input_hash
from incidents.reviews.redaction import View, redact, view_on
from incidents.store import timeline
from incidents.store.approvals import refuse_unapproved
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.kept_records import find_kept, record_of
from incidents.store.records import read_record
from incidents.store.reviews import find_review, read_draft, signed_draft
from incidents.timeline import Event


@dataclass(frozen=True)
class Shared:
    """One document as an audience is given it."""

    incident: str
    view: View
    version: int
    """The signed version that stands behind it."""
    input_hash: str
    """Of what the audience may see of the record."""
    markdown: str
    charts: tuple[Chart, ...]


def seen_by(work: Work, incident: str, version: int | None, audience: Audience, team: str | None) -> str:
    """A version of the retrospective, the newest where none is named, as an audience would read it.

    BadInput where the team is missing or a stranger. NotAllowed as for `record_of`.
    """
    record = record_of(work, read_draft(work, incident, version))
    return compose_for(record, view_on(record, audience, team), generator=GENERATOR)


def record_behind(work: Work, incident: str, document: str) -> Record:
    """What a document is held against: the record that was signed, where it was made of that; else today's."""
    signed = signed_draft(work, incident)
    kept = None if signed is None else find_kept(work, signed)
    return kept if kept is not None and is_made_of(document, kept) else read_record(work, incident)


def share(
    work: Work,
    incident: str,
    audience: Audience,
    team: str | None,
    *,
    approvers: Sequence[str] = (),
    by: Person,
    consent: Consent,
    now: datetime,
) -> Shared:
    """Write the document for an audience, and record that it was given away.

    It is made of the record that the signed version was made of: what came later, nobody has read for us.
    NotAllowed where no version is signed (REVIEW_UNSIGNED), where one of the `approvers`, whom the protocol
    names for the audience, has not approved that version, and as for `record_of`. BadInput as for `seen_by`.
    SecondPersonMissing where the protocol asks for one before anybody outside is given it.
    """
    find_for(work, incident, by, Act.share_review)
    version = find_review(work, incident).signed_version
    if version is None:
        reason = Refusal("REVIEW_UNSIGNED", "The retrospective is not signed by a reviewer.")
        raise NotAllowed(f"{incident}'s retrospective cannot be shared yet.", [reason])
    record = record_of(work, read_draft(work, incident, version))
    view = view_on(record, audience, team)
    refuse_unapproved(work, incident, audience, version, approvers=approvers)
    shared = _written(record, view, version)
    facts: dict[str, Any] = {"version": version, "audience": audience.value, "input_hash": shared.input_hash}
    facts |= {"team": team} if team else {}
    if audience in OUTSIDE:
        facts |= consent.need(Matter.share_outside, by=by)
    timeline.append(work, incident, Event.retrospective_shared, actor=by.id, now=now, facts=facts)
    return shared


def _written(record: Record, view: View, version: int) -> Shared:
    return Shared(
        incident=record.incident.id,
        view=view,
        version=version,
        input_hash=input_hash(redact(record, view)),
        markdown=compose_for(record, view, generator=GENERATOR),
        charts=tuple(charts_for(record, view)),
    )
