"""The entries on which a hypothesis rests."""

from collections.abc import Iterable

from incidents.timeline import Entry

MOST = 10


def refs(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The first few references: evidence is to be read, the full log has the rest."""
    return tuple(entry.ref for entry in list(entries)[:MOST])
