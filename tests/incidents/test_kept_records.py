"""What is shared is made of the record that the signed version was made of; what came later is not in it."""

import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.errors import NotAllowed
from incidents.four_eyes import ALONE
from incidents.reviews.audiences import Audience
from incidents.reviews.checking import Fault, check
from incidents.reviews.drafting import GENERATOR, redraft
from incidents.reviews.record import Record, canonical, input_hash, record_from
from incidents.reviews.sharing import record_behind, seen_by, share
from incidents.store.action_items import file_action
from incidents.store.engine import Store, Work
from incidents.store.kept_records import record_of
from incidents.store.records import read_record
from incidents.store.reviews import judge_factor, publish, read_draft, sign
from incidents.store.schema import action_items, incidents, kept_records, retrospectives, signals
from incidents.store.timeline import entries
from incidents.store.upgrade import upgrade
from incidents.timeline import Entry, Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.planting import planted
from tests.incidents.review_rows import ADA, BO, after, tell

LATER = "C4N4RY later"


@pytest.fixture
def store(store: Store) -> Store:
    """A crisis whose retrospective is signed, and after it everything that can still happen."""
    with store.begin() as work:
        add_crisis(work)
        redraft(work, "INC-12", author="watchfloor", now=after(1601))
        sign(work, "INC-12", 1, by=BO, now=after(1602))
    with store.begin() as work:
        _happen_later(work)
    return store


def _happen_later(work: Work) -> None:
    publish(work, "INC-12", now=after(1700))
    told: dict[str, Any] = {"title": LATER, "owner": "ada", "success": LATER, "due_at": after(9000)}
    file_action(work, "INC-12", **told, kind="detect", by=ADA, now=after(1700))
    judge_factor(work, "INC-12", 1, state="rejected", reason=LATER, by=ADA, now=after(1701))
    work.execute(sa.update(incidents).values(title=LATER, phase="closed", severity="sev4"))
    work.execute(sa.update(signals).values(reach=987_654))
    work.execute(sa.update(action_items).values(title=LATER, due_at=after(9001)))
    tell(work, 1702, Event.reason_waived, code="SWEEP_UNCERTIFIED", reason=LATER)


@pytest.mark.parametrize(
    ("audience", "team"), [(Audience.internal, None), (Audience.public, None), (Audience.partner, "german")]
)
def test_what_happens_after_the_signature_is_not_in_what_is_shared(
    store: Store, audience: Audience, team: str | None
) -> None:
    with store.begin() as work:
        signed = read_draft(work, "INC-12")
        given = share(work, "INC-12", audience, team, by=BO, consent=ALONE, now=after(1800))
        now_is = read_record(work, "INC-12")
        assert LATER in str(now_is)
    assert LATER not in given.markdown
    for late in ("987,654", "sev4", *(f"INC-12#{entry.seq}`" for entry in _since_the_signature(store))):
        assert late not in given.markdown
    if audience is Audience.internal:
        assert (given.markdown, given.input_hash) == (signed.markdown, signed.input_hash)
    with store.read() as work:
        assert seen_by(work, "INC-12", 1, audience, team) == given.markdown


def _since_the_signature(store: Store) -> Iterator[Entry]:
    with store.read() as work:
        told = entries(work, "INC-12")
    signed = next(entry.seq for entry in told if entry.event is Event.retrospective_signed)
    return (entry for entry in told if entry.seq >= signed)


def test_what_is_signed_stays_true_of_the_record_that_was_signed(store: Store) -> None:
    with store.begin() as work:
        given = share(work, "INC-12", Audience.public, None, by=BO, consent=ALONE, now=after(1800))
        signed = read_draft(work, "INC-12").markdown
        for document in (given.markdown, signed):
            assert check(document, record_behind(work, "INC-12", document), generator=GENERATOR) == []
            assert check(document, read_record(work, "INC-12"), generator=GENERATOR)
        # What claims another record is held against today's.
        other = re.sub("`[0-9a-f]{64}`", f"`{'0' * 64}`", given.markdown)
        found = check(other, record_behind(work, "INC-12", other), generator=GENERATOR)
    assert found[0].fault is Fault.other_record


def test_a_record_that_nobody_kept_is_not_made_up(store: Store) -> None:
    with store.begin() as work:
        work.execute(sa.delete(kept_records))
        with pytest.raises(NotAllowed, match="The record behind version 1 of INC-12") as refused:
            share(work, "INC-12", Audience.public, None, by=BO, consent=ALONE, now=after(1800))
        assert refused.value.codes == ("RECORD_NOT_KEPT",)
        assert record_behind(work, "INC-12", read_draft(work, "INC-12").markdown) == read_record(work, "INC-12")


def test_a_version_of_before_is_shared_as_long_as_nothing_has_happened_since(bare_store: Store) -> None:
    with bare_store.begin() as work:
        add_crisis(work)
        redraft(work, "INC-12", author="watchfloor", now=after(1601))
        work.execute(sa.delete(kept_records))
        sign(work, "INC-12", 1, by=BO, now=after(1602))
        assert share(work, "INC-12", Audience.public, None, by=BO, consent=ALONE, now=after(1603)).version == 1


@pytest.fixture
def bare_store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'bare.db'}")) as store:
        upgrade(store)
        yield store


def test_a_kept_record_that_was_changed_is_refused(store: Store) -> None:
    with store.begin() as work:
        forged = zlib.compress(canonical(read_record(work, "INC-12")))
        work.execute(sa.update(kept_records).values(record=forged))
        with pytest.raises(NotAllowed) as refused:
            record_of(work, read_draft(work, "INC-12"))
    assert refused.value.codes == ("RECORD_CHANGED",)


def test_each_version_keeps_its_own_record_and_the_same_text_none_anew(bare_store: Store) -> None:
    with bare_store.begin() as work:
        add_crisis(work)
        before = read_record(work, "INC-12")
        assert redraft(work, "INC-12", author="watchfloor", now=after(1601)) == 1
        assert redraft(work, "INC-12", author="watchfloor", now=after(1602)) == 1
        tell(work, 1603, Event.reason_waived, code="SWEEP_UNCERTIFIED", reason=LATER)
        assert redraft(work, "INC-12", author="watchfloor", now=after(1604)) == 2
        assert LATER not in str(record_of(work, read_draft(work, "INC-12", 1)))
        assert LATER in str(record_of(work, read_draft(work, "INC-12", 2)))
        assert input_hash(record_of(work, read_draft(work, "INC-12", 1))) == input_hash(before)
        # A signed review is not drafted anew, and what came later is not kept as what was signed.
        sign(work, "INC-12", 2, by=BO, now=after(1605))
        tell(work, 1606, Event.reason_waived, code="ASK_UNACKNOWLEDGED", reason="Even later")
        assert redraft(work, "INC-12", author="watchfloor", now=after(1607)) == 2
        assert "Even later" not in str(record_of(work, read_draft(work, "INC-12", 2)))
        versions = sa.select(sa.func.count()).select_from(retrospectives)
        kept = sa.select(sa.func.count()).select_from(kept_records)
        assert work.execute(versions).scalar_one() == work.execute(kept).scalar_one() == 2


def test_a_record_is_read_as_it_was_written_down() -> None:
    record = planted(lambda path: f"“{path}” ü")
    again = record_from(canonical(record))
    assert input_hash(again) == input_hash(record)
    assert _without_chain(again) == _without_chain(record)


def _without_chain(record: Record) -> Record:
    bare = tuple(entry.model_copy(update={"previous": "", "hash": ""}) for entry in record.entries)
    return record.model_copy(update={"entries": bare})
