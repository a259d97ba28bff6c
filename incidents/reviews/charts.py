"""The pictures of a crisis: what happened when, and who answered how soon. `reading_charts` has what was read.

What stands in a picture stands in the tables of the document, too.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from incidents.incident.phases import REOPENED_INTO, Phase
from incidents.reviews.chart import ACCENT, INK, TIME_AXIS, UTC_TIME, WARN, WIDTH, Chart, Spec, chart, iso
from incidents.reviews.metrics import MILESTONES
from incidents.reviews.reading_charts import agreement, reading, recall, throughput
from incidents.reviews.record import Record
from incidents.reviews.rounds import rounds
from incidents.timeline import Entry, Event
from incidents.words import clean, counted, duration, utc

_AFTERWARDS: Final = frozenset({"review_published"})
"""Milestones of the review, which takes days: on one axis with them the crisis would be a stroke."""

_PHASES: Final[dict[Event, str]] = {
    Event.assessment_started: "assessing",
    Event.crisis_declared: "declared",
    Event.response_started: "responding",
    Event.monitoring_started: "monitoring",
    Event.record_reopened: "responding",
    Event.crisis_stood_down: "",
    Event.candidate_dismissed: "",
}
"""Entry → the phase that it begins; empty where the crisis ends. Of a dismissed one see `_phase`."""

_HOUR: Final = timedelta(hours=1)


def charts(record: Record) -> list[Chart]:
    """Every picture for which there is something to draw."""
    found = (
        _crisis(record),
        reading(record),
        *recall(record),
        throughput(record.work),
        agreement((sweep.id, each) for sweep in record.sweeps for each in sweep.quality),
        _acknowledgements(record),
    )
    return [each for each in found if each is not None]


def _crisis(record: Record) -> Chart | None:
    """The crisis on one time axis: milestones, signals, phases, shifts, sweeps, commanders; not its review."""
    reached = (
        each for one in rounds(record) for each in one.milestones.values() if each.name not in _AFTERWARDS
    )
    milestones = sorted(reached, key=lambda each: (each.at, each.name))
    if not milestones:
        return None
    first, last = milestones[0], milestones[-1]
    lasted = duration(last.at - first.at)
    words = (
        f"From {_named(first.name)} at {utc(first.at)} to {_named(last.name)} at {utc(last.at)}, {lasted}:"
        f" {counted(len(milestones), 'milestone')}, {counted(len(record.of(Event.signal_attached)), 'signal')},"
        f" {counted(len(record.sweeps), 'sweep')}."
    )
    if record.reach:
        words += f" Signals reported a reach of up to {record.reach[-1].reach:,}."
    axis = _axis([*_moments(record), *_spans(record)])
    shared = {"resolve": {"scale": {"x": "shared"}}}
    spec = {"vconcat": [_reach(record, last.at), axis], **shared} if record.reach else axis
    return chart("crisis", "The crisis on one time axis", words, spec)


def _axis(rows: list[dict[str, str]]) -> Spec:
    y = {"field": "lane", "type": "nominal", "sort": None, "title": None}
    tooltip = [{"field": "what", "type": "nominal"}, {"field": "from", **UTC_TIME}]
    when = {"x": {"field": "from", **TIME_AXIS}, "y": y, "tooltip": tooltip}
    spans = {
        "transform": [{"filter": "isValid(datum.to)"}],
        "mark": {"type": "bar", "height": 12, "color": ACCENT},
        "encoding": {**when, "x2": {"field": "to"}},
    }
    moments = {
        "transform": [{"filter": "!isValid(datum.to)"}],
        "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 90, "color": WARN, "opacity": 1},
        "encoding": when,
    }
    return {"data": {"values": rows}, "layer": [spans, moments], "height": {"step": 26}, "width": WIDTH}


def _reach(record: Record, until: datetime) -> Spec:
    """The largest reach that a signal had reported so far."""
    rows = [{"at": iso(each.at), "reach": each.reach} for each in record.reach]
    last = {"at": iso(max(record.reach[-1].at, until)), "reach": record.reach[-1].reach}
    return {
        "data": {"values": [*rows, last]},
        "mark": {"type": "area", "interpolate": "step-after", "color": ACCENT, "opacity": 0.6, "line": True},
        "height": 60,
        "width": WIDTH,
        "encoding": {
            "x": {"field": "at", **UTC_TIME, "axis": None},
            "y": {"field": "reach", "type": "quantitative", "title": "reach", "axis": {"tickCount": 3}},
        },
    }


def _moments(record: Record) -> Iterator[dict[str, str]]:
    reached = [one.milestones for one in rounds(record)]
    for name, meaning in MILESTONES.items():
        for milestones in reached:
            if name in milestones and name not in _AFTERWARDS:
                yield {"lane": _named(name), "from": iso(milestones[name].at), "what": meaning}
    for entry in record.of(Event.signal_attached):
        source = clean(entry.facts.get("source"), 60)
        what = f"A signal from {source}" if source else "A signal"
        yield {"lane": "signals", "from": iso(entry.at), "what": what}
    for entry in record.of(Event.shift_noted):
        yield {"lane": "shift notes", "from": iso(entry.at), "what": "A note from one shift to the next"}


def _spans(record: Record) -> Iterator[dict[str, str]]:
    end = record.ended_at()
    yield from _phases(record)
    for sweep in record.sweeps:
        lane = clean(sweep.id, 60)
        yield _span(lane, sweep.requested_at, sweep.finished_at or end, f"The sweep {lane}")
    for tenure in record.roles:
        if tenure.role == "commander":
            until = tenure.handed_over_at or _stood_down(record) or end
            yield _span("commander", tenure.taken_at, until, "An incident commander")
    for team, begin, until in _shifts(record):
        yield _span(f"{team} reads", begin, until, f"Hours in which the team {team} decided")


def _span(lane: str, begin: datetime, end: datetime, what: str) -> dict[str, str]:
    return {"lane": lane, "from": iso(begin), "to": iso(end), "what": what}


def _phases(record: Record) -> Iterator[dict[str, str]]:
    """Each phase of the crisis; the days after its end are the review's."""
    moves = [(entry.at, _phase(entry)) for entry in record.of(*_PHASES)]
    for (begin, phase), (end, _) in pairwise([*moves, (record.ended_at(), "")]):
        if phase:
            yield _span(f"phase: {phase}", begin, end, f"The incident was {phase}")


def _phase(entry: Entry) -> str:
    """The phase that an entry begins: what was dismissed is assessed again."""
    if entry.event is Event.record_reopened and entry.facts.get("was") == Phase.dismissed:
        return REOPENED_INTO[Phase.dismissed].value
    return _PHASES[entry.event]


def _shifts(record: Record) -> Iterator[tuple[str, datetime, datetime]]:
    """For each team the stretches of hours of the clock in which it decided something."""
    begun: tuple[str, datetime, datetime] | None = None
    for each in record.work:
        team = clean(each.team, 60)
        if begun is not None and begun[0] == team and begun[2] == each.at:
            begun = (team, begun[1], each.at + _HOUR)
            continue
        if begun is not None:
            yield begun
        begun = (team, each.at, each.at + _HOUR)
    if begun is not None:
        yield begun


def _stood_down(record: Record) -> datetime | None:
    """When the crisis ended last."""
    ended = record.of(Event.crisis_stood_down)
    return ended[-1].at if ended else None


def _acknowledgements(record: Record) -> Chart | None:
    """How long each team took to acknowledge an ask, beside the time that it had."""
    heard = [ask for ask in record.asks if ask.acknowledged_at is not None]
    if not heard:
        return None
    rows = [
        {
            "ask": clean(ask.key, 60),
            "minutes": _minutes(ask.acknowledged_at - ask.asked_at),
            "agreed": _minutes(ask.due_at - ask.asked_at),
            "late": "late" if ask.was_late else "in time",
        }
        for ask in heard
        if ask.acknowledged_at is not None
    ]
    late = sum(ask.was_late for ask in heard)
    words = f"{counted(len(heard), 'ask')} of {len(record.asks)} were acknowledged, {late} of them late."
    y = {"field": "ask", "type": "nominal", "sort": "-x", "title": None}
    bars = {
        "mark": {"type": "bar", "height": 12},
        "encoding": {
            "y": y,
            "x": {"field": "minutes", "type": "quantitative", "title": "minutes until acknowledged"},
            "color": {
                "field": "late",
                "type": "nominal",
                "title": None,
                "scale": {"domain": ["in time", "late"], "range": [ACCENT, WARN]},
            },
        },
    }
    agreed = {
        "mark": {"type": "tick", "thickness": 2, "size": 20, "color": INK},
        "encoding": {"y": y, "x": {"field": "agreed", "type": "quantitative"}},
    }
    spec = {"data": {"values": rows}, "layer": [bars, agreed], "height": {"step": 22}}
    return chart("acknowledgements", "Time to acknowledge; the tick is the time agreed", words, spec)


def _named(milestone: str) -> str:
    return milestone.replace("_", " ")


def _minutes(value: timedelta) -> float:
    return round(value / timedelta(minutes=1), 1)
