"""The words that move an incident: declare, dismiss, assess, waive, reopen, restrict, hand over, end."""

from typing import Annotated

import typer

from console.cli.candidates import CandidateForm, describe
from console.cli.door import Door
from console.cli.option_groups import with_groups
from console.cli.options import ImpactOptions, IncidentId, Note, Reason, example
from console.cli.proposals import say_proposed
from console.second_person import take_or_propose
from incidents.incident.incident import WAIVABLE, Incident
from incidents.incident.phases import SENTENCES
from incidents.people import Role
from incidents.proposals import Proposal, Step, Wanted
from incidents.store import lifecycle, roles
from incidents.store.by_hand import open_by_hand
from incidents.store.incidents import find

LEAD = "Lead an incident"


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    why = "--reason 'Footage is being re-uploaded'"
    by_hand = (
        "watchfloor declare --title 'Calls to storm a clinic' --policy violence.incitement --harm 4 --reach 3"
    )
    for command, lines in (
        (declare, (f"watchfloor declare INC-12 {why}", f"{by_hand} {why}")),
        (dismiss, ("watchfloor dismiss INC-12 --reason 'A film trailer'",)),
        (waive, ("watchfloor waive INC-12 ASK_UNACKNOWLEDGED --reason 'Reached by telephone'",)),
        (reopen, ("watchfloor reopen INC-12 --reason 'Copies are back'",)),
        (restrict, ("watchfloor restrict INC-12 --reason 'Names of victims'",)),
        (hand_over, ("watchfloor hand-over INC-12 --role commander --to noor --note 'Legal calls at 6'",)),
        (stand_down, ("watchfloor stand-down INC-12 --reason 'No new copies for six hours'",)),
        (close, ("watchfloor close INC-12",)),
    ):
        app.command(rich_help_panel=LEAD, epilog=example(*lines))(command)


@with_groups
def declare(
    ctx: typer.Context,
    reason: Reason,
    incident: Annotated[
        str | None, typer.Argument(metavar="INCIDENT", help="A candidate; without it, give --title.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Declare from nothing: what it is, in one line.")] = None,
    policy: Annotated[str | None, typer.Option(help="Policy that the content seems to break.")] = None,
    protocol: Annotated[str | None, typer.Option(help="Protocol to follow. Default: default.")] = None,
    impact: ImpactOptions = ImpactOptions(),
) -> None:
    """Declare a crisis: a candidate that was detected, or one that you describe here and now.

    Whoever declares leads it until the role is handed over. Its severity follows from its impact.
    """
    form = CandidateForm(title, policy, protocol, impact)
    if (incident is None) == (title is None):
        raise typer.BadParameter("Name an incident, or give --title to describe a new one; not both.")
    if incident is not None and form.says_more_than_title:
        raise typer.BadParameter("A candidate has its policy and impact; `watchfloor assess` changes them.")
    door = Door.of(ctx)
    with door.store.begin() as work:
        named = incident or open_by_hand(work, door.catalogue, describe(form), by=door.person, now=door.now)
        by, now = door.acting(work, named)
        found = lifecycle.declare(work, named, by=by, reason=reason, now=now)
    door.hand_over(found.id)
    _tell(door, found, f"{found.id} is declared a crisis ({found.severity}); {by.id} leads it.")


def dismiss(ctx: typer.Context, incident: IncidentId, reason: Reason) -> None:
    """Decide that a candidate is no crisis. It can be reopened."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        found = lifecycle.dismiss(work, incident, by=by, reason=reason, now=now)
    door.hand_over(incident)
    _tell(door, found, f"{incident} is dismissed.")


def waive(
    ctx: typer.Context,
    incident: IncidentId,
    code: Annotated[str, typer.Argument(metavar="CODE", help=f"One of {', '.join(sorted(WAIVABLE))}.")],
    reason: Reason,
) -> None:
    """Take a coded reason against standing down out of the way, on your word.

    Where that leaves a sweep without its certificate, and the protocol asks for a second person, this proposes
    it: see `watchfloor proposals`.
    """
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        wanted = Wanted(step=Step.waive, incident=incident, code=code)
        done = take_or_propose(work, door, wanted, by=by, reason=reason, now=now)
    door.hand_over(incident)
    if isinstance(done, Proposal):
        say_proposed(door, done)
        return
    door.say(f"{code} is waived in {incident}.", incident=incident, code=code, by=by.id)


def reopen(ctx: typer.Context, incident: IncidentId, reason: Reason) -> None:
    """Go on with an incident that had ended, in a new round. Its waivers end."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        found = lifecycle.reopen(work, incident, by=by, reason=reason, now=now)
    door.hand_over(incident)
    _tell(door, found, f"{incident} is reopened, in round {found.round}. {SENTENCES[found.phase]}")


def restrict(
    ctx: typer.Context,
    incident: IncidentId,
    reason: Reason,
    lift: Annotated[bool, typer.Option("--lift", help="Let everybody see it again.")] = False,
) -> None:
    """Let only those who hold a role on an incident see it, or lift that again."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        lifecycle.restrict(work, incident, restricted=not lift, by=by, reason=reason, now=now)
    door.hand_over(incident)
    who = "everybody on the staff" if lift else "those who hold a role on it"
    door.say(f"{incident} is seen by {who} from now on.", incident=incident, restricted=not lift)


def hand_over(
    ctx: typer.Context,
    incident: IncidentId,
    role: Annotated[Role, typer.Option(help="The role that is handed over.")],
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who takes it.")],
    note: Note = "",
) -> None:
    """Hand a role on an incident to somebody else, with a note of what they need to know."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        person = door.catalogue.person(to, drill=find(work, incident).is_drill)
        roles.hand_over(work, incident, role.value, to=person, by=by, note=note, now=now)
    door.hand_over(incident)
    door.say(f"{to} is {role} of {incident} now.", incident=incident, role=role.value, person=to)


def stand_down(ctx: typer.Context, incident: IncidentId, reason: Reason) -> None:
    """End a crisis. Refused, with every coded reason, while something is loose that nobody waived."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        found = lifecycle.stand_down(work, incident, by=by, reason=reason, now=now)
    door.hand_over(incident)
    _tell(door, found, f"{incident} is stood down; its review starts.")


def close(ctx: typer.Context, incident: IncidentId) -> None:
    """Close an incident whose retrospective is signed and published."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        found = lifecycle.close(work, incident, by=by, now=now)
    door.hand_over(incident)
    _tell(door, found, f"{incident} is closed. Its action items live on: `watchfloor actions list {incident}`.")


def _tell(door: Door, found: Incident, sentence: str) -> None:
    door.say(sentence, **found.model_dump(mode="json"))
