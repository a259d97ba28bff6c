"""Write a retrospective for an audience: for those outside from what they may see, with sections of their own.

What was left out must not show as missing, and no number may be counted over what is left. So those outside
get sections that state only what a redacted record still tells whole.
"""

from typing import Any

from incidents.incident.phases import SENTENCES, Phase
from incidents.reviews.audiences import Audience
from incidents.reviews.chart import Chart
from incidents.reviews.charts import charts
from incidents.reviews.curated import timeline_rows
from incidents.reviews.metrics import MILESTONES, measure
from incidents.reviews.record import Record, input_hash
from incidents.reviews.redaction import View, redact, rules
from incidents.reviews.retrospective import compose, tidy, totals
from incidents.timeline import Entry, Event
from incidents.words import SENTENCES_OUTSIDE, own_templates, render, sentence

_OF_A_SWEEP = (
    *(Event.sweep_requested, Event.universe_frozen, Event.sweep_closed, Event.certificate_issued),
    Event.sweep_finished,
)


def compose_for(record: Record, view: View, *, generator: str) -> str:
    """The retrospective as Markdown for an audience. `generator` as for `compose`."""
    if view.is_inside:
        return compose(record, generator=generator, privileged=view.audience is Audience.privileged)
    seen = redact(record, view)
    sections = rules().sections[view.audience]
    facts = _facts(seen)
    return tidy(
        render("retrospective-shared.md.j2", **facts, view=view, sections=sections, generator=generator)
    )


def charts_for(record: Record, view: View) -> list[Chart]:
    """The pictures that an audience is shown, of what it may see."""
    drawn = charts(redact(record, view))
    return drawn if view.is_inside else [each for each in drawn if each.name in rules().charts[view.audience]]


def _facts(record: Record) -> dict[str, Any]:
    measured = {each.metric.name: each for each in measure(record)}
    rows = timeline_rows(record, lambda entry: sentence(entry, sentences=SENTENCES_OUTSIDE))
    return {
        "record": record,
        "incident": record.incident,
        "phase_sentence": SENTENCES[Phase(record.incident.phase)],
        "input_hash": input_hash(record),
        "own_templates": own_templates(),
        "measured": measured,
        "durations": [each for each in measured.values() if each.value is not None],
        "milestones": _milestones(record),
        # A silence may be what was left out.
        "rows": [row for row in rows if not row.silence],
        "told": {event.name: record.of(event) for event in Event},
        "by_sweep": _by_sweep(record),
        "totals": totals(record),
        "smallest": rules().smallest,
    }


def _milestones(record: Record) -> list[dict[str, Any]]:
    """What was reached, in the usual order."""
    found = ((meaning, record.milestone(name)) for name, meaning in MILESTONES.items())
    return [{"meaning": meaning, "reached": reached} for meaning, reached in found if reached is not None]


def _by_sweep(record: Record) -> dict[str, list[Entry]]:
    grouped: dict[str, list[Entry]] = {}
    for entry in record.of(*_OF_A_SWEEP):
        grouped.setdefault(str(entry.facts.get("sweep")), []).append(entry)
    return grouped
