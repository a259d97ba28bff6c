"""A crisis with a sweep for the tests of the store: who takes part, and how it gets to where a test begins.

Ada leads, Bo and Cleo review for the German team, Dev for the Turkish one, Eve writes policy.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, TypeVar

import polars as pl

from incidents.catalogue.policies import Clause, Crosswalk, Dsa, DsaCategory, Policy, RecommendedAction
from incidents.incident.incident import Incident
from incidents.incident.severity import Impact, Priority
from incidents.people import Person, Role
from incidents.store import lifecycle
from incidents.store.batches import Batch, batches_of, claim
from incidents.store.engine import Store, Work
from incidents.store.freezing import Frozen, freeze
from incidents.store.incidents import NewCandidate, find, open_candidate
from incidents.store.post_source import FileSource
from incidents.store.schema import batches, items, places, sweeps
from incidents.store.sweeps import Sweep, request_sweep
from incidents.sweeps.batches import Assignment
from incidents.sweeps.decisions import Decision, Verdict
from incidents.sweeps.posts import POST_SCHEMA
from incidents.sweeps.reading_list import reading_list
from incidents.sweeps.scope import Scope
from incidents.sweeps.universe import gather

T = TypeVar("T")

T0 = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

ADA = Person(id="ada", roles=frozenset({Role.commander}))
BO = Person(id="bo", roles=frozenset({Role.partner_reviewer}), team="german")
CLEO = Person(id="cleo", roles=frozenset({Role.partner_lead}), team="german")
DEV = Person(id="dev", roles=frozenset({Role.partner_reviewer}), team="turkish")
EVE = Person(id="eve", roles=frozenset({Role.policy}))
FAY = Person(id="fay", roles=frozenset({Role.reviewer}))

POLICY = Policy(
    id="violence.incitement",
    version=2,
    title="Incitement",
    definition="Calls to violence.",
    clauses=(Clause(id="call-to-act", text="Calls on others to act."),),
    action=RecommendedAction.remove,
    crosswalk=Crosswalk(dsa=Dsa(category=DsaCategory.violence)),
)
POLICIES = {POLICY.id: POLICY}

SCOPE = Scope(terms=("alarm",))
SOURCE = FileSource.model_validate({"path": "posts.csv"})
TEAMS = Assignment(default_team="german", teams={"tr": "turkish"})


def after(minutes: float) -> datetime:
    """So many minutes into the crisis."""
    return T0 + timedelta(minutes=minutes)


def add_candidate(work: Work, key: str = "footage", **changes: Any) -> Incident:
    """A candidate that nobody has looked at."""
    new = {
        "title": "Attack footage",
        "grouping_key": key,
        "impact": Impact(harm=3),
        "priority": Priority(severity="sev2", rule="serious", sentence="Serious harm."),
        "policy": POLICY.id,
        "protocol": "default",
        "protocol_version": 1,
        "catalogue_version": "c0ffee",
    }
    opened = open_candidate(work, NewCandidate.model_validate(new | changes), by="watchfloor", now=T0)
    assert opened is not None
    return opened


def add_assessed(work: Work, key: str = "footage") -> str:
    """A candidate of which it must be said whether it is a crisis."""
    incident = add_candidate(work, key).id
    lifecycle.start_assessment(work, incident, by=ADA, now=after(1))
    return incident


def add_crisis(work: Work, key: str = "footage") -> str:
    """A declared crisis that partner teams respond to."""
    incident = add_assessed(work, key)
    lifecycle.declare(work, incident, by=ADA, reason="It spreads.", now=after(2))
    lifecycle.start_response(work, incident, now=after(3))
    return find(work, incident).id


def pile(*posts: tuple[str, str], text: str = "an alarm") -> pl.DataFrame:
    """Posts of (id, language), all with the same neutral text."""
    rows = [
        {"id": post, "text": text, "posted_at": T0, "language": language, "reach": 0}
        for post, language in posts
    ]
    return pl.DataFrame(rows, schema=POST_SCHEMA)


SIX = pile(("p1", "de"), ("p2", "de"), ("p3", "de"), ("p4", "de"), ("p5", "tr"), ("p6", "tr"))
"""Two German batches, B1 with p1 and p2, B2 with p3 and p4; and a Turkish one, B3 with p5 and p6."""

STEER_SEED, CERTIFY_SEED = 11, 12

NOTHING_AGAIN = {"golden_share": 0, "second_share": 0, "check_share": 0}
"""Of a sweep's goal: nothing is looked at a second time."""


def frozen(
    posts: pl.DataFrame,
    *,
    window: int = 1,
    copies: dict[str, str] | None = None,
    teams: Assignment = TEAMS,
) -> Frozen:
    """A window of these posts; `copies` says which post is covered by which."""
    universe = gather(posts, SCOPE)
    heads = copies or {}
    clustered = universe.matched.select(
        "id",
        pl.col("id").replace(heads).alias("cluster"),
        pl.col("id").replace(heads).alias("read_as"),
        pl.when(pl.col("id").is_in(list(heads))).then(pl.lit("exact")).otherwise(pl.lit("alone")).alias("kind"),
        pl.lit(1.0).alias("likeness"),
        pl.col("id").is_in(list(heads)).alias("covered"),
        pl.lit(None, pl.String).alias("context"),
    )
    priorities = universe.matched.select("id", pl.lit(0.5).alias("score"), pl.lit(0.0).alias("priority"))
    return Frozen(
        window=window,
        posts=reading_list(universe, clustered, priorities, teams, steer_seed=STEER_SEED),
        posts_seen=universe.posts_seen,
        terms=universe.terms,
        hash=universe.hash,
        steer_seed=STEER_SEED,
        certify_seed=CERTIFY_SEED,
        readers={"de": 3, "tr": 3},
    )


def add_sweep(work: Work, incident: str, posts: pl.DataFrame = SIX) -> str:
    """A sweep whose posts stand in open batches of two, in their order.

    Nothing of it is sampled, and nothing is looked at a second time.
    """
    sweep = requested(work, incident).id
    kept = frozen(posts)
    assert freeze(work, sweep, kept, now=after(5))
    alone = {"plan": None, "certify_wanted": 0, "goal": NOTHING_AGAIN}
    work.execute(sweeps.update().where(sweeps.c.id == sweep).values(**alone))
    for language in posts["language"].unique(maintain_order=True):
        ids = kept.posts.filter(pl.col("language") == language)["id"].sort()
        for start in range(0, len(ids), 2):
            add_batch(work, sweep, TEAMS.team_for(language), language, list(ids[start : start + 2]))
    return sweep


def add_batch(work: Work, sweep: str, team: str, language: str, ids: list[str]) -> str:
    """An open batch of these posts, each read because it ranks high."""
    number = work.next_number(f"batch:{sweep}")
    batch, incident = f"{sweep}-B{number}", sweep.rpartition("-")[0]
    row = {"id": batch, "sweep_id": sweep, "incident_id": incident, "number": number, "team": team}
    work.execute(batches.insert().values(**row, language=language, size=len(ids), state="open"))
    for place, item in enumerate(ids, start=1):
        told = {"batch_id": batch, "place": place, "sweep_id": sweep, "item": item, "purpose": "rank"}
        work.execute(places.insert().values(**told))
    work.execute(items.update().where(items.c.sweep_id == sweep, items.c.item.in_(ids)).values(state="taken"))
    return batch


def requested(work: Work, incident: str) -> Sweep:
    """A sweep that nobody has frozen."""
    return request_sweep(work, incident, SCOPE, SOURCE, by=ADA, now=after(4))


def leased(store: Store, by: Person = BO, number: int = 1) -> Batch:
    """A batch of a new sweep in a new crisis, leased for an hour from minute 10 on."""
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work))
        batch = batches_of(work, sweep)[number - 1]
        return claim(work, batch.id, by=by, now=after(10), lease_minutes=60)


def violating(item: str, by: Person = BO, minutes: float = 11, **changes: Any) -> Decision:
    """A decision that the item violates."""
    said = {
        "item": item,
        "verdict": Verdict.violates,
        "policy": POLICY.id,
        "clause": "call-to-act",
        "action": "remove",
        "policy_version": POLICY.version,
        "person": by.id,
        "decided_at": after(minutes),
    }
    return Decision.model_validate(said | changes)


def harmless(item: str, by: Person = BO, minutes: float = 11) -> Decision:
    """A decision that the item does not violate."""
    said = {"item": item, "verdict": "does_not_violate", "action": "keep"}
    return Decision.model_validate(said | {"person": by.id, "decided_at": after(minutes)})


def at_once(*jobs: Callable[[], T]) -> list[T | Exception]:
    """Run all jobs at the same moment, each in a thread; what each returned, or raised."""
    gate = Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T | Exception:
        gate.wait()
        try:
            return job()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def split(outcomes: Sequence[T | Exception]) -> tuple[list[T], list[Exception]]:
    """What was returned, and what was raised."""
    won = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    return won, [outcome for outcome in outcomes if isinstance(outcome, Exception)]
