"""What people write in a retrospective, at the command line."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import IncidentId, example
from incidents.files import read_small
from incidents.people import Act
from incidents.reviews.record import SectionRecord
from incidents.reviews.sections import ASKED, Section
from incidents.reviews.writing import write_checked
from incidents.store.incidents import find_for
from incidents.store.sections import newest_sections, sections_of

COLUMNS = ["section", "asked", "version", "author", "written_at", "text"]

LARGEST = 100_000
"""Bytes of a file with a section, which is a page."""

SectionName = Annotated[Section, typer.Argument(metavar="SECTION", help=f"One of: {', '.join(Section)}.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of the review."""
    word = "watchfloor review write INC-12 surprised"
    for command, lines in (
        (write, (f"{word} --text 'Nobody had seen the term (INC-12#7)'", f"{word} --file why.md --was 1")),
        (sections, ("watchfloor review sections INC-12", "watchfloor review sections INC-12 --all")),
    ):
        app.command(epilog=example(*lines))(command)


def write(
    ctx: typer.Context,
    incident: IncidentId,
    section: SectionName,
    text: Annotated[str | None, typer.Option(help="Your words.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file with your words, in place of --text.")] = None,
    was: Annotated[int, typer.Option(min=0, help="The version that you read; 0 where there was none.")] = 0,
) -> None:
    """Write a section of the retrospective in your own words; the next draft has them as a quotation.

    Paragraphs, lines that begin with a dash, and references such as INC-12#7 mean something in it.
    """
    if (text is None) == (file is None):
        raise typer.BadParameter("Give your words with --text, or in a --file; not both.")
    door = Door.of(ctx)
    words = text or "" if file is None else read_small(file, LARGEST, kind="section").decode(errors="replace")
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        version = write_checked(work, incident, section, words, was=was, by=by, now=now)
    then = f"`watchfloor review draft {incident}` puts it into the document."
    sentence = f"Version {version} of the section {section} of {incident} is kept. {then}"
    door.say(sentence, incident=incident, section=section.value, version=version)


def sections(
    ctx: typer.Context,
    incident: IncidentId,
    everything: Annotated[bool, typer.Option("--all", help="Older versions, too.")] = False,
) -> None:
    """Show what people wrote in the retrospective, and what nobody has answered yet."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        find_for(work, incident, by, Act.see_incidents)
        found = sections_of(work, incident) if everything else newest_sections(work, incident)
    written = [_row(each) for each in found]
    missing = [{"section": name.value, "version": 0} for name in Section if name not in {e.name for e in found}]
    rows = [row | {"asked": ASKED[Section(row["section"])]} for row in [*written, *missing]]
    door.rows(rows, COLUMNS, empty="")


def _row(each: SectionRecord) -> dict[str, Any]:
    return each.model_dump(mode="json", exclude={"name"}) | {"section": each.name.value}
