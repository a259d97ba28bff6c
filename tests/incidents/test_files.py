"""A file is there whole or not at all, none fills the memory, and the first to make one makes it for all."""

from pathlib import Path

import pytest

from incidents.errors import BadInput
from incidents.files import keep_first, read_small, whole
from tests.incidents.sweep_rows import at_once


def test_what_is_written_half_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "told.json"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError), whole(path) as part, part.open("w", encoding="utf-8") as file:
        file.writelines(["after", "\ud800"])
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_whole_takes_the_name(tmp_path: Path) -> None:
    path = tmp_path / "told.json"
    path.write_text("before")
    with whole(path) as part:
        part.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_of_several_at_once_the_first_keeps_its_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "key"
    contents = [b"one", b"two", b"three"]
    firsts = at_once(*(lambda content=content: keep_first(path, content) for content in contents))
    assert path.read_bytes() == contents[firsts.index(True)]
    assert firsts.count(False) == 2
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_read_up_to_the_size_that_its_kind_can_have(tmp_path: Path) -> None:
    path = tmp_path / "scope.yaml"
    path.write_bytes(b"12345")
    assert read_small(path, 5, kind="scope") == b"12345"
    with pytest.raises(BadInput, match=r"scope\.yaml: larger than 4 bytes, so it is no scope\.$"):
        read_small(path, 4, kind="scope")
    with pytest.raises(
        BadInput, match=r"none: cannot be read \(No such file or directory\)\. Check the path\.$"
    ):
        read_small(tmp_path / "none", 4, kind="scope")
