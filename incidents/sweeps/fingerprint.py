"""Are these the same posts? One hash over a pile or a universe, whatever brought it together."""

from hashlib import sha256
from typing import Final

import polars as pl

_AT_ONCE: Final = 50_000


def fingerprint(ids: pl.Series, contents: pl.Series) -> str:
    """SHA-256 (hex) over ids and contents (texts, or a hash of each): the same in whatever order they come.

    They go in the order of ids, each with its length in bytes and a colon before it, so that no two piles
    run into the same bytes. Over content hashes it is the `universe_hash` of docs/reference/certificate.md.
    """
    posts = pl.DataFrame({"id": ids, "content": contents})
    parts = [part for name in posts.columns for part in (pl.col(name).str.len_bytes(), pl.lit(":"), name)]
    digest = sha256()
    for some in posts.sort("id").iter_slices(_AT_ONCE):
        digest.update(some.select(pl.concat_str(parts).str.join("")).item().encode())
    return digest.hexdigest()
