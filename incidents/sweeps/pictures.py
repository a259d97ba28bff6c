"""Which of the pictures that posts carry are the same? Equal MD5, or PDQ hashes a few bits apart."""

from typing import Final, TypeAlias

import faiss
import numpy as np
import numpy.typing as npt
import polars as pl

from incidents.errors import BadInput
from incidents.sweeps.media import FARTHEST, MD5, PDQ, is_usable

_BITS: Final = 256
_AT_ONCE: Final = 1_024

_Bytes: TypeAlias = npt.NDArray[np.uint8]
_Rows: TypeAlias = npt.NDArray[np.int64]


def same_pictures(hashes: pl.Series) -> pl.DataFrame:
    """Hashes of one picture under one name. Columns: hash, group, likeness (0 to 1, to the group's hash).

    `hashes` are different from each other, `pdq:<64 hex>` or `md5:<32 hex>` in small letters; the first of
    those alike gives its name to the group. An MD5, and the PDQ of a picture without features, is like no
    other. Raises BadInput for any other.
    """
    wrong = [one for one in hashes if not (PDQ.fullmatch(one) or MD5.fullmatch(one))]
    if wrong:
        raise BadInput(
            f"{len(wrong)} media hashes cannot be read. Write pdq: and 64, or md5: and 32 hexadecimal digits."
        )
    tells = pl.Series([one.startswith("pdq:") and is_usable(one) for one in hashes], dtype=pl.Boolean)
    pdq, other = hashes.filter(tells), hashes.filter(~tells)
    apart, leader = _nearest_leaders(_bytes(pdq))
    return pl.DataFrame(
        {
            "hash": pl.concat([pdq, other]),
            "group": pl.concat([pdq.gather(leader), other]),
            "likeness": np.concatenate([1 - apart / _BITS, np.ones(len(other))]),
        },
        schema={"hash": pl.String, "group": pl.String, "likeness": pl.Float64},
    )


def _bytes(pdq: pl.Series) -> _Bytes:
    raw = bytes.fromhex("".join(one.removeprefix("pdq:") for one in pdq))
    return np.frombuffer(raw, dtype=np.uint8).reshape(-1, _BITS // 8)


def _nearest_leaders(hashes: _Bytes) -> tuple[_Rows, _Rows]:
    """For each hash, how many bits it is from the nearest leader, and which row that is.

    A hash leads where no leader before it is near enough.
    """
    index = faiss.IndexBinaryFlat(_BITS)
    leaders: list[int] = []
    for start in range(0, len(hashes), _AT_ONCE):
        some = hashes[start : start + _AT_ONCE]
        new = _leading(some, _nearest(index, some)[0])
        index.add(some[new])
        leaders += [start + row for row in new]
    apart, nearest = _nearest(index, hashes)
    return apart, np.array(leaders, dtype=np.int64)[nearest]


def _nearest(index: faiss.IndexBinaryFlat, hashes: _Bytes) -> tuple[_Rows, _Rows]:
    if not index.ntotal or not len(hashes):
        return np.full(len(hashes), _BITS), np.zeros(len(hashes), dtype=np.int64)
    apart, nearest = index.search(hashes, 1)
    return apart[:, 0].astype(np.int64), nearest[:, 0]


def _leading(some: _Bytes, apart: _Rows) -> list[int]:
    """The rows that no leader, and no row before them that leads itself, is near."""
    leading: list[int] = []
    for row in np.flatnonzero(apart > FARTHEST).tolist():
        among = np.bitwise_count(some[leading] ^ some[row]).sum(axis=1)
        if not len(among) or among.min() > FARTHEST:
            leading.append(row)
    return leading
