"""How is a column searched for many literals at once?"""

from collections.abc import Sequence
from typing import Final

import polars as pl

_QUOTED: Final = str.maketrans({sign: f"\\{sign}" for sign in r"\.+*?()|[]{}^$#&-~/"})

_MOST_LETTERS: Final = 100_000
"""Beyond this many letters an alternation nears the size that the engine refuses (10 MB compiled)."""


def quoted(literal: str) -> str:
    """The literal as an expression of Rust's regex."""
    return literal.translate(_QUOTED)


def holds_any(column: pl.Expr, literals: Sequence[str]) -> pl.Expr:
    """One alternation is up to four times as fast as Aho-Corasick at a few hundred literals."""
    if not literals:
        return pl.lit(value=False)
    if sum(map(len, literals)) > _MOST_LETTERS:
        return column.str.contains_any(list(literals))
    return column.str.contains("|".join(map(quoted, literals)))
