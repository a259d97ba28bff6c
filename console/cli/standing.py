"""How an incident stands, laid out for the person who takes it over at 3 a.m."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from console.cli import printing
from console.cli.following import entry_line
from console.standing import Standing, read_standing
from incidents.catalogue.checklists import ChecklistItem
from incidents.catalogue.model import Catalogue
from incidents.incident.incident import Incident
from incidents.incident.phases import SENTENCES
from incidents.reviews.actions import ActionItem
from incidents.reviews.record import SweepRecord
from incidents.store import timeline
from incidents.store.asks import Ask
from incidents.store.engine import Work
from incidents.store.gates import Gate
from incidents.store.sweep_counts import count_sweeps
from incidents.timeline import Entry
from incidents.words import plain, sentence


class ToldStanding(Standing):
    """How an incident stands, with its sweeps in numbers and all that happened, in words."""

    sweeps: list[SweepRecord]
    timeline: list[dict[str, Any]]


def tell_standing(work: Work, found: Incident, catalogue: Catalogue, now: datetime) -> ToldStanding:
    """Read all of it in one transaction, so that it fits together."""
    stands = read_standing(work, found, catalogue, now)
    told = [_told(entry) for entry in timeline.entries(work, found.id)]
    return ToldStanding(**dict(stands), sweeps=list(count_sweeps(work, found.id)), timeline=told)


def _told(entry: Entry) -> dict[str, Any]:
    told = entry.model_dump(mode="json", exclude={"incident", "previous"})
    return told | {"sentence": plain(sentence(entry)), "line": entry_line(entry)}


def print_standing(standing: ToldStanding, *, last: int | None) -> None:
    """Print it from what matters most to what happened when."""
    _print_head(standing.incident)
    against = [f"{refusal.code}: {refusal.sentence}" for refusal in standing.loose]
    _section("Still loose", [*against, *(f"{code} is waived." for code in standing.waived)])
    _section("Checklist of this phase", [_item(item) for item in standing.checklist])
    _table("Waiting for a person", _gates(standing.gates), ["gate", "subject", "due_at", "escalations"])
    _table("Overdue from earlier incidents", _items(standing.overdue), ["item", "due_at", "owner", "title"])
    _table("Roles", standing.roles, ["role", "person", "taken_at", "handed_over_at"])
    _table("Asks", _asks(standing.asks), ["ask", "team", "due_at", "acknowledged_by", "acknowledged_at"])
    _table("Sweeps", _sweeps(standing.sweeps), ["sweep", "state", "seen", "matched", "decided", "violates"])
    _table("Guidelines", standing.guidelines, ["version", "language", "title", "effective_from"])
    entries = standing.timeline[-last:] if last else standing.timeline
    _section("Timeline", [entry["line"] for entry in entries])


def _print_head(incident: Incident) -> None:
    impact = incident.impact
    printing.print_facts(
        {
            "incident": f"{incident.id}{' (drill)' if incident.is_drill else ''}",
            "title": incident.title,
            "phase": f"{incident.phase.value}. {SENTENCES[incident.phase]}",
            "severity": f"{incident.severity}, by the rule {incident.priority_rule}",
            "impact": f"harm {impact.harm}, reach {impact.reach}, velocity {impact.velocity},"
            f" vulnerability {impact.vulnerability}; {', '.join(impact.jurisdictions) or 'no country named'}",
            "policy": incident.policy or "none",
            "protocol": f"{incident.protocol}@{incident.protocol_version}",
            "restricted": incident.restricted,
            "opened": incident.opened_at,
        }
    )


def _item(item: ChecklistItem) -> str:
    return item.text if item.required else f"{item.text} (if it fits)"


def _section(title: str, lines: Sequence[str]) -> None:
    if lines:
        printing.print_lines(lines, title=title)


def _table(title: str, rows: Sequence[printing.Row], columns: list[str]) -> None:
    if rows:
        printing.print_title(title)
        printing.print_table(rows, columns)


def _gates(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    return [gate.model_dump() | {"gate": gate.kind.value} for gate in gates]


def _asks(asks: Sequence[Ask]) -> list[dict[str, Any]]:
    return [ask.model_dump() | {"ask": ask.key} for ask in asks]


def _items(items: Sequence[ActionItem]) -> list[dict[str, Any]]:
    return [item.model_dump() | {"item": item.id} for item in items]


def _sweeps(sweeps: Sequence[SweepRecord]) -> list[dict[str, Any]]:
    return [
        {
            "sweep": sweep.id,
            "state": sweep.state,
            "seen": sweep.posts_seen,
            "matched": sweep.posts_matched,
            "decided": sweep.decided,
            "violates": sweep.violates,
        }
        for sweep in sweeps
    ]
