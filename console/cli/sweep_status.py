"""How far is a sweep, what is known of it, and in which actions did it end?"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.batches import batch_row
from console.cli.door import Door
from console.cli.failures import writing_to
from console.cli.options import SweepId, example
from console.cli.printing import print_json, print_lines, print_table
from incidents import words
from incidents.errors import NotFound
from incidents.people import Act, is_staff
from incidents.store.acting import taken_of
from incidents.store.batches import batches_of
from incidents.store.clusters import Cluster, clusters_of
from incidents.store.incidents import find_for
from incidents.store.knowledge import knowledge_of
from incidents.store.progress import Part, Progress, progress, surfaces_of
from incidents.store.sweeps import Sweep, find_sweep, find_sweep_for, plan_of
from incidents.sweeps.knowledge import LanguageKnown, outlook, sentences
from incidents.sweeps.plan import write_plan
from incidents.sweeps.staffing import hands

PARTS = [
    *("team", "language", "items", "decided", "violates", "unsure", "to_read"),
    *("open", "leased", "done"),
]
LANGUAGES = ["language", "posts", "read", "found", "missing_at_most", "to_read", "disputes", "people", "hours"]
SURFACES = ["surface", "items", "decided", "violates"]
BATCHES = ["batch", "team", "language", "size", "state", "held_by", "until"]
CLUSTERS = [
    *("head", "posts", "covered", "reach", "languages", "first_seen", "last_seen"),
    *("verdict", "violates"),
]
SEEDS = {"steer_seed", "certify_seed"}
"""Whoever has the seeds and the ids knows which posts are of the samples, and reads blind no more."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to `watchfloor sweep`."""
    app.command(epilog=example("watchfloor sweep status INC-12-S1"))(status)
    app.command(epilog=example("watchfloor sweep clusters INC-12-S1 --most 50"))(clusters)
    app.command(epilog=example("watchfloor sweep plan INC-12-S1 --out plan.csv"))(plan)


def status(ctx: typer.Context, sweep: SweepId) -> None:
    """Say what is known of a sweep, what is unknown, and what another hour of reading would buy.

    Then how far it is, by language and team. MISSING AT MOST bounds the violating posts of a language that
    nobody has found, each bound by itself. A partner sees the part of their own team.
    """
    door = Door.of(ctx)
    with door.store.read() as work:
        by, now = door.acting(work, find_sweep(work, sweep).incident_id)
        found = find_sweep_for(work, sweep, by)
        told = progress(work, sweep)
        surfaces = surfaces_of(work, sweep, team=None if is_staff(by) else by.team or "")
        batches = batches_of(work, sweep)
        known = knowledge_of(work, sweep, hands=partial(hands, door.catalogue), now=now)
    if is_staff(by):
        head = found.model_dump(mode="json", exclude={"source", "terms"})
        facts = {"sentences": sentences(known), "knowledge": known}
        lines = [_sentence(told, found), *sentences(known), *outlook(known)]
    else:
        told, batches = told.of_team(by.team or ""), [batch for batch in batches if batch.team == by.team]
        head = found.model_dump(mode="json", exclude={"source", "terms", *SEEDS})
        facts, lines = {}, [_sentence(told, found)]
    if door.as_json:
        print_json(head | facts | {"parts": told.parts, "surfaces": surfaces, "batches": batches})
        return
    print_lines(lines)
    own = [each for each in known.languages if is_staff(by) or each.team == by.team]
    print_table([_language(each) for each in own], LANGUAGES, title="Languages")
    print_table([_part(part) for part in told.parts], PARTS, title="Teams", empty="No post matched yet.")
    if any(each.surface is not None for each in surfaces):
        rows = [each.model_dump() | {"surface": each.surface or "unknown"} for each in surfaces]
        print_table(rows, SURFACES, title="Surfaces")
    print_table([batch_row(batch) for batch in batches if not batch.is_done], BATCHES, title="Batches")


def _sentence(told: Progress, sweep: Sweep) -> str:
    return f"{sweep.id} is {sweep.state}: {told.decided:,} of {told.items:,} items are decided."


def _language(each: LanguageKnown) -> dict[str, Any]:
    hours = "" if each.finish.hours_p50 is None else f"{each.finish.hours_p50:.1f}"
    return each.model_dump() | {"people": f"{each.finish.people:g}", "hours": hours}


def _part(part: Part) -> dict[str, Any]:
    batches = {"open": part.batches_open, "leased": part.batches_leased, "done": part.batches_done}
    return part.model_dump() | batches


def clusters(
    ctx: typer.Context,
    sweep: SweepId,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 20,
) -> None:
    """List the largest clusters of copies, without their texts. A partner sees posts of their own team."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, find_sweep(work, sweep).incident_id)
        find_sweep_for(work, sweep, by)
        team = None if is_staff(by) else by.team or ""
        found = clusters_of(work, sweep, most=most, team=team)
    rows = [_cluster(each) for each in found]
    door.rows(rows, CLUSTERS, empty=f"No post of {sweep} has a copy.")


def _cluster(cluster: Cluster) -> dict[str, Any]:
    return cluster.model_dump() | {"verdict": cluster.verdict.value if cluster.verdict else None}


def plan(
    ctx: typer.Context,
    sweep: SweepId,
    out: Annotated[Path, typer.Option(help="The file, as CSV.")],
) -> None:
    """Write the action plan in which a sweep ended. Nobody acts on it unasked.

    An action whose decision was undone since is replaced by its reversal, which names the action's key: take
    back what was carried out of these, and carry them out no more. ACTED_AT and REACH_AT_ACTION tell what was
    carried out; `watchfloor sweep acted` takes them back from whoever acts by tools of their own.
    """
    door = Door.of(ctx)
    with door.store.read() as work:
        found = find_sweep(work, sweep)
        by, _now = door.acting(work, found.incident_id)
        find_for(work, found.incident_id, by, Act.start_sweep)
        lines = plan_of(work, sweep)
        taken = taken_of(work, sweep)
    if not found.is_finished:
        raise NotFound(f"{sweep} is {found.state}, so it has no plan yet. `watchfloor sweep status {sweep}`.")
    with writing_to(out, "write it again, elsewhere"):
        write_plan(lines, out, taken)
    reversals = sum(line.reverses is not None for line in lines)
    actions = len(lines) - reversals
    also = f" and {words.counted(reversals, 'reversal')}" if reversals else ""
    sentence = (
        f"{words.counted(actions, 'action')}{also} of {sweep} {'is' if actions == 1 else 'are'} in {out}."
    )
    door.say(sentence, sweep=sweep, actions=actions, reversals=reversals, file=str(out))
