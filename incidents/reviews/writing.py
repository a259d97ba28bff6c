"""People write in a retrospective: kept as they wrote it, where the record bears out what they cite."""

from collections.abc import Sequence
from datetime import datetime

from incidents.errors import NotAllowed, Refusal
from incidents.people import Person
from incidents.reviews.checking import check
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.factors.factor import Otherwise
from incidents.reviews.record import Record
from incidents.reviews.retrospective import compose
from incidents.reviews.sections import Section
from incidents.store.engine import Work
from incidents.store.factors import add_factor, change_factor
from incidents.store.records import read_record
from incidents.store.sections import write_section


def write_checked(
    work: Work, incident: str, section: Section, text: str, *, was: int, by: Person, now: datetime
) -> int:
    """Keep the next version of a section as `write_section` does, and return its number.

    NotAllowed (`WORDS_UNFOUNDED`) where the words cite an entry that there is not, or give a number that
    stands in none of those that they cite. The transaction has to be rolled back then; so below.
    """
    version = write_section(work, incident, section, text, was=was, by=by, now=now)
    record = read_record(work, incident)
    words = tuple(each for each in record.sections if each.name is section)
    _refuse_unfounded(record.model_copy(update={"sections": words, "factors": ()}), f"section {section}")
    return version


def change_checked(
    work: Work, incident: str, number: int, otherwise: Otherwise, *, reason: str, by: Person, now: datetime
) -> None:
    """Put a factor otherwise as `change_factor` does, where the record bears out what is said."""
    change_factor(work, incident, number, otherwise=otherwise, reason=reason, by=by, now=now)
    _refuse_factor(read_record(work, incident), number)


def add_checked(
    work: Work,
    incident: str,
    otherwise: Otherwise,
    *,
    supports: Sequence[str],
    against: Sequence[str] = (),
    by: Person,
    now: datetime,
) -> int:
    """Add a factor as `add_factor` does, where the record bears out what is said; return its number."""
    number = add_factor(work, incident, otherwise=otherwise, supports=supports, against=against, by=by, now=now)
    _refuse_factor(read_record(work, incident), number)
    return number


def _refuse_factor(record: Record, number: int) -> None:
    alone = tuple(each for each in record.factors if each.number == number)
    _refuse_unfounded(record.model_copy(update={"factors": alone, "sections": ()}), f"factor {number}")


def _refuse_unfounded(record: Record, what: str) -> None:
    """What people wrote is all that can be at fault in what is made from the record."""
    found = check(compose(record, generator=GENERATOR), record, generator=GENERATOR)
    if found:
        reasons = [Refusal("WORDS_UNFOUNDED", f"“{each.text}” {each.why}") for each in found]
        raise NotAllowed(f"Nothing was changed in {what} of {record.incident.id}.", reasons)
