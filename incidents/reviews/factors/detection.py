"""Did we see it late? What the signals suggest."""

from collections.abc import Iterator
from datetime import timedelta

from incidents.reviews.factors.evidence import refs
from incidents.reviews.factors.factor import Category, Factor
from incidents.reviews.record import Record, SignalCount
from incidents.timeline import Event
from incidents.words import counted, duration

DETECTION_LAG = timedelta(hours=1)
"""From the harm's beginning to the first signal; beyond it the question is why nobody saw it."""

TRAILED = timedelta(minutes=15)
"""Users who reported it so long before a candidate was opened knew before we did."""

REPORTS_OF_USERS = frozenset({"user-reports", "user-report"})
"""Sources and kinds of signals by which users' own reports are handed in."""


def late_detection(record: Record) -> Iterator[Factor]:
    """The harm had begun long before the first signal."""
    started, first = record.milestone("started"), record.milestone("first_signal")
    if started is None or first is None or first.at - started.at <= DETECTION_LAG:
        return
    estimated = started.certainty != "recorded"
    yield Factor(
        rule="late_detection",
        category=Category.detection,
        sentence=f"The first signal came {duration(first.at - started.at)} after the harm began.",
        supports=(record.ref(first.seq),),
        but="The time at which it began is an estimate." if estimated else "",
    )


def trailed_users(record: Record) -> Iterator[Factor]:
    """Users reported it long before a candidate was opened."""
    detected = record.milestone("detected")
    of_users = [each for each in record.signals if is_of_users(each)]
    if detected is None or not of_users:
        return
    first = min(of_users, key=lambda each: each.first_received_at)
    if detected.at - first.first_received_at <= TRAILED:
        return
    others = [
        each
        for each in record.signals
        if each not in of_users and each.first_received_at < first.first_received_at
    ]
    attached = record.of(Event.signal_attached)
    names = {each.source for each in others}
    yield Factor(
        rule="trailed_users",
        category=Category.detection,
        sentence=(
            f"Users had reported it {duration(detected.at - first.first_received_at)}"
            " before a candidate was opened."
        ),
        supports=(
            *refs(entry for entry in attached if entry.facts.get("source") == first.source),
            record.ref(detected.seq),
        ),
        against=refs(entry for entry in attached if entry.facts.get("source") in names),
        but=f"{counted(len(names), 'other source')} had told of it before them." if names else "",
    )


def is_of_users(signal: SignalCount) -> bool:
    """Whether users' own reports came in by it."""
    return bool(REPORTS_OF_USERS & {signal.source, signal.kind})
