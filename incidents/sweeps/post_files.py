"""Which columns stand in a file of posts: CSV, JSONL or Parquet, as strings, with their row numbers.

Polars reads; where it refuses, the file is read again slowly to say where it is broken. Its own messages
quote the posts, so they are never passed on, nor chained.
"""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final

import polars as pl

from incidents.errors import BadInput

_BOM: Final = b"\xef\xbb\xbf"
_REFUSED: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_FORMATS: Final = ".csv, .csv.gz, .jsonl, .jsonl.gz, .ndjson, .ndjson.gz or .parquet"


def read_columns(path: Path, wanted: Sequence[str]) -> pl.DataFrame:
    """Return `row` (from 1, a header not counted) and those of the `wanted` columns that the file has.

    `text` is always among them. All are strings but for times, which Parquet may hold as such.
    Raises BadInput: no such file, a folder, an unknown suffix, broken content, no `text`, no rows.
    """
    if path.is_dir():
        raise BadInput(f"{path}: this is a folder. Name one file in it.")
    read = _reader(path)
    raw = _content(path)
    if not raw[:4096].strip() and not raw.strip():  # the slice saves a copy of the whole file
        raise BadInput(f"{path}: the file is empty. Check how it was exported.")
    rows = read(path, raw, wanted)
    if not rows.height:
        raise BadInput(f"{path}: the file holds no posts. Check how it was exported.")
    return rows


def _reader(path: Path) -> Callable[[Path, bytes, Sequence[str]], pl.DataFrame]:
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return _csv
    if name.endswith((".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")):
        return _jsonl
    if name.endswith(".parquet"):
        return _parquet
    raise BadInput(f"{path}: the name does not say what is in it. Posts come as {_FORMATS}: rename it.")


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file. Check the path.") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}). Check who may read it.") from None
    if not path.name.lower().endswith(".gz") or not raw:
        return raw
    try:
        return gzip.decompress(raw)
    except gzip.BadGzipFile:
        raise BadInput(f"{path}: this is not gzip. Drop the .gz from its name, or compress it.") from None
    except (EOFError, zlib.error):
        raise BadInput(f"{path}: the gzip data is broken or cut off. Copy the file again.") from None


def _csv(path: Path, raw: bytes, wanted: Sequence[str]) -> pl.DataFrame:
    try:
        found = pl.read_csv(raw, infer_schema=False)
    except _REFUSED:
        raise _broken_csv(path, raw) from None
    _need_text(path, found.columns, "Is the first line the header, with commas between its names?")
    # A blank line is a row of nulls to polars, and nothing at all to the person who wrote the file.
    rows = found.with_row_index("row", offset=1).filter(~pl.all_horizontal(pl.col(found.columns).is_null()))
    return rows.select("row", *(name for name in wanted if name in found.columns))


def _jsonl(path: Path, raw: bytes, wanted: Sequence[str]) -> pl.DataFrame:
    raw = raw.removeprefix(_BOM)
    try:
        found = pl.read_ndjson(raw, schema=dict.fromkeys(wanted, pl.String()))
    except _REFUSED:
        raise _broken_jsonl(path, raw) from None
    if found["text"].null_count() == found.height:
        _need_text(path, list(_objects(path, raw)), 'Give each object its post as "text".')
    return found.with_row_index("row", offset=1)


def _parquet(path: Path, raw: bytes, wanted: Sequence[str]) -> pl.DataFrame:
    try:
        columns = list(pl.read_parquet_schema(BytesIO(raw)))
        _need_text(path, columns, "Name the column of the posts so.")
        found = pl.read_parquet(BytesIO(raw), columns=[name for name in wanted if name in columns])
        return found.with_row_index("row", offset=1).with_columns(_strings(path, found))
    except _REFUSED:
        raise BadInput(f"{path}: this is not Parquet, or it is cut off. Export or copy it again.") from None


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
    if column.dtype.is_nested():
        raise pl.exceptions.InvalidOperationError
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        column = whole if (whole == column).all() else column
    return column.cast(pl.String)


def _need_text(path: Path, columns: Sequence[str], mend: str) -> None:
    if "text" in columns:
        return
    names = ", ".join(_name(column) for column in columns[:20]) or "none"
    raise BadInput(f"{path}: there is no column `text`; found: {names}. {mend}")


def _name(column: str) -> str:
    """A column's name; but a file without a header has posts there, and those are not shown."""
    plain = len(column) <= 40 and re.fullmatch(r"[\w.:;|/-]+( [\w.:;|/-]+){0,2}", column)
    return column if plain else f"({len(column)} characters that are no name)"


def _broken_csv(path: Path, raw: bytes) -> BadInput:
    """Say on which line a CSV file breaks that polars refused."""
    if (not_text := _not_utf8(path, raw)) is not None:
        return not_text
    reader = csv.reader(StringIO(raw.removeprefix(_BOM).decode(), newline=""), strict=True)
    line, width = 1, 0
    try:
        for number, fields in enumerate(reader):
            width = width or len(fields)
            if len(fields) > width:
                what = f"row {number} has {len(fields)} fields, the header {width}"
                return BadInput(f"{path}: line {line}: {what}. Put quotes around texts with commas.")
            line = reader.line_num + 1
    except csv.Error:
        return BadInput(f"{path}: line {line}: a quoted field does not end. Double the quotes inside texts.")
    return BadInput(f"{path}: this cannot be read as CSV. Export it again, quoting every text.")


def _broken_jsonl(path: Path, raw: bytes) -> BadInput:
    """Say on which line a JSONL file breaks that polars refused."""
    if (not_text := _not_utf8(path, raw)) is not None:
        return not_text
    try:
        _objects(path, raw)
    except BadInput as refusal:
        return refusal
    return BadInput(f"{path}: this cannot be read as JSONL. Write one JSON object a line.")


def _objects(path: Path, raw: bytes) -> dict[str, Any]:
    """Every line read as a JSON object, all keys in one; raises BadInput at the first that is none."""
    keys: dict[str, Any] = {}
    for number, line in enumerate(raw.split(b"\n"), start=1):
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


def _not_utf8(path: Path, raw: bytes) -> BadInput | None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        where = f"line {line}, byte {error.start:,} of the file"
        return BadInput(f"{path}: {where} is not UTF-8. Save the file as UTF-8.")
    return None
