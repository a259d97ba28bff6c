"""The templates of a site: which words of Watchfloor's it can replace, and whether its own ones hold."""

from pathlib import Path
from typing import Annotated

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.failures import REFUSED
from console.cli.options import example
from incidents.errors import NotFound
from incidents.own_templates import TemplateFault, faults, shipped, tried
from incidents.people import Act
from incidents.reviews.drafting import GENERATOR
from incidents.store.incidents import find_for
from incidents.store.records import read_record
from incidents.words import TEMPLATES, own_files, use_templates

app = typer.Typer(help="A site's own templates, in place of the shipped ones.", no_args_is_help=True)

FAULTS = ["file", "line", "why"]


@app.command("list", epilog=example("watchfloor templates list"))
def list_templates(ctx: typer.Context) -> None:
    """List every template, and which of them this site has replaced."""
    door = Door.of(ctx)
    own = own_files(door.settings.templates_folder)
    rows = [{"template": name, "from": str(own.get(name, "shipped"))} for name in shipped()]
    door.rows(rows, ["template", "from"], empty="There is none.")


@app.command(epilog=example("watchfloor templates show retrospective/summary.md.j2 > summary.md.j2"))
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its path, as it is listed.")],
) -> None:
    """Print a shipped template, to begin one of your own with."""
    if name not in shipped():
        raise NotFound(f"There is no template {name}. `watchfloor templates list` has their names.")
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    if Door.of(ctx).as_json:
        printing.print_json({"template": name, "text": text})
    else:
        printing.print_lines(text.splitlines())


@app.command(
    "check", epilog=example("watchfloor templates check", "watchfloor templates check mine --on INC-12")
)
def check_templates(
    ctx: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where they are. Default: the folder of the settings."),
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="INCIDENT", help="Write its retrospective with them, too.")
    ] = None,
) -> None:
    """Say what is wrong with your templates; on an incident, also whether its retrospective would hold.

    Nothing is kept: what the incident's retrospective says stays as it is.
    """
    door = Door.of(ctx)
    place = folder or door.settings.templates_folder
    if not place.is_dir():
        raise NotFound(f"{place} is no folder. Make it, and put a template there: `watchfloor templates list`.")
    found = faults(place)
    if on is not None and not found:
        found = _on_an_incident(door, place, on)
    told = [each.model_dump() for each in found]
    door.rows(told, FAULTS, empty=f"The templates in {place} can be used.")
    if found:
        raise typer.Exit(REFUSED)


def _on_an_incident(door: Door, folder: Path, incident: str) -> list[TemplateFault]:
    with door.store.read() as work:
        by, _ = door.acting(work, incident)
        find_for(work, incident, by, Act.draft_review)
        record = read_record(work, incident)
    use_templates(folder)
    wrong = tried(record, generator=GENERATOR)
    use_templates(door.settings.templates_folder)
    return [TemplateFault(file=f"retrospective of {incident}", line=None, why=why) for why in wrong]
