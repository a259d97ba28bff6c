"""Does a post say its text itself, or does it quote, contradict or report it?

Words alone answer here, those of context.yaml, so the answer is a reason to look, never a verdict. The same
words guard inheritance: a copy that has one more or one less of them than its head is not covered.
"""

from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict

from incidents.sweeps.letters import HANDLE, LINK, letters

_FILE: Final = Path(__file__).with_name("context.yaml")

Context = Literal["counter", "news", "quote"]
"""The first that fits is the one that a post gets."""

CONTEXTS: Final[tuple[Context, ...]] = get_args(Context)

_PAIRS: Final = ("“”", "„“", "””", "«»", "»«", "‹›", "「」", "『』", "《》", '""')
_QUOTED_LETTERS: Final = 12
"""Characters between quotation marks from which on they hold a statement: fewer hold a word or a title."""
_UNSPACED: Final = r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]"
_FEWER_IN_UNSPACED: Final = 5
_RETWEET_CHAIN: Final = r"(?i)^\s*(?:\.?@[a-z0-9_]+[\s:,]*)*(?:rt\b[\s:]*@[a-z0-9_]+[\s:]*)*"
_RETWEET_WITH_COMMENT: Final = r"(?i)\b[rq]t\b[\s:]*@[a-z0-9_]"


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    negation: tuple[str, ...]
    harm: tuple[str, ...]
    source: tuple[str, ...]
    counter: tuple[str, ...]
    news: tuple[str, ...]


class _Lists(BaseModel):
    """All of context.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: dict[str, _Words]
    signs: tuple[str, ...]
    hashtags: tuple[str, ...]
    shorteners: tuple[str, ...]


@cache
def _lists() -> _Lists:
    return _Lists.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def languages() -> tuple[str, ...]:
    """The languages that have words, as BCP 47 tags."""
    return tuple(sorted(_lists().words))


def read_contexts(texts: pl.Series, words: pl.Series) -> pl.DataFrame:
    """One row a text, in order: what turns it around, beside its letters.

    `words` are the texts' own from `letters`. Columns:
    - `context`: counter, news, quote or null
    - `marks`: every word, sign and mark that could turn the verdict, as one string to compare
    - `links`: the addresses in it, sorted, those of shorteners included
    """
    frame = pl.DataFrame({"text": texts.fill_null(""), "words": words})
    spaced = pl.concat_str(pl.lit(" "), "words", pl.lit(" "))
    read = frame.with_columns(
        spaced.str.contains_any(list(_patterns("counter"))).alias("counter") | _contrary_hashtag(),
        spaced.str.contains_any(list(_patterns("news"))).alias("news"),
        _quotes().alias("quote"),
        spaced.str.extract_many(list(_every_mark()), overlapping=True).list.sort().list.join("|").alias("said"),
    )
    return read.select(
        pl.coalesce(pl.when(kind).then(pl.lit(kind)) for kind in CONTEXTS).alias("context"),
        pl.concat_str("said", _signs(), "counter", "quote", _asks(), _named_handles(), separator="\n").alias(
            "marks"
        ),
        pl.col("text")
        .str.extract_all(LINK)
        .list.eval(pl.element().str.to_lowercase())
        .list.sort()
        .alias("links"),
    )


def hosts(links: pl.Expr) -> pl.Expr:
    """The hosts of a column of links, without those of shorteners, which tell nothing."""
    host = pl.element().str.extract(r"^(?:https?://)?(?:www\.)?([^/:?#]+)")
    return links.list.eval(host.filter(~host.is_in(list(_lists().shorteners)))).list.unique().list.sort()


def is_mark(stream: str) -> bool:
    """Whether these letters, without spaces, are one of the words that turn a text around."""
    return stream in _mark_streams()


@cache
def _mark_streams() -> frozenset[str]:
    return frozenset(mark.replace(" ", "") for mark in _every_mark())


@cache
def _every_mark() -> tuple[str, ...]:
    kinds = tuple(_Words.model_fields)
    return tuple(sorted({mark for kind in kinds for mark in _patterns(kind)}))


@cache
def _patterns(kind: str) -> tuple[str, ...]:
    """The words of a kind in all languages, folded as posts are; between spaces where words have any."""
    listed = pl.Series([word for of in _lists().words.values() for word in getattr(of, kind)], dtype=pl.String)
    folded = letters(listed).select("words").filter(pl.col("words") != "").to_series().unique().sort()
    unspaced = folded.str.contains(_UNSPACED)
    padded = pl.DataFrame({"word": folded, "unspaced": unspaced}).select(
        pl.when("unspaced").then("word").otherwise(pl.format(" {} ", "word"))
    )
    return tuple(padded.to_series().to_list())


def _contrary_hashtag() -> pl.Expr:
    parts = "|".join(_lists().hashtags)
    return pl.col("text").str.contains(rf"(?i)#\w*(?:{parts})")


def _quotes() -> pl.Expr:
    """Whether something is quoted: a statement between marks, or a post passed on with a comment before it."""
    between = "|".join(
        rf"{first}(?:[^{first}{last}]{{{_QUOTED_LETTERS},}}|[^{first}{last}]*{_UNSPACED}"
        rf"[^{first}{last}]{{{_FEWER_IN_UNSPACED},}}){last}"
        for first, last in _PAIRS
    )
    commented = pl.col("text").str.replace(_RETWEET_CHAIN, "").str.contains(_RETWEET_WITH_COMMENT)
    return pl.col("text").str.contains(between) | commented


def _signs() -> pl.Expr:
    found = pl.col("text").str.extract_many(list(_lists().signs))
    return found.list.unique().list.sort().list.join("")


def _asks() -> pl.Expr:
    return pl.col("text").str.contains(r"[?？؟]").cast(pl.String)


def _named_handles() -> pl.Expr:
    """Handles inside the sentence, where they are its subject or object; not those it begins or ends with."""
    inside = pl.col("text").str.replace(_RETWEET_CHAIN, "").str.replace(_ENDING, "")
    return (
        inside.str.to_lowercase()
        .str.extract_all(HANDLE)
        .list.eval(pl.element().str.strip_chars_start())
        .list.sort()
        .list.join(" ")
    )


_ENDING: Final = rf"(?i)(?:\s+(?:{LINK[4:]}|#\w+|\(?via|@[a-z0-9_]+\)?))+[\s.!…]*$"
