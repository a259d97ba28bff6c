"""Which piles of real posts, with the truth about each post, are ranking and stopping measured on?

The sets lie beside the checkout (CrisisLexT6, Davidson and others 2017, Multilingual HateCheck); they are
read there, none is printed, and a set that is not there is skipped with a line that says so.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

RECORDED = Path(__file__).parents[2] / "shared" / "data" / "posts"
HATE, CRISIS, MULTILINGUAL = (f"{name}.csv.gz" for name in ("hate_posts", "crisis_posts", "multilingual_cases"))
CRISIS_PREVALENCE = 0.02
MULTILINGUAL_PREVALENCE = 0.03


@dataclass(frozen=True)
class Pile:
    """Posts in an order that says nothing; the four columns have one length."""

    name: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    languages: tuple[str, ...]
    labels: tuple[bool, ...]

    @property
    def positives(self) -> int:
        """How many posts violate."""
        return sum(self.labels)


def piles(folder: Path = RECORDED, *, size: int | None = 4_000, seed: int = 1) -> list[Pile]:
    """Every pile of at most `size` posts (None: as many as there are), drawn by the seed.

    - hate_posts: the label hate, at its own prevalence (5.8 %)
    - crisis_posts, one pile for each event: on-topic, thinned to 2 %
    - multilingual_cases: hateful, thinned to 3 %, eleven languages
    """
    return [_drawn(name, posts, share, size, seed) for name, posts, share in _sets(folder)]


def _sets(folder: Path) -> Iterator[tuple[str, pl.DataFrame, float | None]]:
    """Name, posts (id, text, language, positive) and the share of positives to thin to, if any."""
    if (hate := _read(folder / HATE, "hate")) is not None:
        yield "hate", hate, None
    if (crisis := _read(folder / CRISIS, "on-topic")) is not None:
        for event in crisis["event"].unique().sort():
            yield f"crisis {event}", crisis.filter(pl.col("event") == event), CRISIS_PREVALENCE
    if (cases := _read(folder / MULTILINGUAL, "hateful")) is not None:
        yield "multilingual", cases, MULTILINGUAL_PREVALENCE


def _read(path: Path, positive: str) -> pl.DataFrame | None:
    if not path.exists():
        print(f"{path.name}: skipped, there is no such file in {path.parent.name}/ beside this checkout")
        return None
    posts = pl.read_csv(path).with_columns(pl.col("id").cast(pl.String))
    return posts.with_columns(positive=pl.col("label") == positive).unique("id", keep="first").sort("id")


def _drawn(name: str, posts: pl.DataFrame, share: float | None, size: int | None, seed: int) -> Pile:
    dice = random.Random(f"{name}/{seed}")
    kept = posts if share is None else _thinned(posts, share, dice)
    rows = kept[dice.sample(range(kept.height), min(kept.height, size or kept.height))]
    columns = (tuple(rows[column]) for column in ("id", "text", "language", "positive"))
    return Pile(name, *columns)


def _thinned(posts: pl.DataFrame, share: float, dice: random.Random) -> pl.DataFrame:
    """All that does not violate, and a random part of what does, so that it is this share of the pile."""
    violating = posts.filter("positive")
    wanted = min(violating.height, round(share / (1 - share) * (posts.height - violating.height)))
    return posts.filter(~pl.col("positive")).vstack(violating[dice.sample(range(violating.height), wanted)])
