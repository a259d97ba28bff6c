"""What is a pile of posts, and what do we say about a file that is none?"""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.errors import BadInput
from incidents.sweeps.posts import POST_SCHEMA, read_kept, read_posts, write_posts

REAL = Path(__file__).parents[3] / "shared" / "data" / "posts"
SECRET = "words that nobody should read in a log"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reading(folder: Path, name: str, content: bytes | str) -> pl.DataFrame:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_posts(path)


def refusal(folder: Path, name: str, content: bytes | str) -> str:
    with pytest.raises(BadInput) as refused:
        reading(folder, name, content)
    said = str(refused.value)
    assert said.startswith(str(folder / name))
    assert SECRET not in said
    assert refused.value.__cause__ is None
    return said


def parquet(folder: Path, **columns: object) -> bytes:
    path = folder / "made.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path.read_bytes()


def test_only_text_is_required_and_rows_are_numbered(tmp_path: Path) -> None:
    frame = reading(tmp_path, "posts.csv", "text\nfirst\nsecond\n")
    assert frame.schema == POST_SCHEMA
    assert frame.row(1) == ("row-000002", "second", None, "und", None, None, 0, None, None, None, None)


def test_columns_that_we_do_not_know_are_left_out(tmp_path: Path) -> None:
    frame = reading(tmp_path, "posts.csv", "mood,text,id\ngood,first,a\n")
    assert frame.columns == list(POST_SCHEMA)
    assert frame["id"].to_list() == ["a"]


@pytest.mark.parametrize("name", ["posts.csv", "POSTS.CSV.GZ", "posts.jsonl", "p.ndjson.gz", "posts.parquet"])
def test_every_format_gives_the_same_posts(tmp_path: Path, name: str) -> None:
    given = {"id": ["a", "b"], "text": ["line\nbreak, comma", "雨 🌧"], "reach": [3, 0]}
    rows = [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]
    content = {
        "csv": pl.DataFrame(given).write_csv().encode(),
        "jsonl": "\n".join(json.dumps(row) for row in rows).encode(),
        "parquet": parquet(tmp_path, **given),
    }[name.lower().removesuffix(".gz").rpartition(".")[2].replace("ndjson", "jsonl")]
    packed = gzip.compress(content, mtime=0) if name.lower().endswith(".gz") else content
    frame = reading(tmp_path, name, packed)
    assert frame.select(list(given)).to_dict(as_series=False) == given


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T14:00:00+02:00",
        "2026-03-01T14:00:00.000+0200",
        "2026-03-01 12:00:00",
        "2026-03-01T12:00",
        "1772366400",
        "1772366400000",
        "Sun Mar 01 12:00:00 +0000 2026",
    ],
)
def test_a_time_is_read_in_every_form_that_exports_have(tmp_path: Path, written: str) -> None:
    frame = reading(tmp_path, "posts.csv", f"text,posted_at\nfirst,{written}\nsecond,\n")
    assert frame["posted_at"].to_list() == [NOON, None]


def test_parquet_keeps_its_own_types(tmp_path: Path) -> None:
    naive = NOON.replace(tzinfo=None)
    columns = parquet(
        tmp_path, text=["a", "b"], id=[1.0, None], posted_at=[naive, None], reach=[2.0, float("nan")]
    )
    frame = reading(tmp_path, "posts.parquet", columns)
    assert frame["id"].to_list() == ["1", "row-000002"]
    assert frame["posted_at"].to_list() == [NOON, None]
    assert frame["reach"].to_list() == [2, 0]


def test_a_day_without_a_time_is_its_first_moment(tmp_path: Path) -> None:
    columns = parquet(tmp_path, text=["a"], posted_at=[NOON.date()])
    assert reading(tmp_path, "posts.parquet", columns)["posted_at"].to_list() == [NOON.replace(hour=0)]


def test_what_no_database_keeps_is_taken_out(tmp_path: Path) -> None:
    frame = reading(tmp_path, "posts.jsonl", r'{"text": "a\u0000b", "id": 7, "language": " PT "}')
    assert frame.select("id", "text", "language").row(0) == ("7", "ab", "pt")


@pytest.mark.parametrize("written", ["MD5:{0}, pdq:{1}", "md5:{0} pdq:{1}", '["md5:{0}", "pdq:{1}"]'])
def test_media_hashes_are_read_however_they_are_listed(tmp_path: Path, written: str) -> None:
    cell = written.format("ab" * 16, "f0" * 32)
    content = json.dumps({"text": "a", "media": cell, "region": "de"}) + '\n{"text": "b", "media": ""}\n'
    frame = reading(tmp_path, "posts.jsonl", content)
    assert frame["media"].to_list() == [["md5:" + "ab" * 16, "pdq:" + "f0" * 32], None]
    assert frame["region"].to_list() == ["DE", None]


def test_a_surface_is_one_short_word_whatever_the_platform_calls_it(tmp_path: Path) -> None:
    written = [" Stories ", "Group chat/video", "", None, "лента", "|[x](http://a)|", "a" * 100_000]
    lines = [json.dumps({"text": "a", "surface": surface}) for surface in written]
    surfaces = reading(tmp_path, "posts.jsonl", "\n".join(lines))["surface"].to_list()
    assert surfaces == ["stories", "group-chat-video", None, None, "лента", "x-http-a", "a" * 32]


def test_what_was_kept_before_posts_had_a_surface_is_read(tmp_path: Path) -> None:
    frame = reading(tmp_path, "posts.csv", "text,surface\nfirst,feed\n").with_columns(matched=pl.lit("term:a"))
    frame.drop("surface").write_parquet(tmp_path / "old.parquet")
    old = read_kept(tmp_path / "old.parquet")
    assert old.schema == frame.schema
    assert old["surface"].to_list() == [None]


def test_blank_lines_are_no_posts(tmp_path: Path) -> None:
    assert reading(tmp_path, "posts.csv", "\ufefftext,id\nfirst,a\n\nsecond,b\n")["id"].to_list() == ["a", "b"]
    assert reading(tmp_path, "posts.jsonl", '\ufeff{"text": "a"}\n\n{"text": "b"}\n').height == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("posts.txt", SECRET, "rename it"),
        ("posts.csv", "", "the file is empty"),
        ("posts.csv", "text,id\n", "holds no posts"),
        ("posts.csv", "body,id\nx,1\n", "no column `text`; found: body, id"),
        ("posts.csv", f"{SECRET}\n{SECRET}\n", "characters that are no name"),
        ("posts.csv", f"text,id\n{SECRET},1\nb,2,{SECRET}\n", "line 3: row 2 has 3 fields, the header 2"),
        ("posts.csv", f'text,id\na,1\n"{SECRET},2\n', "line 3: a quoted field does not end"),
        ("posts.csv", f"text\n{SECRET}\né\n".encode("latin-1"), "line 3, byte 44 of the file is not UTF-8"),
        ("posts.csv", f"text,id\n{SECRET},a\nx,b\ny,b\n", "rows 2 and 3 have the same id b"),
        (
            "posts.csv",
            f"text,posted_at\n{SECRET},\nx,noonish\n",
            "row 2 (id row-000002) has an unreadable posted",
        ),
        ("posts.csv", f"text,reach\n{SECRET},1\nx,-1\n", "row 2 (id row-000002) has a negative reach"),
        ("posts.csv", f"text,reach\n{SECRET},many\nx,inf\n", "not a number (1 more rows like it)"),
        ("posts.csv", f"text,id\n{SECRET},a\n  ,b\n", "row 2 (id b) has no text"),
        ("posts.csv.gz", f"text\n{SECRET}\n", "this is not gzip"),
        ("posts.csv.gz", gzip.compress(b"text\nfirst\n", mtime=0)[:-9], "broken or cut off"),
        ("posts.jsonl", '{"text": "a"}\n{"text": "b"\n', "line 2 is not JSON at character 13"),
        ("posts.jsonl", f'[{{"text": "{SECRET}"}}]', "line 1 is no JSON object"),
        ("posts.jsonl", '{"text": "a"}\n\n{"text": "b\\uDE00"}\n', r"line 3: \ude00 is half of a character"),
        ("posts.jsonl", r'{"text": "\ud83d\ude00", "by": {"name": "\udc00"}}', r"line 1: \udc00 is half of a"),
        ("posts.jsonl", f'{{"body": "{SECRET}"}}', "no column `text`; found: body"),
        ("posts.jsonl", '{"text": "é"}'.encode("latin-1"), "line 1, byte 10 of the file is not UTF-8"),
        ("posts.jsonl", '{"text": null}', "row 1 (id row-000001) has no text"),
        ("posts.parquet", SECRET, "this is not Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_to_do(
    tmp_path: Path, name: str, content: bytes | str, said: str
) -> None:
    assert said in refusal(tmp_path, name, content)


def test_parquet_without_text_or_with_lists_is_refused(tmp_path: Path) -> None:
    assert "found: body" in refusal(tmp_path, "posts.parquet", parquet(tmp_path, body=["a"]))
    assert "text is List" in refusal(tmp_path, "posts.parquet", parquet(tmp_path, text=[["a"]]))
    assert "text is Binary" in refusal(tmp_path, "posts.parquet", parquet(tmp_path, text=[b"\xff"]))


def test_a_file_that_polars_refuses_and_we_cannot_place_is_still_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError(SECRET)

    monkeypatch.setattr(pl, "read_csv", refuse)
    monkeypatch.setattr(pl, "read_ndjson", refuse)
    assert "cannot be read as CSV" in refusal(tmp_path, "posts.csv", "text\na\n")
    assert "cannot be read as JSONL" in refusal(tmp_path, "posts.jsonl", '{"text": "a"}\n\n')


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_posts(tmp_path / "posts.csv")
    with pytest.raises(BadInput, match="this is a folder"):
        read_posts(tmp_path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(BadInput, match="Permission denied"):
        read_posts(tmp_path / "posts.csv")


def test_a_very_long_id_is_cut_in_a_refusal(tmp_path: Path) -> None:
    assert "x…" in refusal(tmp_path, "posts.csv", f"text,id\n,{'x' * 500}\n")


def test_a_pile_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    frame = reading(tmp_path, "posts.csv", "text,posted_at\nfirst,2026-03-01\nsecond,\n")
    write_posts(frame, tmp_path / "kept.parquet")
    assert read_posts(tmp_path / "kept.parquet").equals(frame)
    with pytest.raises(FileNotFoundError):
        write_posts(frame, tmp_path / "missing" / "kept.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.parquet", "posts.csv"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(str.strip)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_whatever_people_write_survives_being_kept(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        lines = "\n".join(json.dumps({"text": text}) for text in texts)
        frame = reading(Path(folder), "posts.jsonl", lines)
        write_posts(frame, Path(folder) / "kept.parquet")
        kept = read_posts(Path(folder) / "kept.parquet")
    assert kept["text"].to_list() == texts
    assert kept["id"].equals(frame["id"])


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["p.csv", "p.csv.gz", "p.jsonl", "p.parquet"]))
def test_no_bytes_end_in_anything_but_posts_or_a_refusal(content: bytes, name: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        assert str(path) in said_of(path) or read_posts(path).schema == POST_SCHEMA


def said_of(path: Path) -> str:
    try:
        read_posts(path)
    except BadInput as refused:
        return str(refused)
    return ""


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no recorded posts in {REAL.name}/ beside the repository")
@pytest.mark.parametrize(
    ("name", "rows", "dated"),
    [("crisis_posts", 60_078, True), ("hate_posts", 24_783, False), ("multilingual_cases", 40_310, False)],
)
def test_recorded_posts_are_read_in_well_under_two_seconds(name: str, rows: int, dated: bool) -> None:
    before = perf_counter()
    frame = read_posts(REAL / f"{name}.csv.gz")
    assert perf_counter() - before < 2
    assert frame.height == rows
    assert frame["posted_at"].null_count() == (0 if dated else rows)
