"""What does a sweep cover? Everything that its scope brought in, frozen under one hash.

A pile is scanned in parts of any size, in any order, by any number of processes: the universe that they
are combined to is the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import polars as pl
from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput
from incidents.sweeps.fingerprint import fingerprint
from incidents.sweeps.matching import match, term_counts
from incidents.sweeps.scope import Scope

COUNTED: Final = ("id", "language", "surface", "matched", "evaded")
"""Columns of what matched that the counts of a universe are made from."""


class TermCount(BaseModel):
    """How many posts one entry of a scope brought in, and how many it alone did."""

    model_config = ConfigDict(frozen=True)

    term: str
    posts: int
    alone: int
    evaded: Mapping[str, int] = {}
    """Trick → posts in which only undoing it showed the entry."""


FLOODS: Final = 0.5
"""Share of all that matched which one entry alone brings in, from which on it is said to flood a sweep."""


class Dry(BaseModel):
    """What a scope would bring in, in numbers."""

    model_config = ConfigDict(frozen=True)

    posts_seen: int
    posts_matched: int
    terms: tuple[TermCount, ...]
    languages: Mapping[str, int]
    surfaces: Mapping[str, int] = {}
    """Posts a surface, of those whose surface is known."""

    @property
    def flooding(self) -> tuple[TermCount, ...]:
        """The entries that bring in more alone than all others together; none where there is only one."""
        if len(self.terms) < 2:
            return ()
        return tuple(term for term in self.terms if term.alone > FLOODS * self.posts_matched)


@dataclass(frozen=True, eq=False)
class Scanned:
    """What a scope found in some of the posts. `matched` comes from `match`, with a `content_hash` each."""

    posts_seen: int
    matched: pl.DataFrame


@dataclass(frozen=True, eq=False)
class Universe:
    """All that one window of a sweep decides about."""

    posts_seen: int
    matched: pl.DataFrame
    """Posts with `matched`, `evaded` and `content_hash`, by time (unknown last), then id."""
    terms: tuple[TermCount, ...]
    languages: Mapping[str, int]
    """Posts a language, by its tag."""
    hash: str
    """SHA-256 over the ids and content hashes: the same posts, the same hash."""
    known: int = 0
    """Posts that matched, but belong to an earlier window already."""
    changed: tuple[str, ...] = ()
    """Ids of those among them whose text is another one by now."""


def scan(posts: pl.DataFrame, scope: Scope) -> Scanned:
    """What a scope finds in some posts, which have the columns of `POST_SCHEMA`."""
    matched = match(posts, scope)
    hashes = [sha256(text.encode()).hexdigest() for text in matched["text"]]
    return Scanned(posts.height, matched.with_columns(pl.Series("content_hash", hashes, dtype=pl.String)))


def combine(parts: Iterable[Scanned], *, earlier: pl.DataFrame | None = None) -> Universe:
    """The universe of all parts together, or of a new window where `earlier` (id, content_hash) is told.

    BadInput where one id stands in two parts. At least one part is needed.
    """
    found = list(parts)
    everything = pl.concat([part.matched for part in found]).sort("posted_at", "id", nulls_last=True)
    refuse_repeated(everything["id"])
    matched, known, changed = _new(everything, earlier)
    return Universe(
        posts_seen=sum(part.posts_seen for part in found),
        matched=matched,
        terms=counts_of_terms(matched),
        languages=_counts(matched, "language"),
        hash=fingerprint(matched["id"], matched["content_hash"]),
        known=known,
        changed=changed,
    )


def gather(posts: pl.DataFrame, scope: Scope) -> Universe:
    """The universe of a scope over a pile that is small enough to be scanned at once."""
    return combine([scan(posts, scope)])


def tally(parts: Iterable[Scanned]) -> Dry:
    """How many posts a scope finds in all parts together, without keeping them."""
    seen, kept = 0, []
    for part in parts:
        seen += part.posts_seen
        kept.append(part.matched.select(COUNTED))
    matched = pl.concat(kept)
    refuse_repeated(matched["id"])
    return Dry(
        posts_seen=seen,
        posts_matched=matched.height,
        terms=counts_of_terms(matched),
        languages=_counts(matched, "language"),
        surfaces=_counts(matched.filter(pl.col("surface").is_not_null()), "surface"),
    )


def counts_of_terms(matched: pl.DataFrame) -> tuple[TermCount, ...]:
    """What each entry of the scope brought in, most posts first."""
    return tuple(_term_count(**row) for row in term_counts(matched).iter_rows(named=True))


def _term_count(*, term: str, posts: int, alone: int, evaded: Mapping[str, int]) -> TermCount:
    by_trick = {trick: count for trick, count in evaded.items() if count}
    return TermCount(term=term, posts=posts, alone=alone, evaded=by_trick)


def _counts(matched: pl.DataFrame, column: str) -> dict[str, int]:
    """Posts for each value of a column, sorted."""
    return dict(matched.group_by(column).len().sort(column).rows())


def refuse_repeated(ids: pl.Series) -> None:
    """BadInput where an id stands twice: one decision would count for two posts."""
    repeated = ids.filter(ids.is_duplicated()).unique().sort()
    if len(repeated):
        some = ", ".join(repeated.head(5))
        raise BadInput(f"{len(repeated):,} ids stand on more than one post: {some}. Make them unique.")


def _new(matched: pl.DataFrame, earlier: pl.DataFrame | None) -> tuple[pl.DataFrame, int, tuple[str, ...]]:
    """What no earlier window holds, how many posts one does, and which of them have changed since."""
    if earlier is None:
        return matched, 0, ()
    before = earlier.select("id", pl.col("content_hash").alias("before"))
    again = matched.select("id", "content_hash").join(before, on="id")
    changed = again.filter(pl.col("content_hash") != pl.col("before"))["id"].sort()
    return matched.join(before, on="id", how="anti", maintain_order="left"), again.height, tuple(changed)
