"""The pictures of what people read: how much, how fast, how much of what violates, and how far they agreed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Any, Final, NamedTuple

from incidents.reviews.chart import ACCENT, INK, TIME_AXIS, UTC_TIME, WARN, Chart, chart, iso
from incidents.reviews.reading import FEWEST, CurvePoint, LanguageQuality, TeamHour
from incidents.reviews.record import Record, SweepRecord
from incidents.reviews.safety import prevalence_before
from incidents.sweeps.quality.proportions import Estimate
from incidents.timeline import Event
from incidents.words import clean, counted, duration, percent

TEAMS_SHOWN: Final = 12
"""Teams whose throughput is drawn, the busiest; a page of more is no picture."""

_SHARE: Final = {"type": "quantitative", "scale": {"domain": [0, 1]}}
_PERCENT: Final = {"format": ".0%"}


def reading(record: Record) -> Chart | None:
    """What people read and found, summed up over the batches that they finished."""
    finished = record.of(Event.batch_finished)
    if len(finished) < 2:
        return None
    read = list(accumulate(int(entry.facts.get("items") or 0) for entry in finished))
    found = list(accumulate(int(entry.facts.get("violates") or 0) for entry in finished))
    rows = [
        {"at": iso(entry.at), "items": number, "what": what}
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
            "x": {"field": "at", **TIME_AXIS},
            "y": {"field": "items", "type": "quantitative", "title": "items, summed up"},
            "color": {**kind, "legend": None, "scale": {"range": [ACCENT, WARN]}},
            "strokeDash": {**kind, "legend": line},
        },
    }
    return chart("reading", "What was read and found", words, spec)


def recall(record: Record) -> list[Chart]:
    """For each sweep with a sample: how much of what violates was found at least, by how much reading."""
    found = (_recall(number, sweep) for number, sweep in enumerate(record.sweeps, start=1))
    return [each for each in found if each is not None]


def _recall(number: int, sweep: SweepRecord) -> Chart | None:
    sealed = sweep.certificate
    most = prevalence_before(sealed) if sealed else None
    if sealed is None or most is None:
        return None
    bound = Bound(sealed.recall_at_least, sealed.target, sealed.confidence, most.at_most)
    return recall_of(f"recall-{number}", sweep.id, sweep.curve, bound)


class Bound(NamedTuple):
    """What is proven of a sweep at one moment: shares, 0 to 1, and how many of its posts violate at most."""

    recall_at_least: float
    target: float
    confidence: float
    violating_at_most: int


def recall_of(name: str, sweep: str, curve: Sequence[CurvePoint], bound: Bound) -> Chart | None:
    """How much of what violates was found at least, by how much reading, with what is proven and the target."""
    if not bound.violating_at_most or not curve:
        return None
    rows = [{"read": 0, "share": 0.0}]
    rows += [{"read": each.read, "share": round(each.found / bound.violating_at_most, 4)} for each in curve]
    half = next(each.read for each in curve if 2 * each.found >= curve[-1].found)
    words = (
        f"{counted(curve[-1].read, 'item')} were decided. With {percent(bound.confidence)} confidence at"
        f" least {percent(bound.recall_at_least)} of what violates was found; the target was"
        f" {percent(bound.target)}. Half of what was found took {counted(half, 'item')}."
    )
    x: dict[str, Any] = {
        "field": "read",
        "type": "quantitative",
        "title": "items decided, in the order of reading",
    }
    y = {"field": "share", **_SHARE, "title": "found of what violates, at least", "axis": _PERCENT}
    drawn = {
        "data": {"values": rows},
        "mark": {"type": "line", "interpolate": "step-after", "color": ACCENT},
        "encoding": {"x": x, "y": y},
    }
    lines = [
        {"share": bound.recall_at_least, "what": f"proven {percent(bound.recall_at_least)}", "dy": -6},
        {"share": bound.target, "what": f"target {percent(bound.target)}", "dy": 12},
    ]
    spec = {"layer": [drawn, *(part for line in lines for part in _line(line))], "height": 220}
    return chart(name, f"Recall of {clean(sweep, 60)}, and its bound", words, spec)


def _line(line: dict[str, Any]) -> list[dict[str, Any]]:
    """A level line with its name at the left."""
    y = {"field": "share", **_SHARE}
    is_target = line["dy"] > 0
    rule = {"type": "rule", "color": INK if is_target else WARN, "strokeDash": [6, 4] if is_target else [1, 0]}
    text = {"type": "text", "align": "left", "dx": 4, "dy": line["dy"], "fontSize": 11}
    label = {"x": {"value": 0}, "y": y, "text": {"field": "what", "type": "nominal"}}
    data = {"values": [line]}
    return [
        {"data": data, "mark": rule, "encoding": {"y": y}},
        {"data": data, "mark": text, "encoding": label},
    ]


def throughput(work: Sequence[TeamHour]) -> Chart | None:
    """How many items each team decided in each hour of the clock."""
    made: dict[str, list[int]] = defaultdict(list)
    for each in work:
        made[each.team].append(each.decisions)
    busiest = sorted(made, key=lambda team: (-sum(made[team]), team))[:TEAMS_SHOWN]
    if not busiest:
        return None
    rows = [
        {
            "team": clean(each.team, 40),
            "from": iso(each.at),
            "to": iso(each.at + timedelta(hours=1)),
            "items": each.decisions,
        }
        for each in work
        if each.team in busiest
    ]
    told = [
        f"{clean(team, 40)} decided {counted(sum(made[team]), 'item')} in {counted(len(made[team]), 'hour')},"
        f" at most {max(made[team]):,} in one"
        for team in busiest
    ]
    left = len(made) - len(busiest)
    more = f" {counted(left, 'team')} with fewer items are left out." if left else ""
    spec = {
        "data": {"values": rows},
        "mark": {"type": "bar", "color": ACCENT, "stroke": INK, "strokeWidth": 0.5},
        "height": 50,
        "encoding": {
            "row": {
                "field": "team",
                "type": "nominal",
                "title": None,
                "sort": [clean(team, 40) for team in busiest],
                "header": {"labelAngle": 0, "labelAlign": "left", "labelColor": INK},
            },
            "x": {"field": "from", **TIME_AXIS},
            "x2": {"field": "to", **UTC_TIME},
            "y": {"field": "items", "type": "quantitative", "title": "an hour", "axis": {"tickCount": 3}},
            "y2": {"datum": 0},
        },
    }
    return chart("throughput", "Items decided in each hour, by team", f"{'; '.join(told)}.{more}", spec)


def agreement(measured: Iterable[tuple[str, LanguageQuality]]) -> Chart | None:
    """How far two people who read the same item of a sweep agreed, by language, with the intervals."""
    looked = [(sweep, each) for sweep, each in measured if each.twice]
    several = len({sweep for sweep, _ in looked}) > 1
    named = [(clean(f"{each.language}, {id}" if several else each.language, 60), each) for id, each in looked]
    enough = [(name, each) for name, each in named if each.twice >= FEWEST]
    if not enough:
        return None
    rows: list[dict[str, Any]] = []
    for name, each in enough:
        lane = f"{name} (n = {each.twice:,})"
        rows += _measured(lane, "the same said", each.raw) + _measured(lane, "AC1, beyond chance", each.ac1)
    told = [f"{name}: {percent(each.raw.value)}, by {counted(each.twice, 'item')}" for name, each in enough]
    few = [f"{name} (n = {each.twice:,})" for name, each in named if each.twice < FEWEST]
    untold = f" Too few to say: {', '.join(few)}." if few else ""
    weighed = "weighed by how likely the item was to be read twice"
    words = f"How often two people said the same of an item, {weighed}. {'; '.join(told)}.{untold}"
    measure = {
        "field": "what",
        "type": "nominal",
        "title": None,
        "sort": ["the same said", "AC1, beyond chance"],
    }
    y = {"field": "lane", "type": "nominal", "sort": None, "title": None}
    x = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domainMax": 1},
        "title": "agreement, with 95 % intervals",
    }
    both = {"y": y, "yOffset": measure}
    colour = {**measure, "scale": {"range": [ACCENT, WARN]}}
    intervals = {
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {
            **both,
            "x": {**x, "field": "low"},
            "x2": {"field": "high"},
            "color": {**colour, "legend": None},
        },
        "transform": [{"filter": "isValid(datum.low)"}],
    }
    points = {
        "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
        "encoding": {**both, "x": x, "color": colour, "shape": measure},
    }
    spec = {"data": {"values": rows}, "layer": [intervals, points], "height": {"step": 20}}
    return chart("agreement", "How far readers agreed, by language", words, spec)


def _measured(lane: str, what: str, estimate: Estimate) -> list[dict[str, Any]]:
    if estimate.value is None:
        return []
    return [{"lane": lane, "what": what, "value": estimate.value, "low": estimate.low, "high": estimate.high}]
