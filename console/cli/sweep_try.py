"""Try a scope before it becomes a sweep: what it brings in, and what reading that would cost."""

from dataclasses import dataclass
from time import perf_counter
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.option_groups import with_groups
from console.cli.options import example
from console.cli.printing import print_json, print_lines, print_table
from console.cli.scopes import read_scope_options
from console.cli.sources import read_source_options
from console.cli.sweep_options import ScopeOptions, SourceOptions
from console.cli.trying import try_on_platform
from incidents.people import Act, authorise
from incidents.store.incidents import find_for
from incidents.store.post_source import FileSource, HttpSource, TableSource
from incidents.store.trials import Trial
from incidents.store.window import try_scope
from incidents.sweeps.scope import Scope
from incidents.sweeps.staffing import Cost, cost_of
from incidents.sweeps.universe import Dry, TermCount

AT_MOST = 50_000
"""Posts of a platform that are counted, where nothing else is said: fifty pages."""

MOST_AT_MOST = 1_000_000

_WANTED = "--term 'storm the clinic' --hashtag clinicnow"


@dataclass(frozen=True)
class Tried:
    """What a scope brings in, and of which posts that is said."""

    dry: Dry
    source: FileSource | TableSource | HttpSource
    is_whole: bool = True
    """Whether these are all posts that the source has."""

    @property
    def counted(self) -> str:
        """The posts that were looked at, in words."""
        seen = f"{self.dry.posts_seen:,} posts"
        if not isinstance(self.source, HttpSource):
            return seen
        found = f" for its own search “{self.source.query}”" if self.source.query else ""
        return f"{'All' if self.is_whole else 'The first'} {seen} that {self.source.shown} returned{found}"

    @property
    def caveats(self) -> list[str]:
        """What these numbers do not say."""
        said = []
        if not self.is_whole:
            said.append(
                "It has more. They were not counted, and the first ones are no sample of them: what follows is"
                " about these alone. --at-most takes more, --since and --until another stretch of time."
            )
        if isinstance(self.source, HttpSource) and self.source.query:
            said.append("What its search does not find, evasions for instance, is in no number here.")
        return said


def add_to(app: typer.Typer) -> None:
    """Add the command to `watchfloor sweep`."""
    tried = (
        f"watchfloor sweep try INC-12 {_WANTED} --posts posts.parquet",
        f"watchfloor sweep try {_WANTED} --posts posts.parquet",
        "watchfloor sweep try INC-12 --scope scope.yaml --platform https://api.example --secret platform",
    )
    app.command("try", epilog=example(*tried))(try_out)


@with_groups
def try_out(
    ctx: typer.Context,
    incident: Annotated[
        str | None,
        typer.Argument(metavar="[INCIDENT]", help="The incident that it would be for, if there is one."),
    ] = None,
    wanted: ScopeOptions = ScopeOptions(),
    place: SourceOptions = SourceOptions(),
    at_most: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_AT_MOST,
            help=f"First posts of a platform that are counted; {AT_MOST:,} unless said otherwise.",
        ),
    ] = None,
) -> None:
    """Count what a scope would bring in, and what reading it would cost, before a sweep starts.

    Nothing is kept. ALONE is how many posts an entry brings in that no other entry does; FOUND ONLY BY tells
    how many of its posts a trick was hiding. Hours are those of reviewers, days are working days.

    A platform is asked by a flow, so `watchfloor up` must run. After a fault or Ctrl-C the same command goes on
    at the page where it ended.
    """
    if at_most is not None and place.platform is None:
        raise typer.BadParameter("--at-most goes with --platform: files and tables are counted whole.")
    scope = read_scope_options(wanted)
    door = Door.of(ctx)
    graphic = _is_graphic(door, incident)
    source = read_source_options(place)
    began = perf_counter()
    tried = _tried(door, scope, source, at_most or AT_MOST)
    took = perf_counter() - began
    cost = cost_of(door.catalogue, tried.dry.languages, graphic=graphic)
    if door.as_json:
        told = {
            "place": source.shown,
            "is_whole": tried.is_whole,
            "seconds": round(took, 3),
            "cost": _cost(cost),
        }
        print_json(tried.dry.model_dump() | told)
    else:
        _tell(tried, cost, took)


def _tried(door: Door, scope: Scope, source: FileSource | TableSource | HttpSource, at_most: int) -> Tried:
    """Count here what can be read here, and have a flow count what lies on a platform."""
    if not isinstance(source, HttpSource):
        return Tried(try_scope(source, scope), source)
    counted = try_on_platform(door, Trial(scope=scope, source=source, at_most=at_most))
    return Tried(counted.dry, source, counted.is_whole)


def _is_graphic(door: Door, incident: str | None) -> bool:
    """Whether what is found would be hard to look at; asks at the same time whether the person may try."""
    if incident is None:
        authorise(door.person, Act.start_sweep)
        return False
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        policy = find_for(work, incident, by, Act.start_sweep).policy
    return policy is not None and door.catalogue.policy(policy).graphic


def _tell(tried: Tried, cost: Cost, took: float) -> None:
    dry = tried.dry
    seen = f"{tried.counted} were looked at in {took:.1f} s, and {dry.posts_matched:,} match."
    lines = [seen, *tried.caveats, f"{cost.all} {cost.hours:,} reviewer hours."]
    lines += [f"{term.term} floods it: {term.alone:,} posts match nothing else." for term in dry.flooding]
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
