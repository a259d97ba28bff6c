"""The contributing factors at the command line: list them, judge them, put them otherwise, add one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.option_groups import with_groups
from console.cli.options import IncidentId, Reason, example
from incidents.people import Act
from incidents.reviews.factors.factor import Category, Otherwise
from incidents.reviews.record import FactorPart
from incidents.reviews.writing import add_checked, change_checked
from incidents.store.incidents import find_for
from incidents.store.records import read_record
from incidents.store.reviews import judge_factor

COLUMNS = ["number", "state", "part", "category", "sentence", "judged_by"]


class Judgement(StrEnum):
    """What a person says of a contributing factor that was proposed."""

    accepted = "accepted"
    rejected = "rejected"


@dataclass(frozen=True)
class WordingOptions:
    """How a person puts a factor. The fields are named as those of `Otherwise`."""

    category: Annotated[Category | None, typer.Option(help="Where it lies.")] = None
    part: Annotated[
        FactorPart | None, typer.Option(help="Whether it set it off, contributed, or kept it from being worse.")
    ] = None
    sentence: Annotated[
        str | None, typer.Option(help="What it was, in your words; what was proposed stays beside it.")
    ] = None

    def otherwise(self) -> Otherwise:
        """As the rules take it."""
        return Otherwise(category=self.category, part=self.part, sentence=self.sentence)


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of the review."""
    judge = "watchfloor review factor INC-12 2"
    added = "--category process --sentence 'Nobody was on call that night' --for INC-12#7"
    for command, lines in (
        (
            factor,
            (
                "watchfloor review factor INC-12",
                f"{judge} --state accepted --reason 'The log shows it'",
                f"{judge} --part trigger --reason 'It began with this'",
            ),
        ),
        (add_factor, (f"watchfloor review add-factor INC-12 {added}",)),
    ):
        app.command(epilog=example(*lines))(command)


@with_groups
def factor(
    ctx: typer.Context,
    incident: IncidentId,
    wording: WordingOptions,
    number: Annotated[int | None, typer.Argument(metavar="NUMBER", help="Without it, they are listed.")] = None,
    state: Annotated[Judgement | None, typer.Option(help="What you say of it.")] = None,
    reason: Reason = "",
) -> None:
    """Say of a contributing factor whether it holds, or put it otherwise; without a number, list them."""
    door = Door.of(ctx)
    if number is None:
        _list_factors(door, incident)
        return
    is_changed = wording != WordingOptions()
    if state is None and not is_changed:
        raise typer.BadParameter("Say --state, or what is otherwise: --category, --part, --sentence.")
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        if is_changed:
            change_checked(work, incident, number, wording.otherwise(), reason=reason, by=by, now=now)
        if state is not None:
            judge_factor(work, incident, number, state=state.value, reason=reason, by=by, now=now)
    door.hand_over(incident)
    said = f"Factor {number} of {incident} is {state or 'changed'}."
    door.say(said, incident=incident, factor=number, state=state, changed=is_changed)


@with_groups
def add_factor(
    ctx: typer.Context,
    incident: IncidentId,
    wording: WordingOptions,
    supports: Annotated[list[str], typer.Option("--for", help="An entry that speaks for it; may be repeated.")],
    against: Annotated[list[str] | None, typer.Option("--against", help="One that speaks against it.")] = None,
) -> None:
    """Add a contributing factor of your own, with its evidence; it is a hypothesis until it is accepted."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        number = add_checked(
            work,
            incident,
            wording.otherwise(),
            supports=supports,
            against=against or (),
            by=by,
            now=now,
        )
    door.say(f"Factor {number} of {incident} is added.", incident=incident, factor=number, state="proposed")


def _list_factors(door: Door, incident: str) -> None:
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        find_for(work, incident, by, Act.see_incidents)
        record = read_record(work, incident)
    rows: list[dict[str, Any]] = [each.model_dump(mode="json") for each in record.factors]
    door.rows(
        rows, COLUMNS, empty=f"No factor is proposed; `watchfloor review draft {incident}` looks for some."
    )
