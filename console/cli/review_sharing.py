"""The retrospective for others, at the command line: give it to an audience."""

from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import IncidentId, Out, Reason, WithPdf, example
from console.cli.proposals import say_proposed, say_shared
from console.second_person import take_or_propose
from console.shared import write_shared
from incidents.proposals import Proposal, Step, Wanted
from incidents.reviews.audiences import Audience
from incidents.reviews.pdf import refuse_missing
from incidents.reviews.sharing import Shared

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
    reason: Reason = "",
    with_pdf: WithPdf = False,
) -> None:
    """Write the signed retrospective for an audience, without what it may not see, and record that you did.

    Where the protocol asks for a second person before anybody outside is given it, this proposes it with your
    reason, and whoever confirms it is handed the files: see `watchfloor proposals`.
    """
    door = Door.of(ctx)
    if with_pdf:
        refuse_missing()
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        wanted = Wanted(step=Step.share, incident=incident, audience=audience, team=team)
        shared = take_or_propose(work, door, wanted, by=by, reason=reason, now=now)
        # Before the entry is kept: what could not be written was not shared.
        files = write_shared(shared, out, with_pdf=with_pdf) if isinstance(shared, Shared) else []
    door.hand_over(incident)
    if isinstance(shared, Proposal):
        say_proposed(door, shared)
        return
    assert isinstance(shared, Shared)
    say_shared(door, shared, out, files)
