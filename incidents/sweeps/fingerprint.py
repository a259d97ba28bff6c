"""Are these the same posts? One hash over all of a universe, which needs neither texts nor what found them."""

from hashlib import sha256
from typing import Final

import polars as pl

_AT_ONCE: Final = 50_000


def universe_hash(ids: pl.Series, content_hashes: pl.Series) -> str:
    """SHA-256 (hex) over the ids and content hashes in the order of ids, whatever order they come in.

    Each is written with its length in bytes and a colon before it, so that no two universes run into the
    same bytes: the definition of docs/reference/certificate.md.
    """
    posts = pl.DataFrame({"id": ids, "content_hash": content_hashes})
    parts = [part for name in posts.columns for part in (pl.col(name).str.len_bytes(), pl.lit(":"), name)]
    digest = sha256()
    for some in posts.sort("id").iter_slices(_AT_ONCE):
        digest.update(some.select(pl.concat_str(parts).str.join("")).item().encode())
    return digest.hexdigest()
