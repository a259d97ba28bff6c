"""Which letters of another script look like those of a word, and what was the word?

Only words that mix scripts are changed, and letters that are of no alphabet (small capitals, letters in
boxes); and words all of whose letters have a twin, where the rest of the text is not written in their
script. A Russian word never becomes a Latin one just because its letters could.

The pairs are a choice from the confusables of Unicode Technical Standard 39: those that people write with.
"""

import re
from collections.abc import Iterator
from typing import Final

from incidents.sweeps.folding import fold


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

_LATIN_TABLE: Final = str.maketrans({**_POSED, **{k: v for twins in _TWINS.values() for k, v in twins.items()}})
_STRAY_TABLE: Final = str.maketrans(_STRAY)
_NATIVE_TABLES: Final = {script: str.maketrans(twins) for script, twins in _NATIVE.items()}

_RANGES: Final = {"LATIN": "A-Za-z\u00c0-\u024f", "CYRILLIC": "\u0400-\u052f", "GREEK": "\u0370-\u03ff"}
_RANGES["ARMENIAN"] = "\u0530-\u058f"
_OTHERS: Final = "".join(_RANGES[script] for script in _TWINS)
_OF: Final = {script: re.compile(f"[{letters}]") for script, letters in _RANGES.items()}
_WORD: Final = re.compile(r"[^\W_]+")

_LIKE_LATIN: Final = "".join(letter for twins in _TWINS.values() for letter in twins)

SUSPECT: Final = (
    rf"[{_RANGES['LATIN']}][{_OTHERS}]|[{_OTHERS}][{_RANGES['LATIN']}]|[{''.join(_STRAY)}]"
    rf"|(?:^|[^\pL])[{_LIKE_LATIN}]{{3,}}(?:$|[^\pL])"
)
"""What a text must hold to be looked at, for Rust's regex."""


def without_homoglyphs(text: str) -> Iterator[str]:
    """The text, folded, with its look-alikes taken for Latin letters, and for those of the other script."""
    plain = text.translate(_STRAY_TABLE)
    yield fold(_WORD.sub(lambda word: _latin(word[0], plain), plain))
    yield fold(_WORD.sub(lambda word: _native(word[0], plain), plain))


def _latin(word: str, text: str) -> str:
    foreign = [script for script in _TWINS if _OF[script].search(word)]
    if not foreign:
        return word
    latin = word.translate(_LATIN_TABLE)
    if _OF["LATIN"].search(word):
        return latin
    twins = _TWINS[foreign[0]]
    is_posing = all(letter in twins for letter in word) and not _writes(text, foreign[0])
    return latin if is_posing else word


def _native(word: str, text: str) -> str:
    if not _OF["LATIN"].search(word):
        return word
    foreign = [script for script in _TWINS if _OF[script].search(word)]
    if foreign:
        return word.translate(_NATIVE_TABLES[foreign[0]])
    written = next((script for script in _TWINS if _writes(text, script)), None)
    twins = _NATIVE.get(written or "", {})
    is_posing = all(letter in twins for letter in word)
    return word.translate(_NATIVE_TABLES[written]) if written and is_posing else word


def _writes(text: str, script: str) -> bool:
    """Whether letters of the script stand in the text that have no Latin twin."""
    return any(letter not in _TWINS[script] for letter in _OF[script].findall(text))
