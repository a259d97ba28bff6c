"""A retrospective is signed only where the record bears it out; what is signed is what is published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from incidents.errors import NotAllowed, Refusal
from incidents.people import Act, Person
from incidents.reviews.audiences import Audience
from incidents.reviews.checking import OF_ANOTHER_STATE, check
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.outdated import passed_over
from incidents.reviews.record import Record
from incidents.reviews.retrospective import compose
from incidents.store.approvals import refuse_unapproved
from incidents.store.engine import Work
from incidents.store.incidents import find_for, lock
from incidents.store.records import read_record
from incidents.store.reviews import Draft, Review, find_review, read_draft, sign

NAMED: Final = 5
"""Findings that a refusal names; `watchfloor review check` has all."""


def sign_checked(
    work: Work,
    incident: str,
    version: int,
    *,
    approvers: Sequence[str],
    by: Person,
    reason: str = "",
    now: datetime,
) -> Review:
    """Sign a version as `sign` does, once it passed the check. NotAllowed (`REVIEW_UNPROVEN`) where it fails.

    That the record has moved on since is no reason by itself: only what is not true any more is, and what
    people said of the document that it does not have (`DRAFT_OUTDATED`).
    `approvers` are those whom the protocol names for the audience internal: publishing follows the signature
    at once, so that their approval comes before it.
    """
    find_for(work, incident, by, Act.sign_review)
    # Whoever writes a section at this moment has done so before the check, or is told that it is signed.
    lock(work, incident)
    newest = read_draft(work, incident)
    if newest.version == version and find_review(work, incident).signed_at is None:
        record = read_record(work, incident)
        _refuse_outdated(record, newest)
        _refuse_unproven(record, newest)
        refuse_unapproved(work, incident, Audience.internal, version, approvers=approvers)
    return sign(work, incident, version, by=by, reason=reason, now=now)


def _refuse_outdated(record: Record, draft: Draft) -> None:
    unsaid = passed_over(draft.markdown, compose(record, generator=GENERATOR))
    if unsaid:
        incident = draft.incident_id
        todo = f"`watchfloor review draft {incident}` writes the next version. Read and sign that one."
        reasons = [Refusal("DRAFT_OUTDATED", each) for each in unsaid]
        raise NotAllowed(f"Version {draft.version} of {incident} passes over what people said. {todo}", reasons)


def _refuse_unproven(record: Record, draft: Draft) -> None:
    incident, version = draft.incident_id, draft.version
    found = check(draft.markdown, record, generator=GENERATOR)
    wrong = [finding for finding in found if finding.fault not in OF_ANOTHER_STATE]
    if not wrong:
        return
    told = [f"{each.fault} in line {each.line}: “{each.text}”. {each.why}" for each in wrong[:NAMED]]
    more = [f"{len(wrong) - NAMED} more."] if len(wrong) > NAMED else []
    reasons = [Refusal("REVIEW_UNPROVEN", sentence) for sentence in [*told, *more]]
    raise NotAllowed(f"The record of {incident} does not bear out version {version}. Draft it anew.", reasons)
