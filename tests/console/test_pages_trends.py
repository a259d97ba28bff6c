"""Trends across incidents in a browser: the numbers of the command line, each with what stands behind it."""

import re

import pytest

from incidents.reviews.chart import Chart
from incidents.reviews.trend_chart import Point, trend
from incidents.store.engine import Store
from incidents.words import duration
from tests.console.browsing import Browser, statements_of, welcome
from tests.console.command_line import NOW, run, told
from tests.console.reviewed import under_review

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \u202eevil"


def test_the_page_shows_what_the_command_line_does(visiting: Browser, store: Store) -> None:
    for _ in range(3):
        under_review()
    [told_of] = [each for each in told("review", "metrics")["durations"] if each["name"] == "TTR"]
    page = welcome(visiting, store, "bo-r").get("/trends").text
    [row] = re.findall(r"<tr><td><a href=\"/trends/TTR\">TTR</a>.*?</tr>", page, re.DOTALL)
    assert "3 of 3" in row
    assert duration(told_of["median"]) in row
    assert "too few (n &lt; 10)" in row
    behind = visiting.get("/trends/TTR").text
    assert re.findall(r'<td><a href="/incidents/(INC-\d+)"', behind) == list(reversed(told_of["values"]))
    drawn = visiting.get("/trends/TTR/chart.svg")
    assert drawn.text.startswith("<svg")
    assert visiting.get("/trends/Graphic").status_code == 200
    assert visiting.get("/trends/Graphic/chart.svg").status_code == 404
    assert visiting.get("/trends/Luck").status_code == 404


def test_what_is_not_measured_yet_is_said_and_measured_behind_the_page(
    visiting: Browser, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_review(), under_review()
    welcome(visiting, store, "bo-r")
    monkeypatch.setattr("console.pages.trends.MOST_BEHIND", 1)
    assert "2 incidents are not measured as now" in visiting.get("/trends").text
    assert "1 incident is not measured as now" in visiting.get("/trends").text
    assert "not measured as now" not in visiting.get("/trends").text


def test_incidents_are_chosen_and_drills_stand_apart(visiting: Browser, store: Store) -> None:
    under_review()
    run("review", "metrics")
    welcome(visiting, store, "bo-r")

    def looked_at(query: str) -> int:
        [count] = re.findall(r"<p>(\d+) incidents?\.", visiting.get(f"/trends?{query}").text)
        return int(count)

    assert looked_at("") == 1
    assert looked_at("drills=yes") == 0
    assert looked_at("severity=sev1&protocol=default&since=2020-01-01") == 1
    assert looked_at("severity=sev4") == 0
    assert looked_at("until=2020-01-01") == 0
    assert visiting.get("/trends?since=yesterday").status_code == 400
    assert told("review", "metrics", "--severity", "sev4")["durations"][0]["of"] == 0
    assert 'href="/trends/TTR?severity=sev1"' in visiting.get("/trends?severity=sev1").text


def test_a_restricted_incident_is_in_no_number_of_others(visiting: Browser, store: Store) -> None:
    incident = under_review("--title", HOSTILE)
    run("review", "metrics")
    welcome(visiting, store, "bo-r")
    page = visiting.get("/trends/TTR").text
    assert incident in page
    assert "<script>" not in page
    assert "\u202e" not in page
    run("restrict", incident, "--reason", "Names of victims", "--as", "ada-l")
    assert incident not in visiting.get("/trends/TTR").text
    assert "<p>0 incidents." in visiting.get("/trends").text


def test_partners_see_no_trends(visiting: Browser, store: Store) -> None:
    assert welcome(visiting, store, "cleo-l").get("/trends").status_code == 403


def test_a_page_asks_the_database_as_often_for_many_as_for_one(visiting: Browser, store: Store) -> None:
    under_review()
    run("review", "metrics")
    welcome(visiting, store, "bo-r")
    few = [statements_of(visiting, path) for path in ("/trends", "/trends/TTR")]
    under_review(), under_review()
    run("review", "metrics")
    assert [statements_of(visiting, path) for path in ("/trends", "/trends/TTR")] == few
    assert few == [2, 2]


def test_a_long_list_is_paged(visiting: Browser, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = under_review(), under_review()
    run("review", "metrics")
    welcome(visiting, store, "bo-r")
    monkeypatch.setattr("console.pages.trends.SHOWN", 1)
    page = visiting.get("/trends/TTR?severity=sev1").text
    [following] = re.findall(r'<a href="(/trends/TTR\?[^"]*)">The next ones', page)
    rows = [page, visiting.get(following.replace("&amp;", "&")).text]
    assert {each for row in rows for each in re.findall(r"/incidents/(INC-\d+)", row)} == {first, second}


@pytest.mark.parametrize(
    ("unit", "middle", "line"),
    [("s", 5_400.0, "1 h 30 min"), ("%", 0.5, "50.0 %"), ("copies a decision", 2, "2.00")],
)
def test_a_picture_has_a_point_for_each_incident_and_says_where_its_line_is(
    unit: str, middle: float, line: str
) -> None:
    points = [Point("INC-1", NOW, 1.0), Point("INC-2", NOW, 3.0)]
    drawn = trend("TTR", points, middle=middle, unit=unit)
    assert isinstance(drawn, Chart)
    assert drawn.words.startswith("2 incidents, ")
    assert line in drawn.words
    assert drawn.svg().startswith("<svg")
    assert trend("TTR", points[:1], middle=middle, unit=unit) is None
