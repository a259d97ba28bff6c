"""Pictures of a crisis: each a Vega-Lite specification, an SVG made without a browser, and the same in words.

The specification is the picture: a page draws it with Vega, a document has it as SVG. Colours are few, dark
enough on white and light enough on black, and told apart by place and shape in greyscale as well. What
stands in a picture stands in the tables of the document, too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, Final

from incidents.reviews.metrics import MILESTONES
from incidents.reviews.record import Record
from incidents.timeline import Event
from incidents.words import clean, counted, duration, utc

VEGA_LITE: Final = "6.4"
"""Version of the grammar. Another one draws other bytes."""

INK, SOFT, ACCENT, WARN = "#6e7781", "#9ba6b2", "#4a90d9", "#a8431a"
"""All but the grid's are readable on white and on black (3 : 1, WCAG 2.2); the last two differ in grey, too."""

Spec = dict[str, Any]

_CONFIG: Final[Spec] = {
    "background": None,
    "font": "sans-serif",
    "axis": {"labelColor": INK, "titleColor": INK, "gridColor": SOFT, "gridOpacity": 0.3, "tickColor": SOFT},
    "legend": {"labelColor": INK, "titleColor": INK},
    "text": {"color": INK},
    "view": {"stroke": None},
}
_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, production 2."""
_WIDTH: Final = 720
_AFTERWARDS: Final = frozenset({"review_published"})
"""Milestones of the review, which takes days: on one axis with them the crisis would be a stroke."""

_UTC: Final[Spec] = {"type": "temporal", "scale": {"type": "utc"}}
_TIME: Final[Spec] = {**_UTC, "axis": {"format": "%d %b %H:%M", "title": "UTC"}}


@dataclass(frozen=True)
class Chart:
    """One picture."""

    name: str
    """For a file: `crisis`."""
    title: str
    words: str
    """What is to be seen, for whoever does not see it."""
    spec: Spec

    def svg(self) -> str:
        """The picture as SVG; the same chart gives the same bytes."""
        import vl_convert  # noqa: PLC0415 - it brings an engine of its own, and few processes draw

        drawn: str = vl_convert.vegalite_to_svg(_drawable(self.spec), vl_version=VEGA_LITE)
        return drawn


def _drawable(part: Any) -> Any:  # noqa: ANN401 - a specification is JSON
    """The same without characters that XML does not have: the engine that draws ends the process on them."""
    if isinstance(part, dict):
        return {name: _drawable(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_drawable(value) for value in part]
    return _NOT_IN_XML.sub("", part) if isinstance(part, str) else part


def charts(record: Record) -> list[Chart]:
    """Every picture for which there is something to draw."""
    drawn = (_crisis(record), _reading(record), _acknowledgements(record))
    return [chart for chart in drawn if chart is not None]


def _chart(name: str, title: str, words: str, spec: Mapping[str, Any]) -> Chart:
    schema = f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE.partition('.')[0]}.json"
    whole = {"$schema": schema, "width": _WIDTH, "description": words, "config": _CONFIG, **spec}
    return Chart(name, title, words, whole)


def _crisis(record: Record) -> Chart | None:
    """The crisis on one time axis: milestones, signals, sweeps and commanders; not the days of its review."""
    reached = (each for each in record.milestones if each.name not in _AFTERWARDS)
    milestones = sorted(reached, key=lambda each: (each.at, each.name))
    if not milestones:
        return None
    rows = [*_moments(record), *_spans(record)]
    first, last = milestones[0], milestones[-1]
    lasted = duration(last.at - first.at)
    words = (
        f"From {_named(first.name)} at {utc(first.at)} to {_named(last.name)} at {utc(last.at)}, {lasted}:"
        f" {counted(len(milestones), 'milestone')}, {counted(len(record.of(Event.signal_attached)), 'signal')},"
        f" {counted(len(record.sweeps), 'sweep')}."
    )
    y = {"field": "lane", "type": "nominal", "sort": None, "title": None}
    when = {"x": {"field": "from", **_TIME}, "y": y}
    spans = {
        "transform": [{"filter": "isValid(datum.to)"}],
        "mark": {"type": "bar", "height": 12, "color": ACCENT},
        "encoding": {**when, "x2": {"field": "to"}},
    }
    moments = {
        "transform": [{"filter": "!isValid(datum.to)"}],
        "mark": {
            "type": "point",
            "shape": "diamond",
            "filled": True,
            "size": 90,
            "color": WARN,
        },
        "encoding": dict(when),
    }
    tooltip = [{"field": "what", "type": "nominal"}, {"field": "from", **_UTC}]
    for layer in (spans, moments):
        layer["encoding"]["tooltip"] = tooltip  # type: ignore[index]
    spec = {"data": {"values": rows}, "layer": [spans, moments], "height": {"step": 26}}
    return _chart("crisis", "The crisis on one time axis", words, spec)


def _moments(record: Record) -> Iterator[dict[str, str]]:
    reached = {each.name: each for each in record.milestones}
    for name, meaning in MILESTONES.items():
        if name in reached and name not in _AFTERWARDS:
            yield {"lane": _named(name), "from": _iso(reached[name].at), "what": meaning}
    for entry in record.of(Event.signal_attached):
        source = clean(entry.facts.get("source"), 60)
        what = f"A signal from {source}" if source else "A signal"
        yield {"lane": "signals", "from": _iso(entry.at), "what": what}


def _spans(record: Record) -> Iterator[dict[str, str]]:
    end = record.ended_at()
    for sweep in record.sweeps:
        until = _iso(sweep.finished_at or end)
        lane = clean(sweep.id, 60)
        yield {"lane": lane, "from": _iso(sweep.requested_at), "to": until, "what": f"The sweep {lane}"}
    for tenure in record.roles:
        if tenure.role == "commander":
            until = _iso(tenure.handed_over_at or _stood_down(record) or end)
            held = {"from": _iso(tenure.taken_at), "to": until}
            yield {"lane": "commander", **held, "what": "An incident commander"}


def _stood_down(record: Record) -> datetime | None:
    reached = record.milestone("stood_down")
    return reached.at if reached else None


def _reading(record: Record) -> Chart | None:
    """What people read and found, summed up over the batches that they finished."""
    finished = record.of(Event.batch_finished)
    if len(finished) < 2:
        return None
    read = list(accumulate(int(entry.facts.get("items") or 0) for entry in finished))
    found = list(accumulate(int(entry.facts.get("violates") or 0) for entry in finished))
    rows = [
        {"at": _iso(entry.at), "items": number, "what": what}
        for entry, *numbers in zip(finished, read, found, strict=True)
        for what, number in zip(("read", "in violation"), numbers, strict=True)
    ]
    took = duration(finished[-1].at - finished[0].at)
    words = (
        f"{counted(len(finished), 'batch', 'batches')} were finished within {took}:"
        f" {counted(read[-1], 'item')} read, {found[-1]:,} of them in violation."
    )
    line = {"symbolType": "stroke", "symbolSize": 400}
    kind = {"field": "what", "type": "nominal", "title": None, "sort": ["read", "in violation"]}
    spec = {
        "data": {"values": rows},
        "mark": {"type": "line", "interpolate": "step-after"},
        "height": 200,
        "encoding": {
            "x": {"field": "at", **_TIME},
            "y": {"field": "items", "type": "quantitative", "title": "items, summed up"},
            "color": {**kind, "legend": None, "scale": {"range": [ACCENT, WARN]}},
            "strokeDash": {**kind, "legend": line},
        },
    }
    return _chart("reading", "What was read and found", words, spec)


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
    return _chart("acknowledgements", "Time to acknowledge; the tick is the time agreed", words, spec)


def _named(milestone: str) -> str:
    return milestone.replace("_", " ")


def _minutes(value: timedelta) -> float:
    return round(value / timedelta(minutes=1), 1)


def _iso(at: datetime) -> str:
    return at.isoformat()
