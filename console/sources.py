"""Where posts may be swept from in a browser: sources that the operator named, chosen by that name.

A command line runs with the rights of whoever types it. A page runs with those of the site: whoever could
name a path, a database or an address there could read what the site can read, and be sent its secrets.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from incidents.catalogue.marks import read
from incidents.errors import BadInput
from incidents.files import read_small
from incidents.store.post_source import FileSource, Source

SOURCES_FILE: Final = "sources.yaml"
"""In the home folder: name → source, with the fields of `Source`."""

LARGEST: Final = 1_000_000
"""Bytes of that file."""

FILES_SHOWN: Final = 100
"""Files of a folder that may be chosen one by one, the last ones by name."""

_NAMED: Final = TypeAdapter(dict[str, Source])


def named_sources(home: Path) -> Mapping[str, Source]:
    """Choice → source: each by its name, and each file of a folder as `name/file`. BadInput for a wrong file.

    Nothing where there is no such file. What is wrong is told without its value, which may be a password.
    """
    path = home / SOURCES_FILE
    if not path.is_file():
        return {}
    document = read(read_small(path, LARGEST, kind="list of sources"))
    wrong = [f"line {fault.mark.line}: {fault.message}" for fault in document.faults]
    if not wrong:
        try:
            named = _NAMED.validate_python(document.content)
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
    if wrong:
        raise BadInput(f"{SOURCES_FILE} of the site cannot be used; tell the operator. {'; '.join(wrong)}.")
    return dict(_choices(named))


def chosen(sources: Mapping[str, Source], choice: str) -> Source:
    """The source of that choice. BadInput where it is none, or holds no posts."""
    source = sources.get(choice)
    if source is None:
        raise BadInput("Say where the posts lie: choose one of the sources.")
    return looked_into(source) if isinstance(source, FileSource) else source


def looked_into(source: FileSource) -> FileSource:
    """The source, once some posts were read from it."""
    if not any(posts.height for posts in source.frames()):
        raise BadInput(f"{source.shown}: it holds no posts. Check how it was exported.")
    return source


def _choices(named: Mapping[str, Source]) -> Iterator[tuple[str, Source]]:
    for name, source in named.items():
        yield name, source
        if isinstance(source, FileSource) and source.path.is_dir():
            for file in _files(source)[:FILES_SHOWN]:
                yield f"{name}/{file.relative_to(source.path)}", FileSource(path=file)


def _files(folder: FileSource) -> list[Path]:
    try:
        return sorted(folder.files(), reverse=True)
    except BadInput:  # It is empty: that is said where it is chosen.
        return []
