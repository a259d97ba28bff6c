"""What did a text say before its words were hidden: k1ll, k i l l, kiiill?

Each trick is undone on its own, and only in the words where it shows: digits become letters inside words,
single letters in a row become a word. What is then found is told apart from what stands there plainly.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

import polars as pl

from incidents.sweeps.folding import fold, fold_all
from incidents.sweeps.homoglyphs import LOOKALIKE_WORD, is_native, lookalikes
from incidents.sweeps.scope import Trick
from incidents.sweeps.scripts import MARKS, UNSPACED, is_unspaced

SQUEEZED: Final = "\ue000"
"""Stands before a word whose repeated letters were taken out; private use, so no text needs it."""

_LATIN: Final = str.maketrans("03456789@$€", "oeasgtbgase")
_CYRILLIC: Final = str.maketrans("03468@$€!", "озчбвасеі")
_ONES: Final = "1!|"

_ADDRESS: Final = r"(?:https?://|\bwww\.)\S+|(?:^|\B)@\w{4,}"
_QUANTITY: Final = re.compile(r"\d{2,}[^\W\d]{1,3}|\d(?:st|nd|rd|th|d|h|k|m|s|x|am|pm|km|kg|gb)|[^\W\d]\d+")
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

_NO_WORD: Final = r"[^\pL\pM\pN@$€]"
_SIGN: Final = r"[\pL\pN@$€!|]"
_TRIPLE: Final = "|".join(_TRIPLES)

_SUSPECT_WORDS: Final[Mapping[Trick, str]] = {
    Trick.homoglyph: LOOKALIKE_WORD,
    Trick.spaced: (
        rf"(?:^|{_NO_WORD})[\pL\pN@$€]\pM*(?:{_NO_WORD}{{1,3}}[\pL\pN@$€]\pM*){{2,}}(?:$|{_NO_WORD})"
        rf"|(?:^|{_NO_WORD})[{UNSPACED}]\pM*{_NO_WORD}{{1,3}}[{UNSPACED}]\pM*(?:$|{_NO_WORD})"
    ),
    Trick.leet: rf"{_SIGN}*(?:\pL[0-9@$!|€]+\pL|\pL{{2}}[0-9$€]|[0-9@$€]\pL{{2}}){_SIGN}*",
    Trick.repeated: rf"[\pL\pM]*(?:{_TRIPLE})[\pL\pM]*",
}
"""Words in which a trick shows, for Rust's regex: of the text as written for homoglyphs, else folded."""

SUSPECT: Final = "|".join(
    (_SUSPECT_WORDS[Trick.spaced], r"\pL[0-9@$!|€]+\pL|\pL{2}[0-9$€]|[0-9@$€]\pL{2}", _TRIPLE)
)
"""What stands in a folded text in which a trick shows."""

_NO_ASCII_WORD: Final = r"[\x00-/:-@\[-`{-\x7f]"
PLAIN_SUSPECTS: Final[Mapping[Trick, str]] = {
    Trick.spaced: (
        rf"(?:^|{_NO_ASCII_WORD})[a-z0-9@$](?:{_NO_ASCII_WORD}{{1,3}}[a-z0-9@$]){{2}}(?:{_NO_ASCII_WORD}|$)"
    ),
    Trick.leet: r"[a-z][0-9@$!|]+[a-z]|[a-z]{2}[0-9$]|[0-9@$][a-z]{2}",
    Trick.repeated: "|".join(triple for triple in _TRIPLES if triple.isascii()),
}
"""The same for plain ASCII as written, inside `(?i-u:…)`; there are no homoglyphs in it."""


def undone(trick: Trick, texts: pl.DataFrame, wanted: Collection[str]) -> pl.DataFrame:
    """What the texts may have said before the trick: columns _row, text, folded, a row for each reading.

    Only words are undone that then hold one of the `wanted` ones.
    """
    as_written = trick is Trick.homoglyph
    column = pl.col("text" if as_written else "folded")
    if trick in (Trick.leet, Trick.repeated):
        column = column.str.replace_all(_ADDRESS, " ")
    suspects = (
        texts.with_columns(column.alias("folded"))
        .with_columns(pl.col("folded").str.extract_all(_SUSPECT_WORDS[trick]).alias("words"))
        .filter(pl.col("words").list.len() > 0)
    )
    readings = _readings(trick, suspects["words"].explode(empty_as_null=False).unique().to_list(), wanted)
    found = [_reread(text, words, readings) for text, words in suspects.select("folded", "words").iter_rows()]
    changed = suspects.select("_row", "text", pl.Series("folded", found, dtype=pl.List(pl.String)))
    changed = changed.explode("folded", empty_as_null=False)
    return changed.with_columns(fold_all(changed["folded"])) if as_written else changed


def undone_word(trick: Trick, word: str) -> tuple[str, ...]:
    """What a folded word may have been before the trick."""
    return tuple(dict.fromkeys(reading for reading in _UNDOING[trick](word) if reading != word))


def squeezed(word: str) -> str:
    """The word with each letter once where it stood several times in a row."""
    return _TWICE.sub(r"\1", word)


def _readings(trick: Trick, words: list[str], wanted: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Words → what they may have been, where that holds what is wanted."""
    read = {word: undone_word(trick, word) for word in words}
    pairs = [(word, fold(reading)) for word, readings in read.items() for reading in readings]
    frame = pl.DataFrame(pairs, schema={"word": pl.String(), "reading": pl.String()}, orient="row")
    listed = pl.lit(pl.Series([list(wanted)], dtype=pl.List(pl.String)))
    matter = frame.filter(pl.col("reading").str.contains_any(listed))
    return {word: read[word] for word in matter["word"]}


def _reread(text: str, words: list[str], readings: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The text with its suspect words undone, in as many ways as there are to read one of them."""
    telling = [word for word in dict.fromkeys(words) if word in readings and not is_native(word, text)]
    telling.sort(key=len, reverse=True)
    found = []
    for way in range(max((len(readings[word]) for word in telling), default=0)):
        reading = text
        for word in telling:
            reading = reading.replace(word, readings[word][min(way, len(readings[word]) - 1)])
        found.append(reading)
    return found


def _without_gaps(words: str) -> tuple[str, ...]:
    return (_SPACED.sub(_closed, words),)


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


def _without_leet(token: str) -> tuple[str, ...]:
    """A word whose digits and signs stand for letters; a number or an amount stays as it is."""
    word = token.strip("!|")
    if not _LETTER.search(word) or _QUANTITY.fullmatch(word):
        return ()
    if re.search("[а-я]", word):
        return (word.translate(_CYRILLIC),)
    return tuple(word.translate(_LATIN | dict.fromkeys(map(ord, _ONES), ord(one))) for one in "il")


def _without_repeats(word: str) -> tuple[str, ...]:
    thrice = _THRICE.search(word)
    if thrice is None:
        return ()
    return (_THRICE.sub(r"\1", word) if is_unspaced(thrice[1]) else SQUEEZED + squeezed(word),)


_UNDOING: Final[Mapping[Trick, Callable[[str], tuple[str, ...]]]] = {
    Trick.homoglyph: lookalikes,
    Trick.spaced: _without_gaps,
    Trick.leet: _without_leet,
    Trick.repeated: _without_repeats,
}
