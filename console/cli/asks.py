"""Ask a partner team for something, and hear whether it heard."""

from typing import Annotated, Any

import typer

from console.asking import ask_by_hand
from console.briefing import brief_teams
from console.cli.door import Door
from console.cli.options import IncidentId, Note, example
from incidents.people import Act, is_staff
from incidents.store.asks import (
    Ask,
    acknowledge,
    ask_partner,
    asks_of,
    find_ask,
    unanswered_asks,
)
from incidents.store.engine import Work
from incidents.store.incidents import find_for, visible_incidents
from incidents.words import plain, sentence, utc

PANEL = "Work with partner teams"
COLUMNS = ["ask", "team", "asked_at", "due_at", "acknowledged_at", "acknowledged_by", "what"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command, name, line in (
        (ask, "ask", "watchfloor ask INC-12 --team legal --text 'Which removal orders are to be expected?'"),
        (acknowledge_ask, "acknowledge", "watchfloor acknowledge ask:INC-12:legal:1 --note 'On it' --as vera"),
        (show_asks, "asks", "watchfloor asks INC-12"),
        (brief, "brief", "watchfloor brief INC-12 --text 'Two teams read; the next brief is at 18:00 UTC'"),
    ):
        app.command(name, rich_help_panel=PANEL, epilog=example(line))(command)


def ask(
    ctx: typer.Context,
    incident: IncidentId,
    team: Annotated[str, typer.Option(help="The partner team, e.g. legal.")],
    text: Annotated[str, typer.Option(help="What you ask of it; refer to posts, never quote them.")],
) -> None:
    """Ask a partner team for something, through its channel; it is escalated if nobody acknowledges it."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        found = find_for(work, incident, by, Act.ask_partner)
        new = ask_by_hand(work, door.catalogue, found, team=team, what=text, by=by, now=now)
        key = ask_partner(work, new, by=by, now=now)
    door.hand_over(incident)
    door.say(
        f"{key} is on its way to the team {team}, which is to acknowledge it by {utc(new.due_at)}.",
        ask=key,
        team=team,
        incident=incident,
        due_at=new.due_at,
    )


def acknowledge_ask(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ASK", help="Its key, e.g. ask:INC-12:legal:1.")],
    note: Note = "",
) -> None:
    """Say for your team that you heard an ask."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, find_ask(work, key).incident_id)
        told = acknowledge(work, key, by=by, note=note, now=now)
    door.hand_over(told.incident_id)
    door.say(f"{key} is acknowledged by {by.id}.", **_row(told))


def show_asks(
    ctx: typer.Context,
    incident: Annotated[
        str | None, typer.Argument(metavar="INCIDENT", help="One incident; else all that nobody heard yet.")
    ] = None,
) -> None:
    """List the asks of an incident, or those of all incidents that nobody acknowledged."""
    door = Door.of(ctx)
    with door.store.read() as work:
        found = _visible(work, door, incident)
    door.rows([_row(each) for each in found], COLUMNS, empty="No ask is waiting.")


def brief(
    ctx: typer.Context,
    incident: IncidentId,
    text: Annotated[str, typer.Option(help="What is known, what is done; refer to posts, never quote them.")],
) -> None:
    """Send a brief to each team that was asked for something in it; the next is counted from it."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        sent = brief_teams(work, door.catalogue, incident, text, by=by, now=now)
    door.hand_over(incident)
    door.say(plain(sentence(sent)), incident=incident, entry=sent.seq, **sent.facts)


def _visible(work: Work, door: Door, incident: str | None) -> list[Ask]:
    """Staff see the asks of every incident that they see; a partner's people those of their own team."""
    person = door.acting(work, incident)[0] if incident else door.person
    if incident is not None:
        find_for(work, incident, person, Act.see_incidents if is_staff(person) else Act.acknowledge)
        found = asks_of(work, incident)
    else:
        found = unanswered_asks(work)
    if not is_staff(person):
        return [each for each in found if each.team == person.team]
    seen = {each.id for each in visible_incidents(work, person)}
    return [each for each in found if each.incident_id in seen]


def _row(found: Ask) -> dict[str, Any]:
    times = {"asked_at": found.asked_at, "due_at": found.due_at, "acknowledged_at": found.acknowledged_at}
    return found.model_dump(mode="json", exclude={"key", *times}) | times | {"ask": found.key}
