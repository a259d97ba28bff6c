"""What is left of a post's text when likeness is asked: its letters, without what evasion plays with.

Case, accents, look-alike letters of other scripts, digits inside words, repeated letters, punctuation,
pictures and unseen characters go. So do the handles that a post begins with and the tags, links and
handles that it ends with, unless it has nothing else. Thousands of texts are folded at once, as one array
of code points.
"""

import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

_Points: TypeAlias = npt.NDArray[np.uint32]
_Flags: TypeAlias = npt.NDArray[np.bool_]

LINK: Final = r"(?i)(?:https?://|www\.)[!-~]+"
HANDLE: Final = r"(?:^|\B)@[A-Za-z0-9_]+"
LEAD: Final = r"(?i)^\s*(?:rt\b[\s:]*|\.?@[a-z0-9_]+[\s:,;\-]*)+"
"""Whom a post answers, or passes on: not part of what it says."""
TAIL: Final = rf"(?i)(?:\s+(?:{LINK[4:]}|#[\w]+|(?:\(?via\s+)?@[a-z0-9_]+\)?))+[\s.!…]*$"
UNSEEN: Final = r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
"""Characters that show nothing: zero width, direction, soft hyphen. They must not hide a link or a handle."""
_SEAM: Final = "\ue000"
"""Stands between a text and its tail while they are folded together; private use, so no text needs it."""

_DROPPED, _SPACE = 0, 32
_ALPHABETIC_BELOW: Final = 0x0E00
"""Alphabets whose repeated letters say nothing; from Thai on, a letter twice is often another word."""
_SAYS_ENOUGH: Final = 30
"""Bytes of UTF-8: some 30 Latin letters, 15 Cyrillic ones, 10 Chinese ones."""
_PARTED: Final = r"[\u3099\u309a\uff66-\uff9f]"
_FOLDED_AT_ONCE: Final = 500_000
"""Characters: the arrays of one turn stay near the processor."""

_APOSTROPHES: Final = frozenset("'’‘`´ʼ׳״")
_ONE_LETTER: Final = str.maketrans(
    "аеорсхукіјѕвнмтьԁɡοαρευικντѵıىیکﻩھہة", "aeopcxykijsbhmtbdgoapeuikvtviييكهههه"
)
"""Cyrillic and Greek letters that look Latin, Arabic letters that Persian and Urdu write otherwise."""
_MARKS_DROPPED: Final = ((0x300, 0x36F), (0x591, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F))
_SINGLE_MARKS: Final = frozenset({0x640, 0x670, 0x93C, 0x9BC})  # tatweel, dagger alef, nukta
_LEET: Final = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}
_BEYOND_ASCII: Final = 127
_IS_FIGURE: Final = np.array([chr(point).isdigit() or chr(point) in _LEET for point in range(128)])
_STANDS_FOR: Final = np.array([ord(_LEET.get(chr(point), chr(point))) for point in range(128)], dtype=np.uint32)
_EDGE_POINTS: Final = np.array(list(map(ord, "0134")), dtype=np.uint32)
_SIGN_POINTS: Final = np.array(list(map(ord, "@$")), dtype=np.uint32)


_NO_LETTERS: Final = pl.DataFrame(schema={"words": pl.String, "body": pl.String, "stream": pl.String})


def letters(texts: pl.Series) -> pl.DataFrame:
    """One row a text, in order: all its `words`, those of its `body`, and the body's `stream`.

    Words are folded, with one space between. The body is the text without its tail; the stream is the body
    without spaces, empty where nothing is left: a picture, a lone link. Equal streams: the same text for a
    reader.
    """
    frame = pl.DataFrame(
        {"text": _composed(texts).fill_null("").str.replace_all(UNSEEN, "").str.replace_all(_SEAM, " ")}
    )
    split = frame.select(pl.col("text").str.replace(LEAD, "").alias("whole")).with_columns(
        pl.col("whole").str.replace(TAIL, "").alias("body")
    )
    tail = pl.when(_stands_alone()).then(pl.col("whole").str.slice(pl.col("body").str.len_chars()))
    body = pl.when(_stands_alone()).then("body").otherwise("whole")
    parts = split.select(pl.concat_str(_plain(body), pl.lit(_SEAM), _plain(tail)))
    folded = [_folded(some) for some in _at_once(parts.to_series())]
    return pl.concat([_NO_LETTERS, *folded])


def word_ends(body: str) -> list[int]:
    """Where each word of a body ends in its stream: letters before its end."""
    ends, end, last = [], 0, ""
    for word in body.split(" "):
        # A word that begins as the one before ended lost a letter when the space went.
        end += len(word) - (word[:1] == last and _collapses(last))
        ends.append(end)
        last = word[-1:]
    return ends


def _collapses(letter: str) -> bool:
    return letter != "" and ord(letter) < _ALPHABETIC_BELOW and not "0" <= letter <= "9"


def _composed(texts: pl.Series) -> pl.Series:
    """The texts, with letters written in two parts as one: half-width Kana and its voicing marks."""
    parted = texts.str.contains(_PARTED)
    return (
        texts.zip_with(~parted.fill_null(value=False), texts.str.normalize("NFKC")) if parted.any() else texts
    )


def _stands_alone() -> pl.Expr:
    """Whether the body says enough for its tail to be decoration: `lol #…` is said by its tag."""
    said = pl.col("body").str.replace_all(r"#\w+", "")
    return said.str.len_bytes() >= _SAYS_ENOUGH


def _plain(text: pl.Expr) -> pl.Expr:
    return text.fill_null("").str.replace_all(LINK, " ").str.replace_all(HANDLE, " ")


def _at_once(texts: pl.Series) -> Iterator[list[str]]:
    """The texts in turns of so many characters, and at least one text."""
    turn = texts.str.len_chars().cum_sum() // _FOLDED_AT_ONCE
    for _, some in pl.DataFrame({"text": texts, "turn": turn}).group_by("turn", maintain_order=True):
        yield some["text"].to_list()


def _folded(texts: list[str]) -> pl.DataFrame:
    points = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    points = _letter_of(points)
    kept = points != _DROPPED
    points, row = _unleeted(points[kept], row[kept]), row[kept]
    spaced = np.where(points == ord(_SEAM), _SPACE, points)
    body = ~_behind_seam(points, row)
    letter = body & (points != _SPACE)
    return pl.DataFrame(
        {
            "words": _strings(spaced, row, len(texts)),
            "body": _strings(points[body], row[body], len(texts)),
            # Repeated letters go once the spaces are gone: the o o of a spaced-out word are two words.
            "stream": _strings(points[letter], row[letter], len(texts)),
        }
    ).with_columns(pl.col("words", "body").str.strip_chars(" "))


def _behind_seam(points: _Points, row: npt.NDArray[np.intp]) -> _Flags:
    seam = np.flatnonzero(points == ord(_SEAM))  # one a row
    behind: _Flags = np.arange(len(points)) >= seam[row]
    return behind


def _strings(points: _Points, row: npt.NDArray[np.intp], rows: int) -> list[str]:
    """The code points of each row as a string, those that repeat the one before left out."""
    single = ~_repeated(points, row)
    points, row = points[single], row[single]
    ends = np.cumsum(np.bincount(row, minlength=rows)).tolist()
    joined = points.astype("<u4").tobytes().decode("utf-32-le")
    return [joined[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _letter_of(points: _Points) -> _Points:
    """Each code point folded. Only those that occur are looked up: a pile has a few thousand."""
    occurs = np.zeros(sys.maxunicode + 1, dtype=np.bool_)
    occurs[points] = True
    table = np.zeros(sys.maxunicode + 1, dtype=np.uint32)
    known = np.flatnonzero(occurs)
    table[known] = [_fold_one(point) for point in known.tolist()]
    folded: _Points = table[points]
    return folded


@cache
def _fold_one(point: int) -> int:
    """The folded code point, a space between words, or nothing."""
    char = chr(point)
    if char == _SEAM or char in "@$":
        return point
    if char in _APOSTROPHES or (unicodedata.category(char) in {"Cf", "Cc"} and not char.isspace()):
        return _DROPPED
    if 0xAC00 <= point <= 0xD7A3 or 0x3041 <= point <= 0x30FF:  # Hangul and Kana would fall apart
        return point if unicodedata.category(char)[0] == "L" else _SPACE
    return _base(unicodedata.normalize("NFD", unicodedata.normalize("NFKC", char).casefold())[:1])


def _base(char: str) -> int:
    if not char:
        return _DROPPED
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return ord("0") + digit
    point, kind = ord(char), unicodedata.category(char)[0]
    if point in _SINGLE_MARKS or any(low <= point <= high for low, high in _MARKS_DROPPED):
        return _DROPPED
    return ord(char.translate(_ONE_LETTER)) if kind in "LMN" else _SPACE


def _unleeted(points: _Points, row: npt.NDArray[np.intp]) -> _Points:
    """Digits and signs as the letters that they stand for, in words where they do.

    They do in the whole of a word that has one of them between letters; and a single 0, 1, 3 or 4 does at
    the edge of a word, beside a letter.
    """
    figures = np.flatnonzero(_IS_FIGURE[np.minimum(points, _BEYOND_ASCII)])
    run = np.cumsum(_changes(figures - np.arange(len(figures))) | _changes(row[figures]))
    first, last = figures[_changes(run)], figures[_changes(run[::-1])[::-1]]
    before, after = _letter_at(points, row, first, -1), _letter_at(points, row, last, 1)
    gaps = np.flatnonzero((points == _SPACE) | (points == ord(_SEAM)))
    word = np.searchsorted(gaps, figures) + row[figures]  # both only grow, so that each word has its own sum
    stands = np.isin(word, word[_changes(run)][before & after])
    stands[_changes(run)] |= (first == last) & (before | after) & np.isin(points[first], _EDGE_POINTS)
    signs = np.where(np.isin(points[figures], _SIGN_POINTS), _SPACE, points[figures])
    changed = points.copy()
    changed[figures] = np.where(stands, _STANDS_FOR[points[figures]], signs)
    return changed


def _letter_at(points: _Points, row: npt.NDArray[np.intp], places: npt.NDArray[np.intp], step: int) -> _Flags:
    """Whether one place on there is a letter of the same text."""
    beside = np.clip(places + step, 0, len(points) - 1)
    same = (row[beside] == row[places]) & (beside != places)
    letters_there: _Flags = same & (points[beside] != _SPACE) & (points[beside] != ord(_SEAM))
    return letters_there


def _repeated(points: _Points, row: npt.NDArray[np.intp]) -> _Flags:
    same = ~_changes(points.astype(np.intp)) & ~_changes(row)
    repeats: _Flags = same & (points < _ALPHABETIC_BELOW) & ~_digit(points)
    return repeats


def _digit(points: _Points) -> _Flags:
    digits: _Flags = (points >= ord("0")) & (points <= ord("9"))
    return digits


def _changes(values: npt.NDArray[np.signedinteger | np.bool_]) -> _Flags:
    """Where a value differs from the one before; the first always does."""
    changes = np.ones(len(values), dtype=np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes
