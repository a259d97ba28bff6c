"""Which posts are like an example?

A post holds a share of the sequences of letters that the example is made of. Half of them is enough: a copy
that was shortened, lengthened or reworded in places still has them, another post on the same matter has few.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from incidents.sweeps.folding import fold

LIKE: Final = 0.5
"""Share of the example's sequences that a post must hold."""

_SEQUENCE: Final = 5
"""Letters. Fewer are in every text of a language; more do not survive a changed word."""

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, as in Fibonacci hashing
_BITS: Final = 20


def example_label(example: str) -> str:
    """What a hit of this example is called: not its text, which may be the worst that there is."""
    return f"example:{sha256(fold(example).encode()).hexdigest()[:8]}"


def example_hits(texts: pl.DataFrame, examples: Sequence[str]) -> pl.DataFrame:
    """Columns _row, label: the texts (columns _row, folded) that are like an example."""
    found = [_like(texts, sequences, label) for label, sequences in _distinct(examples)]
    return pl.concat([pl.DataFrame(schema={"_row": pl.get_index_type(), "label": pl.String()}), *found])


def _distinct(examples: Sequence[str]) -> list[tuple[str, npt.NDArray[np.uint64]]]:
    folded = pl.Series([fold(example) for example in examples], dtype=pl.String)
    return [
        (example_label(example), np.unique(_sequences(folded[place : place + 1])[0]))
        for place, example in enumerate(examples)
    ]


def _like(texts: pl.DataFrame, wanted: npt.NDArray[np.uint64], label: str) -> pl.DataFrame:
    sequences, rows = _sequences(texts["folded"])
    known = np.zeros(1 << _BITS, dtype=np.bool_)
    known[wanted >> np.uint64(64 - _BITS)] = True
    maybe = np.flatnonzero(known[sequences >> np.uint64(64 - _BITS)])
    sure = maybe[np.isin(sequences[maybe], wanted)]
    hits = pl.DataFrame({"text": rows[sure], "sequence": sequences[sure]})
    held = hits.unique().group_by("text").len()
    enough = held.filter(pl.col("len") >= LIKE * len(wanted))["text"].sort()
    return texts.select("_row")[enough].with_columns(pl.lit(label).alias("label"))


def _sequences(folded: pl.Series) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    """A hash of every sequence of letters, and the number of the text that it is in."""
    joined = folded.str.replace_all(" ", "", literal=True).str.replace_all("\n", "", literal=True)
    points = np.frombuffer("\n".join(joined).encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    line_end = points == ord("\n")
    rows = np.cumsum(line_end, dtype=np.uint32)
    count = max(0, len(points) - _SEQUENCE + 1)
    hashed, crossing = np.zeros(count, dtype=np.uint64), np.zeros(count, dtype=np.bool_)
    for offset in range(_SEQUENCE):
        hashed = (hashed ^ points[offset : offset + count]) * _FACTOR
        hashed ^= hashed >> np.uint64(29)
        crossing |= line_end[offset : offset + count]
    whole = ~crossing
    return (hashed * _FACTOR)[whole], rows[:count][whole]
