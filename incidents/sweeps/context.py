"""Does a post say its text itself, or does it quote, contradict or report it?

Words alone answer here, those of context.yaml, so the answer is a reason to look, never a verdict. The same
words guard inheritance: a copy that has one more or one less of them than its head is not covered.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict

from incidents.sweeps.letters import HANDLE, LEAD, LINK, TAIL, UNSEEN, letters

_FILE: Final = Path(__file__).with_name("context.yaml")

Context = Literal["counter", "news", "quote"]
"""The first that fits is the one that a post gets."""

CONTEXTS: Final[tuple[Context, ...]] = get_args(Context)

_PAIRS: Final = ("“”", "„“", "””", "«»", "»«", "‹›", "「」", "『』", "《》", '""')
_QUOTED_LETTERS: Final = 12
"""Characters between quotation marks from which on they hold a statement: fewer hold a word or a title."""
_UNSPACED: Final = r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]"
_FEWER_IN_UNSPACED: Final = 5
_TELLING_IN_TAGS: Final = 4
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
    small: tuple[str, ...]


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
    - `handles` and `named`: every handle in it, and those that the sentence itself names, sorted
    - `links`: the addresses in it, sorted, those of shorteners included
    """
    frame = pl.DataFrame({"text": texts.fill_null("").str.replace_all(UNSEEN, ""), "words": words})
    every = sorted({mark for marks in _marks().values() for mark in marks})
    spaced = pl.concat_str(pl.lit(" "), "words", pl.lit(" "))
    read = frame.with_columns(
        spaced.str.contains_any(_marks()["counter"]).alias("counter") | _contrary_hashtag(),
        spaced.str.contains_any(_marks()["news"]).alias("news"),
        _quotes().alias("quote"),
        spaced.str.extract_many(every, overlapping=True).list.sort().list.join("|").alias("said"),
    )
    return read.select(
        pl.coalesce(pl.when(kind).then(pl.lit(kind)) for kind in CONTEXTS).alias("context"),
        pl.concat_str("said", _signs(), "counter", "quote", _asks(), _harmful_hashtag(), separator="\n").alias(
            "marks"
        ),
        _handles(pl.col("text")).alias("handles"),
        _named().alias("named"),
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
def small_words() -> frozenset[str]:
    """Words, folded, that leave a text what it was whether they stand in it or not."""
    return frozenset(letters(pl.Series(_lists().small))["words"]) - _mark_streams()


@cache
def _mark_streams() -> frozenset[str]:
    return frozenset(mark.replace(" ", "") for marks in _marks().values() for mark in marks)


@cache
def _marks() -> dict[str, list[str]]:
    """The words of each kind in all languages, folded as posts are; between spaces where words have any."""
    listed = pl.DataFrame(
        [(kind, word) for of in _lists().words.values() for kind, some in of for word in some],
        schema={"kind": pl.String, "word": pl.String},
        orient="row",
    )
    folded = listed.with_columns(letters(listed["word"])["words"].alias("word")).filter(pl.col("word") != "")
    padded = pl.when(pl.col("word").str.contains(_UNSPACED)).then("word").otherwise(pl.format(" {} ", "word"))
    kinds = (
        folded.select("kind", padded).unique().sort("word").group_by("kind", maintain_order=True).agg("word")
    )
    return dict(kinds.iter_rows())


def _contrary_hashtag() -> pl.Expr:
    return _hashtag_with(_lists().hashtags)


def _harmful_hashtag() -> pl.Expr:
    """In a tag words have no ends, so that only longer ones tell anything."""
    harm = (word for of in _lists().words.values() for word in of.harm if len(word) >= _TELLING_IN_TAGS)
    return _hashtag_with(sorted(set(harm)))


def _hashtag_with(parts: Iterable[str]) -> pl.Expr:
    alternatives = "|".join(part.replace(" ", "") for part in parts)
    return pl.col("text").str.contains(rf"(?i)#\w*(?:{alternatives})")


def _quotes() -> pl.Expr:
    """Whether something is quoted: a statement between marks, or a post passed on with a comment before it."""
    between = "|".join(
        rf"{first}(?:[^{first}{last}]{{{_QUOTED_LETTERS},}}|[^{first}{last}]*{_UNSPACED}"
        rf"[^{first}{last}]{{{_FEWER_IN_UNSPACED},}}){last}"
        for first, last in _PAIRS
    )
    commented = pl.col("text").str.replace(LEAD, "").str.contains(_RETWEET_WITH_COMMENT)
    return pl.col("text").str.contains(between) | commented


def _signs() -> pl.Expr:
    found = pl.col("text").str.extract_many(list(_lists().signs))
    return found.list.unique().list.sort().list.join("")


def _asks() -> pl.Expr:
    return pl.col("text").str.contains(r"[?？؟]")


def _named() -> pl.Expr:
    """Inside the sentence a handle is its subject or object; at its ends it only says who shall read it."""
    return _handles(pl.col("text").str.replace(LEAD, "").str.replace(TAIL, ""))


def _handles(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.extract_all(HANDLE).list.unique().list.sort()
