"""A retrospective is signed only where the record bears it out; what is signed is what is published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from incidents.errors import NotAllowed, Refusal
from incidents.people import Act, Person
from incidents.reviews.audiences import Audience
from incidents.reviews.checking import Fault, check
from incidents.reviews.drafting import GENERATOR
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

    That the record has moved on since is no reason by itself: only what is not true any more is.
    `approvers` are those whom the protocol names for the audience internal: publishing follows the signature
    at once, so that their approval comes before it.
    """
    find_for(work, incident, by, Act.sign_review)
    # Whoever writes a section at this moment has done so before the check, or is told that it is signed.
    lock(work, incident)
    newest = read_draft(work, incident)
    if newest.version == version and find_review(work, incident).signed_at is None:
        _refuse_unproven(work, newest)
        refuse_unapproved(work, incident, Audience.internal, version, approvers=approvers)
    return sign(work, incident, version, by=by, reason=reason, now=now)


def _refuse_unproven(work: Work, draft: Draft) -> None:
    incident, version = draft.incident_id, draft.version
    found = check(draft.markdown, read_record(work, incident), generator=GENERATOR)
    wrong = [finding for finding in found if finding.fault is not Fault.other_record]
    if not wrong:
        return
    told = [f"{each.fault} in line {each.line}: “{each.text}”. {each.why}" for each in wrong[:NAMED]]
    more = [f"{len(wrong) - NAMED} more."] if len(wrong) > NAMED else []
    reasons = [Refusal("REVIEW_UNPROVEN", sentence) for sentence in [*told, *more]]
    raise NotAllowed(f"The record of {incident} does not bear out version {version}. Draft it anew.", reasons)
