"""Where a sweep's posts lie, a file or a table of any SQL database, and how they are read from there.

A refusal names the place without its password, and a post by its id; never a post's text.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import polars as pl
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator
from sqlalchemy.pool import NullPool

from incidents.errors import BadInput
from incidents.sweeps.posts import POST_SCHEMA, read_posts

_AT_ONCE: Final = 10_000
"""Rows fetched together, so that memory holds one copy of the table and not two."""

_NEEDED: Final = ("id", "text")


class FileSource(BaseModel):
    """A file of posts: CSV, JSONL or Parquet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["file"] = "file"
    path: Path = Field(description="Where the file lies, as the process that runs the sweep sees it.")

    @property
    def shown(self) -> str:
        """The place, in words that anybody may read."""
        return str(self.path)

    def kept(self) -> dict[str, Any]:
        """What the store keeps of it."""
        return self.model_dump(mode="json")


class TableSource(BaseModel):
    """A table or view of an SQL database."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["table"] = "table"
    url: str = Field(repr=False, description="SQLAlchemy URL. Printed and sent on without its password.")
    table: str = Field(min_length=1, description="Table or view, with its schema where it needs one.")
    columns: Mapping[str, str] = Field({}, description="Our name → the table's column, where they differ.")

    @field_validator("url")
    @classmethod
    def _readable(cls, url: str) -> str:
        try:
            sa.make_url(url)
        except sa.exc.ArgumentError:
            raise ValueError("this is not a database URL, such as postgresql://host/name") from None
        return url

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: Mapping[str, str]) -> Mapping[str, str]:
        if unknown := sorted(columns.keys() - POST_SCHEMA.keys()):
            raise ValueError(f"a post has no {', '.join(unknown)}; it has {', '.join(POST_SCHEMA)}")
        return columns

    @field_serializer("url")
    def _without_password(self, url: str) -> str:
        # The query goes too: some drivers take a password there.
        return sa.make_url(url).set(query={}).render_as_string(hide_password=True)

    @property
    def shown(self) -> str:
        """The place, in words that anybody may read."""
        return f"{self.table} at {self._without_password(self.url)}"

    def kept(self) -> dict[str, Any]:
        """What the store keeps of it: the one place where the password goes."""
        return self.model_dump(mode="json") | {"url": self.url}


Source = Annotated[FileSource | TableSource, Field(discriminator="kind")]
"""Where the posts of a sweep lie."""


def read_source(source: FileSource | TableSource) -> pl.DataFrame:
    """The posts, as a frame with the columns of `POST_SCHEMA`. Raises BadInput, naming the place."""
    if isinstance(source, FileSource):
        return read_posts(source.path)
    with _connected(source) as connection:
        statement = _query(connection, source)
        frames = [pl.DataFrame(schema=POST_SCHEMA)]
        try:
            streamed = connection.execution_options(yield_per=_AT_ONCE).execute(statement)
            frames += [_frame(source, rows) for rows in streamed.mappings().partitions()]
        except sa.exc.SQLAlchemyError as error:
            # Not chained: a driver's message may quote what it could not convert.
            raise BadInput(f"{source.shown}: reading broke off ({type(error).__name__}).") from None
    return _checked(source, pl.concat(frames))


@contextmanager
def _connected(source: TableSource) -> Iterator[sa.Connection]:
    engine = _engine(source)
    try:
        connection = engine.connect()
    except sa.exc.SQLAlchemyError as error:
        why = str(getattr(error, "orig", error)).partition("\n")[0]
        raise BadInput(f"{source.shown}: the database cannot be reached ({_hidden(source, why)}).") from None
    try:
        yield connection
    finally:
        connection.close()
        engine.dispose()


def _engine(source: TableSource) -> sa.Engine:
    url = sa.make_url(source.url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
        raise BadInput(f"{source.shown}: there is no such database file.")  # SQLite would make one
    try:
        return sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
    except (sa.exc.SQLAlchemyError, ImportError):
        raise BadInput(f"{source.shown}: no driver for {url.drivername} is installed.") from None


def _query(connection: sa.Connection, source: TableSource) -> sa.Select[Any]:
    schema, _, name = source.table.rpartition(".")
    inspector = sa.inspect(connection)
    if not inspector.has_table(name, schema=schema or None):
        known = ", ".join(sorted(inspector.get_table_names(schema=schema or None))[:20]) or "none"
        raise BadInput(f"{source.shown}: there is no such table. Found: {known}.")
    found = [column["name"] for column in inspector.get_columns(name, schema=schema or None)]
    missing = [column for column in source.columns.values() if column not in found]
    missing += [name for name in _NEEDED if name not in source.columns and name not in found]
    if missing:
        raise BadInput(f"{source.shown}: no column {', '.join(missing)}. Found: {', '.join(found)}.")
    named = {ours: source.columns.get(ours, ours) for ours in POST_SCHEMA}
    told: list[sa.ColumnElement[Any]] = [
        sa.column(theirs).label(ours) for ours, theirs in named.items() if theirs in found
    ]
    return sa.select(*told).select_from(sa.table(name, schema=schema or None))


def _frame(source: TableSource, rows: Sequence[sa.RowMapping]) -> pl.DataFrame:
    return pl.DataFrame([_post(source, row) for row in rows], schema=POST_SCHEMA, orient="row")


def _post(source: TableSource, row: sa.RowMapping) -> tuple[Any, ...]:
    post = _word(row["id"])
    try:
        return (
            post,
            _text(row["text"]),
            _moment(row.get("posted_at")),
            (_word(row.get("language")) or "und").lower(),
            _word(row.get("label")),
            _word(row.get("author")),
            _reach(row.get("reach")),
        )
    except (ValueError, TypeError, OverflowError):
        raise BadInput(f"{source.shown}: post {post} has a time or a reach that cannot be read.") from None


def _text(value: object) -> str:
    return "" if value is None else str(value).replace("\0", "")  # PostgreSQL keeps no NUL


def _word(value: object) -> str | None:
    return _text(value).strip() or None


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip()) if value.strip() else None
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise TypeError
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _reach(value: Any) -> int:  # noqa: ANN401
    reach = 0 if value is None or value == "" else int(value)
    if not 0 <= reach < 2**63:
        raise ValueError
    return reach


def _checked(source: TableSource, posts: pl.DataFrame) -> pl.DataFrame:
    if not posts.height:
        raise BadInput(f"{source.shown}: it holds no posts.")
    _refuse(source, posts.filter(pl.col("id").is_null()), "no id")
    _refuse(source, posts.filter(pl.col("text").str.strip_chars() == ""), "no text")
    _refuse(source, posts.filter(pl.col("id").is_duplicated()), "an id that another post has too")
    return posts


def _refuse(source: TableSource, bad: pl.DataFrame, what: str) -> None:
    if bad.height:
        raise BadInput(f"{source.shown}: {bad.height:,} posts have {what}, the first is {bad['id'][0]}.")


def _hidden(source: TableSource, words: str) -> str:
    password = sa.make_url(source.url).password
    return words.replace(str(password), "***") if password else words
