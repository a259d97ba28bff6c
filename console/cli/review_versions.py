"""The versions of a retrospective at the command line: which there are, and what changed between two."""

from collections.abc import Sequence
from typing import Annotated

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.options import IncidentId, example
from incidents.errors import NotFound
from incidents.people import Act
from incidents.reviews.versions import Change, changes, differences
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.reviews import read_draft
from incidents.store.versions import versions_of

COLUMNS = ["version", "written_at", "author", "signed_by", "published_at"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of the review."""
    for command, lines in (
        (versions, ("watchfloor review versions INC-12",)),
        (diff, ("watchfloor review diff INC-12", "watchfloor review diff INC-12 --from 1 --to 3")),
    ):
        app.command(epilog=example(*lines))(command)


def versions(ctx: typer.Context, incident: IncidentId) -> None:
    """List the versions of the retrospective, who signed them, and when they were published."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        find_for(work, incident, by, Act.see_incidents)
        found = versions_of(work, incident)
    rows = [each.model_dump() for each in found]
    door.rows(rows, COLUMNS, empty=f"{incident} has no retrospective; `watchfloor review draft` writes one.")


def diff(
    ctx: typer.Context,
    incident: IncidentId,
    older: Annotated[int | None, typer.Option("--from", min=1, help="Default: the one before --to.")] = None,
    newer: Annotated[int | None, typer.Option("--to", min=1, help="Default: the newest.")] = None,
) -> None:
    """Print what changed between two versions of the retrospective, as a unified diff."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        find_for(work, incident, by, Act.see_incidents)
        after = read_draft(work, incident, newer)
        if older is None and after.version == 1:
            raise NotFound(f"Version 1 of the retrospective of {incident} has none before it.")
        before = read_draft(work, incident, older or after.version - 1)
    names = (f"{incident}, version {before.version}", f"{incident}, version {after.version}")
    if door.as_json:
        changed = changes(before.markdown, after.markdown)
        printing.print_json({"from": before.version, "to": after.version, "changes": changed})
    else:
        printing.print_lines(differences(before.markdown, after.markdown, names=names))


def changed_in(work: Work, incident: str, version: int) -> list[Change]:
    """What a version changed; nothing for the first."""
    if version == 1:
        return []
    before, after = (read_draft(work, incident, number).markdown for number in (version - 1, version))
    return changes(before, after)


def told(changed: Sequence[Change], incident: str) -> str:
    """In one line what changed, and how to see it; empty where nothing did."""
    if not changed:
        return ""
    lines = ", ".join(f"{each.section} +{each.added} -{each.removed}" for each in changed)
    return f" Lines changed since the one before: {lines}. `watchfloor review diff {incident}` shows them."
