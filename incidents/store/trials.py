"""How is a scope tried on a platform, whose posts the command that asks for it may not fetch itself?

One folder a platform and window of time: its pages do not depend on what is looked for. In it lie the pages
that were fetched, and for each command that waits a request and what is told of it. The flow that fetches
knows no more than the name of the request. A request that is gone means that nobody waits any more.
"""

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.files import write_whole
from incidents.store.post_source import HttpSource
from incidents.store.spool import Spool
from incidents.sweeps.scope import Scope
from incidents.sweeps.universe import Dry

NAME: Final = r"^[0-9a-f]{16}/[0-9a-f]{8}$"
"""What the name of a trial looks like: its folder, and its request there."""


class Trial(BaseModel):
    """What is to be tried, and on how many posts of a platform."""

    model_config = ConfigDict(frozen=True)

    scope: Scope
    source: HttpSource
    at_most: int = Field(ge=1, description="Posts that are counted, the first ones that the platform returns.")


class Counted(BaseModel):
    """What a scope brings in, and whether what was counted is all that the platform has."""

    model_config = ConfigDict(frozen=True)

    dry: Dry
    is_whole: bool


class Told(BaseModel):
    """How far it is, and at last what came of it: numbers or a failure, never a post."""

    model_config = ConfigDict(frozen=True)

    doing: str = "waiting for a worker"
    posts: int = 0
    """Posts that lie there."""
    counted: Counted | None = None
    failure: str | None = None


class OpenTrial:
    """A trial for which somebody waits, or did."""

    def __init__(self, home: Path, name: str) -> None:
        self.name = name
        self._request = _trials(home) / f"{name}.request.json"
        self._told = _trials(home) / f"{name}.told.json"

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return self._request.exists()

    @property
    def spool(self) -> Spool:
        """Where the pages lie, also those that an earlier trial fetched and did not come to count."""
        return Spool(self._request.parent / "pages")

    def trial(self) -> Trial | None:
        """What is to be tried; None where nobody waits any more."""
        try:
            return Trial.model_validate_json(self._request.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def told(self) -> Told:
        """What is known of it by now."""
        try:
            return Told.model_validate_json(self._told.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Told()

    def tell(self, told: Told) -> None:
        """Tell whoever waits."""
        if self.is_wanted:
            write_whole(self._told, told.model_dump_json())

    def withdraw(self) -> None:
        """Wait no longer. The pages stay, where nobody came to count them."""
        self._request.unlink(missing_ok=True)
        self._told.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else fetches these pages; if so, nobody does until the block ends."""
        with _held(self._request.parent) as is_held:
            yield is_held


def request_trial(home: Path, trial: Trial) -> OpenTrial:
    """Write down what is to be tried. Whoever waits for it withdraws it in the end."""
    window = f"{trial.source.model_dump_json()}|{trial.scope.since}|{trial.scope.until}"
    key = sha256(window.encode()).hexdigest()[:16]
    requested = OpenTrial(home, f"{key}/{secrets.token_hex(4)}")
    path = _trials(home) / f"{requested.name}.request.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, trial.model_dump_json())
    return requested


def forget_trials(home: Path, *, before: datetime) -> int:
    """Remove the pages that nobody has added to or asked for since then; return of how many windows."""
    folders = [path for path in _trials(home).glob("*") if path.is_dir() and _changed(path) < before]
    forgotten = 0
    for folder in folders:
        with _held(folder) as is_held:
            if is_held:
                shutil.rmtree(folder)
                forgotten += 1
    return forgotten


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder, where nobody does. The kernel gives it back when its holder dies, however it dies."""
    with (folder / "lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _changed(folder: Path) -> datetime:
    """When a file was last laid down in a folder, or removed from it."""
    places = [folder, *(path for path in folder.glob("*") if path.is_dir())]
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in places), UTC)


def _trials(home: Path) -> Path:
    """Beside the sweeps, in the folder that several machines share."""
    return home / "sweeps" / "trials"
