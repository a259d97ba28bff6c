"""The retrospective at the command line: draft it, read it, judge its factors, sign and publish it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli import printing, review_comments, review_process, review_sharing, review_suggesting
from console.cli.door import Door
from console.cli.failures import REFUSED
from console.cli.options import IncidentId, Reason, example
from console.cli.review_sharing import ForTeam
from console.cli.review_versions import changed_in, told
from console.measuring import look_at, measure_missing, span_of
from console.reviewing import approvers_of, draft_anew, find_to_read
from incidents.files import read_small
from incidents.people import Act
from incidents.reviews.across import P90_FROM, Pooled, Spread, pooled, spreads
from incidents.reviews.audiences import Audience
from incidents.reviews.checking import check, incident_of
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.publishing import sign_checked
from incidents.reviews.sharing import record_behind, seen_by
from incidents.reviews.wording import remarks
from incidents.store import reviews
from incidents.store.incidents import find, find_for
from incidents.words import duration, share

app = typer.Typer(help="The review of an incident, up to its published retrospective.", no_args_is_help=True)
review_process.add_to(app)
review_comments.add_to(app)
review_sharing.add_to(app)
review_suggesting.add_to(app)

FINDINGS = ["line", "fault", "text", "why"]
DURATIONS = ["metric", "n", "median", "p90", "meaning"]
SHARES = ["share", "n", "value", "meaning"]
REMARKS = ["line", "column", "said", "kind", "instead"]

LARGEST = 50_000_000
"""Bytes of a retrospective; one of a hundred thousand entries is smaller."""


@app.command(epilog=example("watchfloor review draft INC-12"))
def draft(ctx: typer.Context, incident: IncidentId) -> None:
    """Write the next version from the record as it is now; the same record gives the same version."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        version = draft_anew(work, incident, by=by, now=now)
        known = reviews.read_draft(work, incident, version).input_hash
        changed = changed_in(work, incident, version)
    door.hand_over(incident)
    then = f"`watchfloor review show {incident}` prints it.{told(changed, incident)}"
    sentence = f"Version {version} is the newest of the retrospective of {incident}. {then}"
    door.say(sentence, incident=incident, version=version, input_hash=known, changes=changed)


@app.command(
    epilog=example(
        "watchfloor review show INC-12 > retrospective.md",
        "watchfloor review show INC-12 --audience public",
    )
)
def show(
    ctx: typer.Context,
    incident: IncidentId,
    version: Annotated[int | None, typer.Option(help="Which version. Default: the newest.")] = None,
    audience: Annotated[
        Audience | None,
        typer.Option(help="As this audience would read it, of the record of that version."),
    ] = None,
    team: ForTeam = None,
) -> None:
    """Print a version of the retrospective, in Markdown."""
    door = Door.of(ctx)
    if audience is not None:
        _show_as(door, incident, audience, team, version)
        return
    with door.store.read() as work:
        find_to_read(work, door.catalogue, incident, Audience.internal, door.acting(work, incident)[0])
        found = reviews.read_draft(work, incident, version)
    if door.as_json:
        printing.print_json(found)
    else:
        printing.print_lines(found.markdown.splitlines())


@app.command(epilog=example("watchfloor review sign INC-12 --version 2 --as bo"))
def sign(
    ctx: typer.Context,
    incident: IncidentId,
    version: Annotated[int, typer.Option(help="The version that you read; it must be the newest.")],
    reason: Reason = "",
) -> None:
    """Sign the retrospective, as a reviewer who did not command the crisis."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        approvers = approvers_of(door.catalogue, find(work, incident), Audience.internal)
        found = sign_checked(work, incident, version, approvers=approvers, by=by, reason=reason, now=now)
    door.hand_over(incident)
    sentence = f"Version {version} of the retrospective of {incident} is signed by {by.id}."
    door.say(sentence, **found.model_dump(mode="json"))


@app.command(
    "check",
    epilog=example("watchfloor review check retrospective.md", "watchfloor review check INC-12.md --json"),
)
def check_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A retrospective in Markdown, edited or not.")],
) -> None:
    """Derive every number of a retrospective anew, and name what the record does not bear out (exit 1)."""
    door = Door.of(ctx)
    document = read_small(file, LARGEST, kind="retrospective").decode(errors="replace")
    incident = incident_of(document)
    with door.store.read() as work:
        find_for(work, incident, door.acting(work, incident)[0], Act.see_incidents)
        found = check(document, record_behind(work, incident, document), generator=GENERATOR)
    rows = [each.model_dump(mode="json") for each in found]
    door.rows(rows, FINDINGS, empty=f"The record of {incident} bears out all that {file.name} says.")
    if found:
        raise typer.Exit(REFUSED)


@app.command(
    "metrics",
    epilog=example(
        "watchfloor review metrics",
        "watchfloor review metrics --severity sev1 --since 2026-01-01 --json",
    ),
)
def show_metrics(
    ctx: typer.Context,
    severity: Annotated[str, typer.Option(help="Incidents of this severity alone.")] = "",
    protocol: Annotated[str, typer.Option(help="Incidents under this protocol alone.")] = "",
    since: Annotated[str, typer.Option(help="Opened from this day on (UTC), as 2026-11-23.")] = "",
    until: Annotated[str, typer.Option(help="Opened until this day (UTC), that day included.")] = "",
    drills: Annotated[bool, typer.Option("--drills", help="Drills, and nothing else.")] = False,
) -> None:
    """Show durations and shares over all ended incidents that you may see, with how many they rest on.

    `--json` gives the list behind each. Drills are left out, unless they are asked for.
    """
    door = Door.of(ctx)
    span = span_of(severity, protocol, since, until, drills=drills)
    measured = measure_missing(door.store, look_at(door.store, door.person, span))
    durations, shares = spreads(measured, drills=drills), pooled(measured, drills=drills)
    if door.as_json:
        printing.print_json({"durations": durations, "shares": shares})
        return
    printing.print_table([_spread_row(each) for each in durations], DURATIONS)
    printing.print_table([_pooled_row(each) for each in shares], SHARES, title="Shares")


@app.command("lint", epilog=example("watchfloor review lint retrospective.md"))
def lint_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Any text in English.")],
) -> None:
    """Name words that blame, or judge by what was known later, with a better way to say it."""
    door = Door.of(ctx)
    text = read_small(file, LARGEST, kind="text").decode(errors="replace")
    people = {name for person in door.catalogue.people for name in (person.id, person.name) if name}
    rows = [each.model_dump(mode="json") for each in remarks(text, people)]
    door.rows(rows, REMARKS, empty=f"{file.name} blames nobody, as far as words tell.")


@app.command(epilog=example("watchfloor review publish INC-12"))
def publish(ctx: typer.Context, incident: IncidentId) -> None:
    """Publish the signed version now, where its flow does not do it."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        published = reviews.publish(work, incident, by=by, now=now)
    door.hand_over(incident)
    done = f"The retrospective of {incident} is published."
    before = f"The retrospective of {incident} was published before; nothing was changed."
    door.say(done if published else before, incident=incident, published=True, new=published)


def _spread_row(spread: Spread) -> dict[str, Any]:
    middle = "not measurable" if spread.median is None else duration(spread.median)
    ninth = f"too few (n < {P90_FROM})" if spread.p90 is None else duration(spread.p90)
    told = {"metric": spread.name, "n": f"{spread.n} of {spread.of}", "median": middle}
    return told | {"p90": ninth, "meaning": spread.sentence}


def _pooled_row(pool: Pooled) -> dict[str, Any]:
    value = share(pool.numerator, pool.denominator, pool.unit)
    return {"share": pool.name, "n": f"{pool.n} of {pool.of}", "value": value, "meaning": pool.sentence}


def _show_as(door: Door, incident: str, audience: Audience, team: str | None, version: int | None) -> None:
    with door.store.read() as work:
        find_to_read(work, door.catalogue, incident, audience, door.acting(work, incident)[0])
        text = seen_by(work, incident, version, audience, team)
    if door.as_json:
        printing.print_json({"incident": incident, "audience": audience, "team": team, "markdown": text})
    else:
        printing.print_lines(text.splitlines())
