"""Posts are read from a table as from a file, and no refusal shows a password or a post."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from incidents.errors import BadInput
from incidents.store.post_source import FileSource, Source, TableSource, read_source
from incidents.sweeps.posts import POST_SCHEMA, content_hash

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

TABLE = sa.Table(
    "posts",
    sa.MetaData(),
    sa.Column("id", sa.String),
    sa.Column("text", sa.Text),
    sa.Column("created", sa.DateTime(timezone=True)),
    sa.Column("language", sa.String),
    sa.Column("views", sa.BigInteger),
)
COLUMNS = {"posted_at": "created", "reach": "views"}


def row(post: str | None, **changes: Any) -> dict[str, Any]:
    """A row of the platform's table."""
    return {"id": post, "text": "an alarm", "created": AT, "language": "DE", "views": 7} | changes


def fill(url: str, *rows: dict[str, Any]) -> TableSource:
    """Make the table there, with these rows."""
    engine = sa.create_engine(sa.make_url(url).set(drivername=driver(url)))
    with engine.begin() as connection:
        TABLE.create(connection)
        if rows:
            connection.execute(TABLE.insert(), list(rows))
    engine.dispose()
    return TableSource(url=url, table="posts", columns=COLUMNS)


def driver(url: str) -> str:
    """The driver that reads there."""
    return "sqlite" if url.startswith("sqlite") else "postgresql+psycopg"


def test_a_table_is_read_like_a_file(store_url: str, tmp_path: Path) -> None:
    source = fill(store_url, row("p1"), row("p2", created=None, language=None, views=None))
    posts = read_source(source)
    assert posts.schema == POST_SCHEMA
    assert posts.rows() == [
        ("p1", "an alarm", AT, "de", None, None, 7),
        ("p2", "an alarm", None, "und", None, None, 0),
    ]
    (tmp_path / "posts.csv").write_text("id,text,posted_at\np1,an alarm,2026-11-22T18:00:00Z\np2,an alarm,\n")
    file = FileSource(path=tmp_path / "posts.csv")
    assert content_hash(read_source(file)) == content_hash(posts)


def test_a_table_larger_than_a_fetch_is_read_whole(tmp_path: Path) -> None:
    source = fill(f"sqlite:///{tmp_path / 'posts.db'}", *(row(f"p{n}") for n in range(25_001)))
    assert read_source(source)["id"].n_unique() == 25_001


def test_a_schema_is_named_with_the_table(postgres: Any) -> None:
    with postgres.database() as url:
        source = fill(url, row("p1"))
        assert read_source(source.model_copy(update={"table": "public.posts"})).height == 1


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ((), "it holds no posts"),
        ((row("p1"), row(None)), "1 posts have no id"),
        ((row("p1"), row("p1")), "an id that another post has too, the first is p1"),
        ((row("p1"), row("p2", text=" ")), "no text, the first is p2"),
        ((row("p1"), row("p2", views=-1)), "post p2 has a time or a reach that cannot be read"),
    ],
)
def test_a_bad_row_is_named_by_its_id(tmp_path: Path, rows: tuple[dict[str, Any], ...], why: str) -> None:
    source = fill(f"sqlite:///{tmp_path / 'posts.db'}", *rows)
    with pytest.raises(BadInput, match=why) as refused:
        read_source(source)
    assert "alarm" not in str(refused.value)


def test_times_and_numbers_may_come_as_text(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'posts.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE posts (id INTEGER, text TEXT, posted_at TEXT, reach TEXT)")
        connection.exec_driver_sql(
            "INSERT INTO posts VALUES (1, 'a', '2026-11-22T18:00:00', '3'), (2, 'b', '', ''), (3, 'c', 'x', '')"
        )
    engine.dispose()
    source = TableSource(url=url, table="posts")
    with pytest.raises(BadInput, match="post 3 has a time"):
        read_source(source)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM posts WHERE id = 3")
    engine.dispose()
    assert read_source(source).select("id", "posted_at", "reach").rows() == [("1", AT, 3), ("2", None, 0)]


def test_what_is_missing_is_named_with_what_is_there(tmp_path: Path) -> None:
    source = fill(f"sqlite:///{tmp_path / 'posts.db'}", row("p1"))
    for changes, why in (
        ({"table": "tweets"}, "no such table. Found: posts"),
        ({"columns": {"text": "body"}}, "no column body. Found: id, text, created"),
        ({"url": f"sqlite:///{tmp_path / 'none.db'}"}, "no such database file"),
    ):
        with pytest.raises(BadInput, match=why):
            read_source(source.model_copy(update=changes))
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://reader:hunter2@127.0.0.1:1/posts", "cannot be reached"),
        ("nosuch://reader:hunter2@127.0.0.1/posts", "no driver for nosuch"),
    ],
)
def test_a_database_out_of_reach_is_refused_without_its_password(url: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        read_source(TableSource(url=url, table="posts"))
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_source_says_what_it_cannot_use() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Source)
    assert adapter.validate_python({"kind": "file", "path": "posts.csv"}) == FileSource(path=Path("posts.csv"))
    with pytest.raises(ValidationError, match="a post has no body"):
        TableSource(url="sqlite:///x.db", table="posts", columns={"body": "text"})
    with pytest.raises(ValidationError, match="not a database URL") as refused:
        TableSource(url="reader:hunter2", table="posts")
    assert "hunter2" not in str(refused.value)
