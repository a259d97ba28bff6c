"""What is to be done after the incident, by whom, until when?"""

from datetime import datetime
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import IncidentId, Note, example
from console.cli.times import read_time
from incidents.reviews.actions import ActionItem, ActionKind, ActionState
from incidents.store.action_items import change_action, file_action, find_action, visible_actions
from incidents.words import utc

app = typer.Typer(
    help="Action items: what is done after an incident, by whom, until when.", no_args_is_help=True
)

COLUMNS = ["id", "state", "due_at", "owner", "kind", "title"]


@app.command("list", epilog=example("watchfloor actions list", "watchfloor actions list INC-12 --all"))
def show_actions(
    ctx: typer.Context,
    incident: Annotated[str | None, typer.Argument(metavar="INCIDENT", help="One incident; else all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False,
) -> None:
    """List action items, the ones due first in front."""
    door = Door.of(ctx)
    with door.store.read() as work:
        person = door.acting(work, incident)[0] if incident else door.person
        found = visible_actions(work, person, incident, open_only=not everything)
    door.rows([_row(item) for item in found], COLUMNS, empty="No action item is open.")


@app.command(
    "file",
    epilog=example(
        "watchfloor actions file INC-12 --title 'Match mirrored copies' --kind detect --owner maria"
        " --success 'The next drill finds them' --due 2026-03-01"
    ),
)
def file_item(
    ctx: typer.Context,
    incident: IncidentId,
    title: Annotated[str, typer.Option(help="What is to be done, in one line.")],
    kind: Annotated[ActionKind, typer.Option(help="What it is for.")],
    owner: Annotated[str, typer.Option(help="One person, or one team.")],
    success: Annotated[str, typer.Option(help="How it will be seen that it worked.")],
    due: Annotated[str, typer.Option(help="Until when: 2026-03-01, or with a time and zone.")],
    factor: Annotated[int | None, typer.Option(help="Number of the contributing factor behind it.")] = None,
) -> None:
    """File an action item. The same title again is the same item."""
    door = Door.of(ctx)
    due_at: datetime = read_time(due)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        item = file_action(
            work,
            incident,
            title=title,
            kind=kind.value,
            owner=owner,
            success=success,
            factor=factor,
            due_at=due_at,
            by=by,
            now=now,
        )
    door.hand_over(incident)
    door.say(f"{item.id} is filed for {item.owner}, due {utc(item.due_at)}.", **_row(item))


@app.command(epilog=example("watchfloor actions change INC-12-A1 --state done_claimed --note 'Shipped today'"))
def change(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item's id, e.g. INC-12-A1.")],
    state: Annotated[ActionState, typer.Option(help="The state that it reaches.")],
    note: Note = "",
) -> None:
    """Move an action item on. Somebody other than its owner verifies it."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = find_action(work, item).incident_id
        by, now = door.acting(work, incident)
        changed = change_action(work, item, state=state.value, note=note, by=by, now=now)
    door.hand_over(incident)
    door.say(f"{changed.id} is {changed.state}.", **_row(changed))


def _row(item: ActionItem) -> dict[str, Any]:
    times = {"due_at": item.due_at, "filed_at": item.filed_at, "chased_at": item.chased_at}
    return item.model_dump(mode="json", exclude=set(times)) | times
