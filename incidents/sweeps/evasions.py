"""What did a text say before its words were hidden: k1ll, k i l l, kiiill?

Each trick is undone on its own, and only in the words where it shows: digits become letters inside words,
single letters in a row become a word. What is then found is told apart from what stands there plainly.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

import polars as pl

from incidents.sweeps.folding import fold_all
from incidents.sweeps.homoglyphs import (
    LOOKALIKE_WORD,
    is_native,
    lookalikes,
    may_show_lookalikes,
    shows_lookalikes,
)
from incidents.sweeps.literals import holds_any
from incidents.sweeps.scope import Trick
from incidents.sweeps.scripts import MARKS, UNSPACED, is_unspaced

SQUEEZED: Final = "\ue000"
"""Stands before a word whose repeated letters were taken out; private use, so no text needs it."""

_LATIN: Final = [str.maketrans("03456789@$€1!|", f"oeasgtbgase{one * 3}") for one in "il"]
_CYRILLIC: Final = str.maketrans("03468@$€!", "озчбвасеі")
_CYRILLIC_LETTER: Final = re.compile("[а-я]")
_ONE: Final = re.compile("[1!|]")

_ADDRESS: Final = r"(?:https?://|\bwww\.)\S+|(?:^|\B)@\w{4,}"
_QUANTITY: Final = re.compile(
    r"\d{2,}[^\W\d]{1,3}|\d(?:st|nd|rd|th|d|h|k|m|s|x|am|pm|km|kg|gb)|[^\W\d](?:\d{2,}|[24-9])"
)
_LETTER: Final = re.compile(r"[^\W\d_]")

_WITH_SPACES: Final = re.sub(f"[{UNSPACED}]", "", MARKS)
_GLYPH: Final = rf"(?:[^\W_]|[@$€])[{MARKS}]*"
_NO_GLYPH: Final = rf"(?:[^\w{MARKS}@$€]|_)"
_BEGINS: Final = rf"(?<![^\W_{UNSPACED}])(?<![{_WITH_SPACES}@$€])"
_ENDS: Final = rf"(?![^\W_{UNSPACED}]|[{MARKS}@$€])"
_HYPHEN: Final = "(?:-(?P=gap))?"
"""A hyphen of the word itself, spelt apart as its letters are."""
_SPACED: Final = re.compile(
    rf"{_BEGINS}{_GLYPH}(?P<gap>{_NO_GLYPH}{{1,3}}){_HYPHEN}{_GLYPH}(?:(?P=gap){_HYPHEN}{_GLYPH})+{_ENDS}"
    rf"|(?<![^\W_])(?<![{MARKS}@$€])[{UNSPACED}][{MARKS}]*(?P<only>{_NO_GLYPH}{{1,3}})[{UNSPACED}][{MARKS}]*"
    rf"(?![^\W_]|[{MARKS}@$€])"
)

_ALONE: Final = frozenset("aeiouyàáèéíóúwzаивкосуяэюनव0123456789")
"""What stands by itself beside a row of single letters: words of one letter, as in `i h a t e`, and digits."""

_CORE: Final = 4
"""Letters that are left of a row when what stands by itself is taken off: `h a t e` is not `hat`."""

_IN_WORD: Final = re.compile(rf"[^\W\d_]|[{MARKS}]")
_RUN: Final = re.compile(r"[^\W_]+")
"""Letters and digits that no trick parts: a word that is undone holds all of them or none."""
_TWICE: Final = re.compile(rf"([^\W\d_]|[{MARKS}])\1+")
_THRICE: Final = re.compile(rf"([^\W\d_]|[{MARKS}])\1\1+")
_NO_WORD: Final = r"[^\pL\pM\pN@$€]"
_GAPS: Final = r"[^\pL\pM\pN@$€]+"
_BESIDE_WORD: Final = rf"[[^\pL\pM\pN@$€][{UNSPACED}]]"
_NO_PLAIN_WORD: Final = r"[\x00-/:-@\[-`{-\x7f]"
_SIGN: Final = r"[\pL\pN@$€!|]"

_SHOWS: Final[Mapping[Trick, str]] = {
    Trick.spaced: (
        rf"(?:^|{_BESIDE_WORD})[\pL\pN@$€]\pM*(?:{_NO_WORD}{{1,3}}[\pL\pN@$€]\pM*){{2}}(?:$|{_BESIDE_WORD})"
        rf"|(?:^|{_NO_WORD})[{UNSPACED}]\pM*{_NO_WORD}{{1,3}}[{UNSPACED}]\pM*(?:$|{_NO_WORD})"
    ),
    Trick.leet: (
        r"\pL[0-9@$!|€]+\pL|\pL{2}[0-9]|\pL[$€]|[0-9@$€]\pL{2}"
        rf"|(?:^|{_NO_WORD})(?:[013]\pL|\pL[013])(?:{_NO_WORD}|$)"
    ),
}
"""What a text must hold in which a trick shows, for Rust's regex."""

_SHOWS_IN_PLAIN: Final[Mapping[Trick, str]] = {
    Trick.spaced: (
        rf"(?:^|{_NO_PLAIN_WORD})[a-z0-9@$](?:{_NO_PLAIN_WORD}{{1,3}}[a-z0-9@$]){{2}}(?:{_NO_PLAIN_WORD}|$)"
    ),
    Trick.leet: (
        r"[a-z][0-9@$!|]+[a-z]|[a-z]{2}[0-9]|[a-z]\$|[0-9@$][a-z]{2}"
        rf"|(?:^|{_NO_PLAIN_WORD})(?:[013][a-z]|[a-z][013])(?:{_NO_PLAIN_WORD}|$)"
    ),
}
"""The same inside `(?i-u:…)`, for plain ASCII as written; there are no homoglyphs in it."""

_WORDS: Final[Mapping[Trick, str]] = {
    Trick.homoglyph: LOOKALIKE_WORD,
    Trick.spaced: (
        rf"(?:^|{_BESIDE_WORD})[\pL\pN@$€]\pM*(?:{_NO_WORD}{{1,3}}[\pL\pN@$€]\pM*)+(?:$|{_BESIDE_WORD})"
    ),
    Trick.leet: rf"{_SIGN}*(?:\pL[0-9@$!|€]|[0-9@$!|€]\pL){_SIGN}*",
    Trick.repeated: r"[\pL\pM\pN]+",
}
"""The words in which it may show: as written for homoglyphs, folded for the others."""


class Undoing:
    """Undoes one trick, as it may be played on the `hidden` words (folded)."""

    def __init__(self, trick: Trick, hidden: Collection[str]) -> None:
        letters = sorted({letter for word in hidden for letter in word if _IN_WORD.fullmatch(letter)})
        triples = [letter * 3 for letter in letters]
        plain = [triple for triple in triples if triple.isascii()]
        holds_digits = any(character.isdecimal() for word in hidden for character in word)
        self.may_err = trick is Trick.homoglyph or (trick is Trick.leet and holds_digits)
        """Whether a text may say what it seems to, though the trick shows: ВОМВ is no word, сор is one; the
        digits of c0vid are none, those of covid19 are."""
        self._trick = trick
        self._sign = _SHOWS.get(trick) or _either(triples)
        undone_next = "" if trick is Trick.repeated else rf"|[0-9@$€!|]|{_either(triples)}"
        runs = sorted({run for word in hidden for run in _RUN.findall(word)})
        self._tells = holds_any(pl.col("reading"), runs) | pl.col("reading").str.contains(
            rf"[{UNSPACED}]|^{SQUEEZED}?.${undone_next}"
        )
        self.plain_sign = _SHOWS_IN_PLAIN.get(trick) or (_either(plain) if trick is Trick.repeated else None)
        """What plain ASCII must hold in which the trick shows, for Rust's regex, inside `(?i-u:…)`."""

    def suspects(self, texts: pl.DataFrame) -> pl.DataFrame:
        """The texts in which the trick shows, of which `folded` is told; for homoglyphs, `text` too."""
        if self._trick is Trick.homoglyph:
            return texts.filter(may_show_lookalikes(pl.col("text"))).filter(shows_lookalikes(pl.col("text")))
        return texts.filter(pl.col("folded").str.contains(self._sign))

    def undone(self, texts: pl.DataFrame) -> pl.DataFrame:
        """What the texts may have said before: columns _row, folded, a row for each reading.

        Texts are left out where no reading comes nearer to a hidden word.
        """
        searched = self.suspects(texts).select("_row", self._searched().alias("folded"))
        searched = searched.with_columns(self._words().alias("words"))
        if self._trick is not Trick.homoglyph:  # what is not folded yet may hold parts of words
            words = self._that_tell(_distinct(searched)).implode()
            searched = searched.filter(pl.col("words").list.eval(pl.element().is_in(words)).list.any())
        readings = {word: undone_word(self._trick, word) for word in _distinct(searched)}
        changed = [
            (row, reading)
            for row, text, words in searched.select("_row", "folded", "words").iter_rows()
            for reading in self._readings(text, words, readings)
        ]
        schema = {"_row": pl.get_index_type(), "folded": pl.String()}
        found = pl.DataFrame(changed, schema=schema, orient="row")
        return found.with_columns(fold_all(found["folded"])) if self._trick is Trick.homoglyph else found

    def _that_tell(self, words: pl.Series) -> pl.Series:
        """Those that may hold a hidden word once they are undone, or come to hold one by the next tricks.

        For others no text is written anew. A single letter always tells, as part of a phrase.
        """
        if self._trick is Trick.spaced:  # the letters without their gaps hold every reading, and take less time
            read = pl.DataFrame({"word": words, "reading": words.str.replace_all(_GAPS, "")})
        else:
            pairs = [(word, reading) for word in words for reading in undone_word(self._trick, word)]
            read = pl.DataFrame(pairs, schema=dict.fromkeys(("word", "reading"), pl.String), orient="row")
        return read.filter(self._tells)["word"]

    def _searched(self) -> pl.Expr:
        """The text without addresses where those are full of signs; for homoglyphs as it was written."""
        if self._trick is Trick.homoglyph:
            return pl.col("text")
        folded = pl.col("folded")
        return folded if self._trick is Trick.spaced else folded.str.replace_all(_ADDRESS, " ")

    def _words(self) -> pl.Expr:
        """The words of a text in which the trick may show."""
        words = pl.col("folded").str.extract_all(_WORDS[self._trick])
        if self._trick is Trick.repeated:
            return words.list.eval(pl.element().filter(pl.element().str.contains(self._sign)))
        return words

    def _readings(self, text: str, words: list[str], readings: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        """The text with its words undone, in as many ways as there are to read one of them."""
        words = [word for word in dict.fromkeys(words) if readings[word]]
        if self._trick is Trick.homoglyph:
            words = [word for word in words if not is_native(word, text)]
        if len(words) == 1:
            yield from (text.replace(words[0], reading) for reading in readings[words[0]])
            return
        words.sort(key=len, reverse=True)  # so that none is changed inside of another
        for way in range(max((len(readings[word]) for word in words), default=0)):
            reading = text
            for word in words:
                reading = reading.replace(word, readings[word][min(way, len(readings[word]) - 1)])
            yield reading


def _distinct(searched: pl.DataFrame) -> pl.Series:
    return searched["words"].explode(empty_as_null=False).unique()


def undone_word(trick: Trick, word: str) -> tuple[str, ...]:
    """What a folded word may have been before the trick."""
    return tuple(reading for reading in _UNDOING[trick](word) if reading != word)


def squeezed(word: str) -> str:
    """The word with each letter once where it stood several times in a row."""
    return _TWICE.sub(r"\1", word)


def _either(literals: Iterable[str]) -> str:
    """One of the literals, or nothing that there is."""
    return "|".join(literals) or "[a&&b]"


def _without_gaps(words: str) -> tuple[str, ...]:
    return (_SPACED.sub(_closed, words),)


def _closed(row: re.Match[str]) -> str:
    """A row of single letters as a word, and without what may stand by itself at its ends."""
    glyphs = row[0].split(row["gap"] or row["only"])
    word = "".join(glyphs)
    if not word.isalpha() and 2 * sum(1 for glyph in glyphs if _LETTER.match(glyph)) < len(glyphs):
        return row[0]
    before, behind = _count_alone(glyphs[0], glyphs[1]), _count_alone(glyphs[-1], glyphs[-2])
    if not before and not behind:
        return word
    cuts = ((start, len(glyphs) - end) for end in range(behind + 1) for start in range(before + 1))
    words = ["".join(glyphs[start:end]) for start, end in cuts if end - start >= min(_CORE, len(glyphs))]
    return " ".join(dict.fromkeys(words))


def _count_alone(outer: str, inner: str) -> int:
    """How many of two glyphs at an end of a row may stand by themselves."""
    return 0 if outer not in _ALONE else 1 + (inner in _ALONE)


def _without_leet(token: str) -> tuple[str, ...]:
    """A word whose digits and signs stand for letters; a number or an amount stays as it is."""
    word = token.strip("!|")
    if not _LETTER.search(word) or _QUANTITY.fullmatch(word):
        return ()
    if _CYRILLIC_LETTER.search(word):
        return (word.translate(_CYRILLIC),)
    return tuple(word.translate(table) for table in (_LATIN if _ONE.search(word) else _LATIN[:1]))


def _without_repeats(word: str) -> tuple[str, ...]:
    if (thrice := _THRICE.search(word)) is None:
        return ()
    return (_THRICE.sub(r"\1", word) if is_unspaced(thrice[1]) else SQUEEZED + squeezed(word),)


_UNDOING: Final[Mapping[Trick, Callable[[str], tuple[str, ...]]]] = {
    Trick.homoglyph: lookalikes,
    Trick.spaced: _without_gaps,
    Trick.leet: _without_leet,
    Trick.repeated: _without_repeats,
}
