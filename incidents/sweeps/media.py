"""Which posts carry a picture or file whose hash is known?

MD5 tells the same bytes, PDQ pictures that look alike. Source: Meta, "The TMK+PDQF Video-Hashing Algorithm
and the PDQ Image-Hashing Algorithm" (2019), which recommends 31 of 256 bits as the distance.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

PDQ: Final = re.compile(r"pdq:[0-9a-f]{64}")
MD5: Final = re.compile(r"md5:[0-9a-f]{32}")

FARTHEST: Final = 31
"""Bits of 256 in which two PDQ hashes of the same picture may differ."""

_BALANCED: Final = range(96, 161)
"""Bits set in a usable PDQ hash: each is a comparison with the median, so that about half of them are set.
A picture without features compares equal, and its hash is nearly all zeros or ones."""

_AT_ONCE: Final = 4_000_000
"""Distances computed together."""


def is_usable(media: str) -> bool:
    """Whether a hash tells a picture from others."""
    return not PDQ.fullmatch(media) or int(media[4:], 16).bit_count() in _BALANCED


def media_hits(posts: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
    """Columns _row, label: the posts that carry one of the hashes, or a picture that looks like it."""
    carried = posts.select("_row", pl.col("media")).explode("media", empty_as_null=False).drop_nulls()
    known = carried["media"].unique().sort()
    same = [(media, media) for media in known.filter(known.is_in(wanted))]
    alike = _alike(known.filter(known.str.contains("^pdq:[0-9a-f]{64}$")), [m for m in wanted if PDQ.match(m)])
    pairs = pl.DataFrame(
        sorted({(media, f"media:{hit}") for media, hit in [*same, *alike]}),
        schema={"media": pl.String(), "label": pl.String()},
        orient="row",
    )
    return carried.join(pairs, on="media").select("_row", "label")


def _alike(known: pl.Series, wanted: Sequence[str]) -> list[tuple[str, str]]:
    usable = known.filter(pl.Series([is_usable(media) for media in known], dtype=pl.Boolean))
    if not wanted or not len(usable):
        return []
    ours, theirs = _bits(wanted), _bits(usable)
    found = []
    step = max(1, _AT_ONCE // len(wanted))
    for start in range(0, len(theirs), step):
        apart = np.bitwise_count(theirs[start : start + step, None] ^ ours[None]).sum(axis=2)
        places = np.argwhere(apart <= FARTHEST)
        found += [(usable[start + int(post)], wanted[int(entry)]) for post, entry in places]
    return found


def _bits(hashes: Sequence[str] | pl.Series) -> npt.NDArray[np.uint64]:
    """A row of four whole numbers for each PDQ hash."""
    raw = b"".join(bytes.fromhex(media[4:]) for media in hashes)
    return np.frombuffer(raw, dtype=np.uint64).reshape(-1, 4)
