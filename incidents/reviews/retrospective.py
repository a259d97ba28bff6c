"""Compose the retrospective: from the record to Markdown, and from Markdown to a page of its own.

The same record gives the same bytes: nothing here looks at a clock, and every list has an order.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from incidents.fragments import to_document
from incidents.incident.phases import SENTENCES, Phase
from incidents.incident.severity import LEVELS
from incidents.reviews.chart import Chart
from incidents.reviews.curated import DECISIONS, full_log, timeline_rows
from incidents.reviews.interviews import interviews
from incidents.reviews.metrics import MILESTONES, grade, measure, milestones_shown, shown
from incidents.reviews.next_sweep import proposals
from incidents.reviews.quoting import factors_by_part, unanswered, written
from incidents.reviews.reading import FEWEST
from incidents.reviews.record import Record, input_hash
from incidents.reviews.roles import worded
from incidents.reviews.roster import listed_readers
from incidents.reviews.rounds import rounds
from incidents.reviews.safety import (
    acted_upon,
    by_form,
    by_language,
    by_surface,
    dark_hours,
    hours_of_posts,
    prevalence_after,
    prevalence_before,
)
from incidents.reviews.sections import LONGEST
from incidents.reviews.shares import RATES, SHARES
from incidents.timeline import Entry, Event
from incidents.words import own_templates, render, sentence

TERMS_SHOWN = 20
"""Entries of a scope that are listed, most posts first; the rest are counted."""

CHARTS = "retrospective-charts"
"""Folder of a document's pictures, beside it."""

_REFS_SHOWN = 6
_OF_A_SWEEP = (
    *(Event.sweep_requested, Event.universe_frozen, Event.batches_opened, Event.reading_opened),
    *(Event.sweep_closed, Event.sweep_finished, Event.certificate_issued),
)

_IMPACT = "## Impact\n"
_BEHIND_THE_SUMMARY = '<h2 id="impact">'
_REF = re.compile(r"<code>([A-Z]+-\d+)#(\d+)</code>")


def compose(record: Record, *, generator: str, privileged: bool = False) -> str:
    """The retrospective as Markdown, as those inside read it. `generator` names the version that wrote it.

    Persons are named in the header, the table of decisions and as owners of action items alone.
    `privileged` puts a banner above it, for counsel. `outside` has what others read.
    """
    return tidy(render("retrospective.md.j2", **_facts(record), generator=generator, privileged=privileged))


def tidy(markdown: str) -> str:
    """The same without the blank lines that sections leave: two in a row say nothing."""
    return re.sub(r"\n{3,}", "\n\n", markdown).strip() + "\n"


def illustrated(markdown: str, charts: Sequence[Chart]) -> str:
    """The same with a picture for each chart behind the summary, as files that lie in `CHARTS` beside it.

    What is to be seen stands in the alternative text. A document without that place gets none.
    """
    before, mark, after = markdown.partition(_IMPACT)
    pictures = render("retrospective/pictures.md.j2", charts=charts, folder=CHARTS)
    return f"{before}{pictures}\n{mark}{after}" if mark and charts else markdown


@dataclass(frozen=True)
class Body:
    """A retrospective as HTML, without a page around it. Pictures stand between `lead` and `rest`."""

    contents: str
    lead: str
    rest: str


def to_body(markdown: str) -> Body:
    """The document as sanitised HTML. References become links into the full log where it has one."""
    told = to_document(markdown)
    lead, mark, rest = _linked(told.html).partition(_BEHIND_THE_SUMMARY)
    return Body(contents=told.contents, lead=lead, rest=mark + rest)


def to_html(markdown: str, title: str, charts: Sequence[Chart] = ()) -> str:
    """One self-contained page: sanitised, no script, nothing loaded, readable on paper and in the dark.

    `charts` stand behind the summary.
    """
    body = to_body(markdown)
    figures = [{"svg": chart.svg(), "title": chart.title, "words": chart.words} for chart in charts]
    return render("retrospective.html.j2", title=title, body=body, figures=figures)


def _linked(body: str) -> str:
    """Give each row of the full log an anchor, and let every other reference lead there."""
    story, mark, log = body.rpartition('<h2 id="full-log">')
    if not mark:
        return body
    anchors = set(re.findall(r"<td><code>[A-Z]+-\d+#(\d+)</code></td>", log))

    def link(found: re.Match[str]) -> str:
        return f'<a href="#e{found[2]}">{found[0]}</a>' if found[2] in anchors else found[0]

    rows = re.sub(r"<td>(<code>[A-Z]+-\d+#(\d+)</code>)</td>", r'<td id="e\2">\1</td>', log)
    return _REF.sub(link, story) + mark + rows


def _facts(record: Record) -> dict[str, Any]:
    who = worded(record)

    def tell(entry: Entry) -> str:
        return sentence(entry, who=who(entry))

    letter, reached, expected = grade(record)
    return {
        "record": record,
        "own_templates": own_templates(),
        "incident": record.incident,
        "about": _impact(record),
        "phase_sentence": SENTENCES[Phase(record.incident.phase)],
        "input_hash": input_hash(record),
        "grade": {"letter": letter, "reached": reached, "expected": expected},
        "milestones": _milestones(record),
        "measured": {each.metric.name: each for each in measure(record)},
        "shown": shown(record),
        "told_shares": _shares(record),
        "safety": _safety(record),
        "rows": timeline_rows(record, tell),
        "log": full_log(record, tell),
        "decided": [_decision(entry) for entry in record.of(*DECISIONS)],
        "severities": _severities(record),
        "interviews": interviews(record),
        "assessed": record.of(Event.candidate_opened, Event.priority_computed)[-1:],
        "refs": {event.name: _refs(record.of(event)) for event in Event},
        "by_sweep": _by_fact(record.of(*_OF_A_SWEEP), "sweep"),
        "certificate_refs": _by_fact(record.of(Event.certificate_issued), "sweep"),
        "decided_refs": _decided_refs(record),
        "plan_refs": _by_fact(record.of(Event.plan_made), "sweep"),
        "asks_refs": _by_fact(record.of(Event.ask_sent, Event.ask_acknowledged), "ask"),
        "action_refs": _by_fact(record.of(Event.action_filed), "item"),
        "guideline_refs": _by_fact(record.of(Event.guideline_published), "version"),
        "terms_shown": TERMS_SHOWN,
        "fewest": FEWEST,
        "totals": totals(record),
        "proposals": proposals(record),
        "later": rounds(record)[1:],
        "written": written(record),
        "unanswered": unanswered(record),
        "factors_by_part": factors_by_part(record),
        "longest_words": LONGEST,
    }


def _impact(record: Record) -> list[tuple[str, str, int]]:
    impact = record.incident.impact
    return [(dimension, impact.level(dimension).name, getattr(impact, dimension)) for dimension in LEVELS]


def _shares(record: Record) -> list[dict[str, Any]]:
    """The shares and rates that could be measured."""
    counted = [(share, share.count(record)) for share in (*SHARES, *RATES)]
    return [
        {"share": share, "counted": found, "refs": _refs(list(found.evidence))}
        for share, found in counted
        if found.denominator
    ]


def _safety(record: Record) -> dict[str, Any]:
    """The numbers of trust and safety, where there are posts to tell them of."""
    sealed = {sweep.id: sweep.certificate for sweep in record.sweeps if sweep.certificate}
    told = {id: (prevalence_before(each), prevalence_after(each)) for id, each in sealed.items()}
    return {
        "prevalence": told,
        "languages": by_language(record),
        "readers": listed_readers(record),
        "surfaces": by_surface(record),
        "forms": by_form(record),
        "acted": acted_upon(record),
        "acted_refs": _refs(record.of(Event.actions_taken, Event.actions_reported)),
        "hours": hours_of_posts(record),
        "dark": dark_hours(record),
        "quality": [(sweep.id, each) for sweep in record.sweeps for each in sweep.quality],
    }


def _milestones(record: Record) -> list[dict[str, Any]]:
    return [
        {"round": number, "name": name, "sentence": MILESTONES[name], "reached": reached}
        for number, name, reached in milestones_shown(record)
    ]


def _decision(entry: Entry) -> dict[str, Any]:
    told = entry.facts
    about = told.get("code") or ", ".join(told.get("codes") or told.get("waived") or [])
    return {
        "at": entry.at,
        "what": DECISIONS[entry.event],
        "about": about,
        "who": told.get("person") or entry.actor,
        "reason": told.get("reason"),
        "ref": entry.ref,
    }


def _severities(record: Record) -> list[dict[str, Any]]:
    """Each severity that the incident had, with the entry that gave it; repeated ones are left out."""
    found: list[dict[str, Any]] = []
    for entry in record.of(Event.candidate_opened, Event.priority_computed):
        severity = entry.facts.get("severity")
        if severity and (not found or found[-1]["severity"] != severity):
            found.append({"severity": severity, "at": entry.at, "ref": entry.ref})
    return found


def _by_fact(entries: Iterable[Entry], fact: str) -> dict[str, str]:
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(str(entry.facts.get(fact)), []).append(entry)
    return {key: _refs(found) for key, found in grouped.items()}


def _decided_refs(record: Record) -> dict[str, str]:
    """Sweep → the entries that say what came of it: its end; before that, that it was handed out."""
    opened = _by_fact(record.of(Event.universe_frozen, Event.batches_opened, Event.reading_opened), "sweep")
    ended = _by_fact(record.of(Event.sweep_finished), "sweep")
    return {sweep.id: ended.get(sweep.id) or opened.get(sweep.id, "") for sweep in record.sweeps}


def _refs(entries: list[Entry]) -> str:
    """References as Markdown, the first few: `INC-12#7`, `INC-12#9` and 3 more."""
    shown = ", ".join(f"`{entry.ref}`" for entry in entries[:_REFS_SHOWN])
    more = len(entries) - _REFS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def totals(record: Record) -> dict[str, int | None]:
    """Sums over all sweeps, and what signals reported; None for what no sweep or signal told."""
    seen = [sweep.posts_seen for sweep in record.sweeps if sweep.posts_seen is not None]
    matched = [sweep.posts_matched for sweep in record.sweeps if sweep.posts_matched is not None]
    return {
        "seen": sum(seen) if seen else None,
        "matched": sum(matched) if matched else None,
        "decided": sum(sweep.decided for sweep in record.sweeps),
        "violates": sum(sweep.violates for sweep in record.sweeps),
        "unsure": sum(sweep.unsure for sweep in record.sweeps),
        "reach": sum(tally.violates_reach for sweep in record.sweeps for tally in sweep.tallies),
        "planned": sum(sum(sweep.planned.values()) for sweep in record.sweeps),
        "signals": sum(count.new + count.updates + count.duplicates for count in record.signals),
        "reported_reach": max((count.reach for count in record.signals), default=None),
    }
