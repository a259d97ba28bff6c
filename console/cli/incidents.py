"""Which incidents are there, and how does each of them stand?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.option_groups import with_groups
from console.cli.options import IncidentId, Out, WithPdf, example
from console.cli.standing import print_standing, tell_standing
from console.results import export_results
from incidents.errors import NotFound
from incidents.incident.incident import Incident
from incidents.incident.phases import Phase
from incidents.people import Act
from incidents.reviews.pdf import refuse_missing
from incidents.reviews.record import Earlier
from incidents.store.incidents import find_for, visible_incidents
from incidents.store.shift_notes import notes_of
from incidents.store.similar import similar_for

app = typer.Typer(help="The incidents: list them, look at one, export one.", invoke_without_command=True)

ENDED = frozenset({Phase.closed, Phase.dismissed})
SIMILAR = ["id", "points", "alike_in", "severity", "opened_at", "title"]
LEARNED = ["incident", "what", "said"]
COLUMNS = ["id", "severity", "phase", "since", "title", "kind"]


@dataclass(frozen=True)
class ListOptions:
    """Which incidents are listed."""

    phase: Annotated[list[Phase] | None, typer.Option(help="Only this phase; may be given again.")] = None
    severity: Annotated[
        list[str] | None, typer.Option(help="Only this severity, e.g. sev1; may be given again.")
    ] = None
    everything: Annotated[bool, typer.Option("--all", help="Ended ones and drills, too.")] = False
    drills: Annotated[bool, typer.Option("--drills", help="Drills, too.")] = False


@app.callback(epilog=example("watchfloor incidents", "watchfloor incidents show INC-12"))
@with_groups
def incidents(ctx: typer.Context, wanted: ListOptions) -> None:
    """List the incidents that go on, newest first; or, with a command, look at one."""
    if ctx.invoked_subcommand is None:
        _show_list(ctx, wanted)


@app.command("list", epilog=example("watchfloor incidents list --severity sev1 --severity sev2 --all"))
@with_groups
def list_incidents(ctx: typer.Context, wanted: ListOptions) -> None:
    """List the incidents that go on, newest first."""
    _show_list(ctx, wanted)


def _show_list(ctx: typer.Context, wanted: ListOptions) -> None:
    door = Door.of(ctx)
    phases = wanted.phase or (None if wanted.everything else [each for each in Phase if each not in ENDED])
    drills = wanted.drills or wanted.everything
    with door.store.read() as work:
        found = visible_incidents(work, door.person, phases=phases, drills=drills)
    rows = [_row(each) for each in found if not wanted.severity or each.severity in wanted.severity]
    door.rows(rows, COLUMNS, empty="No incident goes on. `--all` lists ended ones and drills, too.")


@app.command(epilog=example("watchfloor incidents show INC-12", "watchfloor incidents show INC-12 --json"))
def show(
    ctx: typer.Context,
    incident: IncidentId,
    last: Annotated[int | None, typer.Option(min=1, help="Only so many of the newest entries.")] = None,
) -> None:
    """Show how an incident stands: what is loose, gates, roles, asks, sweeps, guidelines, and its timeline."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, now = door.acting(work, incident)
        found = find_for(work, incident, by, Act.see_incidents)
        standing = tell_standing(work, found, door.catalogue, now)
    if door.as_json:
        printing.print_json(standing)
    else:
        print_standing(standing, last=last)


@app.command(epilog=example("watchfloor incidents notes INC-12"))
def notes(ctx: typer.Context, incident: IncidentId) -> None:
    """Print the shift notes of an incident, oldest first, in Markdown."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        find_for(work, incident, by, Act.see_incidents)
        written = notes_of(work, incident)
    if not written:
        raise NotFound(f"{incident} has no shift note yet; one is written at the end of each shift.")
    if door.as_json:
        printing.print_json({"incident": incident, "notes": written})
    else:
        printing.print_lines(line for note in written for line in [*note.splitlines(), ""])


@app.command(epilog=example("watchfloor incidents export INC-12 --out results"))
def export(
    ctx: typer.Context, incident: IncidentId, out: Out = Path("results"), with_pdf: WithPdf = False
) -> None:
    """Write what is known of an incident to a folder: no texts of posts, each file whole or not at all."""
    door = Door.of(ctx)
    if with_pdf:
        refuse_missing()
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        find_for(work, incident, by, Act.draft_review)
    files = export_results(door.store, incident, out, with_pdf=with_pdf)
    names = ", ".join(path.name for path in files)
    door.say(f"{incident} is in {out}: {names}.", incident=incident, files=[str(path) for path in files])


@app.command(epilog=example("watchfloor incidents similar INC-12"))
def similar(ctx: typer.Context, incident: IncidentId) -> None:
    """Show past incidents like this one: in what, what contributed to them, and what was to be done."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, now = door.acting(work, incident)
        found = similar_for(work, find_for(work, incident, by, Act.see_incidents), by, now=now)
    if door.as_json:
        printing.print_json(found)
        return
    printing.print_table([_earlier_row(each) for each in found], SIMILAR, empty="No past incident is like it.")
    printing.print_table([row for each in found for row in _learned(each)], LEARNED, title="What was learned")


def _earlier_row(earlier: Earlier) -> dict[str, Any]:
    return earlier.model_dump(mode="json") | {
        "opened_at": earlier.opened_at,
        "alike_in": "; ".join(earlier.reasons),
    }


def _learned(earlier: Earlier) -> Iterator[dict[str, Any]]:
    for sentence in earlier.factors:
        yield {"incident": earlier.id, "what": "accepted factor", "said": sentence}
    for item in earlier.actions:
        yield {"incident": earlier.id, "what": f"action item {item.id}, {item.state.value}", "said": item.title}


def _row(incident: Incident) -> dict[str, Any]:
    kind = "drill" if incident.is_drill else "real"
    kind += ", restricted" if incident.restricted else ""
    return incident.model_dump(mode="json") | {"since": incident.phase_since, "kind": kind}
