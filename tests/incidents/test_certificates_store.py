"""What a store's sweep proves is drafted from its rows, holds against them, and breaks when they change."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incidents.errors import BadInput, NotFound
from incidents.four_eyes import ALONE
from incidents.people import Person
from incidents.store.certificates import (
    draft_certificate,
    evidence_of,
    find_certificate,
    keep_certificate,
)
from incidents.store.certify_schema import certify_readings, certify_sample
from incidents.store.ending import close_sweep
from incidents.store.engine import Store, Work
from incidents.store.schema import decisions, items
from incidents.store.sweeps import find_sweep
from incidents.store.timeline import entries, milestones_of
from incidents.sweeps.certificate import Certificate, Claim, sign, verify
from incidents.timeline import Event
from tests.incidents.reading_rows import GIL, PLAIN, add_reading, german, purposes_of, read_all, settle, take
from tests.incidents.sweep_rows import ADA, BO, CLEO, after

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MODEST = PLAIN.model_copy(update={"target": 0.5, "confidence": 0.8})
VIOLATING = [f"p{n:02}" for n in range(1, 37)]


def drafted(work: Work, sweep: str) -> Certificate:
    found = draft_certificate(work, sweep, now=after(90))
    assert found is not None
    return sign(found, KEY)


def differences(work: Work, sweep: str, certificate: Certificate) -> tuple[str, ...]:
    return verify(certificate, evidence_of(work, sweep), KEY.public_key()).differences


def complete(work: Work) -> str:
    """A sweep of which everything was read, with copies of a post that violates."""
    sweep = add_reading(work, german(8), copies={"p02": "p01"}, certify=8)
    read_all(work, BO, CLEO, GIL, violates=["p01", "p02", "p05"])
    return sweep


def reached_by(work: Work, people: Sequence[Person]) -> str:
    """A sweep whose target is reached before everything is read: most of it violates."""
    sweep = add_reading(work, german(60), certify=60, goal=MODEST)
    for minutes in range(10, 300, 2):
        for person in people:
            batch = take(work, person, size=6, minutes=minutes)
            if batch is None:
                continue
            settle(work, batch, person, violates=VIOLATING, minutes=minutes + 1)
        if find_sweep(work, sweep).reached_at is not None:
            return sweep
    raise AssertionError("The target was never reached.")


def test_a_sweep_that_was_read_whole_is_complete(store: Store) -> None:
    with store.begin() as work:
        sweep = complete(work)
        certificate = drafted(work, sweep)
        assert differences(work, sweep, certificate) == ()
    assert certificate.claim is Claim.complete
    assert (certificate.standing.universe, certificate.standing.found) == (8, 3)
    assert certificate.windows == (8,)
    assert [(row.read, row.found) for row in certificate.strata] == [(8, 3)]
    assert len(certificate.sample) == 8


def test_people_are_numbers_in_it_and_posts_have_no_text(store: Store) -> None:
    with store.begin() as work:
        told = drafted(work, complete(work)).model_dump_json()
    assert not [name for name in ("bo", "cleo", "gil", "an alarm") if f'"{name}"' in told]


def test_a_sweep_that_reached_its_target_says_how_much_was_found(store: Store) -> None:
    with store.begin() as work:
        sweep = reached_by(work, (BO, CLEO, GIL))
        waiting = [row for row in evidence_of(work, sweep)["verdict"] if row is None]
        certificate = drafted(work, sweep)
        assert differences(work, sweep, certificate) == ()
    assert waiting
    assert certificate.claim is Claim.reached
    assert certificate.standing.recall_at_least >= 0.5
    assert certificate.standing.read < 60


def test_a_sweep_that_was_closed_says_who_waived_the_rest(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(8), certify=8)
        with pytest.raises(BadInput, match="read on"):
            drafted(work, sweep)
        close_sweep(work, sweep, by=ADA, consent=ALONE, reason="The source was wrong.", now=after(20))
        certificate = drafted(work, sweep)
        assert differences(work, sweep, certificate) == ()
    assert certificate.claim is Claim.waived
    assert certificate.waiver is not None
    assert (certificate.waiver.person, certificate.waiver.reason) == ("ada", "The source was wrong.")
    assert certificate.standing.recall_at_least == 0.0


def test_a_sweep_from_before_there_were_samples_has_none(store: Store) -> None:
    with store.begin() as work:
        assert draft_certificate(work, add_reading(work, german(2)), now=after(9)) is None


def test_one_decision_that_changes_afterwards_is_seen(store: Store) -> None:
    with store.begin() as work:
        sweep = complete(work)
        certificate = drafted(work, sweep)
        work.execute(sa.update(decisions).where(decisions.c.item == "p05").values(verdict="does_not_violate"))
        told = differences(work, sweep, certificate)
    assert any(line.startswith("strata") for line in told)
    assert any(line.startswith("sample: post") and "found" in line for line in told)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (sa.update(items).where(items.c.item == "p03").values(content_hash="0" * 64), "universe_hash"),
        (sa.update(items).where(items.c.item == "p03").values(language="tr"), "strata"),
        (sa.update(items).where(items.c.item == "p03").values(window=2), "windows"),
        (sa.update(items).where(items.c.item == "p02").values(read_as="p03"), "strata"),
        (decisions.delete().where(decisions.c.item == "p05"), "strata"),
    ],
)
def test_any_other_change_of_the_evidence_is_named(store: Store, change: sa.Executable, named: str) -> None:
    with store.begin() as work:
        sweep = complete(work)
        certificate = drafted(work, sweep)
        work.execute(change)
        told = differences(work, sweep, certificate)
    assert any(line.startswith(named) for line in told), told


def test_a_reading_that_was_changed_before_it_was_drafted_does_not_fit_its_verdict(store: Store) -> None:
    with store.begin() as work:
        sweep = complete(work)
        work.execute(sa.update(certify_sample).where(certify_sample.c.item == "p05").values(verdict=None))
        work.execute(
            sa.update(certify_sample).where(certify_sample.c.item == "p05").values(verdict="does_not_violate")
        )
        told = differences(work, sweep, drafted(work, sweep))
        assert work.execute(sa.select(sa.func.count()).select_from(certify_readings)).scalar_one() >= 16
    assert [line for line in told if "verdict" in line]


def test_a_certificate_is_kept_once_byte_for_byte(store: Store) -> None:
    with store.begin() as work:
        sweep = complete(work)
        with pytest.raises(NotFound, match="has no certificate yet"):
            find_certificate(work, sweep)
        certificate = drafted(work, sweep)
        assert keep_certificate(work, certificate)
        assert not keep_certificate(work, certificate)
        kept = find_certificate(work, sweep)
        assert Certificate.model_validate_json(kept.document) == certificate
        assert (kept.kind, kept.issued_at) == ("complete", after(90))
        incident = sweep.rpartition("-")[0]
        told = [entry.facts for entry in entries(work, incident) if entry.event is Event.certificate_issued]
        reached = {milestone["name"] for milestone in milestones_of(work, incident)}
    assert [fact["kind"] for fact in told] == ["complete"]
    assert "sweep_certified" in reached


def test_it_counts_what_the_sample_overturns(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(6), certify=6)
        for minutes in range(10, 60, 4):
            for person in (BO, CLEO, GIL):
                batch = take(work, person, minutes=minutes)
                if batch is None:
                    continue
                ranked = [item for item, why in purposes_of(work, batch.id).items() if why != "certify"]
                settle(work, batch, person, violates=[*ranked], minutes=minutes + 1)
        certificate = drafted(work, sweep)
        assert differences(work, sweep, certificate) == ()
    # The main reading saw harm in all six, the readers of the sample in none.
    assert (certificate.standing.found, certificate.standing.overturned) == (6, 6)
