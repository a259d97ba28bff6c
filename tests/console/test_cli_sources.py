"""Where a sweep's posts lie is read from options, and what cannot be used is refused before it is requested."""

from pathlib import Path
from typing import Any

import pytest
import typer

from console.cli.sources import read_source_options
from console.cli.sweep_options import SourceOptions
from incidents.errors import BadInput
from incidents.store.post_source import FileSource, HttpSource, TableSource


def told(**options: Any) -> FileSource | TableSource | HttpSource:
    """The source of some options, as `sweep start` hands them on."""
    return read_source_options(SourceOptions(**options))


def test_a_file_and_a_folder_are_named_so_that_any_process_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.csv").write_text("text\n")
    (tmp_path / "posts" / "b.csv").write_text("text\nan alarm\n")
    monkeypatch.chdir(tmp_path)
    assert told(posts=Path("posts")) == FileSource(path=tmp_path / "posts")
    assert told(posts=Path("posts/b.csv")) == FileSource(path=tmp_path / "posts" / "b.csv")
    with pytest.raises(BadInput, match="it holds no posts"):
        told(posts=Path("posts/a.csv"))


def test_only_the_first_posts_of_a_pile_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nan alarm\n")
    (tmp_path / "b.csv").write_bytes(b"text\n\xff\n")  # the flow will find it, and say so
    assert told(posts=tmp_path) == FileSource(path=tmp_path)


def test_a_table_and_a_platform_are_named() -> None:
    table = told(sql_url="sqlite:///x.db", table="posts", column=["text=body"])
    assert table == TableSource(url="sqlite:///x.db", table="posts", columns={"text": "body"})
    platform = told(platform="https://p.example", query="alarm", secret="platform")
    assert platform == HttpSource(url="https://p.example", query="alarm", secret="platform")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "Say where the posts lie, once"),
        ({"sql_url": "sqlite:///x.db", "platform": "https://p.example"}, "Say where the posts lie, once"),
        ({"sql_url": "sqlite:///x.db"}, "--sql-url takes a --table"),
        ({"sql_url": "sqlite:///x.db", "table": "posts", "column": ["text"]}, "OURS=THEIRS"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(options: dict[str, Any], why: str) -> None:
    with pytest.raises(typer.BadParameter, match=why):
        told(**options)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            {"platform": "https://reader:hunter2@p.example"},
            "The platform cannot be used: a password",
        ),
        (
            {"sql_url": "reader:hunter2", "table": "posts"},
            "The table cannot be used: this is not a",
        ),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_without_its_password(options: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        told(**options)
    assert "hunter2" not in str(refused.value)
