"""People write in a retrospective: kept as they wrote it, where the record bears out what they cite."""

from datetime import datetime

from incidents.errors import NotAllowed, Refusal
from incidents.people import Person
from incidents.reviews.checking import faults_of_words
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.sections import Section
from incidents.store.engine import Work
from incidents.store.records import read_record
from incidents.store.sections import write_section


def write_checked(
    work: Work, incident: str, section: Section, text: str, *, was: int, by: Person, now: datetime
) -> int:
    """Keep the next version of a section as `write_section` does, and return its number.

    NotAllowed (`WORDS_UNFOUNDED`) where the words cite an entry that there is not, or give a number that
    stands in none of those that they cite. The transaction has to be rolled back then.
    """
    version = write_section(work, incident, section, text, was=was, by=by, now=now)
    found = faults_of_words(read_record(work, incident), section, generator=GENERATOR)
    if found:
        reasons = [Refusal("WORDS_UNFOUNDED", f"“{each.text}” {each.why}") for each in found]
        raise NotAllowed(f"Nothing was written in the section {section} of {incident}.", reasons)
    return version
