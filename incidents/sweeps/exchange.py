"""How does a partner team work a batch in a spreadsheet: out as CSV or XLSX, and back in?

A file comes back whole or not at all. What is wrong is named by row (as the spreadsheet numbers it),
column and item id; never by the content of a cell, which may be the text of a post.
"""

import csv
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeVar

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from incidents.catalogue.policies import Policy, RecommendedAction
from incidents.errors import BadInput
from incidents.sweeps.decisions import IMPLIED_ACTION, MAX_RATIONALE, Judgement, Verdict, refusals

FILL_IN = ("verdict", "policy", "clause", "action", "rationale")
COLUMNS = ("batch", "guideline_version", "item", "text", "language", "posted_at", "matched", *FILL_IN)
NEEDED = ("batch", "guideline_version", "item", *FILL_IN)
"""Columns that must come back; the others are there to be read."""

MAX_CELL = 32_767
"""Characters a cell in Excel; a longer one spills over into the next row when a CSV is opened."""
MAX_FILE = 20_000_000
MAX_UNPACKED = 100_000_000
"""Bytes of a file, and of all parts of an XLSX together once unpacked."""
MAX_ROWS = 10_000
MAX_COLUMNS = 50

# OWASP, "CSV Injection": a cell that begins so is run as a formula; full-width signs count in some locales.
# A quote is part of the rule, so that reading back takes off exactly the quote that writing put there.
_FORMULA = re.compile(r"'*(?:[\s\x00-\x20\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n])")
# An id of digits would be rounded to fifteen of them as soon as Excel opens the CSV.
_ITEM = re.compile(rf"{_FORMULA.pattern}|'*\d")

# ECMA-376 part 1, 22.9.2.19 (ST_Xstring): what XML cannot hold is written _xHHHH_, and what looks so, too.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_WRITTEN = re.compile("_x([0-9A-Fa-f]{4})_")

Choice = TypeVar("Choice", bound=StrEnum)

_COLUMN_OF = {"ACTION": "action", "RATIONALE": "rationale", "POLICY": "policy", "CLAUSE": "clause"}
"""First word of a refusal's code → the column to look at."""


class SheetItem(BaseModel):
    """One item as the partner team reads it, with what was already decided about it, if anything."""

    model_config = ConfigDict(frozen=True)

    item: str = Field(min_length=1)
    text: str
    language: str | None = None
    posted_at: AwareDatetime | None = None
    matched: tuple[str, ...] = ()
    judgement: Judgement | None = None


class BatchSheet(BaseModel):
    """A batch on its way out."""

    model_config = ConfigDict(frozen=True)

    batch: str = Field(min_length=1)
    guideline_version: int | None = None
    items: tuple[SheetItem, ...]


class ExpectedBatch(BaseModel):
    """What a file that comes back must be about, and the policies in force, by id."""

    model_config = ConfigDict(frozen=True)

    batch: str
    guideline_version: int | None = None
    items: frozenset[str]
    policies: Mapping[str, Policy]


class FilledRow(Judgement):
    """One row that somebody filled in; `row` is its number in the spreadsheet, the header being 1."""

    row: int


class Filled(NamedTuple):
    """All that a file says: rows to record, items left blank, items that the file no longer holds."""

    rows: list[FilledRow]
    undecided: list[str]
    missing: list[str]


class Row(NamedTuple):
    """One row of a file: its number in the spreadsheet, and its cells by column."""

    number: int
    cells: dict[str, str]


class _Problem(NamedTuple):
    row: int
    column: str
    sentence: str
    item: str | None = None

    def __str__(self) -> str:
        item = f" (item {self.item})" if self.item else ""
        return f"  row {self.row}{item}, column {self.column}: {self.sentence}"


# Out


def write_batch(sheet: BatchSheet, path: Path) -> None:
    """Write the batch as .csv (UTF-8 with BOM) or .xlsx (text cells, lists of allowed values).

    Texts beyond `MAX_CELL` are cut and end in `…`. BadInput for another ending; the file is there whole
    or not at all.
    """
    rows = [_cells(sheet, item) for item in sheet.items]
    writers = {".csv": write_csv, ".xlsx": _write_xlsx}
    if path.suffix.lower() not in writers:
        raise BadInput(f"{path.name}: a batch is written as .csv or .xlsx.")
    writers[path.suffix.lower()](path, COLUMNS, rows)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV that a spreadsheet opens without running anything in it; whole or not at all."""
    with _whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        writer.writerows(_guarded(columns, row) for row in rows)


def _write_xlsx(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    book = Workbook()
    sheet = book.create_sheet("batch", 0)
    book.remove(book.worksheets[1])
    for number, row in enumerate([columns, *(_guarded(columns, row) for row in rows)], start=1):
        for column, value in enumerate(row, start=1):
            _write_cell(sheet, number, column, _escaped(value))
    _lay_out(sheet, columns)
    with _whole(path) as part:
        book.save(part)


def _write_cell(sheet: Worksheet, row: int, column: int, value: str) -> None:
    cell = sheet.cell(row, column, value)
    cell.data_type = "s"  # also where the text reads like an error value, `#N/A`
    cell.number_format = "@"  # so that a clause typed as 3.10 stays 3.10
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    cell.font = Font(bold=row == 1)


def _lay_out(sheet: Worksheet, columns: Sequence[str]) -> None:
    sheet.freeze_panes = "A2"
    for index, name in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = {"text": 80, "rationale": 40}.get(name, 18)
    for name, allowed in (("verdict", Verdict), ("action", RecommendedAction)):
        letter = get_column_letter(columns.index(name) + 1)
        choice = DataValidation("list", formula1=f'"{",".join(allowed)}"', allow_blank=True)
        choice.add(f"{letter}2:{letter}{max(sheet.max_row, 2)}")
        sheet.add_data_validation(choice)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A place to write to that takes the name only once all is written: a full disk leaves no half file."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _cells(sheet: BatchSheet, item: SheetItem) -> list[str]:
    version = "" if sheet.guideline_version is None else str(sheet.guideline_version)
    posted_at = item.posted_at.isoformat(timespec="seconds") if item.posted_at else ""
    said = item.judgement.model_dump(mode="json") if item.judgement else {}
    matched = _fitting(" | ".join(item.matched))
    about = [sheet.batch, version, item.item, _fitting(item.text), item.language or "", posted_at, matched]
    return about + [said.get(name) or "" for name in FILL_IN]


def _fitting(text: str) -> str:
    """The text as far as a cell holds it, its escapes (seven characters each) and its guard included."""
    shorter = (text, f"{text[: MAX_CELL - 2]}…", f"{text[: MAX_CELL // 8]}…")
    return next(cut for cut in shorter if len(_escaped(cut)) < MAX_CELL)


# Cells


def guard(text: str, *, unsafe: re.Pattern[str] = _FORMULA) -> str:
    """The text as a cell that no spreadsheet runs: `'` before what would begin a formula."""
    return f"'{text}" if unsafe.match(text) else text


def unguard(text: str, *, unsafe: re.Pattern[str] = _FORMULA) -> str:
    """The text that `guard` was given."""
    return text[1:] if text.startswith("'") and unsafe.match(text) else text


def _guarded(columns: Sequence[str], row: Sequence[str]) -> list[str]:
    return [guard(value, unsafe=_unsafe(name)) for name, value in zip(columns, row, strict=True)]


def _unsafe(column: str) -> re.Pattern[str]:
    return _ITEM if column == "item" else _FORMULA


def _escaped(text: str) -> str:
    return _UNWRITABLE.sub(lambda hit: f"_x{ord(hit[0]):04X}_", text)


def _unescaped(text: str) -> str:
    return _WRITTEN.sub(lambda hit: chr(int(hit[1], 16)), text)


# In


def read_filled(path: Path, *, expected: ExpectedBatch) -> Filled:
    """What a partner team filled in, or BadInput naming every row that is wrong.

    A row whose columns to fill in are all blank is undecided, not wrong. Where the verdict leaves no
    choice of action, a blank action is that one. A formula is read as its text and never evaluated.
    """
    rows = read_rows(path)
    problems = _identity_problems(path, rows, expected)
    known = [row for row in rows if row.cells["item"] in expected.items]
    problems += _item_problems(rows, known, expected)
    filled: list[FilledRow] = []
    for row in known:
        if not _is_blank(row):
            judged = _judged(row, expected.policies)
            filled += judged.rows
            problems += judged.problems
    if problems:
        lines = "\n".join(map(str, sorted(problems)))
        raise BadInput(f"{path.name}: nothing was imported; wrong cells: {len(problems)}\n{lines}")
    undecided = [row.cells["item"] for row in known if _is_blank(row)]
    return Filled(filled, undecided, sorted(expected.items - {row.cells["item"] for row in known}))


def _is_blank(row: Row) -> bool:
    return not any(row.cells[name].strip() for name in FILL_IN)


def _identity_problems(path: Path, rows: Sequence[Row], expected: ExpectedBatch) -> list[_Problem]:
    """Rows of another batch or guideline; BadInput at once where it is every row: then it is the file."""
    version = "" if expected.guideline_version is None else str(expected.guideline_version)
    wanted = {"batch": expected.batch, "guideline_version": version}
    problems = []
    for column, value in wanted.items():
        wrong = [row for row in rows if row.cells[column].strip() != value]
        what = f"the {column.replace('_', ' ')} is not {value or 'empty (there was no guideline)'}"
        if rows and len(wrong) == len(rows):
            raise BadInput(f"{path.name}: {what}. Nothing was imported: export the batch again.")
        problems += [_Problem(row.number, column, f"{what}.") for row in wrong]
    return problems


def _item_problems(rows: Sequence[Row], known: Sequence[Row], expected: ExpectedBatch) -> list[_Problem]:
    inside = {row.number for row in known}
    sentence = f"no item of batch {expected.batch} has this id (a spreadsheet may have rounded it)."
    problems = [_Problem(row.number, "item", sentence) for row in rows if row.number not in inside]
    times = Counter(row.cells["item"] for row in known)
    return problems + [
        _Problem(row.number, "item", "this item is in the file more than once.", row.cells["item"])
        for row in known
        if times[row.cells["item"]] > 1
    ]


class _Judged(NamedTuple):
    rows: list[FilledRow]
    problems: list[_Problem]


def _judged(row: Row, policies: Mapping[str, Policy]) -> _Judged:
    item, cells = row.cells["item"], row.cells
    verdict = _choice(cells["verdict"], Verdict)
    action = _choice(cells["action"], RecommendedAction)
    if not cells["action"].strip() and verdict:
        action = IMPLIED_ACTION.get(verdict)
    wrong = _cell_problems(row, verdict, action)
    if wrong or verdict is None or action is None:
        return _Judged([], wrong)
    references = {name: cells[name].strip() for name in ("policy", "clause")}
    said = {"verdict": verdict, "action": action, "rationale": cells["rationale"], **references}
    filled = FilledRow.model_validate({"row": row.number, "item": item, **said})
    found = refusals(filled, policies)
    wrong = [_Problem(row.number, _COLUMN_OF[r.code.split("_")[0]], r.sentence, item) for r in found]
    return _Judged([] if wrong else [filled], wrong)


def _cell_problems(row: Row, verdict: str | None, action: str | None) -> list[_Problem]:
    item = row.cells["item"]
    problems = []
    if verdict is None:
        problems.append(_Problem(row.number, "verdict", f"must be one of {', '.join(Verdict)}.", item))
    if action is None and (verdict or row.cells["action"].strip()):
        allowed = ", ".join(RecommendedAction)
        problems.append(_Problem(row.number, "action", f"must be one of {allowed}.", item))
    if len(row.cells["rationale"]) > MAX_RATIONALE:
        sentence = f"is longer than {MAX_RATIONALE} characters."
        problems.append(_Problem(row.number, "rationale", sentence, item))
    return problems


def _choice(cell: str, allowed: type[Choice]) -> Choice | None:
    """The allowed value that the cell means, however it is cased or spaced."""
    said = "_".join(cell.casefold().split())
    return allowed(said) if said in list(allowed) else None


# Files


def read_rows(path: Path) -> list[Row]:
    """The rows of a CSV or XLSX file, told by content, that are not empty; cells as before `guard`.

    CSV in UTF-8 or UTF-16 with BOM, separated by comma, semicolon or tab. BadInput for anything else,
    macros, more than `MAX_FILE` bytes, `MAX_UNPACKED` unpacked or `MAX_ROWS` rows, a missing column.
    """
    content = _content(path)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadInput(f"{path.name}: an old or encrypted Excel file. Save it as .xlsx without a password.")
    table = _xlsx_table(path, content) if content.startswith(b"PK") else _csv_table(path, content)
    header = [cell.strip().casefold() for cell in next(table, [])]
    _check_header(path, header)
    rows = []
    for number, cells in enumerate(table, start=2):
        if number > MAX_ROWS + 1:
            raise BadInput(f"{path.name}: more than {MAX_ROWS} rows. Keep only the rows of the batch.")
        if len(cells) > len(header) and any(cells[len(header) :]):
            raise BadInput(f"{path.name}: row {number} has more cells than the header.")
        if any(cells):
            rows.append(_row(number, header, cells))
    return rows


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    padded = [*cells, *[""] * (len(header) - len(cells))]
    return Row(number, {n: unguard(c, unsafe=_unsafe(n)) for n, c in zip(header, padded, strict=False)})


def _check_header(path: Path, header: Sequence[str]) -> None:
    missing = [name for name in NEEDED if name not in header]
    repeated = [name for name in NEEDED if header.count(name) > 1]
    if missing or repeated:
        what = f"lacks {', '.join(missing)}" if missing else f"repeats {', '.join(repeated)}"
        raise BadInput(f"{path.name}: the first row {what}. It needs: {', '.join(NEEDED)}.")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be read ({error.strerror}).") from error
    if len(content) > MAX_FILE:
        raise BadInput(f"{path.name}: larger than {MAX_FILE:,} bytes, so it is no filled-in batch.")
    return content


def _csv_table(path: Path, content: bytes) -> Iterator[list[str]]:
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        # A guess (Windows-1252…) would quietly change what people wrote.
        raise BadInput(f"{path.name}: not in UTF-8 or UTF-16. Save it as 'CSV UTF-8' or .xlsx.") from error
    head = text[:MAX_CELL].partition("\n")[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise BadInput(f"{path.name}: line {reader.line_num} is not well-formed CSV ({error}).") from error


def _xlsx_table(path: Path, content: bytes) -> Iterator[list[str]]:
    _check_package(path, content)
    try:
        rows = list(_xlsx_rows(content))
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise BadInput(f"{path.name}: not a readable .xlsx file ({type(error).__name__}).") from error
    yield from rows


def _xlsx_rows(content: bytes) -> Iterator[list[str]]:
    with warnings.catch_warnings():
        # It warns of extensions (conditional formats…) that it leaves out; only values are read here.
        warnings.simplefilter("ignore", UserWarning)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book["batch"] if "batch" in book.sheetnames else book.worksheets[0]
        for row in sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS, values_only=True):
            yield [_as_text(value) for value in row]


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # Excel keeps every number as a float
    return _unescaped(str(getattr(value, "text", value)))  # an array formula keeps its text apart


def _check_package(path: Path, content: bytes) -> None:
    """Refuse macros, and a package that would fill the memory. zipfile reads no more than is declared."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as error:
        raise BadInput(f"{path.name}: not a readable .xlsx file.") from error
    if any("vbaproject" in part.filename.lower() for part in parts):
        raise BadInput(f"{path.name}: it holds macros. Save it as .xlsx, without them.")
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise BadInput(f"{path.name}: it unpacks to more than {MAX_UNPACKED:,} bytes.")
