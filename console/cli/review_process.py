"""The review as a process: how far each step came, who owns it, and who approved what for whom."""

from datetime import datetime
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import IncidentId, Note, Reason, example
from console.reviewing import approvers_of, read_steps
from incidents.people import Act
from incidents.reviews.approvals import approval_refusals
from incidents.reviews.audiences import Audience
from incidents.reviews.steps import SENTENCES, Step, StepStanding
from incidents.store import approvals, review_steps, reviews
from incidents.store.incidents import find, find_for
from incidents.words import utc

STEPS = ["step", "state", "due_at", "late", "whose", "person", "at", "reason"]

StepName = Annotated[Step, typer.Argument(metavar="STEP", help="The step, e.g. interviews.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `watchfloor review`."""
    for command, lines in (
        (status, ("watchfloor review status INC-12",)),
        (done, ("watchfloor review done INC-12 interviews --note 'Five people, on Tuesday' --as ada",)),
        (skip, ("watchfloor review skip INC-12 interviews --reason 'One person led it all' --as ada",)),
        (owner, ("watchfloor review owner INC-12 maria --as ada",)),
        (approve, ("watchfloor review approve INC-12 --audience public --version 3 --as cleo",)),
    ):
        app.command(epilog=example(*lines))(command)


def status(ctx: typer.Context, incident: IncidentId) -> None:
    """Show every step of the review: how far it came, when it is due, who did it, and what is late."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, now = door.acting(work, incident)
        found = find_for(work, incident, by, Act.see_incidents)
        steps = read_steps(work, door.catalogue, found)
    empty = f"The review of {incident} has no steps yet: its flow plans them when it runs."
    rows = [_row(each.standing, now) | {"whose": ", ".join(each.whose)} for each in steps]
    door.rows(rows, STEPS, empty=empty)


def done(ctx: typer.Context, incident: IncidentId, step: StepName, note: Note = "") -> None:
    """Say that a step is done that leaves no trace of its own: interviews, or the reading by somebody else."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        asked = approvers_of(door.catalogue, find(work, incident), Audience.internal)
        review_steps.finish_step(work, incident, step, approvers=asked, by=by, note=note, now=now)
    door.hand_over(incident)
    door.say(f"The step {step} of the review of {incident} is done.", incident=incident, step=step.value)


def skip(ctx: typer.Context, incident: IncidentId, step: StepName, reason: Reason = "") -> None:
    """Leave out a step that may be left out, with a reason: interviews, or the reading by somebody else."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        asked = approvers_of(door.catalogue, find(work, incident), Audience.internal)
        review_steps.skip_step(work, incident, step, approvers=asked, by=by, reason=reason, now=now)
    door.hand_over(incident)
    door.say(f"The step {step} of the review of {incident} is skipped.", incident=incident, step=step.value)


def owner(
    ctx: typer.Context,
    incident: IncidentId,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who owns the review from now on.")],
    note: Note = "",
) -> None:
    """Make somebody else the owner of the review, who sees to it that its steps are done."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        new = door.catalogue.person(person, drill=find(work, incident).is_drill)
        found = reviews.change_owner(work, incident, new, by=by, note=note, now=now)
    door.hand_over(incident)
    sentence = f"{found.owner} owns the review of {incident}, which is due at {utc(found.due_at)}."
    door.say(sentence, incident=incident, owner=found.owner, due_at=found.due_at.isoformat())


def approve(
    ctx: typer.Context,
    incident: IncidentId,
    audience: Annotated[Audience, typer.Option(help="Who is to be given it.")],
    version: Annotated[int, typer.Option(help="The version that you read; it must be the newest.")],
    note: Note = "",
) -> None:
    """Approve a version for an audience, for the role or team that the protocol names and you speak for."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        approvers = approvers_of(door.catalogue, find(work, incident), audience)
        given = approvals.approve(
            work, incident, audience, version, approvers=approvers, by=by, note=note, now=now
        )
        left = approval_refusals(audience, version, approvers=approvers, given=given)
    missing = "Nobody else has to." if not left else " ".join(each.sentence for each in left)
    sentence = f"Version {version} of the retrospective of {incident} is approved for {audience}. {missing}"
    door.say(sentence, approvals=[each.model_dump(mode="json") for each in given], missing=len(left))


def _row(step: StepStanding, now: datetime) -> dict[str, Any]:
    late = {"late": step.is_late(now), "due_at": step.due_at, "at": step.at}
    return step.model_dump(mode="json") | late | {"done_when": SENTENCES[step.step]}
