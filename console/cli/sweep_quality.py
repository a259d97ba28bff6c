"""How well is a sweep decided, and what of it should be read again?"""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import SweepId, example
from console.cli.printing import print_json, print_lines, print_table
from incidents import words
from incidents.errors import BadInput
from incidents.people import Act, is_staff
from incidents.store.incidents import find
from incidents.store.quality import Quality, ask_again, quality_of
from incidents.store.quality import reread as to_reread
from incidents.store.sweeps import find_sweep, find_sweep_for
from incidents.sweeps.quality.proportions import Estimate
from incidents.sweeps.quality.rereading import Again, Change, Shift

AGREEMENT = ["by", "name", "items", "raw", "kappa", "alpha", "ac1"]
PRECISION = ["language", "checked", "overturned", "precision", "let_pass", "missed_harm"]
GOLDEN = ["by", "name", "violating", "sensitivity", "harmless", "specificity"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `watchfloor sweep`."""
    app.command(epilog=example("watchfloor sweep quality INC-12-S1"))(quality)
    listed = (
        "watchfloor sweep reread INC-12-S1",
        "watchfloor sweep reread INC-12-S1 --change violence.incitement=narrower --apply --most 200",
    )
    app.command(epilog=example(*listed))(reread)


def quality(ctx: typer.Context, sweep: SweepId) -> None:
    """Show how far people agree, how often decisions hold, and how golden items were read.

    Every number comes with its 95 % interval, and is left blank where nothing was measured. A partner sees
    their own team; how well one person reads is shown to that person, the team's lead and commanders.
    """
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, find_sweep(work, sweep).incident_id)
        found = quality_of(work, sweep, by=by, team=None if is_staff(by) else by.team or "")
    if door.as_json:
        print_json(found)
        return
    print_table(list(_agreement(found)), AGREEMENT, title="Agreement on second readings")
    print_table(list(_precision(found)), PRECISION, title="How often decisions hold")
    print_table(list(_golden(found)), GOLDEN, title="Golden items")
    print_lines(_rest(found), title="Beside these")


def _agreement(found: Quality) -> Iterator[dict[str, Any]]:
    for key, groups in found.agreement.items():
        for name, told in groups.items():
            numbers = {number: _interval(getattr(told, number)) for number in ("raw", "kappa", "alpha", "ac1")}
            yield {"by": key, "name": name, "items": told.items} | numbers


def _precision(found: Quality) -> Iterator[dict[str, Any]]:
    for language, told in found.precision.items():
        yield {
            "language": language,
            "checked": told.violates.checked,
            "overturned": told.violates.overturned,
            "precision": _interval(told.precision),
            "let_pass": told.does_not_violate.checked,
            "missed_harm": _interval(told.missed),
        }


def _golden(found: Quality) -> Iterator[dict[str, Any]]:
    for key, groups in found.golden.items():
        for name, told in groups.items():
            yield {
                "by": key,
                "name": name,
                "violating": told.violating,
                "sensitivity": _interval(told.sensitivity),
                "harmless": told.harmless,
                "specificity": _interval(told.specificity),
            }


def _rest(found: Quality) -> list[str]:
    copies = found.inherited
    open_ones = words.counted(found.unsettled, "second reading")
    lines = [f"To be settled by a third person: {open_ones} that differ{'s' if found.unsettled == 1 else ''}."]
    if copies.population:
        checked = f"{copies.checked:,} of {words.counted(copies.population, 'copy', 'copies')} were checked"
        lines.append(f"{checked}, {copies.wrong:,} were none: at most {copies.at_most:,} of all are wrong.")
    if found.drift is not None and found.drift.items:
        turned = _interval(found.drift.changed)
        lines.append(
            f"The newest guideline turned {turned} of {words.counted(found.drift.items, 'item')} read anew."
        )
    return lines


def _interval(estimate: Estimate) -> str:
    if estimate.value is None:
        return ""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def reread(
    ctx: typer.Context,
    sweep: SweepId,
    change: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POLICY[:CLAUSE][=SHIFT]",
            help="What the new version changed; SHIFT is narrower, broader or other. Else: its policy.",
        ),
    ] = None,
    most: Annotated[int | None, typer.Option(min=1, help="How many at most, from the top.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Have them read again, blind, by others.")] = False,
) -> None:
    """List decisions that the newest version of the guideline may turn, the most pressing first."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = find_sweep(work, sweep).incident_id
        by, _now = door.acting(work, incident)
        find_sweep_for(work, sweep, by, Act.write_guideline)
        changes = [_change(each) for each in change or [find(work, incident).policy or ""] if each]
        if not changes:
            raise BadInput(f"{incident} names no policy: say with --change what the new guideline changed.")
        if apply:
            found = ask_again(work, sweep, changes, by=by, most=most)
        else:
            found = to_reread(work, sweep, changes)[:most]
    rows = [_again(each) for each in found]
    if door.as_json:
        print_json({"sweep": sweep, "applied": apply, "items": rows})
        return
    then = "wait to be read again" if apply else "may be turned by the newest guideline"
    print_lines([f"{words.counted(len(rows), 'decision')} of {sweep} {then}."])
    print_table(rows, ["item", "why", "risk"])


def _again(found: Again) -> dict[str, Any]:
    return {"item": found.item, "why": found.why.name.replace("_", " "), "risk": round(found.risk, 2)}


def _change(written: str) -> Change:
    name, _, shift = written.partition("=")
    policy, _, clause = name.partition(":")
    try:
        return Change(policy, clause or None, Shift(shift or Shift.other))
    except ValueError:
        raise typer.BadParameter(f"{shift} is none of {', '.join(Shift)}.") from None
