"""Files: one a message, whole or not at all, and the same one however often it is sent."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from incidents.catalogue.channels import FileChannel
from incidents.errors import PartnerUnreachable
from incidents.message import Message
from incidents.settings import Settings
from tasks.partners import open_partner
from tests.tasks.servers import ask


def deliver(home: Path, message: Message, folder: str = "partners/legal") -> Path:
    channel = FileChannel(id="legal-folder", kind="file", folder=Path(folder))
    receipt = open_partner(channel, Settings(home=home)).deliver(message)
    assert receipt.channel == "legal-folder"
    return Path(receipt.reference)


def test_a_message_becomes_one_readable_file(tmp_path: Path) -> None:
    path = deliver(tmp_path, ask())
    assert list((tmp_path / "partners/legal").iterdir()) == [path]
    assert path.name.startswith("ask-INC-12-legal-1-")
    _, head, text = path.read_text(encoding="utf-8").split("---\n")
    assert yaml.safe_load(head) == {
        "incident": "INC-12",
        "drill": False,
        "number": 1,
        "key": "ask:INC-12:legal:1",
        "event": "incident.ask.sent",
        "at": "2026-03-01T02:30:00+00:00",
    }
    assert text.startswith("\n# INC-12 asks Legal for a preservation notice\n\nPlease send")


def test_the_same_message_again_is_the_same_file_with_its_notes(tmp_path: Path) -> None:
    path = deliver(tmp_path, ask())
    path.write_text("Cleo: done, see 4711\n")
    assert deliver(tmp_path, ask()) == path
    assert path.read_text() == "Cleo: done, see 4711\n"
    assert len(list(path.parent.iterdir())) == 1


def test_an_absolute_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    path = deliver(tmp_path / "home", ask(), folder=str(tmp_path / "shared"))
    assert path.parent == tmp_path / "shared"


@pytest.mark.parametrize(
    "key",
    [
        "../../escape",
        "/etc/passwd",
        "a/b",
        "..",
        "con",
        "ключ:1",
        "a\x00b",
        "a\nb",
        "k" * 5000,
        ":",
        "a:b",
        "a-b",
        "A:B",
    ],
)
def test_no_key_leaves_the_folder(tmp_path: Path, key: str) -> None:
    path = deliver(tmp_path, ask(key=key))
    assert path.resolve().parent == (tmp_path / "partners/legal").resolve()
    assert len(path.name) < 110
    assert path.name.isascii()


def test_keys_that_read_alike_are_different_files(tmp_path: Path) -> None:
    paths = [deliver(tmp_path, ask(key=key)) for key in ("a:b", "a-b", "a/b", "A:B", "a::b")]
    assert len({path.name.lower() for path in paths}) == 5


def test_facts_and_subject_cannot_break_the_head(tmp_path: Path) -> None:
    path = deliver(
        tmp_path, ask(subject="one\n---\ntwo", facts={"note": "a\n---\nkey: forged", "key": "forged"})
    )
    _, head, text = path.read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(head)["key"] == "ask:INC-12:legal:1"
    assert yaml.safe_load(head)["note"] == "a\n---\nkey: forged"
    assert text.startswith("\n# one --- two\n")


@contextmanager
def files_end_after(size: int) -> Iterator[None]:
    """Let the system refuse to write past that size, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_leaves_nothing_half_written(tmp_path: Path) -> None:
    with files_end_after(1000), pytest.raises(PartnerUnreachable) as caught:
        deliver(tmp_path, ask(text="z" * 5000))
    assert not caught.value.permanent
    assert str(tmp_path) in str(caught.value)
    assert "ask:INC-12:legal:1 was not delivered through legal-folder" in str(caught.value)
    assert list((tmp_path / "partners/legal").iterdir()) == []
    # Once there is room again, the next attempt delivers.
    assert deliver(tmp_path, ask(text="z" * 5000)).stat().st_size > 5000


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "partners").write_text("a file where a folder should be")
    with pytest.raises(PartnerUnreachable, match="Not a directory") as caught:
        deliver(tmp_path, ask())
    assert not caught.value.permanent
