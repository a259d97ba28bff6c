"""In which form are texts compared, and how are millions of them brought into it?

`fold` says what the form is, for one text. `fold_all` does the same for a column: plain ASCII by columns,
the rest as one array of code points through a table that is filled from `fold` as new characters come up.
"""

import re
import unicodedata
from functools import cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

# What the eye does not see or the hand leaves out: combining marks of Latin, Cyrillic, Hebrew and Arabic,
# tatweel, Devanagari nukta, joiners, bidi controls, soft hyphen, variation selectors, tags. Not the vowel
# signs of Indic scripts and Thai nor the voicing marks of Kana: without them other words would be hit.
_UNSEEN: Final = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061c"
    "\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08e1\u08e3-\u08ff"
    "\u093c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\U000e0000-\U000e0fff]+"
)

# Letters that stand for one another but have no decomposition. Arabic and Persian as in Lucene's
# ArabicNormalizer and PersianNormalizer; и + breve and і + diaeresis are letters, not marked letters.
_SAME: Final = {
    "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe",
    "ى": "ي", "ی": "ي", "ے": "ي", "ک": "ك", "ہ": "ه", "ۀ": "ه", "ە": "ه", "ة": "ه",
    "и\u0306": "й", "і\u0308": "ї",
}  # fmt: skip
_SAME_LETTER: Final = re.compile("|".join(sorted(_SAME, key=len, reverse=True)))

_Points: TypeAlias = npt.NDArray[np.uint32]
_Flags: TypeAlias = npt.NDArray[np.bool_]

_LINE_END, _SPACE = 0, 32
_LAST: Final = 0x10FFFF
_DROPPED, _UNKNOWN, _BY_HAND, _WIDENED = range(0x110000, 0x110004)
_ORDER_ABOVE, _POINT = 24, np.uint32((1 << 24) - 1)
"""Bits of an entry of the table: the code point, and above it the order among marks."""

_AT_ONCE: Final = 150_000
"""Bytes folded together: the arrays of one turn stay near the processor."""


def fold(text: str) -> str:
    """The form in which texts are compared; folding twice changes nothing.

    NFKC and case folding, unseen characters stripped, look-alike Arabic and Persian letters joined,
    whitespace runs as one space. Source: Unicode Standard Annex 15 and section 5.18 (case folding).
    """
    if text.isascii():
        return " ".join(text.lower().split())
    wide = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    same = _UNSEEN.sub("", _SAME_LETTER.sub(lambda hit: _SAME[hit[0]], wide))
    return " ".join(unicodedata.normalize("NFKC", same).split())


def fold_all(texts: pl.Series) -> pl.Series:
    """`fold` of every text of a column without nulls."""
    plain = texts.str.len_bytes() == texts.str.len_chars()
    folded = fold_plain(texts.filter(plain))
    if len(folded) == len(texts):
        return folded
    folded = pl.concat([folded, fold_others(texts.filter(~plain))])
    places = pl.concat([plain.arg_true(), (~plain).arg_true()])
    return folded.gather(places.arg_sort())


def fold_plain(texts: pl.Series) -> pl.Series:
    """`fold` of texts that are all plain ASCII; whitespace is what `str.split` takes for it."""
    small = texts.str.to_lowercase()
    untidy = small.str.contains(r"[\t-\r\x1c-\x1f]|  ") | small.str.starts_with(" ") | small.str.ends_with(" ")
    if not untidy.any():
        return small
    tidied = small.filter(untidy).str.replace_all(r"[\s\x1c-\x1f]+", " ").str.strip_chars(" ")
    return small.scatter(untidy.arg_true(), tidied)


def fold_others(texts: pl.Series) -> pl.Series:
    """`fold` of texts of any characters: some at a time, and alone what the table cannot fold."""
    turn = (texts.str.len_bytes().cum_sum() // _AT_ONCE).rle()
    folded: list[str] = []
    for count in turn.struct.field("len"):
        folded += _fold_lines(texts[len(folded) : len(folded) + count].to_list())
    return pl.Series(texts.name, folded, dtype=pl.String)


def _fold_lines(texts: list[str]) -> list[str]:
    joined = "\0".join(texts) + "\0"
    if joined.count("\0") != len(texts):
        return [fold(text) for text in texts]
    points = np.frombuffer(joined.encode("utf-32-le"), dtype="<u4").astype(np.intp)
    mapped = _looked_up(points)
    special = np.flatnonzero(mapped > _LAST)  # few of them, so that most steps look at these alone
    entries = mapped[special]
    mapped[special] = entries & _POINT
    hard = special[(entries == _BY_HAND) | _out_of_order(special, entries)]
    mapped[special[entries == _BY_HAND]] = _SPACE
    wide = special[entries == _WIDENED]
    if len(wide):
        mapped = _with_widened(mapped, wide, points[wide])
    tidy = _single_spaced(mapped[mapped != _DROPPED] if (entries == _DROPPED).any() else mapped)
    folded = tidy[:-1].tobytes().decode("utf-32-le").split("\0")
    for line in _lines_of(points, hard):
        folded[line] = fold(texts[line])
    return folded


def _looked_up(points: npt.NDArray[np.intp]) -> _Points:
    """What each code point folds to by itself, and above that its order among marks."""
    table = _table()
    found = table.take(points)
    unknown = found == _UNKNOWN
    if unknown.any():
        for point in np.unique(points[unknown]):
            table[point] = _alone(chr(point))
        found = table.take(points)
    return found


def _with_widened(mapped: _Points, places: npt.NDArray[np.intp], points: npt.NDArray[np.intp]) -> _Points:
    """With the several characters that ß or … fold to, where one code point stood."""
    behind, added = [], []
    for point in np.unique(points):
        first, *others = map(ord, _widened(chr(point)))
        of_it = places[points == point]
        mapped[of_it] = first
        behind.append(np.repeat(of_it + 1, len(others)))
        added.append(np.tile(np.array(others, dtype=np.uint32), len(of_it)))
    return np.insert(mapped, np.concatenate(behind), np.concatenate(added))


@cache
def _table() -> _Points:
    """Grows as characters are met, so that a start does not wait for all of Unicode."""
    table = np.full(0x110000, _UNKNOWN, dtype=np.uint32)
    table[_LINE_END] = _LINE_END
    return table


def _alone(character: str) -> int:
    if character.isspace():
        return _SPACE
    folded = _widened(character)
    if character in _merging() or _merges(folded):
        return _BY_HAND
    if len(folded) > 1:
        return _WIDENED
    return ord(folded) | _mark_order(folded) << _ORDER_ABOVE if folded else _DROPPED


def _mark_order(character: str) -> int:
    """Its combining class, 0 for what is no mark; й and ї hold a mark that counts, so they come last."""
    return 255 if character in "йї" else unicodedata.combining(character)


def _widened(character: str) -> str:
    """What the character folds to inside a text, where a space at its end stays."""
    return fold(f"0{character}0")[1:-1]


def _merges(folded: str) -> bool:
    return any(part in _merging() for part in folded) or any(map(unicodedata.combining, folded[1:]))


@cache
def _merging() -> frozenset[str]:
    """Characters that may merge with the one before them, and so fold otherwise in a text than alone."""
    pairs = (unicodedata.decomposition(chr(point)).split() for point in range(0x20000))
    second = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<")}
    jamo = {chr(point) for low, high in ((0x1100, 0x1200), (0xFF9E, 0xFFDD)) for point in range(low, high)}
    unseen = {mark for mark in second if _UNSEEN.fullmatch(mark)} - {"\u0306", "\u0308", "\u0345"}
    return frozenset((second | jamo | {"\u037a"}) - unseen)


def _lines_of(points: npt.NDArray[np.intp], places: npt.NDArray[np.intp]) -> list[int]:
    """In which lines the places are, by number from 0."""
    if not len(places):
        return []
    lines: list[int] = np.unique(np.searchsorted(np.flatnonzero(points == _LINE_END), places)).tolist()
    return lines


def _out_of_order(places: npt.NDArray[np.intp], entries: _Points) -> _Flags:
    """Where marks follow one another that normalising puts in another order."""
    order = entries >> _ORDER_ABOVE
    found = np.zeros(len(order), dtype=np.bool_)
    follows = places[1:] - places[:-1] == 1
    found[1:] = follows & (order[:-1] > order[1:]) & ((order[1:] > 0) | (entries[1:] == _DROPPED))
    return found


def _single_spaced(points: _Points) -> _Points:
    """One space where there were several, and none at the ends of lines, the last of which ends the text."""
    spaces = np.flatnonzero(points == _SPACE)
    before = points[spaces - 1]  # before the first character comes the last one, which ends a line as well
    extra = spaces[(before == _SPACE) | (before == _LINE_END)]
    if len(extra):
        points = np.delete(points, extra)
        spaces = np.flatnonzero(points == _SPACE)
    trailing = spaces[points[spaces + 1] == _LINE_END]
    return np.delete(points, trailing) if len(trailing) else points
