"""What partner teams are to enforce: publish the next version, read the one in force."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.options import IncidentId, example
from console.cli.times import read_time
from console.guiding import LARGEST, publish_by_hand
from incidents.errors import BadInput, NotFound
from incidents.files import read_small
from incidents.people import Act
from incidents.store.guidelines import Guideline, guideline_in_force
from incidents.store.incidents import find_for

app = typer.Typer(help="Guidelines: what partner teams are to enforce.", no_args_is_help=True)


@app.command(
    epilog=example(
        "watchfloor guideline publish INC-12 --file en.md --language en --title 'Attack footage'",
        "watchfloor guideline publish INC-12 --file en.md --language en --file de.md --language de",
    )
)
def publish(
    ctx: typer.Context,
    incident: IncidentId,
    file: Annotated[list[Path], typer.Option(help="The text, in Markdown; once for each language.")],
    language: Annotated[list[str] | None, typer.Option(help="Language of each --file. Default: en.")] = None,
    title: Annotated[str | None, typer.Option(help="Default: the title of the incident's policy.")] = None,
    effective: Annotated[str | None, typer.Option(help="In force from this time on. Default: now.")] = None,
) -> None:
    """Publish the next version; the one before is superseded from then on."""
    languages = language or ["en"]
    if len(languages) != len(file) or len(set(languages)) != len(languages):
        raise typer.BadParameter("Give one --language for each --file, and each language once.")
    door = Door.of(ctx)
    bodies = {tag: _body(path) for tag, path in zip(languages, file, strict=True)}
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        version = publish_by_hand(
            work,
            door.catalogue,
            incident,
            bodies,
            title=title or "",
            effective_from=read_time(effective) if effective else now,
            by=by,
            now=now,
        )
    door.hand_over(incident)
    sentence = f"Version {version} of the guideline of {incident} is published in {', '.join(sorted(bodies))}."
    door.say(sentence, incident=incident, version=version, languages=sorted(bodies))


@app.command(epilog=example("watchfloor guideline show INC-12 --language de"))
def show(
    ctx: typer.Context,
    incident: IncidentId,
    language: Annotated[str | None, typer.Option(help="Preferred language.")] = None,
) -> None:
    """Print the guideline in force, in the language asked for or else the first that it was written in."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, now = door.acting(work, incident)
        # Partner teams enforce it, so they read it; see_sweep is the act that staff and partners share.
        find_for(work, incident, by, Act.see_sweep)
        found = guideline_in_force(work, incident, language=language, now=now)
    if found is None:
        raise NotFound(f"{incident} has no guideline in force. `watchfloor guideline publish` writes one.")
    _print(door, found)


def _print(door: Door, found: Guideline) -> None:
    if door.as_json:
        printing.print_json(found)
        return
    printing.print_facts(_head(found))
    printing.print_lines(found.body.splitlines(), title=found.title)


def _head(found: Guideline) -> dict[str, Any]:
    policy = f"{found.policy}@{found.policy_version}" if found.policy else "none"
    return {
        "guideline": f"{found.incident_id}, version {found.version}, {found.language}",
        "policy": policy,
        "in force since": found.effective_from,
        "published by": found.published_by,
    }


def _body(path: Path) -> str:
    raw = read_small(path, LARGEST, kind="guideline that anybody reads in a crisis")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: this is not UTF-8 text. Save it as UTF-8.") from error
    if "\0" in text:
        raise BadInput(f"{path}: it holds a NUL character, which no database keeps. Remove it.")
    return text
