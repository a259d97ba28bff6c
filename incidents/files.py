"""How is a file written so that nobody ever reads half of it, and read so that none fills the memory?"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from incidents.errors import BadInput


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place to write to that takes the name only once all is written: a full disk leaves no half file.

    What was there before stays until then. One process at a time writes a file.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a small file, whole or not at all; text in UTF-8."""
    with whole(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def read_small(path: Path, most: int, *, kind: str) -> bytes:
    """What a file holds. BadInput where it cannot be read, or is too large (in bytes) to be of its kind."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    if len(content) > most:
        raise BadInput(f"{path}: larger than {most:,} bytes, so it is no {kind}.")
    return content


def keep_first(path: Path, content: bytes) -> bool:
    """Write a file that only its owner may read, unless there is one; whether this process was the first.

    Of several processes that make it at once, all go on with the file of the first. Makes the folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        return False
    finally:
        unfinished.unlink()
    return True
