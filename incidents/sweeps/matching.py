"""Which posts does a scope bring into a sweep, and which of its entries brought them?

Two passes keep it fast: one alternation of plain literals over all folded texts finds the candidates,
then each candidate is checked against the expression of just those entries whose letters it holds.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import polars as pl

from incidents.sweeps.scope import Scope, fold

# Scripts written without spaces: Thai and Lao, Myanmar, Khmer, Kana, Han. Spelt as ranges because the
# classes \p{Han}… make an expression six times slower to compile, and there is one for each entry.
_UNSPACED_RANGES = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1780", "\u17ff"),
    ("\u3005", "\u3007"),
    ("\u3031", "\u30ff"),
    ("\u3400", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)
_UNSPACED = "".join(f"{low}-{high}" for low, high in _UNSPACED_RANGES)
_LEFT = rf"(?:\b{{start-half}}|[{_UNSPACED}])"
_RIGHT = rf"(?:\b{{end-half}}|[{_UNSPACED}])"

# Particles that are written onto the word. Arabic: and/so, with/as/for/will, the. Hebrew: and, the, in, as,
# to, from, that. The plural and possessive endings are Persian and Arabic. Korean particles follow the noun.
_BEFORE = {"ARABIC": "[وف]?(?:[بكل]?ال|لل|[بكلس])?", "HEBREW": "[והבכלמש]{0,3}"}
_AFTER = {"ARABIC": "(?:ها(?:ي{1,2})?)?"}

# A host starts the name or follows a dot; `evil-example.com` is another host, and so is
# `example.com.evil.org`; in `example.com@evil.org` it is only a user name.
_HOST_LEFT = rf"(?:^|[^\w\-]|[{_UNSPACED}]|%2f)"
_HOST_RIGHT = rf"[.\-]*(?:$|[^\w.\-@]|[{_UNSPACED}])"

_MOST_LETTERS = 100_000
"""Beyond this many letters an alternation nears the size that the engine refuses (10 MB compiled)."""


class _Probe(NamedTuple):
    """One entry of a scope: the letters that a text must hold, and the expression that then decides."""

    label: str
    literal: str
    expression: str


def match(posts: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The posts that the scope brings in, with `matched`: the sorted list of the entries that did.

    An entry reads `term:…`, `#…`, `domain:…` or `pattern:…`. `posts` has the columns of `POST_SCHEMA`; the
    rows come back ordered by time (unknown last), then id. A post whose time or language is unknown is
    kept: a sweep must not lose what it cannot place.
    """
    rows = posts.filter(_in_scope(scope)).with_row_index("_row")
    texts = _folded(rows)
    hits = pl.concat([_literal_hits(texts, list(_probes(scope))), _pattern_hits(texts, scope.patterns)])
    excluded = _literal_hits(texts.join(hits, on="_row", how="semi"), list(_terms(scope.excluded_terms)))
    matched = (
        hits.join(excluded, on="_row", how="anti")
        .group_by("_row")
        .agg(pl.col("label").unique().sort().alias("matched"))
    )
    return rows.join(matched, on="_row").sort("posted_at", "id", "_row", nulls_last=True).drop("_row")


def term_counts(matched: pl.DataFrame) -> pl.DataFrame:
    """How many posts each entry brings in, and how many it alone: which term floods the sweep.

    `matched` comes from `match`. Columns: term, posts, alone; most posts first.
    """
    return (
        matched.select(pl.col("matched").alias("term"), (pl.col("matched").list.len() == 1).alias("alone"))
        .explode("term", empty_as_null=False)
        .group_by("term")
        .agg(pl.len().cast(pl.Int64).alias("posts"), pl.col("alone").sum().cast(pl.Int64))
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
    return pl.all_horizontal(keep)


def _folded(rows: pl.DataFrame) -> pl.DataFrame:
    """Columns _row, text, folded. Plain ASCII, most of a pile, is folded by columns; the rest by `fold`."""
    text = pl.col("text")
    texts = rows.select("_row", text.fill_null(""))
    plain = text.str.len_bytes() == text.str.len_chars()
    squeezed = text.str.to_lowercase().str.replace_all(r"[\t-\r\x1c-\x1f]| [\s\x1c-\x1f]+", " ")
    ascii_rows = texts.filter(plain).with_columns(_single_spaced(squeezed).alias("folded"))
    other = texts.filter(~plain)
    other_folded = pl.Series("folded", [fold(value) for value in other["text"]], dtype=pl.String)
    return ascii_rows.vstack(other.with_columns(other_folded))


def _single_spaced(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all("  +", " ").str.strip_chars(" ")


def _literal_hits(texts: pl.DataFrame, probes: list[_Probe]) -> pl.DataFrame:
    """Columns _row, label: the probes that hit, once a text."""
    literals = sorted({probe.literal for probe in probes})
    if not literals:
        return _no_hits()
    table = pl.DataFrame(probes, schema=["label", "literal", "expression"], orient="row")
    candidates = texts.filter(_holds_any(literals))
    return (
        candidates.select("_row", "folded", _found(literals))
        .explode("literal", empty_as_null=False)
        .join(table, on="literal")
        # Sorted, so that the engine's cache of compiled expressions is hit for every row but the first.
        .sort("expression", "_row")
        .filter(pl.col("folded").str.contains(pl.col("expression")))
        .select("_row", "label")
        .unique()
    )


def _found(literals: list[str]) -> pl.Expr:
    found = pl.col("folded").str.extract_many(literals, overlapping=True)
    return found.list.unique().alias("literal")


def _holds_any(literals: list[str]) -> pl.Expr:
    """One alternation is up to four times as fast as Aho-Corasick at a few hundred literals."""
    if sum(map(len, literals)) > _MOST_LETTERS:
        return pl.col("folded").str.contains_any(literals)
    return pl.col("folded").str.contains("|".join(map(_quoted, literals)))


def _pattern_hits(texts: pl.DataFrame, patterns: Iterable[str]) -> pl.DataFrame:
    """As `_literal_hits`, for expressions that a person wrote: in the text as written, or as folded."""
    found = [
        texts.filter(pl.any_horizontal(pl.col("text", "folded").str.contains(pattern))).select(
            "_row", pl.lit(f"pattern:{pattern}").alias("label")
        )
        for pattern in patterns
    ]
    return pl.concat([_no_hits(), *found])


def _no_hits() -> pl.DataFrame:
    return pl.DataFrame(schema={"_row": pl.get_index_type(), "label": pl.String()})


def _probes(scope: Scope) -> Iterator[_Probe]:
    yield from _terms(scope.terms)
    for tag in scope.hashtags:
        # As in twitter-text: not inside a word, an entity (&#39;) or the path of an address.
        left = rf"(?:^|[^\w&/]|[{_UNSPACED}])"
        yield _Probe(f"#{tag}", f"#{tag}", rf"{left}{_quoted('#' + tag)}\b{{end-half}}")
    for host in scope.domains:
        for spelling in sorted({host, fold(host.encode("ascii").decode("idna"))}):
            expression = _HOST_LEFT + _quoted(spelling) + _HOST_RIGHT
            yield _Probe(f"domain:{host}", spelling, expression)


def _terms(terms: Iterable[str]) -> Iterator[_Probe]:
    for term in terms:
        literal = fold(term)
        yield _Probe(f"term:{term}", literal, _left(literal[0]) + _quoted(literal) + _right(literal[-1]))


def _left(first: str) -> str:
    """What may stand before a term that begins with this character."""
    return _LEFT + _BEFORE.get(_script(first), "") if _is_edge(first) else ""


def _right(last: str) -> str:
    """What may stand after a term that ends with this character."""
    if not _is_edge(last) or _script(last) == "HANGUL":
        return ""
    return _AFTER.get(_script(last), "") + _RIGHT


def _is_edge(character: str) -> bool:
    """Whether a word of a script with spaces begins or ends here."""
    category = unicodedata.category(character)
    in_word = category[0] in "LMN" or category == "Pc"
    return in_word and not any(low <= character <= high for low, high in _UNSPACED_RANGES)


def _script(character: str) -> str:
    """First word of the character's name, which is its script for letters: the library knows no other."""
    return unicodedata.name(character, "").split(" ")[0]


def _quoted(literal: str) -> str:
    """The literal as an expression of Rust's regex."""
    return "".join(f"\\{c}" if c in r"\.+*?()|[]{}^$#&-~/" else c for c in literal)
