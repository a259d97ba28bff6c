"""How people hide a term from a filter: each trick by name, as HateCheck and our own sweeps met them."""

from collections.abc import Callable
from typing import Final
from unicodedata import category

_LEET: Final = str.maketrans("aeioAEIO", "43104310")
_CYRILLIC: Final = str.maketrans("aeopcxAEOPCXKMTBH", "аеорсхАЕОРСХКМТВН")
_ZERO_WIDTH: Final = "\u200b"


def evasions(term: str) -> dict[str, str]:
    """Return name → altered term, without the tricks that change nothing in this script."""
    altered = {name: trick(term) for name, trick in _TRICKS.items()}
    return {name: text for name, text in altered.items() if text != term}


def _letters(term: str) -> list[str]:
    """The letters, each with the marks that belong to it: a vowel sign cannot stand alone."""
    letters: list[str] = []
    for char in term:
        if letters and category(char).startswith("M"):
            letters[-1] += char
        else:
            letters.append(char)
    return letters


def _alternating(term: str) -> str:
    return "".join(char.upper() if at % 2 else char.lower() for at, char in enumerate(term))


def _dropped(term: str) -> str:
    letters = _letters(term)
    middle = len(letters) // 2
    return "".join(letters[:middle] + letters[middle + 1 :])


def _doubled(term: str) -> str:
    letters = _letters(term)
    return "".join([*letters[:2], letters[1], *letters[2:]])


def _parted(term: str) -> str:
    letters = _letters(term)
    middle = len(letters) // 2
    return "".join([*letters[:middle], _ZERO_WIDTH, *letters[middle:]])


_TRICKS: Final[dict[str, Callable[[str], str]]] = {
    "case": _alternating,
    "spaces": lambda term: " ".join(_letters(term)),
    "dots": lambda term: ".".join(_letters(term)),
    "leet": lambda term: term.translate(_LEET),
    "homoglyphs": lambda term: term.translate(_CYRILLIC),
    "zero_width": _parted,
    "letter_dropped": _dropped,
    "letter_doubled": _doubled,
}
