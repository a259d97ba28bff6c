"""How a document tells what people wrote: whose words they are, and the entry that says so."""

from typing import Any

from incidents.reviews.record import FactorPart, Record
from incidents.reviews.roles import worded
from incidents.reviews.sections import ASKED, Section, blocks
from incidents.timeline import Entry, Event

_PARTS = {
    FactorPart.trigger: "What set it off",
    FactorPart.contributing: "What contributed",
    FactorPart.mitigator: "What kept it from being worse",
}


def written(record: Record) -> dict[str, dict[str, Any]]:
    """Section → a person's words, who wrote them, and the entry that says so; empty where nobody wrote."""
    entries = {entry.seq: entry for entry in record.entries}
    found: dict[str, dict[str, Any]] = {name.value: {} for name in Section}
    for each in record.sections:
        found[each.name.value] = _by(record, entries[each.seq]) | {
            "title": ASKED[each.name],
            "at": each.written_at,
            "version": each.version,
            "blocks": blocks(each.text),
        }
    return found


def unanswered(record: Record) -> list[str]:
    """What nobody has answered yet, once the review has begun. Open questions are there in any case."""
    if record.owner is None:
        return []
    named = {each.name for each in record.sections}
    return [asked for name, asked in ASKED.items() if name not in named | {Section.open}]


def factors_by_part(record: Record) -> list[tuple[str, list[dict[str, Any]]]]:
    """The factors under a heading for what they did; parts that no factor has are left out."""
    added, changed = (_last(record, event) for event in (Event.factor_added, Event.factor_changed))
    told = [
        (each.part, {"factor": each, "added": added.get(each.number), "changed": changed.get(each.number)})
        for each in record.factors
    ]
    grouped = [(title, [facts for of, facts in told if of is part]) for part, title in _PARTS.items()]
    return [(title, found) for title, found in grouped if found]


def _last(record: Record, event: Event) -> dict[object, dict[str, Any]]:
    """Number of a factor → who did that to it last, and the entry that says so."""
    return {entry.facts.get("number"): _by(record, entry) for entry in record.of(event)}


def _by(record: Record, entry: Entry) -> dict[str, Any]:
    return {"who": worded(record)(entry)(entry.actor), "ref": entry.ref}
