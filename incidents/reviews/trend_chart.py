"""One measure over several incidents as a picture: each where it was opened, and a line in the middle."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from incidents.reviews.chart import ACCENT, UTC_TIME, WARN, Chart, chart, iso
from incidents.words import clean, counted, duration

_HOUR: Final = timedelta(hours=1).total_seconds()


class Point(NamedTuple):
    """One incident: its id, when it was opened, and its value: seconds, a share from 0 to 1, or a rate."""

    incident: str
    at: datetime
    value: float


def trend(name: str, points: Sequence[Point], *, middle: float, unit: str) -> Chart | None:
    """The points on the time axis, with a line at `middle`: the median of durations, of shares the pooled one.

    `unit` is `s` for seconds, `%` for shares, else what a rate counts by what. None below two incidents.
    """
    if len(points) < 2:
        return None
    scale, axis = _AXES.get(unit, (1.0, unit))
    rows = [
        {"incident": clean(each.incident, 40), "at": iso(each.at), "value": each.value * scale}
        for each in points
    ]
    words = (
        f"{counted(len(points), 'incident')}, by when each was opened. The line is at {_told(middle, unit)}."
    )
    y = {"type": "quantitative", "title": axis}
    spec = {
        "layer": [
            {
                "data": {"values": [{"middle": middle * scale}]},
                "mark": {"type": "rule", "color": WARN, "strokeDash": [6, 4], "strokeWidth": 2},
                "encoding": {"y": {"field": "middle", **y}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "point", "filled": True, "size": 60, "color": ACCENT, "opacity": 0.8},
                "encoding": {
                    "x": {"field": "at", **UTC_TIME, "axis": {"format": "%d %b %Y", "title": "opened (UTC)"}},
                    "y": {"field": "value", **y},
                },
            },
        ],
        "height": 220,
    }
    return chart("trend", name, words, spec)


_AXES: Final = {"s": (1 / _HOUR, "hours"), "%": (100.0, "%")}


def _told(value: float, unit: str) -> str:
    if unit == "s":
        return duration(value)
    return f"{100 * value:.1f} %" if unit == "%" else f"{value:,.2f} {unit}"
