"""How are a spreadsheet's rows read and written, whatever program made or opens the file?"""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from incidents.errors import BadInput
from incidents.files import read_small, whole
from incidents.sweeps.cells import MAX_CELL, escape, guard_row, unescape, unguard, unsafe_in

MAX_FILE = 20_000_000
MAX_UNPACKED = 100_000_000
"""Bytes of a file, and of all parts of an XLSX together once unpacked."""
MAX_ROWS = 10_000
MAX_COLUMNS = 50


class Row(NamedTuple):
    """One row of a file: its number in the spreadsheet, and its cells by column."""

    number: int
    cells: dict[str, str]


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV that a spreadsheet opens without running anything in it; whole or not at all."""
    with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        writer.writerows(guard_row(columns, row) for row in rows)


def write_xlsx(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], *, choices: Mapping[str, Iterable[str]]
) -> None:
    """Write an XLSX of text cells; `choices` are the values allowed in a column. Whole or not at all."""
    book = Workbook()
    sheet = book.create_sheet("batch", 0)
    book.remove(book.worksheets[1])
    for number, row in enumerate([columns, *(guard_row(columns, row) for row in rows)], start=1):
        for column, value in enumerate(row, start=1):
            _write_cell(sheet, number, column, escape(value))
    _lay_out(sheet, columns, choices)
    with whole(path) as part:
        book.save(part)


def _write_cell(sheet: Worksheet, row: int, column: int, value: str) -> None:
    cell = sheet.cell(row, column, value)
    cell.data_type = "s"  # also where the text reads like an error value, `#N/A`
    cell.number_format = "@"  # so that a clause typed as 3.10 stays 3.10
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    cell.font = Font(bold=row == 1)


def _lay_out(sheet: Worksheet, columns: Sequence[str], choices: Mapping[str, Iterable[str]]) -> None:
    sheet.freeze_panes = "A2"
    for index, name in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = {"text": 80, "rationale": 40}.get(name, 18)
    for name, allowed in choices.items():
        letter = get_column_letter(columns.index(name) + 1)
        choice = DataValidation("list", formula1=f'"{",".join(allowed)}"', allow_blank=True)
        choice.add(f"{letter}2:{letter}{max(sheet.max_row, 2)}")
        sheet.add_data_validation(choice)


def read_rows(path: Path, needed: Sequence[str]) -> list[Row]:
    """The rows of a CSV or XLSX file, told by content, that are not empty; cells as before `guard`.

    CSV in UTF-8 or UTF-16 with BOM, separated by comma, semicolon or tab. BadInput for anything else,
    macros, more than `MAX_FILE` bytes, `MAX_UNPACKED` unpacked or `MAX_ROWS` rows, or where one of the
    `needed` columns is missing.
    """
    content = read_small(path, MAX_FILE, kind="filled-in batch")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadInput(f"{path.name}: an old or encrypted Excel file. Save it as .xlsx without a password.")
    table = _xlsx_table(path, content) if content.startswith(b"PK") else _csv_table(path, content)
    header = [cell.strip().casefold() for cell in next(table, [])]
    _check_header(path, header, needed)
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
    return Row(number, {n: unguard(c, unsafe=unsafe_in(n)) for n, c in zip(header, padded, strict=False)})


def _check_header(path: Path, header: Sequence[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in header]
    repeated = [name for name in needed if header.count(name) > 1]
    if missing or repeated:
        what = f"lacks {', '.join(missing)}" if missing else f"repeats {', '.join(repeated)}"
        raise BadInput(f"{path.name}: the first row {what}. It needs: {', '.join(needed)}.")


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
    return unescape(str(getattr(value, "text", value)))  # an array formula keeps its text apart


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
