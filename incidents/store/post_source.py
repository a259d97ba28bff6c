"""Where a sweep's posts lie, and how they are read from there: files, a table, a platform's API.

Every source comes in parts, each small enough to be read at once, in any order and by any process:

- a file or a folder of files in stretches, straight from where it lies
- what can be read from its beginning on only (gzip, a table) from a spool that is filled first
- a platform from a spool too, which `tasks.partners.platform` fills, as nothing here reaches the network

A refusal names the place without its password, and a post by its id; never a post's text.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import polars as pl
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator
from sqlalchemy.pool import NullPool

from incidents.errors import BadInput
from incidents.store.spool import Spool, SpooledPart
from incidents.sweeps.post_files import Stretch, column_frames, is_packed, read_stretch, stretches
from incidents.sweeps.posts import POST_SCHEMA, posts_from

_AT_ONCE: Final = 10_000
"""Rows of a table that are held together, and that make a page of its spool."""

_NEEDED: Final = ("id", "text")


class FilePart(BaseModel):
    """A stretch of a file, which must still be what it was when the parts were told."""

    model_config = ConfigDict(frozen=True)

    stretch: Stretch
    prefix: str = Field(description="Goes before the row in the id of a post that has none.")
    size: int = Field(description="Bytes of the whole file.")
    changed_ns: int = Field(description="When it was last changed, in nanoseconds since 1970.")

    @property
    def place(self) -> str:
        """What errors call it."""
        return f"{self.stretch.path}, from row {self.stretch.row:,}"

    def read(self) -> pl.DataFrame:
        """The posts, with the columns of `POST_SCHEMA`."""
        path = self.stretch.path
        if _stamp(path) != (self.size, self.changed_ns):
            raise BadInput(f"{path}: the file was changed while it was read. Start again once it is whole.")
        return _posts(path, self.prefix, read_stretch(self.stretch, tuple(POST_SCHEMA)))


Part = FilePart | SpooledPart
"""Some posts of a source. `read` returns them, wherever the process runs that has the same folders."""


class FileSource(BaseModel):
    """A file of posts, CSV, JSONL or Parquet, or a folder of such files, which are its partitions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["file"] = "file"
    path: Path = Field(description="Where the file or folder lies, as the process that runs the sweep sees it.")

    @property
    def shown(self) -> str:
        """The place, in words that anybody may read."""
        return str(self.path)

    def kept(self) -> dict[str, Any]:
        """What the store keeps of it."""
        return self.model_dump(mode="json")

    def files(self) -> list[Path]:
        """Its files by name, those of inner folders too. What begins with a dot or `_` is no partition."""
        if not self.path.is_dir():
            return [self.path]
        inner = [path.relative_to(self.path) for path in self.path.rglob("*") if path.is_file()]
        found = [path for path in inner if not any(part.startswith((".", "_")) for part in path.parts)]
        if not found:
            raise BadInput(f"{self.path}: there is no file in this folder. Check the path.")
        return [self.path / path for path in sorted(found, key=lambda path: path.parts)]

    def frames(self) -> Iterator[pl.DataFrame]:
        """The posts, some at a time."""
        for path in self.files():
            yield from self._frames(path)

    def parts(self, spool: Path) -> list[Part]:
        """The parts; packed files are unpacked into the spool."""
        return _some(self, [part for path in self.files() for part in self._parts(path, spool)])

    def _frames(self, path: Path) -> Iterator[pl.DataFrame]:
        return (_posts(path, self._prefix(path), found) for found in column_frames(path, tuple(POST_SCHEMA)))

    def _parts(self, path: Path, spool: Path) -> Sequence[Part]:
        size, changed = _stamp(path)
        if is_packed(path):
            # A file that changes between two attempts has another name in the spool.
            name = sha256(f"{path}:{size}:{changed}".encode()).hexdigest()[:16]
            own = Spool(spool / name)
            own.fill(self._frames(path))
            return own.parts(str(path))
        prefix = self._prefix(path)
        return [
            FilePart(stretch=each, prefix=prefix, size=size, changed_ns=changed) for each in stretches(path)
        ]

    def _prefix(self, path: Path) -> str:
        """Partitions number their posts apart, so that a new one changes no id of the others."""
        return "" if path == self.path else f"{path.relative_to(self.path)}:"


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

    def frames(self) -> Iterator[pl.DataFrame]:
        """The posts, some at a time, streamed from one snapshot of the table."""
        with _connected(self) as connection:
            statement = _query(connection, self)
            row = 1
            try:
                streamed = connection.execution_options(yield_per=_AT_ONCE).execute(statement)
                for rows in streamed.mappings().partitions():
                    yield _posts_of(self.shown, [dict(each) for each in rows], row=row)
                    row += len(rows)
            except sa.exc.SQLAlchemyError as error:
                # Not chained: a driver's message may quote what it could not convert.
                raise BadInput(f"{self.shown}: reading broke off ({type(error).__name__}).") from None

    def parts(self, spool: Path) -> list[Part]:
        """The parts, once the whole table lies in the spool."""
        own = Spool(spool / "table")
        own.fill(self.frames())
        return _some(self, own.parts(self.shown))


class HttpSource(BaseModel):
    """A platform's API that speaks the protocol of docs/reference/platform.md."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["http"] = "http"
    url: str = Field(description="Base address, to which /v1/posts or /v1/search is added.")
    secret: str | None = Field(None, description="Name of the secret that holds the bearer token.")
    query: str | None = Field(None, description="What the platform itself may narrow the posts by.")
    page_size: int = Field(1_000, ge=1, le=10_000, description="Posts asked for at once.")

    @field_validator("url")
    @classmethod
    def _readable(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("this is not a web address without a query, such as https://platform.example")
        if parts.username is not None:
            raise ValueError("a password has no place in an address: name a secret")
        return url.rstrip("/")

    @property
    def shown(self) -> str:
        """The place, in words that anybody may read."""
        return self.url

    def kept(self) -> dict[str, Any]:
        """What the store keeps of it."""
        return self.model_dump(mode="json")

    def spool(self, folder: Path) -> Spool:
        """Where its pages lie."""
        return Spool(folder / "pages")

    def parts(self, spool: Path) -> list[Part]:
        """The parts, once every page lies in the spool."""
        own = self.spool(spool)
        if not own.progress().is_complete:
            raise ValueError("its pages have not all been fetched")
        return list(own.parts(self.shown))


Source = Annotated[FileSource | TableSource | HttpSource, Field(discriminator="kind")]
"""Where the posts of a sweep lie."""


def platform_posts(place: str, found: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """The posts of one page of a platform. BadInput, naming the place, where one cannot be read."""
    return _posts_of(place, [{name: post.get(name) for name in POST_SCHEMA} for post in found], row=1)


def _some(source: FileSource | TableSource, parts: Sequence[Part]) -> list[Part]:
    empty = all(isinstance(part, FilePart) and part.stretch.start == part.stretch.stop for part in parts)
    if empty:
        raise BadInput(f"{source.shown}: it holds no posts. Check how it was exported.")
    return list(parts)


def _stamp(path: Path) -> tuple[int, int]:
    """Bytes of a file, and when it was last changed."""
    try:
        found = path.stat()
    except OSError as error:
        raise BadInput(f"{path}: the file cannot be found ({error.strerror}). Check the path.") from None
    return found.st_size, found.st_mtime_ns


def _posts(path: Path, prefix: str, columns: pl.DataFrame) -> pl.DataFrame:
    """The posts of some columns; in a folder, where `prefix` is set, rows are counted a file."""
    if prefix:
        given = pl.col("id").str.strip_chars() if "id" in columns.columns else pl.lit(None, pl.String)
        by_row = pl.format("{}row-{}", pl.lit(prefix), pl.col("row").cast(pl.String).str.zfill(6))
        columns = columns.with_columns(pl.when(given != "").then(given).otherwise(by_row).alias("id"))
    return posts_from(path, columns)


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


def _posts_of(place: str, rows: Sequence[Mapping[str, object]], *, row: int) -> pl.DataFrame:
    """Posts from values of any kind. `row` is the number of the first of them."""
    if not rows:
        return pl.DataFrame(schema=POST_SCHEMA)
    known = [name for name in POST_SCHEMA if name in rows[0]]
    try:
        columns = {name: [_cell(each[name]) for each in rows] for name in known}
    except TypeError as error:
        raise BadInput(f"{place}: {error}, which is neither a word, a number nor a time.") from None
    frame = pl.DataFrame(columns, schema=dict.fromkeys(known, pl.String())).with_row_index("row", offset=row)
    nameless = frame.filter(pl.col("id").str.strip_chars().fill_null("") == "")["row"]
    if len(nameless):
        raise BadInput(f"{place}: {len(nameless):,} posts have no id, the first in row {nameless[0]:,}.")
    return posts_from(place, frame)


def _cell(value: object) -> str | None:
    """A value as text: times as ISO writes them, in UTC; lists with spaces between."""
    match value:
        case None:
            return None
        case str():
            return _whole(value)
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        case list():
            return " ".join(filter(None, map(_cell, value)))
        case float() if value.is_integer():
            return str(int(value))
        case dict() | bytes() | memoryview():
            raise TypeError(f"a value is a {type(value).__name__}")
    return str(value)


def _whole(text: str) -> str:
    """The text without halves of characters, which JSON can hold and nothing else can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _hidden(source: TableSource, words: str) -> str:
    password = sa.make_url(source.url).password
    return words.replace(str(password), "***") if password else words
