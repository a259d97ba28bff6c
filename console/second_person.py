"""Take a step; or, where the protocol asks for a second person, propose it, and take it once one confirms."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from console.reviewing import approvers_of
from incidents.catalogue.model import Catalogue
from incidents.four_eyes import Consent, SecondPersonMissing
from incidents.people import Person
from incidents.proposals import Proposal, ProposalState, Step, Wanted
from incidents.reviews.sharing import Shared, share
from incidents.settings import Settings
from incidents.store.acting import Ordered, order_actions
from incidents.store.ending import close_sweep
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.lifecycle import waive
from incidents.store.proposals import answer, propose
from incidents.store.undo import undo_decision

Taken = Ordered | Shared | int | None
"""What became of a step: what was ordered, the document, how many copies lost their decision, or no more."""


class Site(Protocol):
    """What a door knows of the site."""

    @property
    def settings(self) -> Settings:
        """Its settings."""

    @property
    def catalogue(self) -> Catalogue:
        """Its catalogue."""


@dataclass(frozen=True)
class Word:
    """Whose step it is, why, and with whose consent."""

    by: Person
    reason: str
    consent: Consent
    now: datetime


def take_or_propose(
    work: Work, site: Site, wanted: Wanted, *, by: Person, reason: str, now: datetime
) -> Taken | Proposal:
    """Take a step at once where one person may; else the proposal of it, which another person confirms.

    Raises what stands against the step itself before anything is proposed.
    """
    word = Word(by, reason, site.catalogue.consent(find(work, wanted.incident)), now)
    try:
        with work.attempt():
            return STEPS[wanted.step](work, site, wanted, word)
    except SecondPersonMissing as missing:
        return propose(work, wanted, by=by, reason=reason, waits=missing.waits, now=now)


def confirm(work: Work, site: Site, proposal: str, *, by: Person, reason: str, now: datetime) -> Taken:
    """Confirm what somebody else proposed, and take the step in their name and one's own.

    Raises what `answer` raises, and what stands against the step by now: then the proposal goes on waiting.
    """
    found = answer(work, proposal, ProposalState.confirmed, by=by, reason=reason, now=now)
    consent = replace(site.catalogue.consent(find(work, found.incident_id)), second=by)
    first = site.catalogue.person(found.proposed_by)
    return STEPS[found.wanted.step](work, site, found.wanted, Word(first, found.reason, consent, now))


def _act(work: Work, site: Site, wanted: Wanted, word: Word) -> Taken:
    assert wanted.sweep is not None
    assert wanted.actions is not None
    return order_actions(
        work,
        wanted.sweep,
        actions=wanted.actions,
        by=word.by,
        reason=word.reason,
        switched_on=site.settings.platform_actions,
        consent=word.consent,
        now=word.now,
    )


def _undo(work: Work, _: Site, wanted: Wanted, word: Word) -> Taken:
    assert wanted.sweep is not None
    assert wanted.item is not None
    return undo_decision(
        work, wanted.sweep, wanted.item, by=word.by, reason=word.reason, consent=word.consent, now=word.now
    )


def _share(work: Work, site: Site, wanted: Wanted, word: Word) -> Taken:
    assert wanted.audience is not None
    asked = approvers_of(site.catalogue, find(work, wanted.incident), wanted.audience)
    return share(
        work,
        wanted.incident,
        wanted.audience,
        wanted.team,
        approvers=asked,
        by=word.by,
        consent=word.consent,
        now=word.now,
    )


def _close(work: Work, _: Site, wanted: Wanted, word: Word) -> Taken:
    assert wanted.sweep is not None
    close_sweep(work, wanted.sweep, by=word.by, reason=word.reason, consent=word.consent, now=word.now)
    return None


def _waive(work: Work, _: Site, wanted: Wanted, word: Word) -> Taken:
    assert wanted.code is not None
    waive(
        work, wanted.incident, wanted.code, by=word.by, reason=word.reason, consent=word.consent, now=word.now
    )
    return None


STEPS: dict[Step, Callable[[Work, Site, Wanted, Word], Taken]] = {
    Step.act: _act,
    Step.undo: _undo,
    Step.share: _share,
    Step.close: _close,
    Step.waive: _waive,
}
"""Step → what it does."""
