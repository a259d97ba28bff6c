"""Where are posts kept that can be read once only, in order, and how far has that come?

A platform's pages, the rows of a database and what is packed in gzip are laid down in a folder as they
arrive: each page a file that is written whole, and after it how far the reading is. A process that died
between the two writes the same page again under the same name.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl
from pydantic import BaseModel, ConfigDict

from incidents.files import write_whole
from incidents.sweeps.posts import read_kept, write_posts

_AT_ONCE: Final = 100_000
"""Posts of a part; many pages of a platform make one."""


class Progress(BaseModel):
    """How many pages lie there, where the source goes on, and whether that was all."""

    model_config = ConfigDict(frozen=True)

    posts: tuple[int, ...] = ()
    """Posts of each page, in order."""
    cursor: str | None = None
    is_complete: bool = False

    @property
    def pages(self) -> int:
        """Pages that lie there."""
        return len(self.posts)

    @property
    def height(self) -> int:
        """Posts that lie there."""
        return sum(self.posts)


class SpooledPart(BaseModel):
    """Pages of a spool that are read at once."""

    model_config = ConfigDict(frozen=True)

    paths: tuple[Path, ...]
    place: str

    def read(self) -> pl.DataFrame:
        """The posts, with the columns of `POST_SCHEMA`."""
        return pl.concat([read_kept(path) for path in self.paths])


class Spool:
    """One folder of pages. One process writes in it at a time: whoever leads the sweep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = folder / "progress.json"

    def progress(self) -> Progress:
        """How far it is; nothing at all where nobody began."""
        if not self._told.exists():
            return Progress()
        return Progress.model_validate_json(self._told.read_text(encoding="utf-8"))

    def add(self, page: pl.DataFrame, *, cursor: str | None) -> Progress:
        """Lay the next page down; `cursor` is where the source goes on, None where that was the last."""
        before = self.progress()
        self._folder.mkdir(parents=True, exist_ok=True)
        write_posts(page, self._path(before.pages + 1))
        posts = (*before.posts, page.height)
        return self._tell(Progress(posts=posts, cursor=cursor, is_complete=cursor is None))

    def fill(self, pages: Iterable[pl.DataFrame]) -> None:
        """Lay down all pages of a source that cannot be taken up where it broke off; once."""
        if self.progress().is_complete:
            return
        self.clear()
        self._folder.mkdir(parents=True, exist_ok=True)
        posts = []
        for number, page in enumerate(pages, start=1):
            write_posts(page, self._path(number))
            posts.append(page.height)
        self._tell(Progress(posts=tuple(posts), is_complete=True))

    def clear(self) -> None:
        """Forget everything, so that the source is read from its beginning."""
        self._told.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def first(self, most: int) -> Iterator[pl.DataFrame]:
        """The first so many posts, a page at a time."""
        left = most
        for page, count in enumerate(self.progress().posts, start=1):
            if left <= 0:
                return
            yield read_kept(self._path(page)).head(left)
            left -= count

    def parts(self, place: str) -> list[SpooledPart]:
        """What lies there, in order; `place` is what errors call the source."""
        groups = _groups(self.progress().posts)
        return [
            SpooledPart(paths=tuple(map(self._path, pages)), place=f"{place}, {_pages(pages)}")
            for pages in groups
        ]

    def _path(self, page: int) -> Path:
        return self._folder / f"page-{page:06d}.parquet"

    def _tell(self, progress: Progress) -> Progress:
        write_whole(self._told, progress.model_dump_json())
        return progress


def _groups(posts: Sequence[int]) -> Iterator[range]:
    """Pages, counted from 1, that together hold about as many posts as are read at once."""
    first, held = 1, 0
    for page, count in enumerate(posts, start=1):
        held += count
        if held >= _AT_ONCE or (held and page == len(posts)):
            yield range(first, page + 1)
            first, held = page + 1, 0


def _pages(pages: range) -> str:
    first, last = pages[0], pages[-1]
    return f"page {first}" if first == last else f"pages {first} to {last}"
