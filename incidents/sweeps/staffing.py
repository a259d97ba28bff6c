"""Who is there to read a sweep, and what would reading all of it cost them?"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.catalogue.model import Catalogue
from incidents.catalogue.teams import Team
from incidents.sweeps.batches import UNKNOWN_LANGUAGE
from incidents.sweeps.forecast import HORIZON_DAYS, Crew, Prospect, prospect

READINGS_AN_ITEM: Final = 1.1
"""What golden items and second readings add to the reading of one post, at the shares of `Goal`."""


class TeamCost(BaseModel):
    """What reading all of a universe would cost one team."""

    model_config = ConfigDict(frozen=True)

    team: str
    languages: tuple[str, ...]
    posts: int
    people: int
    hours: float = Field(description="Reviewer hours, breaks counted in.")
    prospect: Prospect


class Cost(BaseModel):
    """What reading all of a universe would cost, team by team; copies are not taken off."""

    model_config = ConfigDict(frozen=True)

    teams: tuple[TeamCost, ...]
    hours: float
    all: Prospect = Field(description="All teams together; the slowest language decides.")


def hands(catalogue: Catalogue, left: Mapping[str, int]) -> dict[str, float]:
    """Language → reviewers who are usually there for it.

    A team's people go to its languages in proportion to what is left of them, so that all end together.
    """
    of_team = _by_team(catalogue, left)
    people: dict[str, float] = {}
    for team, languages in of_team.values():
        total = sum(languages.values())
        people |= {tag: team.reviewers * posts / total if total else 0.0 for tag, posts in languages.items()}
    return people


def cost_of(catalogue: Catalogue, languages: Mapping[str, int], *, graphic: bool) -> Cost:
    """What it would cost the catalogue's teams to read so many posts of each language.

    `graphic`: the policy is about what is hard to look at, so that the exposure budget bounds a day.
    """
    people = hands(catalogue, languages)
    share = 1.0 if graphic else 0.0
    teams = []
    for team, counted in _by_team(catalogue, languages).values():
        crews = {tag: Crew(posts, people[tag], share) for tag, posts in counted.items()}
        teams.append(_team_cost(team, crews))
    return Cost(
        teams=tuple(sorted(teams, key=lambda each: (-each.posts, each.team))),
        hours=round(sum(each.hours for each in teams), 1),
        all=_together([each.prospect for each in teams]),
    )


def _by_team(catalogue: Catalogue, languages: Mapping[str, int]) -> dict[str, tuple[Team, dict[str, int]]]:
    """Team id → the team, and posts by language; teams and languages sorted."""
    teams: dict[str, Team] = {}
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    for tag in sorted(languages):
        team = catalogue.team_for_language(tag)
        teams[team.id] = team
        counted[team.id][tag or UNKNOWN_LANGUAGE] = languages[tag]
    return {team: (teams[team], counted[team]) for team in sorted(teams)}


def _team_cost(team: Team, crews: Mapping[str, Crew]) -> TeamCost:
    posts = sum(crew.candidates for crew in crews.values())
    an_hour = team.pace_per_hour * team.exposure.reading_share
    return TeamCost(
        team=team.id,
        languages=tuple(crews),
        posts=posts,
        people=team.reviewers,
        hours=round(posts * READINGS_AN_ITEM / an_hour, 1),
        prospect=prospect(
            crews, team.exposure, items_an_hour=team.pace_per_hour, readings_an_item=READINGS_AN_ITEM
        ),
    )


def _together(prospects: list[Prospect]) -> Prospect:
    """One prospect of all teams: the last to end, or one that never ends, is what they wait for."""
    slowest = max(prospects, key=lambda each: (each.days is None, each.days or 0.0), default=None)
    return Prospect(
        candidates=sum(each.candidates for each in prospects),
        people=round(sum(each.people for each in prospects), 6),
        a_day=sum(each.a_day for each in prospects),
        days=slowest.days if slowest else 0.0,
        bottleneck=slowest.bottleneck if slowest else None,
        too_much=any(each.days is None or each.days > HORIZON_DAYS for each in prospects),
    )
