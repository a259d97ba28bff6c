"""Was there somebody who decided, and something that ran? What gates, roles and runs suggest."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from incidents.reviews.factors.evidence import refs
from incidents.reviews.factors.factor import Category, Factor
from incidents.reviews.record import Record
from incidents.timeline import Event
from incidents.words import counted, duration

LEADERLESS = timedelta(minutes=5)
"""A hand-over takes a moment; a longer gap has consequences."""


def slow_declaration(record: Record) -> Iterator[Factor]:
    """A candidate waited for an answer past the clock of its severity."""
    decided = record.of(Event.crisis_declared, Event.candidate_dismissed)
    asked = [entry for entry in record.of(Event.gate_opened) if entry.facts.get("gate") == "declare"]
    if not decided or not asked or (due := _time(asked[0].facts.get("due_at"))) is None:
        return
    if decided[0].at <= due:
        return
    signals = [e for e in record.of(Event.signal_attached) if asked[0].at < e.at < decided[0].at]
    yield Factor(
        rule="slow_declaration",
        category=Category.process,
        sentence=(
            f"The candidate waited {duration(decided[0].at - asked[0].at)} for a decision,"
            f" {duration(decided[0].at - due)} past the clock of its severity."
        ),
        supports=refs([asked[0], decided[0]]),
        against=refs(signals),
        but=f"{counted(len(signals), 'signal')} still came in while it waited." if signals else "",
    )


def leaderless(record: Record) -> Iterator[Factor]:
    """Nobody commanded the crisis for some time."""
    declared, longest = record.milestone("declared"), longest_without_commander(record)
    if declared is None or longest is None or longest <= LEADERLESS:
        return
    yield Factor(
        rule="leaderless",
        category=Category.staffing,
        sentence=f"Nobody held the role of incident commander for {duration(longest)} during the crisis.",
        supports=(record.ref(declared.seq), *refs(record.of(Event.role_taken, Event.role_handed_over))),
    )


def restarted_runs(record: Record) -> Iterator[Factor]:
    """A flow died and was started again."""
    restarted = record.of(Event.run_restarted)
    if restarted:
        yield Factor(
            rule="restarted_runs",
            category=Category.tooling,
            sentence=f"Flow runs died and were restarted {counted(len(restarted), 'time')}.",
            supports=refs(restarted),
            but="Nothing that was recorded before was lost: the timeline goes on.",
        )


def longest_without_commander(record: Record) -> timedelta | None:
    """The longest time between declaration and stand-down without a commander; None of no crisis."""
    declared, stood_down = record.milestone("declared"), record.milestone("stood_down")
    if declared is None:
        return None
    end = stood_down.at if stood_down else record.ended_at()
    at = declared.at
    longest = timedelta()
    for tenure in sorted((t for t in record.roles if t.role == "commander"), key=lambda t: t.taken_at):
        longest = max(longest, min(tenure.taken_at, end) - at)
        at = max(at, tenure.handed_over_at or end)
    return max(longest, end - at)


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
