"""Was there anybody to read a language? What the list of people said when the sweeps were frozen."""

from incidents.reviews.record import Record


def listed_readers(record: Record) -> dict[str, int]:
    """Language → people who would have been given work in it, at most in one sweep.

    A language that it does not name is one of which that is not known. A site that lists nobody has none at
    all: its teams are not kept here, which says nothing of who was there.
    """
    listed = [sweep.readers for sweep in record.sweeps if sweep.readers and any(sweep.readers.values())]
    languages = sorted({language for readers in listed for language in readers})
    return {each: max(readers.get(each, 0) for readers in listed) for each in languages}
