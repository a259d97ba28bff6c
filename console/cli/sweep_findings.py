"""What do past sweeps propose for the next one?"""

from typing import Annotated, Any, Final

import typer

from console.cli.door import Door
from console.cli.options import example
from incidents.people import Act
from incidents.reviews.next_sweep import Proposal, proposals
from incidents.store.engine import Work
from incidents.store.incidents import find_for, visible_incidents
from incidents.store.records import read_record

EXAMPLES = example("watchfloor sweep findings INC-12", "watchfloor sweep findings --policy violence.incitement")
COLUMNS = ["incident", "advice", "sentence", "why", "n", "refs"]

LOOKED_AT: Final = 10
"""The newest incidents under a policy whose sweeps are looked at: an older scope is another world."""


def add_to(app: typer.Typer) -> None:
    """Add the command to those of `sweep`."""
    app.command(epilog=EXAMPLES)(findings)


def findings(
    ctx: typer.Context,
    incident: Annotated[str | None, typer.Argument(metavar="INCIDENT", help="The sweeps of this one.")] = None,
    policy: Annotated[
        str | None, typer.Option(help=f"Those of the last {LOOKED_AT} incidents under this policy.")
    ] = None,
) -> None:
    """Propose what to do otherwise in the next sweep: entries, readers and their hours, batches, guidelines.

    Each proposal comes with what was measured, how much it rests on, and its evidence. Drills are left out,
    except where one is named.
    """
    if (incident is None) is (policy is None):
        raise typer.BadParameter("Name one incident, or a --policy.")
    door = Door.of(ctx)
    with door.store.read() as work:
        wanted = [_named(work, door, incident)] if incident is not None else _under(work, door, policy)
        found = [(each, proposal) for each in wanted for proposal in proposals(read_record(work, each))]
    rows = [_row(each, proposal) for each, proposal in found]
    door.rows(rows, COLUMNS, empty="No sweep proposes anything: too little was decided, or nothing stood out.")


def _named(work: Work, door: Door, incident: str) -> str:
    by, _now = door.acting(work, incident)
    return find_for(work, incident, by, Act.see_incidents).id


def _under(work: Work, door: Door, policy: str | None) -> list[str]:
    seen = visible_incidents(work, door.person, drills=False)
    return [each.id for each in seen if each.policy == policy][:LOOKED_AT]


def _row(incident: str, proposal: Proposal) -> dict[str, Any]:
    return {"incident": incident, **proposal.model_dump(mode="json")}
