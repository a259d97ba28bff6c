"""Where do words begin and end, script by script?

A script is told by the name of its letters; Python's library knows no other.
"""

import re
import unicodedata
from functools import cache
from typing import Final

# Scripts written without spaces: Thai and Lao, Myanmar, Khmer, Kana, Han. Spelt as ranges because the
# classes \p{Han}… make an expression six times slower to compile, and there is one for each entry.
_UNSPACED_RANGES: Final = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1780", "\u17ff"),
    ("\u3005", "\u3007"),
    ("\u3031", "\u30ff"),
    ("\u3400", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)
UNSPACED: Final = "".join(f"{low}-{high}" for low, high in _UNSPACED_RANGES)
"""The scripts written without spaces, to stand inside the brackets of a character class."""

_INDIC: Final = (0x0900, 0x0E80)

MARKS: Final = "".join(
    chr(point) for point in range(*_INDIC) if unicodedata.category(chr(point)).startswith("M")
)
"""Vowel signs and other marks of Indic scripts and Thai, which belong to the letter before them. Python's
`re` takes them for no part of a word. To stand inside the brackets of a character class."""

WORD: Final = re.compile(rf"[^\W_][\w{MARKS}]*")
"""A word, or a sentence of a script written without spaces."""


@cache
def is_unspaced(character: str) -> bool:
    """Whether the character is of a script written without spaces."""
    return any(low <= character <= high for low, high in _UNSPACED_RANGES)


def is_in_word(character: str) -> bool:
    """Whether the character is part of a word, as Rust's `\\w` has it."""
    category = unicodedata.category(character)
    return category[0] in "LMN" or category == "Pc"


@cache
def is_edge(character: str) -> bool:
    """Whether a word of a script with spaces begins or ends here."""
    return is_in_word(character) and not is_unspaced(character)


@cache
def script_of(character: str) -> str:
    """First word of the character's name, which is its script for letters: `LATIN`, `ARABIC`."""
    return unicodedata.name(character, "").split(" ")[0]
