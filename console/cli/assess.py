"""Answer the entry criteria of an incident's protocol, and say how bad it is."""

from datetime import datetime
from typing import Annotated

import typer

from console.cli.candidates import changed_impact
from console.cli.door import Door
from console.cli.option_groups import with_groups
from console.cli.options import ImpactOptions, IncidentId, Note, example
from incidents.errors import BadInput
from incidents.incident.incident import Incident
from incidents.incident.phases import Phase
from incidents.incident.severity import Priority, priority
from incidents.people import Act, Person
from incidents.store import lifecycle
from incidents.store.engine import Work
from incidents.store.incidents import find, find_for

Answers = Annotated[
    list[str] | None,
    typer.Option("--answer", metavar="CRITERION=yes|no|unknown", help="An answer; may be given again."),
]
EXAMPLE = "watchfloor assess INC-12 --answer real=yes --answer harm=yes --harm 4 --reach 3 --country DE"


def add_to(app: typer.Typer, *, panel: str) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel=panel, epilog=example(EXAMPLE))(assess)


@with_groups
def assess(
    ctx: typer.Context,
    incident: IncidentId,
    answer: Answers = None,
    note: Note = "",
    impact: ImpactOptions = ImpactOptions(),
) -> None:
    """Answer entry criteria and set the impact; the severity is computed again from it.

    Without --answer and without an impact it lists the criteria and where the incident stands.
    """
    door, answers = Door.of(ctx), _answers(answer or [])
    if not answers and not impact.is_given:
        _ask(door, incident)
        return
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        found = _begin(work, incident, by, now)
        _check(door, found, answers)
        if answers or note:
            lifecycle.record_assessment(work, incident, answers=answers, note=note, by=by, now=now)
        changed = changed_impact(found.impact, impact)
        given = priority(changed, door.catalogue.priority_rules)
        if changed != found.impact:
            lifecycle.set_priority(work, incident, changed, given, by=by, now=now)
    door.hand_over(incident)
    _tell(door, incident, given, answers)


def _begin(work: Work, incident: str, by: Person, now: datetime) -> Incident:
    found = find_for(work, incident, by, Act.assess)
    if found.phase is Phase.detected:
        lifecycle.start_assessment(work, incident, by=by, now=now)
    return find(work, incident)


def _check(door: Door, found: Incident, answers: dict[str, str]) -> None:
    known = [criterion.id for criterion in door.catalogue.protocol(found.protocol).entry_criteria]
    if wrong := sorted(set(answers) - set(known)):
        asked = ", ".join(known)
        raise BadInput(f"The protocol {found.protocol} does not ask {', '.join(wrong)}. It asks: {asked}.")


def _ask(door: Door, incident: str) -> None:
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        found = find_for(work, incident, by, Act.assess)
    criteria = door.catalogue.protocol(found.protocol).entry_criteria
    rows = [{"criterion": each.id, "question": each.question} for each in criteria]
    door.rows(rows, ["criterion", "question"], empty="The protocol asks nothing.")


def _tell(door: Door, incident: str, given: Priority, answers: dict[str, str]) -> None:
    sentence = f"{incident} is {given.severity}: {given.sentence}"
    door.say(sentence, incident=incident, answers=answers, **given.model_dump())


def _answers(typed: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in typed]
    if wrong := [each for each, (_, sign, word) in zip(typed, pairs, strict=True) if not sign or not word]:
        raise typer.BadParameter(f"Write an answer as criterion=yes, not {wrong[0]!r}.")
    return {criterion.strip(): word.strip().lower() for criterion, _, word in pairs}
