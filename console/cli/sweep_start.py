"""Begin a sweep: try a scope first, request the sweep, and add later posts to it."""

from time import perf_counter
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.option_groups import with_groups
from console.cli.options import IncidentId, SweepId, example
from console.cli.printing import print_json, print_lines, print_table
from console.cli.scopes import read_scope_options
from console.cli.sources import read_pile_options, read_source_options
from console.cli.sweep_options import PileOptions, ScopeOptions, SourceOptions
from incidents.people import Act, authorise
from incidents.store.incidents import find_for
from incidents.store.sweeps import Goal, find_sweep, request_sweep, request_window
from incidents.store.window import try_scope
from incidents.sweeps.staffing import Cost, cost_of
from incidents.sweeps.universe import Dry, TermCount

FLOODS = 0.5
"""Share of all that matched which one entry alone brings in, from which on it is said to flood a sweep."""

EXAMPLE = "--term 'storm the clinic' --hashtag clinicnow --posts posts.parquet"


def add_to(app: typer.Typer) -> None:
    """Add the commands to `watchfloor sweep`."""
    app.command(
        "try", epilog=example(f"watchfloor sweep try INC-12 {EXAMPLE}", f"watchfloor sweep try {EXAMPLE}")
    )(try_out)
    started = (
        f"watchfloor sweep start INC-12 {EXAMPLE}",
        "watchfloor sweep start INC-12 --scope scope.yaml --sql-url postgresql://db/posts --table posts",
        "watchfloor sweep start INC-12 --scope scope.yaml --platform https://api.example --secret platform",
    )
    app.command(epilog=example(*started))(start)
    app.command(epilog=example("watchfloor sweep widen INC-12-S1 --posts later.parquet"))(widen)


@with_groups
def try_out(
    ctx: typer.Context,
    incident: Annotated[
        str | None,
        typer.Argument(metavar="[INCIDENT]", help="The incident that it would be for, if there is one."),
    ] = None,
    wanted: ScopeOptions = ScopeOptions(),
    posts: PileOptions = PileOptions(),
) -> None:
    """Count what a scope would bring in, and what reading it would cost, before a sweep starts.

    Nothing is kept. ALONE is how many posts an entry brings in that no other entry does; FOUND ONLY BY tells
    how many of its posts a trick was hiding. Hours are those of reviewers, days are working days.
    """
    scope = read_scope_options(wanted)
    door = Door.of(ctx)
    graphic = _is_graphic(door, incident)
    pile = read_pile_options(posts)
    began = perf_counter()
    dry = try_scope(pile, scope)
    took = perf_counter() - began
    cost = cost_of(door.catalogue, dry.languages, graphic=graphic)
    if door.as_json:
        print_json(dry.model_dump() | {"seconds": round(took, 3), "cost": _cost(cost)})
    else:
        _tell(dry, cost, took)


def _is_graphic(door: Door, incident: str | None) -> bool:
    """Whether what is found would be hard to look at; asks at the same time whether the person may try."""
    if incident is None:
        authorise(door.person, Act.start_sweep)
        return False
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        policy = find_for(work, incident, by, Act.start_sweep).policy
    return policy is not None and door.catalogue.policy(policy).graphic


def _tell(dry: Dry, cost: Cost, took: float) -> None:
    seen = f"{dry.posts_seen:,} posts were looked at in {took:.1f} s, and {dry.posts_matched:,} match."
    lines = [seen, f"{cost.all} {cost.hours:,} reviewer hours."]
    lines += [f"{term.term} floods it: {term.alone:,} posts match nothing else." for term in _flooding(dry)]
    print_lines(lines)
    print_table(
        [_term(term) for term in dry.terms], ["entry", "posts", "alone", "found_only_by"], title="Entries"
    )
    languages = sorted(dry.languages.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [{"language": tag or "und", "posts": posts} for tag, posts in languages]
    print_table(rows, ["language", "posts"], title="Languages")
    surfaces = sorted(dry.surfaces.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [{"surface": surface, "posts": posts} for surface, posts in surfaces]
    print_table(rows, ["surface", "posts"], title="Surfaces")
    print_table(_cost(cost)["teams"], ["team", "languages", "posts", "people", "hours", "days"], title="Teams")


def _flooding(dry: Dry) -> list[TermCount]:
    if len(dry.terms) < 2:
        return []
    return [term for term in dry.terms if term.alone > FLOODS * dry.posts_matched]


def _term(term: TermCount) -> dict[str, Any]:
    tricks = ", ".join(f"{trick} {posts:,}" for trick, posts in sorted(term.evaded.items()))
    return {"entry": term.term, "posts": term.posts, "alone": term.alone, "found_only_by": tricks}


def _cost(cost: Cost) -> dict[str, Any]:
    teams = [
        team.model_dump(exclude={"prospect"})
        | {
            "languages": list(team.languages),
            "days": None if team.prospect.days is None else round(team.prospect.days, 1),
            "too_much": team.prospect.too_much,
        }
        for team in cost.teams
    ]
    return {"hours": cost.hours, "said": str(cost.all), **cost.all.model_dump(), "teams": teams}


@with_groups
def start(
    ctx: typer.Context,
    incident: IncidentId,
    wanted: ScopeOptions,
    source: SourceOptions,
    target: Annotated[
        float, typer.Option(min=0.5, max=0.99, help="Share of what violates that must be found, 0.5 to 0.99.")
    ] = 0.9,
    confidence: Annotated[
        float, typer.Option(min=0.8, max=0.99, help="Of the certificate's bounds, 0.8 to 0.99.")
    ] = 0.95,
) -> None:
    """Request a sweep: its posts are frozen, shared out by language, and wait for the partner teams.

    `watchfloor sweep try` says beforehand what it would bring in. It ends once its random sample shows, with
    that confidence, that the target is reached; its certificate says so.
    """
    scope, posts = read_scope_options(wanted), read_source_options(source)
    goal = Goal(target=target, confidence=confidence)
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        sweep = request_sweep(work, incident, scope, posts, by=by, now=now, goal=goal)
    door.hand_over(incident)
    sentence = f"{sweep.id} is requested. `watchfloor sweep status {sweep.id}` shows how far it is."
    door.say(sentence, sweep=sweep.id, incident=incident, scope_hash=sweep.scope_hash, goal=goal)


@with_groups
def widen(
    ctx: typer.Context,
    sweep: SweepId,
    source: SourceOptions,
) -> None:
    """Add later posts to a sweep that people work on. They are searched by the same scope, as a new window."""
    posts = read_source_options(source)
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = find_sweep(work, sweep).incident_id
        by, now = door.acting(work, incident)
        window = request_window(work, sweep, posts, by=by, now=now)
    door.hand_over(incident)
    sentence = (
        f"Window {window} of {sweep} is requested. `watchfloor sweep status {sweep}` shows how far it is."
    )
    door.say(sentence, sweep=sweep, window=window)
