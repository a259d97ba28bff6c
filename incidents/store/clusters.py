"""Which texts of a sweep were spread most? Its clusters, the largest first, without a word of them."""

from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.store.engine import Work
from incidents.store.said import holds
from incidents.store.schema import decisions, items
from incidents.sweeps.decisions import Verdict


class Cluster(BaseModel):
    """Posts that are copies of one another, or nearly so."""

    model_config = ConfigDict(frozen=True)

    head: str = Field(description="Id of the post that stands for the others.")
    posts: int
    covered: int = Field(description="Those of them that inherit the decision of another.")
    reach: int = Field(description="Views of all of them together.")
    languages: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None
    verdict: Verdict | None = Field(description="What was decided about the head.")
    violates: int = Field(description="Posts of it whose decision is that they violate.")


def clusters_of(work: Work, sweep: str, *, most: int, team: str | None = None) -> list[Cluster]:
    """The largest clusters of a sweep, or those of one team's posts; then by reach, then by head."""
    rows = work.execute(_largest(sweep, most, team)).all()
    heads = [row.head for row in rows]
    tags, said = _languages(work, sweep, heads, team), _verdicts(work, sweep, heads)
    return [Cluster(**row._mapping, languages=tags[row.head], verdict=said.get(row.head)) for row in rows]


def _largest(sweep: str, most: int, team: str | None) -> sa.Select[tuple[str, int]]:
    kind = items.c.posted_at.type
    posts, reach = sa.func.count().label("posts"), sa.func.sum(items.c.reach).label("reach")
    return (
        sa.select(
            items.c.cluster.label("head"),
            posts,
            sa.func.count().filter(items.c.read_as != items.c.item).label("covered"),
            reach,
            sa.func.min(items.c.posted_at, type_=kind).label("first_seen"),
            sa.func.max(items.c.posted_at, type_=kind).label("last_seen"),
            sa.func.count().filter(decisions.c.verdict == Verdict.violates.value).label("violates"),
        )
        .select_from(items.outerjoin(decisions, holds()))
        .where(_of(sweep, team), items.c.cluster.is_not(None))
        .group_by(items.c.cluster)
        .having(sa.func.count() > 1)
        .order_by(posts.desc(), reach.desc(), items.c.cluster)
        .limit(most)
    )


def _languages(work: Work, sweep: str, heads: list[str], team: str | None) -> dict[str, tuple[str, ...]]:
    statement = (
        sa.select(items.c.cluster, items.c.language)
        .where(_of(sweep, team), items.c.cluster.in_(heads))
        .distinct()
        .order_by(items.c.cluster, items.c.language)
    )
    found: dict[str, tuple[str, ...]] = {}
    for cluster, language in work.execute(statement):
        found[cluster] = (*found.get(cluster, ()), language)
    return found


def _verdicts(work: Work, sweep: str, heads: list[str]) -> dict[str, Verdict]:
    statement = sa.select(decisions.c.item, decisions.c.verdict).where(
        decisions.c.sweep_id == sweep, decisions.c.item.in_(heads), decisions.c.superseded_at.is_(None)
    )
    return {item: Verdict(verdict) for item, verdict in work.execute(statement)}


def _of(sweep: str, team: str | None) -> sa.ColumnElement[bool]:
    return sa.and_(items.c.sweep_id == sweep, items.c.team == team if team is not None else sa.true())
