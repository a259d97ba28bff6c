"""Read from options where the posts of a sweep lie, and look whether they can be read at all."""

from typing import Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from console.cli.sweep_options import SourceOptions
from console.sources import looked_into
from incidents.errors import BadInput
from incidents.store.post_source import FileSource, HttpSource, TableSource

S = TypeVar("S", bound=BaseModel)


def read_source_options(given: SourceOptions) -> FileSource | TableSource | HttpSource:
    """The source. A usage error where none or several are named; BadInput where it cannot be used.

    Of files the first posts are read here, so that wrong ones are refused before anything is requested. A
    database or a platform is asked by the flow, which may see it where this machine does not.
    """
    if sum(place is not None for place in (given.posts, given.sql_url, given.platform)) != 1:
        places = "--posts FILE or FOLDER, --sql-url URL with --table, or --platform URL"
        raise typer.BadParameter(f"Say where the posts lie, once: {places}.")
    if given.platform is not None:
        named = {"url": given.platform, "query": given.query, "secret": given.secret}
        return _made(HttpSource, "platform", **named)
    return _pile(given)


def _pile(given: SourceOptions) -> FileSource | TableSource:
    if given.posts is not None:
        # The flow runs in a folder of its own.
        return looked_into(FileSource(path=given.posts.absolute()))
    if given.table is None:
        raise typer.BadParameter("--sql-url takes a --table.")
    return _table(str(given.sql_url), given.table, given.column or [])


def _table(url: str, table: str, columns: list[str]) -> TableSource:
    pairs = dict(each.split("=", 1) for each in columns if "=" in each)
    if len(pairs) != len(columns):
        raise typer.BadParameter("Write a column as OURS=THEIRS, e.g. text=body.")
    return _made(TableSource, "table", url=url, table=table, columns=pairs)


def _made(kind: type[S], what: str, **fields: Any) -> S:  # noqa: ANN401
    try:
        return kind(**fields)
    except ValidationError as error:
        wrong = "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
        raise BadInput(f"The {what} cannot be used: {wrong}.") from None
