"""What a pile of posts is, and how it is read from a file, kept, and recognised again.

A pile is a polars frame with the columns of `POST_SCHEMA`, whatever it was read from. Of a file only
`text` is required. A refusal names the file, the row or line, and the id of a post; never its text,
which may be the worst thing that anybody posted that day.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from incidents.errors import BadInput
from incidents.files import whole
from incidents.sweeps.post_files import read_columns

MOMENT: Final = pl.Datetime("us", "UTC")
"""The type of every time in a pile: microseconds, UTC."""

POST_SCHEMA: Final = pl.Schema(
    {
        "id": pl.String(),  # unique, never null
        "text": pl.String(),  # never null, never blank
        "posted_at": MOMENT,  # null where unknown
        "language": pl.String(),  # BCP 47 in small letters, `und` where unknown
        "label": pl.String(),  # what somebody said about it before, null where nobody did
        "author": pl.String(),  # null where unknown
        "reach": pl.Int64(),  # people who saw it, 0 where unknown
        "region": pl.String(),  # ISO 3166-1 alpha-2 in capitals, null where unknown
        "media": pl.List(pl.String()),  # `pdq:` or `md5:` and hexadecimal digits, null where none is known
        "surface": pl.String(),  # where on the platform: feed, stories, live…; null where unknown
        "answers": pl.String(),  # id of the post that it answers; null where it answers none, or none is known
    }
)

_SHOWN_ID: Final = 64
_LONGEST_SURFACE: Final = 32


def read_posts(path: Path) -> pl.DataFrame:
    """Return the posts of a CSV, JSONL (gzip too) or Parquet file, in the file's order.

    The name says the format: .csv .csv.gz .jsonl .ndjson .jsonl.gz .ndjson.gz .parquet. Posts without an
    id get `row-000001`, `row-000002`… by row; columns that we do not know are left out; a time without
    an offset is UTC, a bare number seconds (or milliseconds) since 1970. Raises BadInput.
    """
    return posts_from(path, read_columns(path, tuple(POST_SCHEMA)))


def posts_from(place: Path | str, columns: pl.DataFrame) -> pl.DataFrame:
    """Return the posts of a frame of strings and `row`, as `read_columns` gives it.

    `place` is what a refusal calls it. Raises BadInput as `read_posts` does, but for what cannot be opened.
    """
    missing = [pl.lit(None, pl.String).alias(name) for name in POST_SCHEMA if name not in columns.columns]
    rows = _identified(columns.with_columns(_without_nul(column) for column in columns).with_columns(missing))
    empty = _blank(rows["text"]) & _without_media(rows)
    _refuse_where(
        place, rows, empty, "no text", "Leave the post out, or give its text or the hash of its media."
    )
    _refuse_duplicates(place, rows)
    return rows.select(
        pl.col("id"),
        pl.col("text").fill_null(""),
        _posted_at(place, rows),
        _worded("language").str.to_lowercase().fill_null("und"),
        _worded("label"),
        _worded("author"),
        _reach(place, rows),
        _worded("region").str.to_uppercase(),
        _media(),
        _surface(),
        _worded("answers"),
    )


def write_posts(frame: pl.DataFrame, path: Path) -> None:
    """Keep a pile as Parquet at `path`, whole or not at all. Raises OSError where the disk refuses."""
    with whole(path) as part:
        frame.select(pl.col(name).cast(kind) for name, kind in POST_SCHEMA.items()).write_parquet(part)


def read_kept(path: Path) -> pl.DataFrame:
    """A pile that was kept, also with further columns; what a post did not have then is null."""
    frame = pl.read_parquet(path, glob=False)
    later = [pl.lit(None, kind).alias(name) for name, kind in POST_SCHEMA.items() if name not in frame.columns]
    others = [name for name in frame.columns if name not in POST_SCHEMA]
    return frame.with_columns(later).select(*POST_SCHEMA, *others)


def _without_nul(column: pl.Series) -> pl.Series:
    """The column without the one character that PostgreSQL does not keep."""
    if column.dtype != pl.String or not column.str.contains("\0", literal=True).any():
        return column
    return column.str.replace_all("\0", "", literal=True)


def _worded(name: str) -> pl.Expr:
    """A column without surrounding space; null where nothing is left."""
    word = pl.col(name).str.strip_chars()
    return pl.when(word != "").then(word).alias(name)


def _media() -> pl.Expr:
    """Hashes with commas or spaces between them, or as a JSON list, in small letters."""
    hashes = pl.col("media").str.to_lowercase().str.extract_all(r"\b[a-z0-9]+:[0-9a-f]+\b")
    return pl.when(hashes.list.len() > 0).then(hashes).alias("media")


def _surface() -> pl.Expr:
    """One short word in small letters; the platform's words are its own, so any is taken."""
    word = pl.col("surface").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "-").str.strip_chars("-")
    short = word.str.slice(0, _LONGEST_SURFACE).str.strip_chars("-")
    return pl.when(short != "").then(short).alias("surface")


def _identified(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_columns(_worded("id"))
    if not rows["id"].null_count():
        return rows
    by_row = pl.format("row-{}", pl.col("row").cast(pl.String).str.zfill(6))
    return rows.with_columns(pl.col("id").fill_null(by_row))


def _without_media(rows: pl.DataFrame) -> pl.Series:
    """Whether a post shows nothing either: a picture without a word is a post."""
    return rows.select(_media().list.len().fill_null(0) == 0).to_series()


def _blank(text: pl.Series) -> pl.Series:
    return text.is_null() | ~text.str.contains(r"\S")


def _posted_at(place: Path | str, rows: pl.DataFrame) -> pl.Series:
    """The times as UTC. What polars' fast parsers leave over goes through Python's, value by value."""
    given = rows["posted_at"]
    if given.dtype == pl.Date or isinstance(given.dtype, pl.Datetime):
        aware = isinstance(given.dtype, pl.Datetime) and given.dtype.time_zone is not None
        return given.cast(MOMENT) if aware else given.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    text = rows.select(_worded("posted_at")).to_series()
    read = _parsed(text, "%+")
    if read.null_count() > text.null_count():
        read = read.fill_null(_parsed(text, "%Y-%m-%d %H:%M:%S%.f"))
    rest = text.filter(read.is_null()).drop_nulls().unique()
    if len(rest):
        moments = pl.Series([_moment(value) for value in rest], dtype=MOMENT)
        read = read.fill_null(text.replace_strict(rest, moments, default=None, return_dtype=MOMENT))
    mend = "Write it as 2026-01-31T18:00:00Z, or leave it empty."
    _refuse_where(place, rows, text.is_not_null() & read.is_null(), "an unreadable posted_at", mend)
    return read.alias("posted_at")


def _parsed(text: pl.Series, form: str) -> pl.Series:
    return text.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC")


def _moment(text: str) -> datetime | None:
    """One time in any form that we know, or None."""
    for read in (_epoch, datetime.fromisoformat, _platform_form):
        try:
            found = read(text)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _epoch(text: str) -> datetime:
    """Seconds since 1970, or milliseconds from 12 digits on; asked first, as ISO takes digits for a date."""
    if not re.fullmatch(r"\d{9,13}(\.\d+)?", text, re.ASCII):
        raise ValueError
    seconds = float(text)
    return datetime.fromtimestamp(seconds / 1000 if seconds >= 1e11 else seconds, UTC)


def _platform_form(text: str) -> datetime:
    return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")  # as X's own exports write it


def _reach(place: Path | str, rows: pl.DataFrame) -> pl.Series:
    """Whole people, 0 where unknown; a fraction is cut off."""
    text = rows.select(_worded("reach")).to_series()
    whole = text.cast(pl.Int64, strict=False)
    unknown = text.is_null()
    if whole.null_count() > text.null_count():
        number = text.cast(pl.Float64, strict=False)
        unknown |= number.is_nan().fill_null(value=False)
        whole = whole.fill_null(number.cast(pl.Int64, strict=False))
    mend = "Write whole numbers from 0 on, or leave it empty."
    _refuse_where(place, rows, ~unknown & whole.is_null(), "a reach that is not a number", mend)
    _refuse_where(place, rows, ~unknown & (whole < 0), "a negative reach", mend)
    return whole.fill_null(0).alias("reach")


def _refuse_where(place: Path | str, rows: pl.DataFrame, bad: pl.Series, what: str, mend: str) -> None:
    """Raise BadInput for the first row where `bad` is true, saying how many others are like it."""
    found = rows.filter(bad).select("row", "id")
    if not found.height:
        return
    row, name = found.row(0)
    others = f" ({found.height - 1:,} more rows like it)" if found.height > 1 else ""
    raise BadInput(f"{place}: row {row} (id {_shown(name)}) has {what}{others}. {mend}")


def _refuse_duplicates(place: Path | str, rows: pl.DataFrame) -> None:
    if rows["id"].n_unique() == rows.height:
        return
    twice = rows.filter(pl.col("id").is_duplicated())
    name = twice["id"][0]
    first, second = twice.filter(pl.col("id") == name)["row"].head(2)
    raise BadInput(
        f"{place}: rows {first} and {second} have the same id {_shown(name)}; {twice['id'].n_unique():,} ids "
        "stand more than once. Make the ids unique, or leave the column out to have rows numbered."
    )


def _shown(name: str) -> str:
    return name if len(name) <= _SHOWN_ID else name[:_SHOWN_ID] + "…"
