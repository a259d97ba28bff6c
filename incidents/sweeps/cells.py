"""How is any text kept in a spreadsheet's cell, without running and without being changed?"""

import re
from collections.abc import Sequence

MAX_CELL = 32_767
"""Characters a cell in Excel; a longer one spills over into the next row when a CSV is opened."""

# OWASP, "CSV Injection": a cell that begins so is run as a formula; full-width signs count in some locales.
# A quote is part of the rule, so that reading back takes off exactly the quote that writing put there.
_FORMULA = re.compile(r"'*(?:[\s\x00-\x20\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n])")
# An id of digits would be rounded to fifteen of them as soon as Excel opens the CSV.
_ITEM = re.compile(rf"{_FORMULA.pattern}|'*\d")

# ECMA-376 part 1, 22.9.2.19 (ST_Xstring): what XML cannot hold is written _xHHHH_, and what looks so, too.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_WRITTEN = re.compile("_x([0-9A-Fa-f]{4})_")


def guard(text: str, *, unsafe: re.Pattern[str] = _FORMULA) -> str:
    """The text as a cell that no spreadsheet runs: `'` before what would begin a formula."""
    return f"'{text}" if unsafe.match(text) else text


def unguard(text: str, *, unsafe: re.Pattern[str] = _FORMULA) -> str:
    """The text that `guard` was given."""
    return text[1:] if text.startswith("'") and unsafe.match(text) else text


def guard_row(columns: Sequence[str], row: Sequence[str]) -> list[str]:
    """The cells of a row, each guarded as its column needs it."""
    return [guard(value, unsafe=unsafe_in(name)) for name, value in zip(columns, row, strict=True)]


def unsafe_in(column: str) -> re.Pattern[str]:
    """What must not begin a cell of this column."""
    return _ITEM if column == "item" else _FORMULA


def escape(text: str) -> str:
    """The text with what XML cannot hold written as `_xHHHH_`."""
    return _UNWRITABLE.sub(lambda hit: f"_x{ord(hit[0]):04X}_", text)


def unescape(text: str) -> str:
    """The text that `escape` was given."""
    return _WRITTEN.sub(lambda hit: chr(int(hit[1], 16)), text)


def fit(text: str) -> str:
    """The text as far as a cell holds it, its escapes (seven characters each) and its guard included."""
    shorter = (text, f"{text[: MAX_CELL - 2]}…", f"{text[: MAX_CELL // 8]}…")
    return next(cut for cut in shorter if len(escape(cut)) < MAX_CELL)
