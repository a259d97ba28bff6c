"""Where did a sweep's posts wait for readers? Told from the claims and ends of batches in the timeline."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from incidents.reviews.record import QueueRecord
from incidents.store.engine import Work
from incidents.store.schema import batches
from incidents.timeline import Entry, Event

_ENDS = frozenset({Event.batch_returned, Event.batch_finished})
_BATCHES = _ENDS | {Event.batch_claimed}


def queues_of(work: Work, incident: str, told: Iterable[Entry]) -> dict[str, tuple[QueueRecord, ...]]:
    """Sweep → one record for each team and language that took a batch, in this order.

    One statement, whatever was read: the entries are there already.
    """
    statement = sa.select(batches.c.id, batches.c.sweep_id, batches.c.team, batches.c.language)
    rows = work.execute(statement.where(batches.c.incident_id == incident))
    place_of = {row.id: (row.sweep_id, row.team, row.language) for row in rows}
    opened: dict[str, Entry] = {}
    moves: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in told:
        if entry.event is Event.universe_frozen:
            opened.setdefault(str(entry.facts.get("sweep")), entry)
        elif entry.event in _BATCHES and (place := place_of.get(str(entry.facts.get("batch")))) is not None:
            moves[place].append(entry)
    found: dict[str, list[QueueRecord]] = defaultdict(list)
    for (sweep, team, language), entries in sorted(moves.items()):
        if sweep in opened and (queue := _queue(team, language, [opened[sweep], *entries])) is not None:
            found[sweep].append(queue)
    return {sweep: tuple(queues) for sweep, queues in found.items()}


def _queue(team: str, language: str, entries: Sequence[Entry]) -> QueueRecord | None:
    """What the entries of one queue tell; None where no batch of it was ever claimed."""
    waits = list(_waits(entries))
    if not waits:
        return None
    # Of two waits that are equally long, the earlier one.
    since, claimed = max(waits, key=lambda wait: (wait[1].at - wait[0].at, -wait[0].seq))
    return QueueRecord(
        team=team,
        language=language,
        batches=len({entry.facts.get("batch") for entry in entries if entry.event is Event.batch_claimed}),
        returned=tuple(entry.seq for entry in entries if entry.event is Event.batch_returned),
        waited_from=since.at,
        waited_until=claimed.at,
        waited_since=since.seq,
        claimed=claimed.seq,
    )


def _waits(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """The entries around each time in which nobody held a batch, until the next was claimed."""
    held: set[str] = set()
    idle_since = entries[0]
    for entry in entries[1:]:
        batch = str(entry.facts.get("batch"))
        if entry.event is Event.batch_claimed:
            if not held:
                yield idle_since, entry
            held.add(batch)
        else:
            held.discard(batch)
            idle_since = entry
