"""The record that a version of a retrospective was made of: kept beside it, whatever happens afterwards."""

import zlib
from functools import lru_cache

import sqlalchemy as sa

from incidents.errors import NotAllowed, Refusal
from incidents.reviews.record import Record, canonical, hash_of, input_hash, record_from
from incidents.store.engine import Work
from incidents.store.records import read_record
from incidents.store.reviews import Draft
from incidents.store.schema import kept_records


def keep_record(work: Work, draft: Draft, record: Record) -> None:
    """Keep what the version was made of; nothing where that is kept, or where it was made of another record."""
    if input_hash(record) == draft.input_hash:
        packed = zlib.compress(canonical(record))
        row = {"incident_id": draft.incident_id, "version": draft.version, "record": packed}
        work.insert_once(kept_records, row)


def record_of(work: Work, draft: Draft) -> Record:
    """What the version was made of.

    NotAllowed (`RECORD_NOT_KEPT`) where it was written before records were kept, and things have happened
    since; and as for `find_kept`.
    """
    return find_kept(work, draft) or _unmoved(work, draft)


def find_kept(work: Work, draft: Draft) -> Record | None:
    """What is kept of the version's record, if anything.

    NotAllowed (`RECORD_CHANGED`) where that is not what the version was made of.
    """
    told = find_told(work, draft)
    return None if told is None else unpacked(told)


def find_told(work: Work, draft: Draft) -> bytes | None:
    """The same as it is kept: canonical JSON. NotAllowed as for `find_kept`."""
    kept = sa.select(kept_records.c.record).where(
        kept_records.c.incident_id == draft.incident_id, kept_records.c.version == draft.version
    )
    packed = work.execute(kept).scalar_one_or_none()
    if packed is None:
        return None
    told = zlib.decompress(packed)
    if hash_of(told) != draft.input_hash:
        raise _refused(draft, "RECORD_CHANGED", "What is kept of its record is not what it was made of.")
    return told


unpacked = lru_cache(maxsize=16)(record_from)
"""What `find_told` found, as a record. It is read once, for whoever looks at a version looks again."""


def _unmoved(work: Work, draft: Draft) -> Record:
    record = read_record(work, draft.incident_id)
    if input_hash(record) != draft.input_hash:
        why = "It was written before records were kept, and the record has moved on. Have a new one signed."
        raise _refused(draft, "RECORD_NOT_KEPT", why)
    return record


def _refused(draft: Draft, code: str, why: str) -> NotAllowed:
    what = f"The record behind version {draft.version} of {draft.incident_id}'s retrospective cannot be read."
    return NotAllowed(what, [Refusal(code, why)])
