"""Which columns stand in a file of posts: CSV, JSONL or Parquet, as strings, with their row numbers.

A file is read in stretches of whole rows, so that memory does not grow with it. Polars reads; where it
refuses, the stretch is read again slowly to say where it is broken. Its own messages quote the posts, so
they are never passed on, nor chained.
"""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedIOBase, StringIO
from pathlib import Path
from typing import Any, Final

import polars as pl

from incidents.errors import BadInput

BLOCK: Final = 16_000_000
"""Bytes of CSV or JSONL that are read at once: some 150,000 posts of 100 bytes."""

LONGEST_ROW: Final = 64_000_000
"""Bytes of one row. A longer one is a quote that does not end, or no list of posts."""

_ROWS: Final = 262_144
"""Rows of Parquet that are read at once, as polars itself groups them when it writes."""

_BOM: Final = b"\xef\xbb\xbf"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_REFUSED: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_FORMATS: Final = ".csv, .csv.gz, .jsonl, .jsonl.gz, .ndjson, .ndjson.gz or .parquet"


@dataclass(frozen=True)
class Stretch:
    """Rows of one file that follow each other: bytes `start` to `stop` of text, rows of Parquet from 0.

    `row` is the number of its first row, from 1 without a header, and `line` the first line of text.
    """

    path: Path
    start: int
    stop: int
    row: int
    line: int


def read_columns(path: Path, wanted: Sequence[str]) -> pl.DataFrame:
    """Return `row` (from 1, a header not counted) and those of the `wanted` columns that the file has.

    `text` is always among them. All are strings but for times, which Parquet may hold as such; a list is
    told with spaces between. Raises BadInput: no such file, a folder, an unknown suffix, broken content,
    no `text`, no rows.
    """
    frames = list(column_frames(path, wanted))
    if not any(frame.height for frame in frames):
        raise BadInput(f"{path}: the file holds no posts. Check how it was exported.")
    return pl.concat(frames)


def column_frames(path: Path, wanted: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The columns of a file as `read_columns` returns them, one stretch after the other, at least one."""
    if _kind(path) == "parquet":
        yield from (_read_parquet(stretch, wanted) for stretch in _parquet_stretches(path))
        return
    with _opened(path) as file:
        header = _header(path, file)
        for stretch, raw in _blocks(path, file, len(header)):
            yield _read_text(stretch, header, raw, wanted)


def is_packed(path: Path) -> bool:
    """Whether the file can only be read from its beginning on, being gzip."""
    return path.name.lower().endswith(".gz")


def stretches(path: Path) -> list[Stretch]:
    """How a file that is not packed is read piece by piece, at least one. Raises BadInput as it is read."""
    if _kind(path) == "parquet":
        return _parquet_stretches(path)
    with _opened(path) as file:
        header = _header(path, file)
        return [stretch for stretch, _raw in _blocks(path, file, len(header))]


def read_stretch(stretch: Stretch, wanted: Sequence[str]) -> pl.DataFrame:
    """The columns of one stretch, as `read_columns` returns them; it may hold no row."""
    if _kind(stretch.path) == "parquet":
        return _read_parquet(stretch, wanted)
    with _opened(stretch.path) as file:
        header = _header(stretch.path, file)
        file.seek(stretch.start)
        return _read_text(stretch, header, file.read(stretch.stop - stretch.start), wanted)


def _kind(path: Path) -> str:
    if path.is_dir():
        raise BadInput(f"{path}: this is a folder. Name one file in it.")
    kind = re.search(r"\.(csv|jsonl|ndjson|parquet)(\.gz)?$", path.name.lower())
    if kind is None or kind[0] == ".parquet.gz":
        raise BadInput(f"{path}: the name does not say what is in it. Posts come as {_FORMATS}: rename it.")
    return "jsonl" if kind[1] == "ndjson" else kind[1]


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    """The file's bytes, unpacked. BadInput for whatever goes wrong with them, also later."""
    try:
        with path.open("rb") as file:
            yield gzip.GzipFile(fileobj=file) if is_packed(path) and path.stat().st_size else file
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file. Check the path.") from None
    except gzip.BadGzipFile:
        raise BadInput(f"{path}: this is not gzip. Drop the .gz from its name, or compress it.") from None
    except (EOFError, zlib.error):
        raise BadInput(f"{path}: the gzip data is broken or cut off. Copy the file again.") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}). Check who may read it.") from None


def _header(path: Path, file: BufferedIOBase) -> bytes:
    """What stands before the first row: in JSONL at most a byte order mark, in CSV the header too."""
    is_csv = _kind(path) == "csv"
    head = b""
    while block := file.read(BLOCK):
        head += block
        if not is_csv and head.strip():
            return _BOM if head.startswith(_BOM) else b""
        if is_csv and (end := _header_end(head)):
            return head[:end]
        _refuse_endless(path, head, 1)
    if not head.strip():
        raise BadInput(f"{path}: the file is empty. Check how it was exported.")
    return head


def _header_end(head: bytes) -> int:
    """Where the header with the blank lines before it ends; 0 where it is not all there."""
    begin = len(head) - len(head.removeprefix(_BOM).lstrip(b"\r\n"))
    end = begin
    while (end := head.find(b"\n", end) + 1) and head.count(b'"', begin, end) % 2:
        continue
    return end


def _blocks(path: Path, file: BufferedIOBase, begin: int) -> Iterator[tuple[Stretch, bytes]]:
    """The file from byte `begin` on in pieces of whole rows, at least one, which may be empty."""
    is_csv = _kind(path) == "csv"
    file.seek(0)
    line = 1 + file.read(begin).count(b"\n")
    at = Stretch(path, begin, begin, row=1, line=line)
    raw = b""
    while block := file.read(BLOCK):
        raw += block
        if end := (_csv_end(raw) if is_csv else raw.rfind(b"\n") + 1):
            rows, raw = raw[:end], raw[end:]
            at = replace(at, stop=at.start + end)
            yield at, rows
            count = _csv_rows(rows) if is_csv else _jsonl_rows(rows)
            at = replace(at, start=at.stop, row=at.row + count, line=at.line + rows.count(b"\n"))
        _refuse_endless(path, raw, at.line)
    if raw or at.start == begin:
        yield replace(at, stop=at.start + len(raw)), raw


def _refuse_endless(path: Path, row: bytes, line: int) -> None:
    if len(row) > LONGEST_ROW:
        what = f"line {line} begins a row that does not end within {LONGEST_ROW:,} bytes"
        raise BadInput(f"{path}: {what}. Look there for a quote that is not closed, or a missing line break.")


def _csv_end(raw: bytes) -> int:
    """Behind the last line break that stands outside of quotes; 0 where there is none."""
    quotes = raw.count(b'"')
    end = len(raw)
    while (before := raw.rfind(b"\n", 0, end)) >= 0:
        quotes -= raw.count(b'"', before, end)
        if quotes % 2 == 0:
            return before + 1
        end = before
    return 0


def _csv_rows(rows: bytes) -> int:
    """Every second piece between quotes stands outside of them."""
    return sum(piece.count(b"\n") for piece in rows.split(b'"')[::2])


def _jsonl_rows(rows: bytes) -> int:
    # Lines without anything are rare, and looking for what begins one is much cheaper than cutting lines.
    if rows[:1].isspace() or any(begin in rows for begin in (b"\n\n", b"\n\r", b"\n ", b"\n\t")):
        return sum(1 for line in rows.split(b"\n") if line.strip())
    return rows.count(b"\n")


def _read_text(stretch: Stretch, header: bytes, raw: bytes, wanted: Sequence[str]) -> pl.DataFrame:
    read = _csv if _kind(stretch.path) == "csv" else _jsonl
    return read(stretch, header, raw, wanted)


def _csv(stretch: Stretch, header: bytes, raw: bytes, wanted: Sequence[str]) -> pl.DataFrame:
    try:
        found = pl.read_csv(header + raw, infer_schema=False)
    except _REFUSED:
        raise _broken_csv(stretch, header, raw) from None
    mend = "Is the first line the header, with commas between its names?"
    _need_text(stretch.path, found.columns, mend)
    # A blank line is a row of nulls to polars, and nothing at all to the person who wrote the file.
    numbered = found.with_row_index("row", offset=stretch.row)
    rows = numbered.filter(~pl.all_horizontal(pl.col(found.columns).is_null()))
    return rows.select("row", *(name for name in wanted if name in found.columns))


def _jsonl(stretch: Stretch, _header: bytes, raw: bytes, wanted: Sequence[str]) -> pl.DataFrame:
    schema = dict.fromkeys(wanted, pl.String())
    try:
        found = pl.read_ndjson(raw, schema=schema) if raw.strip() else pl.DataFrame(schema=schema)
    except _REFUSED:
        raise _broken_jsonl(stretch, raw) from None
    if found.height and found["text"].null_count() == found.height:
        _need_text(stretch.path, list(_objects(stretch, raw)), 'Give each object its post as "text".')
    return found.with_row_index("row", offset=stretch.row)


def _parquet_stretches(path: Path) -> list[Stretch]:
    """Rows at once, fewer where each is large: compressed text is a few times as long once it is read."""
    with _opened(path) as file:
        if not file.read(1):
            raise BadInput(f"{path}: the file is empty. Check how it was exported.")
    rows, size = _parquet_rows(path), path.stat().st_size
    at_once = max(1, min(_ROWS, rows * BLOCK // size))
    starts = range(0, max(rows, 1), at_once)
    return [Stretch(path, at, min(at + at_once, rows), row=at + 1, line=at + 1) for at in starts]


def _parquet_rows(path: Path) -> int:
    try:
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except _REFUSED:
        raise _not_parquet(path) from None


def _read_parquet(stretch: Stretch, wanted: Sequence[str]) -> pl.DataFrame:
    path = stretch.path
    try:
        scanned = pl.scan_parquet(path, glob=False)
        columns = scanned.collect_schema().names()
        _need_text(path, columns, "Name the column of the posts so.")
        some = scanned.select(name for name in wanted if name in columns)
        found = some.slice(stretch.start, stretch.stop - stretch.start).collect()
        return found.with_row_index("row", offset=stretch.row).with_columns(_strings(path, found))
    except _REFUSED:
        raise _not_parquet(path) from None


def _not_parquet(path: Path) -> BadInput:
    return BadInput(f"{path}: this is not Parquet, or it is cut off. Export or copy it again.")


def _strings(path: Path, found: pl.DataFrame) -> list[pl.Series]:
    try:
        return [_string(column) for column in found]
    except pl.exceptions.PolarsError:
        kinds = ", ".join(f"{name} is {kind}" for name, kind in found.schema.items())
        raise BadInput(f"{path}: a column is not plain text ({kinds}). Export it as text.") from None


def _string(column: pl.Series) -> pl.Series:
    """A column as strings. Times stay times; 1.0 becomes 1, as tools write whole numbers beside nulls."""
    if column.name == "posted_at" and column.dtype in (pl.Datetime, pl.Date):
        return column
    if column.name == "media" and column.dtype == pl.List(pl.String):
        return column.list.join(" ", ignore_nulls=True)
    if column.dtype.is_nested():
        raise pl.exceptions.InvalidOperationError
    text = column.cast(pl.String)
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return whole.cast(pl.String).zip_with((whole == column).fill_null(value=False), text)
    return text


def _need_text(path: Path, columns: Sequence[str], mend: str) -> None:
    if "text" in columns:
        return
    names = ", ".join(_name(column) for column in columns[:20]) or "none"
    raise BadInput(f"{path}: there is no column `text`; found: {names}. {mend}")


def _name(column: str) -> str:
    """A column's name; but a file without a header has posts there, and those are not shown."""
    plain = len(column) <= 40 and re.fullmatch(r"[\w.:;|/-]+( [\w.:;|/-]+){0,2}", column)
    return column if plain else f"({len(column)} characters that are no name)"


def _broken_csv(stretch: Stretch, header: bytes, raw: bytes) -> BadInput:
    """Say on which line CSV breaks that polars refused."""
    path = stretch.path
    if (not_text := _not_utf8(stretch, header, raw)) is not None:
        return not_text
    width = len(next(csv.reader(StringIO(header.removeprefix(_BOM).decode().lstrip("\r\n"), newline="")), []))
    kept = csv.field_size_limit(LONGEST_ROW)  # by itself it refuses fields beyond 131,072 characters
    reader = csv.reader(StringIO(raw.decode(), newline=""), strict=True)
    line = stretch.line
    try:
        for row, fields in enumerate(reader, start=stretch.row):
            if len(fields) > width:
                what = f"row {row} has {len(fields)} fields, the header {width}"
                return BadInput(f"{path}: line {line}: {what}. Put quotes around texts with commas.")
            line = stretch.line + reader.line_num
    except csv.Error:
        return BadInput(f"{path}: line {line}: a quoted field does not end. Double the quotes inside texts.")
    finally:
        csv.field_size_limit(kept)  # it holds for the whole process
    return BadInput(f"{path}: this cannot be read as CSV. Export it again, quoting every text.")


def _broken_jsonl(stretch: Stretch, raw: bytes) -> BadInput:
    """Say on which line JSONL breaks that polars refused."""
    if (not_text := _not_utf8(stretch, b"", raw)) is not None:
        return not_text
    try:
        _objects(stretch, raw)
    except BadInput as refusal:
        return refusal
    if (halved := _half_character(stretch, raw)) is not None:
        return halved
    return BadInput(f"{stretch.path}: this cannot be read as JSONL. Write one JSON object a line.")


def _objects(stretch: Stretch, raw: bytes) -> dict[str, Any]:
    """Every line read as a JSON object, all keys in one; raises BadInput at the first that is none."""
    path, keys = stretch.path, dict[str, Any]()
    for number, line in enumerate(raw.split(b"\n"), start=stretch.line):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            where = f" at character {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            what = f"line {number} is not JSON{where}"
            raise BadInput(f"{path}: {what}. Write one JSON object a line.") from None
        if not isinstance(found, dict):
            raise BadInput(f"{path}: line {number} is no JSON object. Write one object a line, no list.")
        keys.update(dict.fromkeys(found))
    return keys


def _half_character(stretch: Stretch, raw: bytes) -> BadInput | None:
    """Say on which line an escape is half of a surrogate pair, as where an emoji was cut in two; None: nowhere.

    Every line must be JSON.
    """
    for number, line in enumerate(raw.split(b"\n"), start=stretch.line):
        if b"\\u" in line and (half := _SURROGATE.search(json.dumps(json.loads(line), ensure_ascii=False))):
            what = f"line {number}: \\u{ord(half[0]):x} is half of a character"
            return BadInput(f"{stretch.path}: {what}. Cut texts between whole characters, and export it again.")
    return None


def _not_utf8(stretch: Stretch, header: bytes, raw: bytes) -> BadInput | None:
    """Say where the header or the stretch is not UTF-8; None where both are."""
    for start, line, part in ((0, 1, header), (stretch.start, stretch.line, raw)):
        try:
            part.decode()
        except UnicodeDecodeError as error:
            at = line + part.count(b"\n", 0, error.start)
            where = f"line {at}, byte {start + error.start:,} of the file"
            return BadInput(f"{stretch.path}: {where} is not UTF-8. Save the file as UTF-8.")
    return None
