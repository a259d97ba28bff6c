"""The retrospective for others, at the command line: give it to an audience."""

from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import IncidentId, Out, WithPdf, example
from console.reviewing import approvers_of
from console.shared import write_shared
from incidents.reviews.audiences import Audience
from incidents.reviews.pdf import refuse_missing
from incidents.reviews.sharing import share
from incidents.store.incidents import find

ForAudience = Annotated[Audience, typer.Option(help="Who is to read it.")]
ForTeam = Annotated[str | None, typer.Option(help="With --audience partner: which partner team.")]


def add_to(app: typer.Typer) -> None:
    """Put the command into `watchfloor review`."""
    share_command = app.command(
        "share",
        epilog=example(
            "watchfloor review share INC-12 --audience public --out for-the-press",
            "watchfloor review share INC-12 --audience partner --team german --out for-german",
        ),
    )
    share_command(share_review)


def share_review(
    ctx: typer.Context,
    incident: IncidentId,
    audience: ForAudience,
    out: Out,
    team: ForTeam = None,
    with_pdf: WithPdf = False,
) -> None:
    """Write the signed retrospective for an audience, without what it may not see, and record that you did."""
    door = Door.of(ctx)
    if with_pdf:
        refuse_missing()
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        asked = approvers_of(door.catalogue, find(work, incident), audience)
        shared = share(work, incident, audience, team, approvers=asked, by=by, now=now)
        # Before the entry is kept: what could not be written was not shared.
        files = write_shared(shared, out, with_pdf=with_pdf)
    door.hand_over(incident)
    names = ", ".join(file.name for file in files)
    told = {"incident": incident, "audience": audience.value, "team": team, "version": shared.version}
    sentence = f"Version {shared.version} of {incident}, as made for {shared.view}, is in {out}: {names}."
    door.say(sentence, **told, input_hash=shared.input_hash, files=[str(file) for file in files])
