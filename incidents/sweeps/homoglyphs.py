"""Which letters of another script look like those of a word, and what was the word?

Only words that mix scripts are changed, and letters that are of no alphabet (small capitals, letters in
boxes); and words all of whose letters have a Latin twin, where the rest of the text is not written in their
script. A Russian word never becomes a Latin one just because its letters could.

The pairs are a choice from the confusables of Unicode Technical Standard 39: those that people write with.
"""

import re
from typing import Final

import polars as pl


def _pairs(one: str, other: str) -> dict[str, str]:
    return dict(zip(one, other, strict=True))


_TWINS: Final = {
    "CYRILLIC": _pairs("аеорсухіјѕһԁԛԝкмтвнгпьАЕОРСУХІЈЅВКМНТԌ", "aeopcyxijshdqwkmtbhrnbAEOPCYXIJSBKMHTG"),
    "GREEK": _pairs("αβγεικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abyeikvoptuxwABEZHIKMNOPTYX"),
    "ARMENIAN": _pairs("աօսոցհԼՕՍ", "wounghLOU"),
}
"""A letter of each script → its Latin twin."""

_POSED: Final = _pairs("яЯиИшШщЩдДцЦчЧбБзЗэЭюЮ", "rRnNwWwWdDuUyY6633eEoO")
"""Cyrillic letters that pose as Latin ones among Latin letters, though nobody would mistake them."""

_NATIVE: Final = {
    "CYRILLIC": _pairs("aeopcyxijskmtbhrnuABEKMHOPCTYXIJSdqwg", "аеорсухіјѕкмтвнгпиАВЕКМНОРСТУХІЈЅдԛшд"),
    "GREEK": _pairs("abyeikvoptuxwnABEZHIKMNOPTYX", "αβγεικνορτυχωηΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
    "ARMENIAN": _pairs("wounghLOU", "աօսոցհԼՕՍ"),
}
"""A Latin letter → its twin in each script."""

_STRAY: Final = {
    **_pairs("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡɩʋƒƙɓɗɛƅ", "abcdefghijklmnoprstuvwyzagivfkbdeb"),
    **{chr(0x1F150 + place): chr(97 + place) for place in range(26)},  # in black circles
    **{chr(0x1F170 + place): chr(97 + place) for place in range(26)},  # in black squares
    **{chr(0x1F1E6 + place): chr(97 + place) for place in range(26)},  # halves of flags
}

_TO_LATIN: Final = str.maketrans({**_POSED, **_STRAY, **{k: v for t in _TWINS.values() for k, v in t.items()}})
_TO_NATIVE: Final = {script: str.maketrans(twins) for script, twins in _NATIVE.items()}

_LATIN: Final = "A-Za-z\u00c0-\u024f"
_RANGES: Final = {"CYRILLIC": "\u0400-\u052f", "GREEK": "\u0370-\u03ff", "ARMENIAN": "\u0530-\u058f"}
_OF: Final = {script: re.compile(f"[{letters}]") for script, letters in _RANGES.items()}
_WITHOUT_TWIN: Final = {
    script: re.compile(f"(?![{''.join(_TWINS[script])}])[{letters}]") for script, letters in _RANGES.items()
}
_OF_LATIN: Final = re.compile(f"[{_LATIN}{''.join(_STRAY)}]")
_NOT_OF: Final = {
    script: re.compile(rf"[^\W\d_{letters}]|[{''.join(_STRAY)}]") for script, letters in _RANGES.items()
}
_OTHERS: Final = "".join(_RANGES.values())
_LIKE_LATIN: Final = "".join(letter for twins in _TWINS.values() for letter in twins)
_BETWEEN: Final = "[0-9@$!|]{0,3}"
_FOREIGN: Final = rf"[\pL--[{_OTHERS}]]"
_CODE: Final = r"(?:\pL+[0-9]|[0-9]+\pL)"
_LATIN_CODE: Final = rf"(?:[{_LATIN}]+[0-9]|[0-9]+[{_LATIN}])"
_LIKE_LATIN_CODE: Final = rf"(?:[{_LIKE_LATIN}]+[0-9]|[0-9]+[{_LIKE_LATIN}])"
_MIXED: Final = (
    rf"[{_LATIN}]{_BETWEEN}[{_OTHERS}]|[{_OTHERS}]{_BETWEEN}[{_LATIN}]|[{''.join(_STRAY)}]"
    # Part of a code in a script that its other parts are not of: 映像-К7, ВИДЕО-K7.
    rf"|{_FOREIGN}\pM*-?{_LIKE_LATIN_CODE}|{_LIKE_LATIN_CODE}-?{_FOREIGN}"
    rf"|[{_OTHERS}]-{_LATIN_CODE}|{_LATIN_CODE}-[{_OTHERS}]"
)
_IN_WORD: Final = rf"[\pL\pN{''.join(_STRAY)}]"

_TWIN_WORD: Final = rf"(?:^|[^\pL\pN])[{_LIKE_LATIN}][{_LIKE_LATIN}0-9]{{2,}}(?:$|[^\pL\pN])"
_NATIVE_LETTER: Final = rf"[{_OTHERS}--[{_LIKE_LATIN}]]"

LOOKALIKE_WORD: Final = (
    rf"(?:{_CODE}{_IN_WORD}*-)*{_IN_WORD}*(?:{_MIXED}){_IN_WORD}*(?:-{_CODE}{_IN_WORD}*)*"
    rf"|\b[{_LIKE_LATIN}][{_LIKE_LATIN}0-9]{{2,}}\b"
)
"""A word that may be meant as another, for Rust's regex."""


def may_show_lookalikes(text: pl.Expr) -> pl.Expr:
    """Whether a text has any letter that may pose as another: cheaper to ask, and asked first."""
    return text.str.contains(f"[{_OTHERS}{''.join(_STRAY)}]")


def shows_lookalikes(text: pl.Expr) -> pl.Expr:
    """Whether a text may hold such a word: scripts mix in one, or no letter of the text is without a twin."""
    all_have_twins = text.str.contains(_TWIN_WORD) & ~text.str.contains(_NATIVE_LETTER)
    return text.str.contains(_MIXED) | all_have_twins


def lookalikes(word: str) -> tuple[str, ...]:
    """What the word is in Latin letters, and in those of the other script that it mixes them with."""
    foreign = next((script for script in _TWINS if _OF[script].search(word)), None)
    latin = word.translate(_TO_LATIN)
    return (latin, word.translate(_TO_NATIVE[foreign])) if foreign and _OF_LATIN.search(word) else (latin,)


def is_native(word: str, text: str) -> bool:
    """Whether the word is of one other script, and the text is written in it."""
    foreign = next((script for script in _TWINS if _OF[script].search(word)), None)
    if foreign is None or _NOT_OF[foreign].search(word):
        return False
    return _WITHOUT_TWIN[foreign].search(text) is not None
