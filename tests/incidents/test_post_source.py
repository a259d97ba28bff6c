"""Posts are the same wherever and in however many parts they are read; no refusal shows one, nor a password."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from incidents.errors import BadInput
from incidents.store.post_source import FileSource, HttpSource, Source, TableSource, platform_posts
from incidents.sweeps import post_files
from incidents.sweeps.posts import POST_SCHEMA, read_posts, write_posts

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


def whole(source: FileSource | TableSource) -> pl.DataFrame:
    """All posts of a source."""
    return pl.concat(list(source.frames()))


def in_parts(source: FileSource | TableSource, spool: Path) -> pl.DataFrame:
    """All posts of a source, part by part, the last part first, as other processes may come to them."""
    parts = [part.read() for part in reversed(source.parts(spool))]
    return pl.concat(list(reversed(parts)))


def test_a_table_is_read_like_a_file(store_url: str, tmp_path: Path) -> None:
    source = fill(store_url, row("p1"), row("p2", created=None, language=None, views=None))
    posts = whole(source)
    assert posts.schema == POST_SCHEMA
    assert posts.select("id", "text", "posted_at", "language", "label", "author", "reach").rows() == [
        ("p1", "an alarm", AT, "de", None, None, 7),
        ("p2", "an alarm", None, "und", None, None, 0),
    ]
    (tmp_path / "posts.csv").write_text("id,text,posted_at\np1,an alarm,2026-11-22T18:00:00Z\np2,an alarm,\n")
    file = FileSource(path=tmp_path / "posts.csv")
    assert whole(file).select("id", "text").equals(posts.select("id", "text"))


def test_a_table_larger_than_a_fetch_is_read_whole(tmp_path: Path) -> None:
    source = fill(f"sqlite:///{tmp_path / 'posts.db'}", *(row(f"p{n}") for n in range(25_001)))
    assert whole(source)["id"].n_unique() == 25_001


def test_a_schema_is_named_with_the_table(postgres: Any) -> None:
    with postgres.database() as url:
        source = fill(url, row("p1"))
        assert whole(source.model_copy(update={"table": "public.posts"})).height == 1


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ((), "it holds no posts"),
        ((row("p1"), row(None)), "1 posts have no id, the first in row 2"),
        ((row("p1"), row("p1")), "rows 1 and 2 have the same id p1"),
        ((row("p1"), row("p2", text=" ")), r"row 2 \(id p2\) has no text"),
        ((row("p1"), row("p2", views=-1)), r"row 2 \(id p2\) has a negative reach"),
    ],
)
def test_a_bad_row_is_named_by_its_id(tmp_path: Path, rows: tuple[dict[str, Any], ...], why: str) -> None:
    source = fill(f"sqlite:///{tmp_path / 'posts.db'}", *rows)
    with pytest.raises(BadInput, match=why) as refused:
        source.parts(tmp_path / "spool")
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
    with pytest.raises(BadInput, match=r"row 3 \(id 3\) has an unreadable posted_at"):
        whole(source)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM posts WHERE id = 3")
    engine.dispose()
    assert whole(source).select("id", "posted_at", "reach").rows() == [("1", AT, 3), ("2", None, 0)]


def test_what_is_missing_is_named_with_what_is_there(tmp_path: Path) -> None:
    source = fill(f"sqlite:///{tmp_path / 'posts.db'}", row("p1"))
    for changes, why in (
        ({"table": "tweets"}, "no such table. Found: posts"),
        ({"columns": {"text": "body"}}, "no column body. Found: id, text, created"),
        ({"url": f"sqlite:///{tmp_path / 'none.db'}"}, "no such database file"),
    ):
        with pytest.raises(BadInput, match=why):
            whole(source.model_copy(update=changes))
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
        whole(TableSource(url=url, table="posts"))
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


def test_times_and_numbers_of_a_table_are_read_in_every_form_that_exports_have(store_url: str) -> None:
    engine = sa.create_engine(sa.make_url(store_url).set(drivername=driver(store_url)))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE epochs (id INTEGER, text TEXT, posted_at BIGINT, reach FLOAT)")
        connection.exec_driver_sql(
            "INSERT INTO epochs VALUES (1, 'a', 1795370400, 3), (2, 'b', 1795370400000, 0)"
        )
        connection.exec_driver_sql("CREATE TABLE words (id INTEGER, text TEXT, posted_at TEXT)")
        connection.exec_driver_sql("INSERT INTO words VALUES (1, 'a', 'Sun Nov 22 18:00:00 +0000 2026')")
    engine.dispose()
    epochs = whole(TableSource(url=store_url, table="epochs"))
    assert epochs.select("id", "posted_at", "reach").rows() == [("1", AT, 3), ("2", AT, 0)]
    assert whole(TableSource(url=store_url, table="words"))["posted_at"].to_list() == [AT]


def test_what_is_no_word_number_or_time_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'posts.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE posts (id TEXT, text BLOB)")
        connection.exec_driver_sql("INSERT INTO posts VALUES ('p1', x'ff')")
    engine.dispose()
    with pytest.raises(BadInput, match="a value is a bytes"):
        whole(TableSource(url=url, table="posts"))


# --- parts -----------------------------------------------------------------------------------------


TEXTS = ['plain "quoted" text', "a line\nbreak, and a comma", "雨 🌧", "\r\n'", "x" * 90, '"', '""\n"']


def pile(count: int, start: int = 0) -> pl.DataFrame:
    """Posts whose texts have all that makes rows hard to cut."""
    rows = [
        {
            "id": f"p{n:05d}",
            "text": TEXTS[n % len(TEXTS)] + str(n),
            "posted_at": AT,
            "language": "en",
            "reach": n,
        }
        for n in range(start, start + count)
    ]
    return pl.DataFrame(rows, schema=POST_SCHEMA)


def written(posts: pl.DataFrame, path: Path) -> Path:
    """The posts in a file, in the format that its name says."""
    told = posts.select("id", "text", "posted_at", "language", "reach")
    flat = told.with_columns(pl.col("posted_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    if path.suffix == ".parquet":
        write_posts(posts, path)
    elif path.name.endswith(".csv.gz"):
        path.write_bytes(gzip.compress(flat.write_csv().encode()))
    elif path.suffix == ".csv":
        flat.write_csv(path)
    else:
        flat.write_ndjson(path)
    return path


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in very small stretches."""
    monkeypatch.setattr(post_files, "BLOCK", 700)


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl", "posts.parquet", "posts.csv.gz"])
def test_a_file_in_many_parts_holds_the_same_posts(tmp_path: Path, small_blocks: None, name: str) -> None:
    posts = pile(300)
    source = FileSource(path=written(posts, tmp_path / name))
    assert in_parts(source, tmp_path / "spool").equals(posts)
    assert whole(source).equals(posts)
    if name != "posts.csv.gz":
        assert len(source.parts(tmp_path / "spool")) > 3


def test_rows_are_counted_through_the_whole_file(tmp_path: Path, small_blocks: None) -> None:
    lines = "".join(f'"post {n}\nof two lines"\n' for n in range(200))
    (tmp_path / "posts.csv").write_text("\ufeff\r\ntext\n" + lines)
    source = FileSource(path=tmp_path / "posts.csv")
    assert in_parts(source, tmp_path)["id"].to_list() == [f"row-{n:06d}" for n in range(1, 201)]
    (tmp_path / "posts.csv").write_text("text,reach\n" + lines.replace('lines"', 'lines",1') + "more,-1\n")
    with pytest.raises(BadInput, match=r"row 201 \(id row-000201\) has a negative reach"):
        in_parts(source, tmp_path)


def test_blank_lines_of_jsonl_are_counted_in_no_part(tmp_path: Path, small_blocks: None) -> None:
    (tmp_path / "posts.jsonl").write_text("\n \n".join(f'{{"text": "post {n}"}}\r\n' for n in range(200)))
    found = in_parts(FileSource(path=tmp_path / "posts.jsonl"), tmp_path)
    assert found["id"].to_list() == [f"row-{n:06d}" for n in range(1, 201)]


@pytest.mark.parametrize(
    ("name", "broken", "why"),
    [
        ("posts.csv", b"p,t,3\n", r"line 1002: row 1001 has 3 fields, the header 2"),
        ("posts.csv", b"p,\xff\n", r"line 1002, byte 17,010 of the file is not UTF-8"),
        ("posts.csv", b'p,"t\n', r"line 1002: a quoted field does not end"),
        ("posts.jsonl", b"[1]\n", r"line 1001 is no JSON object"),
        ("posts.jsonl", b'{"text": "\xff"}\n', r"line 1001, byte 30,010 of the file is not UTF-8"),
    ],
)
def test_what_is_broken_far_into_a_file_is_named_by_its_line(
    tmp_path: Path, small_blocks: None, name: str, broken: bytes, why: str
) -> None:
    if name == "posts.csv":
        good = b"id,text\n" + b"".join(b"p%05d,some text\n" % n for n in range(1000))
    else:
        good = b"".join(b'{"id": %5d, "text": "text"}\n' % (n + 10_000) for n in range(1000))
    (tmp_path / name).write_bytes(good + broken)
    with pytest.raises(BadInput, match=why) as refused:
        in_parts(FileSource(path=tmp_path / name), tmp_path)
    assert refused.value.__cause__ is None


def test_a_row_that_does_not_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_files, "LONGEST_ROW", 5_000)
    (tmp_path / "posts.csv").write_text('text\na\n"' + "words\n" * 2_000)
    with pytest.raises(BadInput, match="line 3 begins a row that does not end within 5,000 bytes"):
        FileSource(path=tmp_path / "posts.csv").parts(tmp_path)
    (tmp_path / "posts.jsonl").write_text('[{"text": "a"},' * 1_000)
    with pytest.raises(BadInput, match="line 1 begins a row"):
        FileSource(path=tmp_path / "posts.jsonl").parts(tmp_path)


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl", "posts.parquet", "posts.csv.gz"])
def test_a_post_of_five_megabytes_is_kept_whole(tmp_path: Path, name: str) -> None:
    long = pile(3).with_columns(text=pl.Series(["first", "ab\n" * 1_700_000, "last"]))
    found = in_parts(FileSource(path=written(long, tmp_path / name)), tmp_path / "spool")
    assert found["text"].str.len_bytes().to_list() == [5, 5_100_000, 4]


def test_a_folder_is_read_partition_by_partition(tmp_path: Path) -> None:
    written(pile(10, start=20), tmp_path / "c.parquet")
    written(pile(10), tmp_path / "a.csv")
    (tmp_path / "inner").mkdir()
    written(pile(10, start=30), tmp_path / "inner" / "a.jsonl")
    written(pile(10, start=10), tmp_path / "b.csv.gz")
    written(pile(0), tmp_path / "empty.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".hidden.csv").write_text("nothing of ours")
    source = FileSource(path=tmp_path)
    assert in_parts(source, tmp_path / ".spool").equals(pile(40))
    assert whole(source).equals(pile(40))


def test_posts_without_ids_are_numbered_a_partition(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.csv").write_text("text,id\nfirst,\nsecond, \nthird,p3" + f"{name}\n")
    found = in_parts(FileSource(path=tmp_path), tmp_path / ".spool")["id"].to_list()
    assert found[:3] == ["a.csv:row-000001", "a.csv:row-000002", "p3a"]
    assert found[3:] == ["b.csv:row-000001", "b.csv:row-000002", "p3b"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("b.parquet", b"no such thing", "b.parquet: this is not Parquet"),
        ("b.parquet", b"", "b.parquet: the file is empty"),
        ("b.txt", b"text", "b.txt: the name does not say what is in it"),
        ("b.csv", b"body\nx\n", "b.csv: there is no column `text`"),
        ("b.csv.gz", b"text", "b.csv.gz: this is not gzip"),
    ],
)
def test_a_partition_that_is_broken_is_named(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    written(pile(10), tmp_path / "a.parquet")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=why):
        in_parts(FileSource(path=tmp_path), tmp_path / ".spool")


def test_a_folder_without_posts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no file in this folder"):
        FileSource(path=tmp_path).parts(tmp_path / "spool")
    written(pile(0), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("id,text\n")
    with pytest.raises(BadInput, match="it holds no posts"):
        FileSource(path=tmp_path).parts(tmp_path / "spool")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = written(pile(10), tmp_path / "a.csv")
    [part] = FileSource(path=path).parts(tmp_path / "spool")
    with path.open("a") as file:
        file.write("p99999,one more,,,\n")
    with pytest.raises(BadInput, match="the file was changed while it was read"):
        part.read()


def test_packed_files_are_unpacked_anew_where_they_changed(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    source, spool = FileSource(path=tmp_path / "posts"), tmp_path / "spool"
    written(pile(10, start=10), source.path / "b.csv.gz")
    assert in_parts(source, spool).equals(pile(10, start=10))
    written(pile(10), source.path / "a.csv.gz")
    assert in_parts(source, spool).equals(pile(20))
    written(pile(15, start=10), source.path / "b.csv.gz")
    assert in_parts(source, spool).equals(pile(25))


def test_a_file_that_is_gone_is_missed(tmp_path: Path) -> None:
    path = written(pile(10), tmp_path / "a.csv")
    [part] = FileSource(path=path).parts(tmp_path / "spool")
    path.unlink()
    with pytest.raises(BadInput, match=r"a\.csv: the file cannot be found"):
        part.read()
    with pytest.raises(BadInput, match=r"a\.csv: the file cannot be found"):
        FileSource(path=path).parts(tmp_path / "spool")


def test_a_table_is_streamed_into_a_spool_once(tmp_path: Path) -> None:
    source = fill(f"sqlite:///{tmp_path / 'posts.db'}", *(row(f"p{n}") for n in range(25_001)))
    assert in_parts(source, tmp_path / "spool")["id"].n_unique() == 25_001
    (tmp_path / "posts.db").unlink()
    assert in_parts(source, tmp_path / "spool").height == 25_001


CELLS = st.one_of(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30), st.just('"\n'))


@settings(deadline=None, max_examples=25)
@given(st.lists(CELLS.filter(str.strip), min_size=1, max_size=20), st.integers(8, 80))
def test_where_a_file_is_cut_changes_nothing(texts: list[str], block: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        frame = pl.DataFrame({"text": texts, "author": ["a, b"] * len(texts)})
        for name, write in (("p.csv", frame.write_csv), ("p.jsonl", frame.write_ndjson)):
            path = Path(folder) / name
            write(path)
            patch.setattr(post_files, "BLOCK", 16_000_000)
            once = read_posts(path)
            patch.setattr(post_files, "BLOCK", block)
            assert in_parts(FileSource(path=path), Path(folder)).equals(once)
            assert read_posts(path).equals(once)


# --- a platform ------------------------------------------------------------------------------------


def test_a_platform_is_named_without_secrets() -> None:
    source = HttpSource(url="https://platform.example/api/", secret="platform", query="alarm")
    assert source.shown == "https://platform.example/api"
    assert TypeAdapter[Any](Source).validate_python(source.kept()) == source
    for url in ("platform.example", "ftp://platform.example", "https://p.example/?token=hunter2", "https://"):
        with pytest.raises(ValidationError, match="not a web address"):
            HttpSource(url=url)
    with pytest.raises(ValidationError, match="a password has no place in an address") as refused:
        HttpSource(url="https://reader:hunter2@platform.example")
    assert "hunter2" not in str(refused.value)


def test_a_page_is_read_like_a_file() -> None:
    found = platform_posts(
        "page 1",
        [
            {"id": 7, "text": "half \ud83d of a character", "posted_at": "2026-11-22T18:00:00Z", "reach": 2.0},
            {"id": "p2", "text": "null\0", "posted_at": 1795370400, "language": "DE", "score": {"toxic": 1}},
        ],
    )
    assert found.schema == POST_SCHEMA
    assert found.select("id", "text", "posted_at", "language", "reach").rows() == [
        ("7", "half \ufffd of a character", AT, "und", 2),
        ("p2", "null", AT, "de", 0),
    ]
    assert platform_posts("page 2", []).schema == POST_SCHEMA


@pytest.mark.parametrize(
    ("post", "why"),
    [
        ({"text": "an alarm"}, "page 3: 1 posts have no id, the first in row 1"),
        ({"id": "p1"}, r"page 3: row 1 \(id p1\) has no text"),
        ({"id": "p1", "text": {"en": "an alarm"}}, "page 3: a value is a dict"),
    ],
)
def test_a_page_that_cannot_be_read_is_named(post: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        platform_posts("page 3", [post])
    assert "alarm" not in str(refused.value)
