"""Whatever the record holds, the words stay words."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import markdown
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from incidents import words
from incidents.timeline import GENESIS, Entry, Event

HOSTILE = (
    "<script>alert(1)</script> [click](javascript:alert(1)) ![x](http://x.example/p.png) | cell `code` "
    "# head\n\n1. list\n- list\n> quote ~~gone~~ **bold** __bold__ \u202eevil\u2066 \x1b[31mred\x00 "
    "{{ 7 * 7 }} {% raw %} www.evil.example https://evil.example &lt;b&gt; <img src=x onerror=alert(1)>"
)


def entry(event: Event, facts: dict[str, Any], actor: str = "ada") -> Entry:
    """An entry whose hash nobody checks here."""
    at = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)
    told = {"incident": "INC-12", "seq": 7, "at": at, "event": event, "actor": actor, "facts": facts}
    return Entry(**told, previous=GENESIS, hash=GENESIS)


FACTS: dict[Event, dict[str, Any]] = {
    Event.candidate_opened: {"title": "Rumour", "severity": "sev2", "rule": "burst", "why": "3 signals"},
    Event.assessment_recorded: {"answers": {"live": "yes", "spread": "no", "copy": "yes"}, "note": "quick"},
    Event.crisis_stood_down: {"reason": "quiet", "waived": ["ASK_UNACKNOWLEDGED", "SWEEP_OPEN"]},
    Event.gate_opened: {"gate": "declare", "due_at": "2026-11-23T01:05:00+02:00"},
    Event.universe_frozen: {"sweep": "INC-12-S1", "posts": 5000, "matched": 1, "universe": "f" * 64},
    Event.batches_opened: {"sweep": "INC-12-S1", "batches": 3, "by_team": {"turkish": 2, "german": 1}},
    Event.reading_opened: {
        "sweep": "INC-12-S1",
        "to_read": 3,
        "covered": 5,
        "by_team": {"turkish": 2, "german": 1},
    },
    Event.target_reached: {"sweep": "INC-12-S1", "recall_at_least": 0.91, "read": 400, "found": 31},
    Event.certificate_issued: {"sweep": "INC-12-S1", "kind": "certified", "recall_at_least": 0.91},
    Event.factor_added: {"number": 1},
    Event.factor_changed: {"number": 1, "changed": ["part", "sentence"], "reason": "We were there"},
    Event.role_handed_over: {"role": "commander", "was": "ada", "person": "bo", "note": ""},
}


TEMPLATE = (words.TEMPLATES / "timeline.yaml").read_text(encoding="utf-8")
NAMES = set(re.findall(r"facts.get\('(\w+)'", TEMPLATE))


def test_every_event_has_a_sentence_and_none_is_left_over() -> None:
    assert list(yaml.safe_load(TEMPLATE)) == [event.value for event in Event]


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("recorded", ["nothing", "everything"])
def test_every_event_is_one_line_whatever_was_recorded(event: Event, recorded: str) -> None:
    line = words.sentence(entry(event, FACTS.get(event, {}) if recorded == "everything" else {}))
    assert line.endswith((".", "”."))
    assert "\n" not in line
    assert "  " not in line
    assert "None" not in line


def test_sentences_read_well() -> None:
    def said(event: Event) -> str:
        return words.plain(words.sentence(entry(event, FACTS[event])))

    assert said(Event.candidate_opened) == (
        "A candidate incident, “Rumour”, was opened as sev2 by the priority rule burst, because 3 signals."
    )
    assert said(Event.assessment_recorded) == (
        "Ada answered 3 entry criteria; yes: copy and live; no: spread. Note: “quick”."
    )
    assert said(Event.crisis_stood_down) == (
        "Ada stood the crisis down. Reason: “quiet”. Waived: ASK_UNACKNOWLEDGED and SWEEP_OPEN."
    )
    assert said(Event.gate_opened) == "The gate declare opened; an answer is due at 2026-11-22 23:05 UTC."
    assert said(Event.universe_frozen) == "INC-12-S1 froze its universe: 5,000 posts seen, 1 matched the scope."
    assert said(Event.batches_opened) == "INC-12-S1 opened 3 batches: 1 for german, 2 for turkish."
    assert said(Event.role_handed_over) == "The role commander was handed from ada to bo."


def test_a_reader_can_be_told_roles_in_place_of_names() -> None:
    declared = entry(Event.crisis_declared, {"reason": "it spreads"})
    line = words.sentence(declared, who=lambda _person: "the incident commander")
    assert line == "The incident commander declared a crisis. Reason: “it spreads”."


@pytest.mark.parametrize("event", Event)
def test_hostile_facts_stay_text(event: Event) -> None:
    facts: dict[str, Any] = dict.fromkeys(NAMES, HOSTILE)
    facts |= {"codes": [HOSTILE], "waived": [HOSTILE], "languages": [HOSTILE]}
    facts |= {"answers": {HOSTILE: "yes"}, "by_team": {HOSTILE: HOSTILE}}
    assert_inert(words.sentence(entry(event, facts, actor=HOSTILE)))


def assert_inert(text: str) -> None:
    """Python-Markdown makes one paragraph of plain text of it, and no character steers the reader."""
    html = markdown.markdown(text, extensions=["tables"])
    inside = html.removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inside
    assert not set("\u202e\u2066\x1b\x00") & set(html)
    assert "49" not in html


@given(st.text())
def test_any_text_is_inert_in_markdown(text: str) -> None:
    made = words.md(text)
    assert "\n" not in made
    assert_inert("Title: " + made if "49" not in text else "fine")
    assert_inert(made if "49" not in text else "fine")


@given(st.text(max_size=200))
def test_plain_gives_back_what_md_was_given(text: str) -> None:
    kept = words.clean(text)
    assert words.plain(words.md(text)) in (kept, words.NOT_RECORDED)


@pytest.mark.parametrize("text", ["1. one", "- one", "+ one", "= one", "12) one", "=====", "***", "    code"])
def test_the_start_of_a_value_starts_nothing(text: str) -> None:
    assert_inert(words.md(text))
    assert words.plain(words.md(text)) == text.strip()


def test_a_value_is_cut_where_nobody_reads_on() -> None:
    assert len(words.plain(words.md("x" * 100_000))) == words.LONGEST
    assert words.md("x" * 100_000).endswith("…")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "not recorded"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (72 * 60, "1 h 12 min"),
        (24 * 3600, "24 h 0 min"),
        (31 * 3600 + 34 * 60, "31 h 34 min"),
        (98 * 3600, "4 d 2 h"),
        (-300, "-5 min"),
        (timedelta(hours=2), "2 h 0 min"),
    ],
)
def test_durations(seconds: float | timedelta | None, told: str) -> None:
    assert words.duration(seconds) == told


def test_a_duration_across_a_change_of_the_clocks_is_the_time_that_passed() -> None:
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    passed = datetime(2026, 10, 25, 4, tzinfo=winter) - datetime(2026, 10, 25, 1, tzinfo=summer)
    assert words.duration(passed) == "4 h 0 min"


def test_times_are_utc_with_a_full_date() -> None:
    assert (
        words.utc(datetime(2026, 11, 23, 1, 5, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-22 23:05 UTC"
    )
    assert words.utc("2026-11-22T23:05:59.123456+00:00") == "2026-11-22 23:05 UTC"
    assert words.utc("2026-11-22T23:05:59") == "2026-11-22 23:05 UTC"
    assert words.utc(None) == "not recorded"
    assert words.utc("<b>soon") == "&lt;b&gt;soon"


def test_numbers_carry_their_n() -> None:
    assert words.share(615, 5000) == "12.3 % (615 of 5,000)"
    assert words.share(0, 0) == "not measurable"
    assert words.counted(1, "batch", "batches") == "1 batch"
    assert words.counted(None, "post") == "an unrecorded number of posts"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed([]) == "none"


def test_templates_lie_beside_the_package() -> None:
    assert Path(words.__file__).parent.parent / "templates" == words.TEMPLATES
