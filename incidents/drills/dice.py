"""Which numbers come up for a seed: columns of them at once, the same on every machine and version."""

import random
from array import array
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from typing import Final

import polars as pl

SEED_BITS: Final = 62
"""Of a sample's seed: the store keeps it as a signed number of 64."""


class Dice:
    """A stream of random columns. The order of the calls matters, nothing else does.

    The bytes are Python's Mersenne Twister: polars promises its own only within one release.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def numbers(self, count: int) -> pl.Series:
        """`count` UInt32 over their whole range."""
        column = array("I")
        column.frombytes(self._random.randbytes(4 * count))
        return pl.Series("number", column, dtype=pl.UInt32)

    def shares(self, count: int) -> pl.Series:
        """`count` Float64 from 0 up to, not including, 1."""
        return self.numbers(count).cast(pl.Float64) / 2**32

    def below(self, bound: int, count: int) -> pl.Series:
        """`count` UInt32 from 0 up to, not including, `bound`."""
        return self.numbers(count) % bound

    def picks(self, weights: Sequence[float], count: int) -> pl.Series:
        """`count` indices into `weights`, each as likely as its weight."""
        edges = pl.Series(list(accumulate(weights)), dtype=pl.Float64)
        picked = edges.search_sorted(self.shares(count) * edges[-1], side="right")
        return pl.Series("pick", picked).clip(upper_bound=len(weights) - 1)

    def choice(self, weights: dict[str, int]) -> str:
        """One key, as likely as its weight."""
        return self._random.choices(list(weights), list(weights.values()))[0]

    def some(self, words: Sequence[str], count: int) -> list[str]:
        """`count` different words, or all where there are fewer."""
        return self._random.sample(list(words), min(count, len(words)))


def sample_seeds(seed: int, sweep: int) -> tuple[int, int]:
    """Whence a drill's sweep of that number draws its samples: the seed that steers, the one that certifies.

    The same drill, the same samples; in earnest nobody may foretell them.
    """
    rolled = sha256(f"{seed}:{sweep}".encode()).digest()
    spare = 64 - SEED_BITS
    return int.from_bytes(rolled[:8]) >> spare, int.from_bytes(rolled[8:16]) >> spare
