"""Which posts can hold nothing that a scope looks for, so that no more is asked about them?

One pass over the text as written, without folding it: plain ASCII with no literal in it, and no sign of a
trick, is done with. Everything else is looked at closely, so that what passes here decides nothing.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from incidents.sweeps.literals import quoted
from incidents.sweeps.probes import Probe

_MOST_LETTERS: Final = 8_000
"""Up to so many letters one expression is faster; beyond, it takes ever longer to compile."""

_NOT_ASCII: Final = r"[^\x00-\x7f]"


def closer_look(probes: Sequence[Probe], signs: Sequence[str]) -> pl.Expr:
    """Whether a post's text may hold a literal, plainly or hidden: one of the `signs` of a trick."""
    text = pl.col("text")
    pieces = sorted({_piece(probe.literal) for probe in probes if probe.literal.isascii()})
    if sum(map(len, pieces)) <= _MOST_LETTERS:
        return text.str.contains(_either([*map(quoted, pieces), *signs]))
    return text.str.contains(_either(signs)) | text.str.contains_any(pieces, ascii_case_insensitive=True)


def _either(expressions: Sequence[str]) -> str:
    return f"(?i-u:{'|'.join(expressions)})|{_NOT_ASCII}" if expressions else _NOT_ASCII


def _piece(literal: str) -> str:
    """The longest word of a phrase: what stands between words may be any whitespace, and any much of it."""
    return max(literal.split(" "), key=len)
