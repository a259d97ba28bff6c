"""Pictures say what the tables say, in words too, and nothing in them runs."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from incidents.reviews.chart import ACCENT, INK, WARN, Chart
from incidents.reviews.charts import charts
from incidents.reviews.reading import FEWEST, TeamHour
from incidents.reviews.record import CertificateRecord, Record
from incidents.reviews.retrospective import compose, to_html
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import add_incident
from tests.incidents.stories import reopened
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
        " 11 milestones, 2 signals, 1 sweep. Signals reported a reach of up to 40,000."
    )
    assert drawn["acknowledgements"].words == "2 asks of 2 were acknowledged, 1 of them late."
    assert drawn["throughput"].words == (
        "german decided 50 items in 2 hours, at most 36 in one;"
        " legal decided 50 items in 2 hours, at most 30 in one."
    )
    assert drawn["agreement"].words == (
        "How often two people said the same of an item, weighed by how likely the item was to be read twice."
        " de: 92.0 %, by 25 items."
    )


def test_a_language_that_few_were_read_twice_in_is_named_and_not_drawn(record: Record) -> None:
    [german] = record.sweeps[0].quality
    turkish = german.model_copy(update={"language": "tr", "twice": FEWEST - 1})
    several = record.sweeps[0].model_copy(update={"quality": (german, turkish)})
    drawn = by_name(record.model_copy(update={"sweeps": (several,)}))["agreement"]
    assert drawn.words.endswith(" de: 92.0 %, by 25 items. Too few to say: tr (n = 19).")
    assert not any("tr" in lane for lane in written_in(drawn.svg()) if "n =" in lane)
    alone = record.sweeps[0].model_copy(update={"quality": (turkish,)})
    assert "agreement" not in by_name(record.model_copy(update={"sweeps": (alone,)}))


def test_the_crisis_has_every_milestone_on_one_axis(record: Record) -> None:
    told = written_in(by_name(record)["crisis"].svg())
    assert {each.name.replace("_", " ") for each in record.milestones} <= told
    assert {"signals", "commander", record.sweeps[0].id, "UTC", "reach"} <= told
    assert {"phase: assessing", "phase: monitoring", "german reads", "legal reads"} <= told


def axis(record: Record, lane: str) -> list[tuple[str, str | None]]:
    """What stands in one lane of the crisis: from when to when."""
    [rows] = [part["data"]["values"] for part in by_name(record)["crisis"].spec["vconcat"] if "layer" in part]
    return [(row["from"], row.get("to")) for row in rows if row["lane"] == lane]


def test_hours_of_reading_that_follow_each_other_are_one_shift(record: Record) -> None:
    shift = ("2026-11-22T19:00:00+00:00", "2026-11-22T21:00:00+00:00")
    assert axis(record, "german reads") == [shift]
    later = TeamHour(team="german", at=datetime(2026, 11, 23, 4, tzinfo=UTC), decisions=1)
    [german, legal] = ([each for each in record.work if each.team == team] for team in ("german", "legal"))
    worked = record.model_copy(update={"work": (*german, later, *legal)})
    again = ("2026-11-23T04:00:00+00:00", "2026-11-23T05:00:00+00:00")
    assert axis(worked, "german reads") == [shift, again]


def test_a_reopened_crisis_has_the_milestones_of_each_round_on_its_axis(store: Store) -> None:
    with store.begin() as work:
        incident = reopened(work)
    with store.read() as work:
        record = read_record(work, incident)
    assert len(axis(record, "stood down")) == 2
    assert len(axis(record, "reopened")) == 1


def test_a_reopened_crisis_goes_on_in_a_phase_that_readers_know(store: Store) -> None:
    with store.begin() as work:
        incident = reopened(work)
    with store.read() as work:
        record = read_record(work, incident)
    assert len(axis(record, "phase: responding")) == 2
    assert axis(record, "phase: reopened") == []
    [again] = record.of(Event.record_reopened)
    dismissed = again.model_copy(update={"facts": again.facts | {"was": "dismissed"}})
    entries = tuple(dismissed if each is again else each for each in record.entries)
    assert len(axis(record.model_copy(update={"entries": entries}), "phase: assessing")) == 2


def sealed(record: Record, **changes: object) -> Record:
    """The evening's crisis with a certificate: 40 of its 100 posts were found, six more may violate."""
    known = {"claim": "reached", "target": 0.8, "confidence": 0.95, "recall_at_least": 0.869, "posts": 100}
    known |= {"recall_at_least_corrected": None, "sampled": 60, "universe_hash": "0", "found": 40}
    seal = CertificateRecord.model_validate(known | {"missing": 2, "missing_at_most": 6} | changes)
    sweeps = tuple(each.model_copy(update={"certificate": seal}) for each in record.sweeps)
    return record.model_copy(update={"sweeps": sweeps})


def test_a_recall_curve_ends_at_what_is_proven(record: Record) -> None:
    chart = by_name(sealed(record))["recall-1"]
    curve = chart.spec["layer"][0]["data"]["values"]
    assert [(each["read"], each["share"]) for each in curve] == [(0, 0.0), (50, 0.4348), (100, 0.8696)]
    assert {"proven 86.9 %", "target 80.0 %"} <= written_in(chart.svg())
    assert chart.words == (
        "100 items were decided. With 95.0 % confidence at least 86.9 % of what violates was found;"
        " the target was 80.0 %. Half of what was found took 50 items."
    )


@pytest.mark.parametrize("changes", [{"sampled": 0}, {"found": 0, "missing_at_most": 0}])
def test_without_a_bound_there_is_no_recall_curve(record: Record, changes: dict[str, object]) -> None:
    assert "recall-1" not in by_name(sealed(record, **changes))
    assert "recall-1" not in by_name(record)


def test_only_the_busiest_teams_are_drawn(record: Record) -> None:
    at = datetime(2026, 11, 22, 19, tzinfo=UTC)
    work = tuple(TeamHour(team=f"team-{n:02}", at=at, decisions=n) for n in range(1, 15))
    chart = by_name(record.model_copy(update={"work": work}))["throughput"]
    assert {row["team"] for row in chart.spec["data"]["values"]} == {f"team-{n:02}" for n in range(3, 15)}
    assert chart.words.endswith("2 teams with fewer items are left out.")


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
    assert html.count("<figure ") == len(charts(record)) == 5
    assert html.index('<h2 id="summary">') < html.index("<figure ") < html.index('<h2 id="impact">')
    assert "<script" not in html
    assert 'http-equiv="Content-Security-Policy"' in html
