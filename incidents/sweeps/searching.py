"""Which probes hit which folded texts?

Two passes keep it fast: one search for all literals finds where they stand, then the characters beside each
place say whether a word begins and ends there. An expression is asked only where particles may be written
onto the word, and for what is no word.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from incidents.sweeps.literals import holds_any
from incidents.sweeps.probes import Probe, ends_word, has_endings, has_prefixes
from incidents.sweeps.scripts import UNSPACED, is_edge

_LONGEST_WORD: Final = 300
"""Bytes of a word that anybody would read; what is longer is looked into by nobody."""

_OUTSIDE, _WITHIN, _UNTOLD = 0, 1, 2
_APART: Final = rf"^(?:\W|[{UNSPACED}]|$)"
"""What a character is beside which a word begins or ends, for Rust's regex."""
_WIDEST: Final = 4
"""Bytes of a character in UTF-8."""

_KINDS: Final = np.array(
    [_UNTOLD if byte > 127 else int(chr(byte).isalnum() or byte == ord("_")) for byte in range(256)],
    dtype=np.uint8,
)
"""Whether a byte of UTF-8 is outside of words, inside one, or not to be told without its neighbours."""

HITS: Final = pl.Schema({"_row": pl.get_index_type(), "label": pl.String(), "trick": pl.String()})
"""A row for each text and entry; `trick` is empty where the entry stands plainly."""

_INSIDE: Final = pl.Schema(
    {"_row": pl.get_index_type(), "label": pl.String(), "literal": pl.String(), "word": pl.String()}
)


_PAIR: Final = ("text", "probe")


class Found(NamedTuple):
    """What a search found: hits, and where a word stands inside of a longer one."""

    hits: pl.DataFrame
    inside: pl.DataFrame
    """Columns _row, label, literal, word."""


class Search:
    """Finds some probes in any number of texts; everything is prepared once."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._literals = sorted({probe.literal for probe in probes})
        self._holds_any = holds_any(pl.col("folded"), self._literals)
        self._table = _table(probes)
        self._named = _numbered([(probe.label, probe.trick) for probe in probes], ("label", "trick"))
        self._expressions = _numbered([(probe.expression,) for probe in probes], ("expression",))

    def found(self, texts: pl.DataFrame, *, longest: int = 0) -> Found:
        """Which probes hit which of `texts` (columns _row, folded).

        Where these have a column `trick`, only the probes of that trick do. Words of at least `longest` bytes
        around the literal of a word are told in `inside`; with 0, none are.
        """
        candidates = texts.filter(self._holds_any)
        if not candidates.height:
            return Found(HITS.to_frame(), _INSIDE.to_frame())
        candidates = candidates.select("_row", "folded", "^trick$").with_row_index("text")
        raw = _bytes(candidates["folded"])
        places = _decided(_places(candidates, self._literals), raw, self._table)
        sure = places.filter("sure").select(_PAIR).unique()
        asked = places.filter("unsure").select(_PAIR).unique().join(sure, on=_PAIR, how="anti")
        hits = pl.concat([sure, self._asked(candidates, asked)])
        around = _words_around(places.join(hits, on=_PAIR, how="anti"), raw, longest) if longest else None
        named = self._told(candidates, hits, HITS)
        return Found(named, _INSIDE.to_frame() if around is None else self._told(candidates, around, _INSIDE))

    def _asked(self, candidates: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
        """Those of the pairs of text and probe where the expression hits."""
        return (
            pairs.join(self._expressions, on="probe")
            .join(candidates, on="text")
            # Sorted, so that the engine's cache of compiled expressions is hit for every row but the first.
            .sort("expression", "text")
            .filter(pl.col("folded").str.contains(pl.col("expression")))
            .select(_PAIR)
        )

    def _told(self, candidates: pl.DataFrame, found: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
        """With the row of the text and the label of the probe, in place of their numbers."""
        rows = found.join(candidates.select("text", "_row"), on="text").join(self._named, on="probe")
        return rows.select(schema.names()).unique()


def _numbered(values: Sequence[tuple[str | None, ...]], names: Sequence[str]) -> pl.DataFrame:
    frame = pl.DataFrame(values, schema=dict.fromkeys(names, pl.String()), orient="row")
    return frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("probe"), *names)


def _table(probes: Sequence[Probe]) -> pl.DataFrame:
    """By the number of each probe: its literal, and which of its ends need the boundary of a word."""
    rows = [
        (number, probe.literal, probe.trick, probe.is_word, *_ends(probe.literal))
        for number, probe in enumerate(probes)
    ]
    flags = ("is_word", "begins", "ends", "has_prefixes", "has_endings")
    schema = {"probe": pl.UInt32(), "literal": pl.String(), "trick": pl.String()} | dict.fromkeys(
        flags, pl.Boolean()
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def _ends(literal: str) -> tuple[bool, bool, bool, bool]:
    """Whether a word begins and ends with the literal, and whether particles may be written onto it there."""
    first, last = literal[0], literal[-1]
    return is_edge(first), ends_word(last), has_prefixes(first), has_endings(last)


def _bytes(folded: pl.Series) -> npt.NDArray[np.uint8]:
    """All texts in one array, with a byte before each and one after the last that is in no word."""
    return np.frombuffer(f"\0{folded.str.join(chr(0)).item()}\0".encode(), dtype=np.uint8)


def _places(candidates: pl.DataFrame, literals: Sequence[str]) -> pl.DataFrame:
    """Where each literal stands: columns text (by number), literal, at (of all bytes), size."""
    folded = pl.col("folded")
    taken = (folded.str.len_bytes().cast(pl.Int64) + 1).cum_sum()
    found = candidates.select(
        *("text", "^trick$"),
        (taken.shift(1, fill_value=0) + 1).alias("start"),
        folded.str.extract_many(list(literals), overlapping=True).alias("literal"),
        folded.str.find_many(list(literals), overlapping=True).alias("at"),
    ).explode("literal", "at", empty_as_null=False)
    return found.select(
        *("text", "^trick$", "literal"),
        (pl.col("start") + pl.col("at")).alias("at"),
        pl.col("literal").str.len_bytes().alias("size"),
    )


def _decided(places: pl.DataFrame, raw: npt.NDArray[np.uint8], table: pl.DataFrame) -> pl.DataFrame:
    """Each place with its probes, and whether the bytes beside it say sure or leave it unsure."""
    at, size = places["at"].to_numpy(), places["size"].to_numpy()
    beside = places.with_columns(
        pl.Series("before", _before(raw, at)), pl.Series("after", _behind(raw, at + size))
    )
    on = ["literal", "trick"] if "trick" in places.columns else ["literal"]
    left = pl.when("begins").then("before").otherwise(_OUTSIDE)
    right = pl.when("ends").then("after").otherwise(_OUTSIDE)
    both_open = (left == _OUTSIDE) & (right == _OUTSIDE)
    left_shut = (left == _WITHIN) | ((left == _UNTOLD) & ~pl.col("has_prefixes"))
    right_shut = (right == _WITHIN) | ((right == _UNTOLD) & ~pl.col("has_endings"))
    one_shut = left_shut | right_shut
    return beside.join(table, on=on).with_columns(
        (pl.col("is_word") & both_open).alias("sure"),
        (~pl.col("is_word") | ~(both_open | one_shut)).alias("unsure"),
    )


def _before(raw: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Of which kind the character before each place is; untold are letters and the like beyond ASCII."""
    kinds = _KINDS[raw[at - 1]]
    untold = np.flatnonzero(kinds == _UNTOLD)
    beside = [raw[max(0, end - _WIDEST) : end].tobytes().decode(errors="ignore")[-1:] for end in at[untold]]
    kinds[untold[_is_apart(beside)]] = _OUTSIDE
    return kinds


def _behind(raw: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Of which kind the character is that begins at each place."""
    kinds = _KINDS[raw[at]]
    untold = np.flatnonzero(kinds == _UNTOLD)
    beside = [raw[start : start + _WIDEST].tobytes().decode(errors="ignore")[:1] for start in at[untold]]
    kinds[untold[_is_apart(beside)]] = _OUTSIDE
    return kinds


def _is_apart(characters: list[str]) -> npt.NDArray[np.bool_]:
    apart: npt.NDArray[np.bool_] = pl.Series(characters, dtype=pl.String).str.contains(_APART).to_numpy()
    return apart


def _words_around(places: pl.DataFrame, raw: npt.NDArray[np.uint8], longest: int) -> pl.DataFrame:
    """Columns text, probe, literal, word: where the literal is part of a word of `longest` bytes or more."""
    places = places.filter(pl.col("is_word") & ~pl.col("sure"))
    breaks = np.flatnonzero(_KINDS[raw] == _OUTSIDE)
    after = np.searchsorted(breaks, places["at"].to_numpy())
    begin, end = breaks[after - 1] + 1, breaks[after]
    long = (
        (end - begin >= longest)
        & (end - begin <= _LONGEST_WORD)
        & (places["at"].to_numpy() + places["size"].to_numpy() <= end)
    )
    words = [raw[low:high].tobytes().decode() for low, high in zip(begin[long], end[long], strict=True)]
    found = places.filter(pl.Series(long)).select("text", "probe", "literal")
    return found.with_columns(pl.Series("word", words, dtype=pl.String))
