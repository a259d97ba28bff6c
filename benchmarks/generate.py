"""How fast piles are generated and read, and how much our reading costs above bare polars.

    python -m benchmarks.generate [LARGEST]

Every figure is the best of three in this run; the ratio is our time over that of polars reading the same
file into strings, in the same run. LARGEST (1,000,000) bounds the sizes.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl

from incidents.drills.scenarios import SCENARIOS, generate
from incidents.sweeps.posts import read_posts

SIZES = (5_000, 100_000, 1_000_000)
START = datetime(2026, 3, 1, tzinfo=UTC)
ROW = "{:<12} {:>10} {:>9} {:>13} {:>14} {:>7}"


def main() -> None:
    """Print both tables."""
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    sizes = [size for size in SIZES if size <= largest]
    print(ROW.format("generate", "posts", "seconds", "posts/s", "", ""))
    for size in sizes:
        for scenario in SCENARIOS:
            taken = best_of_three(partial(generate, scenario, posts=size, start=START))
            print(ROW.format(scenario, f"{size:,}", f"{taken:.3f}", f"{size / taken:,.0f}", "", ""))
    print()
    print(ROW.format("read", "posts", "seconds", "posts/s", "polars posts/s", "ratio"))
    for size in sizes:
        for kind, ours, bare in readings(size):
            rates = f"{size / ours:,.0f}", f"{size / bare:,.0f}", f"{ours / bare:.2f}"
            print(ROW.format(kind, f"{size:,}", f"{ours:.3f}", *rates))


def readings(size: int) -> Iterator[tuple[str, float, float]]:
    """Yield format, seconds of read_posts and of polars alone, for the same pile in each format."""
    # Without the lists of media hashes, which CSV cannot hold.
    posts = generate("attack", posts=size, start=START).posts.drop("media")
    with TemporaryDirectory() as folder:
        csv, jsonl, parquet = (Path(folder) / f"posts.{kind}" for kind in ("csv", "jsonl", "parquet"))
        posts.write_csv(csv)
        posts.with_columns(pl.col("posted_at").dt.to_string("iso:strict")).write_ndjson(jsonl)
        posts.write_parquet(parquet)
        yield "csv", timed_read(csv), best_of_three(lambda: pl.read_csv(csv, infer_schema=False))
        yield "jsonl", timed_read(jsonl), best_of_three(lambda: pl.read_ndjson(jsonl))
        yield "parquet", timed_read(parquet), best_of_three(lambda: pl.read_parquet(parquet))


def timed_read(path: Path) -> float:
    """Seconds of read_posts."""
    return best_of_three(lambda: read_posts(path))


def best_of_three(work: Callable[[], object]) -> float:
    """Seconds of the fastest of three runs."""
    taken = []
    for _ in range(3):
        before = perf_counter()
        work()
        taken.append(perf_counter() - before)
    return min(taken)


if __name__ == "__main__":
    main()
