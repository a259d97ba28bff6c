"""Where posts may be swept from in a browser: sources that the operator named, chosen by that name.

A command line runs with the rights of whoever types it. A page runs with those of the site: whoever could
name a path, a database or an address there could read what the site can read, and be sent its secrets.
"""

from collections.abc import Iterable, Iterator, Mapping
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
    return dict(_choices(_read(home)))


def names_of(home: Path, places: Iterable[Source]) -> list[str | None]:
    """The name under which the site offers each place now; None where it has none, or no list that can be read.

    A command line may have named any place, and who reads a page is not told where the machine keeps things.
    """
    try:
        named = _read(home)
    except BadInput:  # Where a sweep is begun it is said what is wrong.
        named = {}
    return [_name_of(named, place) for place in places]


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


def _name_of(named: Mapping[str, Source], place: Source) -> str | None:
    for name, each in named.items():
        if each == place:
            return name
        # By the words of its path: a folder may be large, and is not looked into for a page.
        if isinstance(each, FileSource) and isinstance(place, FileSource) and _is_within(place.path, each.path):
            return f"{name}/{place.path.relative_to(each.path)}"
    return None


def _is_within(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) and ".." not in path.parts


def _read(home: Path) -> Mapping[str, Source]:
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
    return named


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
