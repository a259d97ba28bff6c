"""Which crises can be rehearsed without anybody's posts: generated piles whose truth is known.

All text is placeholder text from scenarios.yaml: invented words in eleven languages. Where a real crisis
has footage, a rumour or a target, a marker stands.
"""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from incidents.drills import originals
from incidents.drills.dice import Dice
from incidents.drills.labels import violating_label
from incidents.drills.pile import TRUTH_SCHEMA, DrillSignal, Impact, Pile, simulated_verdict
from incidents.drills.recorded import pile_from_posts
from incidents.drills.words import Scenario, words
from incidents.drills.writing import QUIET, written
from incidents.errors import BadInput, NotFound
from incidents.sweeps.posts import MOMENT, POST_SCHEMA

__all__ = [
    "FEWEST",
    "MOST",
    "SCENARIOS",
    "DrillSignal",
    "Impact",
    "Pile",
    "generate",
    "pile_from_posts",
    "simulated_verdict",
    "violating_label",
]

SCENARIOS: Final = tuple(words().scenarios)
"""The names that `generate` knows."""

FEWEST, MOST = 100, 1_000_000

_ANSWERING: Final = 0.1


def generate(scenario: str, *, posts: int = 5000, seed: int = 1, start: datetime) -> Pile:
    """Return a pile of `posts` posts over the 24 hours from `start`; the event comes 6 hours in.

    Same arguments, same pile. Raises NotFound for a scenario that is not in SCENARIOS, BadInput for
    a number of posts outside 100 to 1,000,000 or a `start` without a time zone.
    """
    if scenario not in SCENARIOS:
        raise NotFound(f"There is no scenario {scenario}. Choose one of {', '.join(SCENARIOS)}.")
    if not FEWEST <= posts <= MOST:
        raise BadInput(f"A scenario has {FEWEST:,} to {MOST:,} posts, not {posts:,}. Ask for a number between.")
    if start.tzinfo is None:
        raise BadInput("The start of a scenario needs a time zone. Give it as UTC.")
    plan = words().scenarios[scenario]
    posted = _posted(plan, scenario, posts, Dice(f"{scenario}/{seed}/{posts}"), start)
    event_at = start + QUIET
    return Pile(
        name=scenario,
        title=plan.title,
        event_at=event_at,
        posts=posted.select(pl.col(name).cast(kind) for name, kind in POST_SCHEMA.items()),
        truth=posted.select(pl.col(name).cast(kind) for name, kind in TRUTH_SCHEMA.items()),
        scope_terms=tuple(dict.fromkeys([*plan.terms.values(), *plan.also_swept])),
        scope_hashtags=plan.hashtags,
        scope_domains=plan.domains,
        scope_patterns=plan.patterns,
        signals=_signals(plan, posted.filter(pl.col("violating")), event_at),
        impact=_impact(plan),
        policy=plan.policy,
        languages=tuple(plan.mix),
    )


def _posted(plan: Scenario, name: str, posts: int, dice: Dice, start: datetime) -> pl.DataFrame:
    """All posts with their truth, in order of time: an id must not give the answer away."""
    breaking = max(3, round(posts * plan.prevalence))
    quoting = max(3, round(posts * plan.quoting))
    ordinary = posts - breaking - quoting
    parts = [
        written(plan, originals.violating(plan, name, breaking, dice), breaking, dice),
        written(plan, originals.quoting(plan, name, quoting, dice), quoting, dice),
        written(plan, originals.background(plan), ordinary, dice, about_event=False),
    ]
    return (
        pl.concat(parts)
        .sort("after", maintain_order=True)
        .with_row_index("number", offset=1)
        .with_columns(
            pl.format(name + "-{}", pl.col("number").cast(pl.String).str.zfill(7)).alias("id"),
            (pl.lit(start, MOMENT) + pl.col("after")).alias("posted_at"),
            pl.when("violating").then(pl.lit("violating")).otherwise(pl.lit("benign")).alias("label"),
            pl.lit(None, pl.String).alias("region"),
            pl.lit(None, pl.List(pl.String)).alias("media"),
            _surfaces(dice, posts),
            _answers(name, dice, posts),
        )
    )


def _surfaces(dice: Dice, count: int) -> pl.Series:
    """Where each post stands, whatever it says."""
    weights = words().surfaces
    names = pl.Series(list(weights), dtype=pl.String)
    return names.gather(dice.picks(list(weights.values()), count)).alias("surface")


def _answers(name: str, dice: Dice, count: int) -> pl.Series:
    """Which post each one answers: a tenth answer one that was posted before them, whatever either says."""
    place = pl.Series("place", range(count), dtype=pl.UInt32)
    before = (dice.shares(count) * place).cast(pl.UInt32) + 1
    frame = pl.DataFrame({"before": before, "does": (dice.shares(count) < _ANSWERING) & (place > 0)})
    answered = pl.format(name + "-{}", pl.col("before").cast(pl.String).str.zfill(7))
    return frame.select(pl.when("does").then(answered).alias("answers")).to_series()


def _impact(plan: Scenario) -> Impact:
    of = plan.impact
    return Impact(
        harm=of.harm,
        reach=of.reach,
        velocity=of.velocity,
        vulnerability=of.vulnerability,
        jurisdictions=list(of.jurisdictions),
    )


def _signals(plan: Scenario, breaking: pl.DataFrame, event_at: datetime) -> tuple[DrillSignal, ...]:
    """What others report: how many posts break the policy by then, in which languages, never which."""
    found = []
    for words_of in plan.signals:
        at = event_at + timedelta(minutes=words_of.minutes)
        known = breaking.filter(pl.col("posted_at") <= at)
        payload: dict[str, int | str | list[str]] = {
            "policy": plan.policy,
            "country": words_of.country,
            "posts": known.height,
            "languages": sorted(known["language"].unique()),
        }
        found.append(
            DrillSignal(
                source=words_of.source,
                title=words_of.title,
                fingerprint=words_of.fingerprint,
                event_at=at,
                payload=payload,
                reach=int(known["reach"].sum()),
            )
        )
    return tuple(found)
