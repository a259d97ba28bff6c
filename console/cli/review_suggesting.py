"""A draft of prose by a language model, at the command line. Nothing of it is kept here."""

from typing import Annotated

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.options import IncidentId, example
from incidents.people import Act
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.sections import Section
from incidents.reviews.suggesting import Suggestion, names_in, question, suggestions
from incidents.store.incidents import find_for
from incidents.store.records import read_record
from incidents.words import clean

COLUMNS = ["dropped", "because"]


def add_to(app: typer.Typer) -> None:
    """Put the command into `watchfloor review`."""
    app.command(epilog=example("watchfloor review suggest INC-12 --section surprised"))(suggest)


def suggest(
    ctx: typer.Context,
    incident: IncidentId,
    section: Annotated[Section, typer.Option(help="What it is to answer.")] = Section.lesson,
) -> None:
    """Ask the configured language model for sentences that the record bears out. It keeps nothing.

    It is shown what the public would be shown. What it cannot prove is dropped, with the reason.
    """
    from console.runs import ask_model  # noqa: PLC0415  its libraries take a second that others need not wait

    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        find_for(work, incident, by, Act.draft_review)
        record = read_record(work, incident)
    answer = ask_model(door.settings, question(record, section, generator=GENERATOR))
    people = {name for person in door.catalogue.people for name in (person.id, person.name) if name}
    found = suggestions(answer, record, people=people | names_in(record), generator=GENERATOR)
    model = clean(door.settings.model_name, 100)
    if door.as_json:
        told = [each.model_dump(mode="json") for each in found]
        printing.print_json({"incident": incident, "section": section.value, "model": model, "sentences": told})
    else:
        _print(found, section, model)


def _print(found: list[Suggestion], section: Section, model: str) -> None:
    kept = [each for each in found if each.is_kept]
    head = f"A draft by the machine {model}, for the section {section}. Nobody said it, and nothing keeps it."
    printing.print_lines([head, "", *(f"- {each.text} ({', '.join(each.refs)})" for each in kept)])
    if not kept:
        printing.print_lines(["It said nothing that the record bears out."])
    dropped = [{"dropped": each.text, "because": " ".join(each.why)} for each in found if not each.is_kept]
    if dropped:
        printing.print_table(dropped, COLUMNS)
