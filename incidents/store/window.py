"""How does a window of a sweep become a universe, part by part, through any number of crashes?

One folder a window. `lay_out` writes down the parts and the scope; `scan_part` needs the folder and a
number, so any process that sees the same folder can do it, and does it once; `keep_universe` puts all
together. What was laid down on the way is removed then: it holds posts.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import BadInput
from incidents.files import whole, write_whole
from incidents.store.post_source import FileSource, Part, TableSource
from incidents.sweeps.posts import POST_SCHEMA, read_kept
from incidents.sweeps.scope import Scope
from incidents.sweeps.universe import Dry, Scanned, TermCount, Universe, combine, scan, tally

_KEYS_AT_ONCE: Final = 2_000_000
"""Ids compared at once when repeated ones are looked for: 16 MB."""

_HIGHEST: Final = 2**64 - 1


class Plan(BaseModel):
    """Which parts are scanned, and for what."""

    model_config = ConfigDict(frozen=True)

    scope: Scope
    polars: str = Field(description="Its version: ids are compared by numbers that only one version agrees on.")
    parts: tuple[Part, ...]


class _Counted(BaseModel):
    """What is known of a part that was scanned."""

    posts_seen: int


class _Told(BaseModel):
    """What a universe holds beside its posts."""

    posts_seen: int
    terms: tuple[TermCount, ...]
    languages: dict[str, int]
    hash: str
    known: int
    changed: tuple[str, ...]


def window_folder(home: Path, sweep: str, window: int) -> Path:
    """Where a window of a sweep is put together."""
    return home / "sweeps" / sweep / f"w{window}"


def spool_folder(folder: Path) -> Path:
    """Where in a window's folder posts lie that are read once only."""
    return folder / "spool"


def lay_out(folder: Path, scope: Scope, parts: Sequence[Part]) -> int:
    """Write down what is to be scanned, and return how many parts that are.

    What an earlier attempt scanned is kept where its parts are the same, else forgotten.
    """
    plan = Plan(scope=scope, polars=pl.__version__, parts=tuple(parts))
    text = plan.model_dump_json()
    if not _plan_path(folder).exists() or _plan_path(folder).read_text(encoding="utf-8") != text:
        shutil.rmtree(folder / "scanned", ignore_errors=True)
    (folder / "scanned").mkdir(parents=True, exist_ok=True)
    write_whole(_plan_path(folder), text)
    return len(parts)


def scan_part(folder: Path, number: int) -> int:
    """Scan one part, counted from 0, unless that was done; return how many posts it holds."""
    counted = _path(folder, number, "json")
    if not counted.exists():
        plan = _plan(folder)
        posts = plan.parts[number].read()
        found = scan(posts, plan.scope)
        _write(_keys(posts), _path(folder, number, "ids"))
        _write(found.matched, _path(folder, number, "parquet"))
        # The last to be written: where it stands, the others are whole.
        write_whole(counted, _Counted(posts_seen=found.posts_seen).model_dump_json())
    return _Counted.model_validate_json(counted.read_text(encoding="utf-8")).posts_seen


def keep_universe(folder: Path, *, earlier: Sequence[Path]) -> str:
    """Combine all parts, leave out what the folders of earlier windows hold, and return the hash.

    BadInput where an id stands in two parts, whether its posts matched or not.
    """
    if not is_kept(folder):
        plan = _plan(folder)
        _refuse_repeated(folder, plan)
        universe = combine(_scanned(folder, plan), earlier=_earlier(earlier))
        _write(universe.matched, folder / "universe.parquet")
        told = {name: getattr(universe, name) for name in _Told.model_fields}
        write_whole(folder / "universe.json", _Told.model_validate(told).model_dump_json())
    for leftover in (folder / "scanned", spool_folder(folder)):
        shutil.rmtree(leftover, ignore_errors=True)
    return _told(folder).hash


def is_kept(folder: Path) -> bool:
    """Whether the window's universe is whole."""
    return (folder / "universe.json").exists()


def read_universe(folder: Path) -> Universe:
    """The universe that was kept there."""
    return Universe(matched=read_kept(folder / "universe.parquet"), **dict(_told(folder)))


def try_scope(source: FileSource | TableSource, scope: Scope) -> Dry:
    """What a scope would bring in, in numbers. Reads the whole source once, some posts at a time.

    BadInput as a sweep would raise it.
    """
    dry = count_posts(source.frames(), scope, place=source.shown)
    if not dry.posts_seen:
        raise BadInput(f"{source.shown}: it holds no posts. Check how it was exported.")
    return dry


def count_posts(frames: Iterable[pl.DataFrame], scope: Scope, *, place: str) -> Dry:
    """What a scope finds in posts that come some at a time, in numbers; `place` is what errors call them.

    BadInput where an id stands on two of them, whether they matched or not.
    """
    none = pl.DataFrame(schema=POST_SCHEMA)
    return tally(_looked_at(chain([none], frames), scope, place))


def _looked_at(frames: Iterable[pl.DataFrame], scope: Scope, place: str) -> Iterator[Scanned]:
    keys = []
    for posts in frames:
        keys.append(posts["id"].hash())
        yield scan(posts, scope)
    if pl.concat(keys).is_duplicated().any():
        raise BadInput(f"{place}: an id stands on more than one post. Make the ids unique.")


def _told(folder: Path) -> _Told:
    return _Told.model_validate_json((folder / "universe.json").read_text(encoding="utf-8"))


def _plan_path(folder: Path) -> Path:
    return folder / "plan.json"


def _plan(folder: Path) -> Plan:
    return Plan.model_validate_json(_plan_path(folder).read_text(encoding="utf-8"))


def _path(folder: Path, number: int, suffix: str) -> Path:
    return folder / "scanned" / f"{number:06d}.{suffix}"


def _write(frame: pl.DataFrame, path: Path) -> None:
    with whole(path) as part:
        frame.write_parquet(part, row_group_size=65_536)


def _scanned(folder: Path, plan: Plan) -> list[Scanned]:
    found = [
        Scanned(scan_part(folder, number), read_kept(_path(folder, number, "parquet")))
        for number in range(len(plan.parts))
    ]
    return found or [scan(pl.DataFrame(schema=POST_SCHEMA), plan.scope)]


def _earlier(folders: Sequence[Path]) -> pl.DataFrame | None:
    """Ids and content hashes of earlier windows; of a post that changed between them, the last."""
    columns = ["id", "content_hash"]
    frames = [pl.read_parquet(each / "universe.parquet", columns=columns, glob=False) for each in folders]
    return pl.concat(frames) if frames else None


def _keys(posts: pl.DataFrame) -> pl.DataFrame:
    """The ids as sorted numbers of 8 bytes. Sorted, so that a range of them is read without the others."""
    return posts.select(key=pl.col("id").hash()).sort("key")


def _refuse_repeated(folder: Path, plan: Plan) -> None:
    """Compare the ids of all posts that were seen, range by range, so that memory does not grow with them."""
    paths = [_path(folder, number, "ids") for number in range(len(plan.parts))]
    if not paths:
        return
    keys = pl.scan_parquet(paths, glob=False)
    for low, high in _ranges(sum(scan_part(folder, number) for number in range(len(paths)))):
        some = keys.filter(pl.col("key").is_between(low, high)).collect().to_series().sort()
        twice = some.filter((some == some.shift()).fill_null(value=False)).unique()
        if len(twice):
            _refuse_same(plan, [number for number, path in enumerate(paths) if _holds(path, twice)], twice)


def _ranges(posts: int) -> Iterator[tuple[int, int]]:
    count = posts // _KEYS_AT_ONCE + 1
    edges = [_HIGHEST * step // count for step in range(count + 1)]
    return zip([0, *(edge + 1 for edge in edges[1:-1])], edges[1:], strict=True)


def _holds(path: Path, keys: pl.Series) -> bool:
    return bool(pl.read_parquet(path, glob=False)["key"].is_in(keys.implode()).any())


def _refuse_same(plan: Plan, numbers: Iterable[int], keys: pl.Series) -> None:
    """Raise BadInput for the first id that stands twice; two ids with the same number are no such thing."""
    seen: dict[str, str] = {}
    for number in numbers:
        part = plan.parts[number]
        ids = part.read()["id"]
        for post in ids.filter(ids.hash().is_in(keys.implode())):
            if post in seen:
                mend = "Make the ids unique; nothing was counted."
                raise BadInput(f"{part.place}: the id {post} stands in {seen[post]} too. {mend}")
            seen[post] = part.place
