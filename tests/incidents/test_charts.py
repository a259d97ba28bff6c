"""Pictures say what the tables say, in words too, and nothing in them runs."""

from xml.etree import ElementTree

import pytest

from incidents.reviews.charts import ACCENT, INK, WARN, Chart, charts
from incidents.reviews.record import Record
from incidents.reviews.retrospective import compose, to_html
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import add_incident
from tests.incidents.test_words import HOSTILE


@pytest.fixture
def record(store: Store) -> Record:
    """The evening's crisis of crisis_rows.py."""
    with store.begin() as work:
        add_crisis(work)
    with store.read() as work:
        return read_record(work, "INC-12")


def by_name(record: Record) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts(record)}


def written_in(svg: str) -> set[str]:
    """The texts of a picture, which is well-formed."""
    return {each.text or "" for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}


def test_each_picture_is_told_in_words(record: Record) -> None:
    drawn = by_name(record)
    assert drawn["crisis"].words == (
        "From started at 2026-11-22 16:25 UTC to stood down at 2026-11-23 01:00 UTC, 8 h 35 min:"
        " 11 milestones, 2 signals, 1 sweep."
    )
    assert drawn["acknowledgements"].words == "2 asks of 2 were acknowledged, 1 of them late."


def test_the_crisis_has_every_milestone_on_one_axis(record: Record) -> None:
    told = written_in(by_name(record)["crisis"].svg())
    assert {each.name.replace("_", " ") for each in record.milestones} <= told
    assert {"signals", "commander", record.sweeps[0].id, "UTC"} <= told


def test_what_was_read_sums_up_to_the_batches(record: Record) -> None:
    [chart] = [each for each in charts(record) if each.name == "reading"]
    finished = record.of(Event.batch_finished)
    values = chart.spec["data"]["values"]
    assert len(values) == 2 * len(finished)
    assert values[-2]["items"] == sum(entry.facts["items"] for entry in finished)
    assert f"{values[-2]['items']} items read" in chart.words


def test_the_same_record_is_drawn_the_same(record: Record) -> None:
    assert [chart.svg() for chart in charts(record)] == [chart.svg() for chart in charts(record)]


def test_what_cannot_be_drawn_is_left_out(store: Store) -> None:
    with store.begin() as work:
        add_incident(work)
    with store.read() as work:
        assert charts(read_record(work, "INC-12")) == []


def test_a_picture_is_readable_on_white_and_on_black(record: Record) -> None:
    for chart in charts(record):
        svg = chart.svg()
        assert 'fill="white"' not in svg.partition("<g")[0], "the paper shines through"
        assert "#000" not in svg


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [INK, ACCENT, WARN])
def test_a_colour_stands_out_from_white_and_from_black(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(colour, "#000000") >= 3


def test_the_two_colours_differ_in_grey() -> None:
    assert contrast(ACCENT, WARN) >= 1.7


def test_nothing_in_a_picture_runs(record: Record) -> None:
    asks = tuple(ask.model_copy(update={"key": HOSTILE, "team": HOSTILE}) for ask in record.asks)
    sweeps = tuple(sweep.model_copy(update={"id": HOSTILE}) for sweep in record.sweeps)
    told = {"source": HOSTILE}
    entries = tuple(each.model_copy(update={"facts": each.facts | told}) for each in record.entries)
    changed = {"asks": asks, "sweeps": sweeps, "entries": entries}
    hostile = record.model_copy(update=changed)
    for chart in charts(hostile):
        svg = chart.svg()
        tags = {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(svg).iter()}
        assert tags <= {"svg", "g", "path", "rect", "text", "line", "title", "tspan", "defs", "clipPath"}
        attributes = {
            name.rpartition("}")[2] for each in ElementTree.fromstring(svg).iter() for name in each.attrib
        }
        assert not {name for name in attributes if name == "href" or name.startswith("on")}
        assert "\u202e" not in svg


@pytest.mark.parametrize("sign", ["\x00", "\x1b[31m", "\ufffe", "\uffff", "\ud800", "\x0b"])
def test_what_the_engine_cannot_draw_does_not_reach_it(sign: str) -> None:
    values = [{"a": f"be{sign}fore", "b": 1}]
    encoding = {"y": {"field": "a", "type": "nominal"}, "x": {"field": "b", "type": "quantitative"}}
    chart = Chart("x", "X", "x", {"data": {"values": values}, "mark": "bar", "encoding": encoding})
    assert any(text.startswith("be") for text in written_in(chart.svg()))


def test_a_page_shows_them_behind_the_summary_with_their_words(record: Record) -> None:
    html = to_html(compose(record, generator="g"), "Retrospective", charts(record))
    assert html.count("<figure ") == len(charts(record)) == 3
    assert html.index('<h2 id="summary">') < html.index("<figure ") < html.index('<h2 id="impact">')
    assert "<script" not in html
    assert 'http-equiv="Content-Security-Policy"' in html
