"""Gather the evidence, and write the draft of a retrospective anew from the record."""

from datetime import datetime
from importlib.metadata import version
from typing import Final

from incidents.reviews.factors.rules import propose
from incidents.reviews.record import input_hash
from incidents.reviews.retrospective import compose
from incidents.store.engine import Work
from incidents.store.kept_records import keep_record
from incidents.store.records import read_record
from incidents.store.review_steps import note_gathered
from incidents.store.reviews import propose_factors, read_draft, write_draft

GENERATOR: Final = f"watchfloor {version('watchfloor')}"
"""What wrote a document: its header says so."""


def gather(work: Work, incident: str, *, now: datetime) -> int:
    """Propose contributing factors from the record, as hypotheses; return how many are new."""
    new = propose_factors(work, incident, propose(read_record(work, incident)))
    note_gathered(work, incident, now)
    return new


def redraft(work: Work, incident: str, *, author: str, now: datetime) -> int:
    """Keep what the record says now as the next version, and the record; return its number.

    Where nothing is new that is the last one's, and of a signed review the signed one's.
    """
    record = read_record(work, incident)
    markdown = compose(record, generator=GENERATOR)
    version = write_draft(
        work, incident, markdown=markdown, input_hash=input_hash(record), author=author, now=now
    )
    keep_record(work, read_draft(work, incident, version), record)
    return version
