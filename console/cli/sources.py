"""Read from options where the posts of a sweep lie, and look whether they can be read at all."""

from pathlib import Path

import typer
from pydantic import ValidationError

from incidents.errors import BadInput
from incidents.store.post_source import FileSource, TableSource
from incidents.sweeps.posts import read_posts


def read_source_options(
    posts: Path | None, url: str | None, table: str | None, columns: list[str]
) -> FileSource | TableSource:
    """The source. A usage error where none or both are named; BadInput where it cannot be used.

    A file is read once here, so that a wrong one is refused before anything is requested. A database is
    asked by the flow, which may see it where this machine does not.
    """
    if (posts is None) == (url is None):
        raise typer.BadParameter("Say where the posts lie: --posts FILE, or --sql-url URL with --table.")
    if posts is not None:
        read_posts(posts)
        # The flow runs in a folder of its own.
        return FileSource(path=posts.absolute())
    if table is None:
        raise typer.BadParameter("--sql-url takes a --table.")
    return _table(str(url), table, columns)


def _table(url: str, table: str, columns: list[str]) -> TableSource:
    pairs = dict(each.split("=", 1) for each in columns if "=" in each)
    if len(pairs) != len(columns):
        raise typer.BadParameter("Write a column as OURS=THEIRS, e.g. text=body.")
    try:
        return TableSource(url=url, table=table, columns=pairs)
    except ValidationError as error:
        wrong = "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
        raise BadInput(f"The table cannot be used: {wrong}.") from None
