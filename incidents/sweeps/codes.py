"""How is a code such as VIDEO-K7 or covid19 written, so that a search for it finds nothing?

No ordinary word has a digit in it. A code with a letter twice, or without its hyphen, is therefore no other
word, as it may be elsewhere: later and latter, re-sign and resign.
"""

import re
from collections.abc import Iterator
from typing import Final

from incidents.sweeps.scripts import MARKS, WORD

_CODE: Final = re.compile(rf"(?=\S*[^\W\d_])[\w{MARKS}-]*\d[\w{MARKS}-]*")
_LETTER: Final = re.compile(rf"[^\W\d_][{MARKS}]*")


def is_code(literal: str) -> bool:
    """Whether a folded term holds a word of letters and digits."""
    return _CODE.search(literal) is not None


def doubled(literal: str) -> Iterator[str]:
    """The literal with one letter of a code twice, each in turn.

    The letter of a part that has no other stays: KK7 is another code than K7. So do digits.
    """
    for code in _CODE.finditer(literal):
        for part in WORD.finditer(literal, *code.span()):
            letters = list(_LETTER.finditer(literal, *part.span()))
            if len(letters) > 1:
                yield from (literal[: letter.end()] + literal[letter.start() :] for letter in letters)
