"""Gather the evidence, and write the draft of a retrospective anew from the record."""

from datetime import datetime
from importlib.metadata import version
from typing import Final

from incidents.reviews.factors.rules import propose
from incidents.reviews.record import input_hash
from incidents.reviews.retrospective import compose
from incidents.store.engine import Work
from incidents.store.records import read_record
from incidents.store.review_steps import note_gathered
from incidents.store.reviews import propose_factors, write_draft

GENERATOR: Final = f"watchfloor {version('watchfloor')}"
"""What wrote a document: its header says so."""


def gather(work: Work, incident: str, *, now: datetime) -> int:
    """Propose contributing factors from the record, as hypotheses; return how many are new."""
    new = propose_factors(work, incident, propose(read_record(work, incident)))
    note_gathered(work, incident, now)
    return new


def redraft(work: Work, incident: str, *, author: str, now: datetime) -> int:
    """Keep what the record says now as the next version; return its number, or the last one's if equal."""
    record = read_record(work, incident)
    markdown = compose(record, generator=GENERATOR)
    return write_draft(work, incident, markdown=markdown, input_hash=input_hash(record), author=author, now=now)
