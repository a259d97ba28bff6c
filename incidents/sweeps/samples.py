"""Which posts are in a random sample that was fixed before anybody read or ranked anything?

Every post has a key for a seed, and a sample is the posts with the lowest keys. Nothing but the seed and
the post's id goes into a key, so that posts of a later window fall into place among the earlier ones, and
the beginning of the order is a simple random sample of however many posts there are by then.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import polars as pl

KEY: Final = "first 8 bytes of SHA-256 of '<seed>:<item>' in UTF-8, big-endian, without their last bit"
"""The definition of a key, in words: it stands in every certificate."""

LAST_KEY: Final = 2**63 - 1
"""No key is greater."""


def sample_key(item: str, seed: int) -> int:
    """The place of one post in the order of the seed: a whole number below 2**63."""
    return int.from_bytes(sha256(f"{seed}:{item}".encode()).digest()[:8]) >> 1


def sample_keys(ids: Sequence[str] | pl.Series, seed: int) -> pl.Series:
    """The key of each post, in the order given: Int64, from 0 to 2**63 - 1."""
    return pl.Series("key", [sample_key(item, seed) for item in ids], dtype=pl.Int64)


def prefix(ids: Sequence[str] | pl.Series, seed: int, length: int) -> pl.DataFrame:
    """The first `length` posts in the order of their keys, as columns `item` and `key`.

    All of them where there are fewer. Equal keys, which nobody will see, go by id.
    """
    posts = pl.DataFrame({"item": pl.Series(ids, dtype=pl.String), "key": sample_keys(ids, seed)})
    return posts.sort("key", "item").head(length)
