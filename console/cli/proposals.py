"""What waits for a second person at the command line: list it, confirm it, refuse it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import Reason, WithPdf, example
from console.second_person import confirm as confirm_step
from console.shared import write_shared
from incidents import words
from incidents.errors import BadInput
from incidents.proposals import Proposal, ProposalState, Step
from incidents.reviews.pdf import refuse_missing
from incidents.reviews.sharing import Shared
from incidents.store.proposals import answer, find_proposal, visible_proposals

app = typer.Typer(help="What takes a second person: confirm or refuse it.", no_args_is_help=True)
COLUMNS = ["proposal", "step", "about", "proposed_by", "reason", "expires_at", "state", "answered_by"]

ProposalId = Annotated[str, typer.Argument(metavar="PROPOSAL", help="The proposal's id, e.g. INC-12-P1.")]


@app.command("list", epilog=example("watchfloor proposals list", "watchfloor proposals list INC-12"))
def list_proposals(
    ctx: typer.Context,
    incident: Annotated[
        str | None, typer.Argument(metavar="INCIDENT", help="Of one incident; else all.")
    ] = None,
) -> None:
    """List what was proposed to a second person, the newest first, with what became of it."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        found = visible_proposals(work, by, incident=incident)
    door.rows([_row(each) for each in found], COLUMNS, empty="Nothing was proposed to a second person.")


@app.command(epilog=example("watchfloor proposals confirm INC-12-P1 --reason 'I read the plan, too'"))
def confirm(
    ctx: typer.Context,
    proposal: ProposalId,
    reason: Reason,
    out: Annotated[
        Path | None, typer.Option("--out", help="Of a retrospective that is shared: folder for its files.")
    ] = None,
    with_pdf: WithPdf = False,
) -> None:
    """Confirm what somebody else proposed, which is done at once. Both names stand in the timeline."""
    door = Door.of(ctx)
    if with_pdf:
        refuse_missing()
    with door.store.begin() as work:
        found = find_proposal(work, proposal)
        if found.wanted.step is Step.share and out is None:
            raise BadInput(f"{proposal} shares a retrospective: say with --out where its files go.")
        by, now = door.acting(work, found.incident_id)
        taken = confirm_step(work, door, proposal, by=by, reason=reason, now=now)
        # Before the entry is kept: what could not be written was not shared.
        files = write_shared(taken, out, with_pdf=with_pdf) if isinstance(taken, Shared) and out else []
    door.hand_over(found.incident_id)
    if isinstance(taken, Shared) and out:
        say_shared(door, taken, out, files)
        return
    sentence = f"{proposal} is confirmed and done: {found.proposed_by} proposed it, {by.id} confirmed it."
    door.say(sentence, proposal=proposal, confirmed_by=by.id, proposed_by=found.proposed_by)


@app.command(epilog=example("watchfloor proposals refuse INC-12-P1 --reason 'The plan names a news report'"))
def refuse(ctx: typer.Context, proposal: ProposalId, reason: Reason) -> None:
    """Refuse what somebody else proposed; nothing is done."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, find_proposal(work, proposal).incident_id)
        found = answer(work, proposal, ProposalState.refused, by=by, reason=reason, now=now)
    door.hand_over(found.incident_id)
    door.say(f"{proposal} is refused; nothing was done.", proposal=proposal, refused_by=by.id)


def say_proposed(door: Door, found: Proposal) -> None:
    """Tell that a step waits for somebody else, and until when."""
    until = words.utc(found.expires_at)
    sentence = (
        f"The protocol asks for a second person: {found.id} waits until {until} for somebody else's word."
    )
    then = f"They type: watchfloor proposals confirm {found.id} --reason …"
    door.say(f"{sentence} {then}", **_row(found))


def say_shared(door: Door, shared: Shared, out: Path, files: list[Path]) -> None:
    """Tell where the files are that an audience is given."""
    names = ", ".join(file.name for file in files)
    view = shared.view
    told = {"incident": shared.incident, "audience": view.audience.value, "team": view.team}
    sentence = f"Version {shared.version} of {shared.incident}, as made for {view}, is in {out}: {names}."
    door.say(
        sentence,
        **told,
        version=shared.version,
        input_hash=shared.input_hash,
        files=[str(file) for file in files],
    )


def _row(found: Proposal) -> dict[str, Any]:
    about = {name: value for name, value in found.wanted.facts().items() if name != "step"}
    return found.model_dump(mode="json", exclude={"id", "wanted", "expires_at", "proposed_at", "seq"}) | {
        "proposal": found.id,
        "step": found.wanted.step.value,
        "about": ", ".join(f"{name} {value}" for name, value in about.items()),
        "proposed_at": found.proposed_at,
        "expires_at": found.expires_at,
    }
