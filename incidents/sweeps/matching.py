"""Which posts does a scope bring into a sweep, and which of its entries brought them?

Most posts are plain ASCII and hold nothing: one expression over the text as written sets those aside that
need a closer look (`triage`). These are folded and searched for every entry; where a trick shows, it is
undone and the text searched again. Posts are worked through some at a time, so that memory stays flat.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final

import polars as pl

from incidents.sweeps.evasions import Undoing, squeezed
from incidents.sweeps.folding import fold, fold_all, fold_others, fold_plain
from incidents.sweeps.joined import SHORTEST, Splitter, has_humps, may_be_joined, stands_between_humps
from incidents.sweeps.likeness import example_hits
from incidents.sweeps.media import media_hits
from incidents.sweeps.probes import Probe, hidden_probes, parts, probes_of, term_probes, trick_probes
from incidents.sweeps.scope import Scope, Trick
from incidents.sweeps.scripts import WORD, is_unspaced
from incidents.sweeps.searching import HITS, Search
from incidents.sweeps.triage import closer_look

_AT_ONCE: Final = 250_000
"""Posts searched together: enough that starting an expression costs nothing, few enough for a small machine."""


def match(posts: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The posts that the scope brings in, with `matched` and `evaded`: sorted lists of what did.

    An entry of `matched` reads `term:…`, `#…`, `domain:…`, `url:…`, `pattern:…`, `account:…`, `media:…` or
    `example:…`. `evaded` holds those found only by undoing a trick, such as `term:kill|leet`. `posts` has
    the columns of `POST_SCHEMA`; the rows come back ordered by time (unknown last), then id. A post whose
    time, language or region is unknown is kept: a sweep must not lose what it cannot place.
    """
    rows = posts.filter(_in_scope(scope)).with_row_index("_row")
    finder = _finder(scope)
    with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
        found = list(threads.map(finder.hits, rows.iter_slices(_AT_ONCE)))
    hits = pl.concat([HITS.to_frame(), *found])
    matched = _listed(hits, pl.col("label"), "matched")
    tricked = hits.filter(pl.col("trick").is_not_null())
    evaded = _listed(tricked, pl.format("{}|{}", "label", "trick"), "evaded")
    brought = rows.join(matched, on="_row").join(evaded, on="_row", how="left")
    ordered = brought.sort("posted_at", "id", "_row", nulls_last=True).drop("_row")
    return ordered.with_columns(pl.col("evaded").fill_null([]))


def _listed(hits: pl.DataFrame, entry: pl.Expr, name: str) -> pl.DataFrame:
    """For each post, the sorted list of an expression over its hits."""
    entries = hits.select("_row", entry.alias(name)).sort("_row", name)
    return entries.group_by("_row", maintain_order=True).agg(name)


def term_counts(matched: pl.DataFrame) -> pl.DataFrame:
    """How many posts each entry brings in, and how many it alone: which term floods the sweep.

    `matched` comes from `match`. Columns: term, posts, alone, and evaded, which counts for each trick the
    posts where only undoing it found the entry; most posts first.
    """
    tricked = pl.col("evaded").list
    return (
        matched.select(
            pl.col("matched").alias("term"),
            (pl.col("matched").list.len() == 1).alias("alone"),
            "evaded",
        )
        .explode("term", empty_as_null=False)
        .with_columns(
            tricked.contains(pl.format("{}|{}", "term", pl.lit(trick.value))).alias(trick.value)
            for trick in Trick
        )
        .group_by("term")
        .agg(
            pl.len().cast(pl.Int64).alias("posts"),
            pl.col("alone").sum().cast(pl.Int64),
            pl.struct(pl.col(trick.value).sum().cast(pl.Int64) for trick in Trick).alias("evaded"),
        )
        .sort(["posts", "term"], descending=[True, False])
    )


def _in_scope(scope: Scope) -> pl.Expr:
    keep = [pl.lit(value=True)]
    posted, language = pl.col("posted_at"), pl.col("language").str.to_lowercase().str.replace_all("_", "-")
    if scope.since:
        keep.append(posted.is_null() | (posted >= scope.since))
    if scope.until:
        keep.append(posted.is_null() | (posted < scope.until))
    if scope.languages:
        wanted = "|".join(scope.languages)  # tags hold letters, digits and hyphens only
        unknown = language.is_null() | language.is_in(["", "und"])
        keep.append(unknown | language.str.contains(rf"^(?:{wanted})(?:-|$)"))
    if scope.regions:
        keep.append(pl.col("region").is_null() | pl.col("region").str.to_uppercase().is_in(scope.regions))
    return pl.all_horizontal(keep)


@lru_cache(maxsize=2)
def _finder(scope: Scope) -> "_Finder":
    """Prepared once for all partitions of a pile."""
    return _Finder(scope)


class _Finder:
    """Finds what a scope looks for, in some posts at a time; everything is prepared once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        standing = [*probes_of(scope), *hidden_probes(scope)]
        self._plain = Search(standing)
        self._excluded = Search(list(term_probes(scope.excluded_terms)))
        self._splitter = Splitter(map(fold, scope.terms)) if Trick.joined in scope.tricks else None
        tricks = {trick: probes for trick, probes in trick_probes(scope).items() if probes}
        self._undoings = {trick: Undoing(trick, _words(scope, probes)) for trick, probes in tricks.items()}
        self._undone = Search([probe for probes in tricks.values() for probe in probes])
        signs = [undoing.plain_sign for undoing in self._undoings.values() if undoing.plain_sign]
        needs_all = bool(scope.patterns or scope.examples)
        self._is_closer = pl.lit(value=True) if needs_all else closer_look(standing, signs)

    def hits(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Columns of HITS, one row for each post and entry."""
        texts = _folded(rows.select("_row", "text").filter(self._is_closer))
        found = pl.concat(
            [*self._in_words(texts), *self._in_texts(texts), *self._in_columns(rows)], how="diagonal"
        ).select(pl.col(name).cast(kind) for name, kind in HITS.items())
        return self._without_excluded(rows, _plainest(found))

    def _in_words(self, texts: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """What stands in the texts, and what does once their tricks are undone."""
        found = self._plain.found(texts, longest=SHORTEST if self._splitter else 0)
        standing = found.hits
        if self._splitter and found.inside.height:
            standing = pl.concat([standing, _joined(self._splitter, texts, found.inside)])
        yield standing
        if self._undoings:
            undone = self._undone.found(pl.concat(self._readings(texts))).hits
            # A trick that is undone elsewhere in the text is not what an entry was found by.
            yield undone.join(standing, on=["_row", "label"], how="anti")

    def _readings(self, texts: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """What the texts may have said before each trick: columns _row, folded, trick."""
        shown = pl.concat(undoing.suspects(texts)["_row"] for undoing in self._undoings.values())
        texts = texts.filter(pl.col("_row").is_in(shown.implode()))
        for trick, undoing in self._undoings.items():
            changed = undoing.undone(texts)
            yield changed.with_columns(pl.lit(trick.value).alias("trick"))
            # What looks like a trick may be none: there the text as it stands is looked at further too.
            kept = texts if undoing.may_err else texts.join(changed, on="_row", how="anti")
            texts = pl.concat([kept.select("_row", "folded"), changed])

    def _in_texts(self, texts: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Expressions that a person wrote, in the text as written or as folded; and examples."""
        for pattern in self._scope.patterns:
            found = texts.filter(pl.any_horizontal(pl.col("text", "folded").str.contains(pattern)))
            yield found.select("_row", pl.lit(f"pattern:{pattern}").alias("label"))
        if self._scope.examples:
            yield example_hits(texts, self._scope.examples)

    def _in_columns(self, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        if self._scope.accounts:
            name = pl.Series("name", fold_all(rows["author"].fill_null(""))).str.strip_chars_start("@")
            written = rows.select("_row", pl.format("account:{}", name).alias("label"))
            yield written.filter(name.is_in(self._scope.accounts))
        if self._scope.media:
            yield media_hits(rows, self._scope.media)

    def _without_excluded(self, rows: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
        if not self._scope.excluded_terms:
            return hits
        texts = _folded(rows.join(hits, on="_row", how="semi"))
        return hits.join(self._excluded.found(texts).hits, on="_row", how="anti")


def _folded(rows: pl.DataFrame) -> pl.DataFrame:
    """Columns _row, text, folded, in no order."""
    texts = rows.select("_row", pl.col("text").fill_null(""))
    plain = texts["text"].str.len_bytes() == texts["text"].str.len_chars()
    halves = (texts.filter(plain), fold_plain), (texts.filter(~plain), fold_others)
    return pl.concat([half.with_columns(way(half["text"]).alias("folded")) for half, way in halves])


def _joined(splitter: Splitter, texts: pl.DataFrame, inside: pl.DataFrame) -> pl.DataFrame:
    """Which of the words inside of others are there on purpose."""
    words = inside.filter(may_be_joined(pl.col("word"))).select("literal", "word").unique()
    made = [splitter.is_made_of(literal, word) for literal, word in words.iter_rows()]
    humped = inside.join(texts.filter(has_humps(pl.col("text"))), on="_row")
    told = humped.select("literal", "word", "text").iter_rows()
    shown = pl.Series([stands_between_humps(*row) for row in told], dtype=pl.Boolean)
    both = (
        inside.join(words.filter(pl.Series(made, dtype=pl.Boolean)), on=["literal", "word"]),
        humped.filter(shown),
    )
    trick = pl.lit(Trick.joined.value).alias("trick")
    return pl.concat([some.select("_row", "label", trick) for some in both]).unique()


def _words(scope: Scope, probes: Iterable[Probe]) -> list[str]:
    """All words that a trick may hide, but for single letters of scripts with spaces, which are everywhere."""
    literals = [*(word for term in scope.terms for word in parts(term)), *scope.hashtags]
    literals += [probe.literal for probe in probes]
    words = {word for literal in literals for word in WORD.findall(literal)}
    words |= {squeezed(word) for word in words}
    return sorted(word for word in words if len(word) > 1 or is_unspaced(word))


def _plainest(hits: pl.DataFrame) -> pl.DataFrame:
    """One row for each post and entry: found plainly where it was, else by the first trick."""
    rank = pl.col("trick").replace_strict(
        list(Trick), range(1, len(Trick) + 1), default=0, return_dtype=pl.Int8
    )
    return hits.sort(rank).unique(["_row", "label"], keep="first", maintain_order=True)
