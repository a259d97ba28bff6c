"""What did a text say before its words were hidden: k1ll, k i l l, kiiill?

Each trick is undone on its own, on folded text, and only where it shows: digits become letters inside words,
single letters in a row become a word. What is then found is told apart from what stands there plainly.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import polars as pl

from incidents.sweeps.homoglyphs import SUSPECT, without_homoglyphs
from incidents.sweeps.scope import Trick
from incidents.sweeps.scripts import MARKS, UNSPACED, is_unspaced

SQUEEZED: Final = "\ue000"
"""Stands before a word whose repeated letters were taken out; private use, so no text needs it."""

_LATIN: Final = dict(zip(map(ord, "03456789@$€"), "oeasgtbgase", strict=True))
_CYRILLIC: Final = str.maketrans("03468@$€!", "озчбвасеі")
_ONES: Final = "1!|"

_ANY_LEET: Final = _LATIN | dict.fromkeys(map(ord, f"{_ONES}l"), "i")

_ADDRESS: Final = r"(?:https?://|www\.)\S+|(?<!\w)@\w{4,}"
_LEET_WORD: Final = re.compile(rf"{_ADDRESS}|(?:[^\W_]|[@$€!|])+")
_QUANTITY: Final = re.compile(r"\d{2,}[^\W\d]{1,3}|\d(?:st|nd|rd|th|d|h|k|m|s|x|am|pm|km|kg|gb)|[^\W\d]\d+")
_LEET: Final = re.compile(r"[0-9@$€!|]")
_LETTER: Final = re.compile(r"[^\W\d_]")

_GLYPH: Final = rf"(?:[^\W_]|[@$€])[{MARKS}]*"
_NO_GLYPH: Final = rf"[^\w{MARKS}@$€]"
_SPACED: Final = re.compile(
    rf"(?<![\w{MARKS}@$€]){_GLYPH}({_NO_GLYPH}{{1,3}}){_GLYPH}(?:\1{_GLYPH})*(?![\w{MARKS}@$€])"
)
_ONE_GLYPH: Final = re.compile(_GLYPH)
_ALONE: Final = "aeiouyàéíóаивкосуя"
"""Letters that are a word by themselves, and may begin a row of single letters: `i h a t e`."""

_AT_END: Final = "u"
"""As `k i l l u`."""

_TWICE: Final = re.compile(rf"([^\W\d_]|[{MARKS}])\1+")
_THRICE: Final = re.compile(rf"([^\W\d_]|[{MARKS}])\1\1+")
_WORD: Final = re.compile(rf"{_ADDRESS}|[^\W_][\w{MARKS}]*")

_ALPHABETS: Final = (
    ("a", "z"), ("ß", "ÿ"), ("α", "ω"), ("а", "ё"), ("א", "ת"), ("ا", "ي"), ("ٱ", "ے"),
    ("अ", "्"), ("অ", "্"), ("అ", "్"), ("ก", "๎"), ("ぁ", "ヺ"),
)  # fmt: skip
_TRIPLES: Final = [
    chr(point) * 3
    for first, last in _ALPHABETS
    for point in range(ord(first), ord(last) + 1)
    if re.fullmatch(rf"[^\W\d_]|[{MARKS}]", chr(point))
]

_NO_WORD: Final = r"[^\pL\pM\pN]"

SUSPECTS: Final[Mapping[Trick, str]] = {
    Trick.homoglyph: SUSPECT,
    Trick.spaced: (
        rf"(?:^|{_NO_WORD})[\pL\pN@$€]\pM*(?:{_NO_WORD}{{1,3}}[\pL\pN@$€]\pM*){{2}}(?:$|{_NO_WORD})"
        rf"|(?:^|{_NO_WORD})[{UNSPACED}]\pM*{_NO_WORD}{{1,3}}[{UNSPACED}]\pM*(?:$|{_NO_WORD})"
    ),
    Trick.leet: r"\pL[0-9@$!|€]+\pL|\pL{2}[0-9$€]|[0-9@$€]\pL{2}",
    Trick.repeated: "|".join(_TRIPLES),
}
"""What a text must hold for a trick to be worth undoing, for Rust's regex: the text as written for
homoglyphs, the folded text for the others."""

_NO_ASCII_WORD: Final = r"[\x00-/:-@\[-`{-\x7f]"
PLAIN_SUSPECTS: Final[Mapping[Trick, str]] = {
    Trick.spaced: (
        rf"(?:^|{_NO_ASCII_WORD})[a-z0-9@$](?:{_NO_ASCII_WORD}{{1,3}}[a-z0-9@$]){{2}}(?:{_NO_ASCII_WORD}|$)"
    ),
    Trick.leet: r"[a-z][0-9@$!|]+[a-z]|[a-z]{2}[0-9$]|[0-9@$][a-z]{2}",
    Trick.repeated: "|".join(triple for triple in _TRIPLES if triple.isascii()),
}
"""The same for plain ASCII as written, inside `(?i-u:…)`; there are no homoglyphs in it."""


def undone(trick: Trick, text: str) -> list[str]:
    """What the text may have said before the trick, if it shows; `text` is folded, but for homoglyphs."""
    readings = dict.fromkeys(_UNDOING[trick](text))
    return [reading for reading in readings if reading != text]


def squeezed(word: str) -> str:
    """The word with each letter once where it stood several times in a row."""
    return _TWICE.sub(r"\1", word)


def may_be_leet(folded: pl.Expr, literals: Iterable[str]) -> pl.Expr:
    """Whether every sign read as a letter could give a literal: rules most addresses and amounts out.

    Texts that are not plain ASCII are not ruled out; there the same signs stand for other letters.
    """
    pieces = {max(literal.split(), key=len).translate(_ANY_LEET) for literal in literals if literal.isascii()}
    signs = {chr(sign): letter for sign, letter in _ANY_LEET.items()}
    is_plain = folded.str.len_bytes() == folded.str.len_chars()
    listed = pl.lit(pl.Series([sorted(pieces)], dtype=pl.List(pl.String)))
    return ~is_plain | folded.str.replace_many(signs).str.contains_any(listed)


def _without_gaps(text: str) -> Iterator[str]:
    yield _SPACED.sub(_closed, text)


def _closed(row: re.Match[str]) -> str:
    """A row of single letters as a word: three or more, or two of a script without spaces."""
    glyphs = _ONE_GLYPH.findall(row[0])
    letters = sum(1 for glyph in glyphs if _LETTER.match(glyph))
    enough = 2 if all(is_unspaced(glyph[0]) for glyph in glyphs) else 3
    if len(glyphs) < enough or 2 * letters < len(glyphs):
        return row[0]
    word = "".join(glyphs)
    begins = [word, word[1:]] if len(glyphs) > 3 and word[0] in _ALONE else [word]
    ends = [begin[:-1] for begin in begins if len(glyphs) > 4 and word[-1] in _AT_END]
    return " ".join([*begins, *ends])


def _without_leet(text: str) -> Iterator[str]:
    for one in "il":
        yield _LEET_WORD.sub(lambda word: _read_leet(word[0], one), text)  # noqa: B023 - used at once


def _read_leet(token: str, one: str) -> str:
    """A word whose digits and signs stand for letters; a number, an amount or an address stays as it is."""
    word = token.strip("!|")
    is_address = "/" in word or word.startswith("www.") or (word.startswith("@") and len(word) > 4)
    if is_address or not _LEET.search(word) or not _LETTER.search(word) or _QUANTITY.fullmatch(word):
        return token
    if re.search("[а-я]", word):
        return token.replace(word, word.translate(_CYRILLIC))
    return token.replace(word, word.translate(_LATIN | dict.fromkeys(map(ord, _ONES), one)))


def _without_repeats(text: str) -> Iterator[str]:
    yield _WORD.sub(_squeezed_word, text)


def _squeezed_word(found: re.Match[str]) -> str:
    word = found[0]
    thrice = _THRICE.search(word)
    if thrice is None or "/" in word or word.startswith(("www.", "@")):
        return word
    if is_unspaced(thrice[1]):
        return _THRICE.sub(r"\1", word)
    return SQUEEZED + squeezed(word)


_UNDOING: Final[Mapping[Trick, Callable[[str], Iterator[str]]]] = {
    Trick.homoglyph: without_homoglyphs,
    Trick.spaced: _without_gaps,
    Trick.leet: _without_leet,
    Trick.repeated: _without_repeats,
}
