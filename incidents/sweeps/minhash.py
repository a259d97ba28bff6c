"""How alike are two texts, and which pairs of millions are worth asking about?

MinHash over shingles of four letters (Broder 1997), banded for candidates (Leskovec, Rajaraman and Ullman,
Mining of Massive Datasets, chapter 3), then verified: letters in common order (Indel similarity) beside the
share of shingles that the signatures estimate. Texts are streams, as `letters` leaves them.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import Indel
from rensa import RMinHash  # type: ignore[import-untyped]  # it has no stubs

Rows: TypeAlias = npt.NDArray[np.int64]
Scores: TypeAlias = npt.NDArray[np.float32]
Keys: TypeAlias = npt.NDArray[np.uint64]
Sketch: TypeAlias = npt.NDArray[np.uint8]

SHINGLE: Final = 4
"""Letters a shingle: whole words of Chinese or Japanese, syllables of the rest."""
PERMUTATIONS: Final = 64
ROWS_A_BAND: Final = 4
"""Two texts with 0.6 of their shingles in common meet with probability .89, with 0.2 in one of 40 cases."""
SEED: Final = 20261123

ALIKE: Final = 0.72
"""Mean of both measures from which two texts are versions of one; unlike fillings of one pattern stay below."""
TYPED_OVER: Final = 0.75
"""Letters in common, in the text and in each half of it: changes scattered as typing errors are."""
_BANDS: Final = PERMUTATIONS // ROWS_A_BAND
_HARDLY: Final = 0.28
"""Estimated share of shingles under which no two texts are compared further."""

LONGEST_COMPARED: Final = 4_096
"""Letters of a text that are laid beside another: beyond, quadratic time would let one post stop a sweep."""

_TEXTS_AT_ONCE: Final = 8_000
_PAIRS_AT_ONCE: Final = 100_000
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


class Signatures(NamedTuple):
    """A key for each band (row) and text (column), and the lowest byte of each MinHash value, a row a text."""

    bands: Keys
    sketch: Sketch


class Pairs(NamedTuple):
    """Pairs of rows, and how alike each is (0 to 1)."""

    left: Rows
    right: Rows
    likeness: Scores

    def where(self, kept: npt.NDArray[np.bool_]) -> "Pairs":
        """The pairs that a mask keeps."""
        return Pairs(self.left[kept], self.right[kept], self.likeness[kept])

    def turned(self) -> "Pairs":
        """The pairs, right before left."""
        return Pairs(self.right, self.left, self.likeness)


def signatures(streams: pl.Series) -> Signatures:
    """What the texts are compared by at first; a stream shorter than a shingle is one shingle."""
    signed = [_signed(some.to_series().to_list()) for some in streams.to_frame().iter_slices(_TEXTS_AT_ONCE)]
    empty = Signatures(np.empty((_BANDS, 0), dtype=np.uint64), np.empty((0, PERMUTATIONS), dtype=np.uint8))
    parts = [empty, *signed]
    return Signatures(
        np.concatenate([part.bands for part in parts], axis=1), np.concatenate([part.sketch for part in parts])
    )


def _signed(streams: list[str]) -> Signatures:
    shingles, starts = _shingles(streams)
    rows = RMinHash.digest_matrix_from_flat_token_hashes(shingles, starts, PERMUTATIONS, SEED).to_rows()
    values = np.array(rows, dtype=np.uint64)
    bands = np.zeros((_BANDS, len(values)), dtype=np.uint64)
    for band in range(_BANDS):
        for column in range(band * ROWS_A_BAND, (band + 1) * ROWS_A_BAND):
            bands[band] = mixed(bands[band], values[:, column])
    return Signatures(bands, values.astype(np.uint8))


def _shingles(streams: list[str]) -> tuple[Keys, Keys]:
    """Hashes of all shingles one after another, and where each stream's begin; the end is the last."""
    padded = [stream if len(stream) >= SHINGLE else stream.ljust(SHINGLE) for stream in streams]
    points = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    counts = np.array([len(stream) - SHINGLE + 1 for stream in padded], dtype=np.int64)
    ends = np.cumsum(counts + SHINGLE - 1)
    starts = np.concatenate([[0], np.cumsum(counts)])
    first = np.arange(starts[-1]) + np.repeat(ends - counts - (SHINGLE - 1) - starts[:-1], counts)
    hashed = np.zeros(len(first), dtype=np.uint64)
    for place in range(SHINGLE):
        hashed = mixed(hashed, points[first + place])
    return hashed, starts.astype(np.uint64)


def mixed(hashed: Keys, values: Keys) -> Keys:
    """One more value in a hash, for each row (xor, multiply, shift)."""
    product = (hashed ^ values) * _MULTIPLIER
    return product ^ (product >> _SHIFT)


def meetings(key: Keys, most: int) -> Keys:
    """Pairs of rows with one key, packed: each with the first `most` rows that have it, which lead.

    So a key that half the pile shares costs no more than another.
    """
    order = np.argsort(key, kind="stable")
    new = np.ones(len(key), dtype=np.bool_)
    new[1:] = key[order[1:]] != key[order[:-1]]
    first = np.maximum.accumulate(np.where(new, np.arange(len(key)), 0))
    place = np.arange(len(key)) - first
    met = [np.empty(0, dtype=np.uint64)]
    for at in range(most):
        later = np.flatnonzero(place > at)
        met.append(packed(order[later], order[first[later] + at]))
    return np.concatenate(met)


def distinct(pairs: Keys) -> Keys:
    """Packed pairs in order, each once. A sort is faster than numpy's table of hashes."""
    ordered = np.sort(pairs)
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def packed(left: Rows, right: Rows) -> Keys:
    """Two row numbers in one integer, so that pairs sort and compare as numbers."""
    return (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)


def unpacked(pairs: Keys) -> tuple[Rows, Rows]:
    """The rows of `packed`."""
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def verified(pairs: Keys, streams: list[str], sketch: Sketch) -> Pairs:
    """Those of the packed pairs that are alike."""
    return joined_pairs(*(_verified(some, streams, sketch) for some in _parts(pairs)))


def joined_pairs(*some: Pairs) -> Pairs:
    """The pairs of all, one after another."""
    return Pairs(
        np.concatenate([np.empty(0, dtype=np.int64), *(pairs.left for pairs in some)]),
        np.concatenate([np.empty(0, dtype=np.int64), *(pairs.right for pairs in some)]),
        np.concatenate([np.empty(0, dtype=np.float32), *(pairs.likeness for pairs in some)]),
    )


def promising(pairs: Keys, sketch: Sketch) -> Keys:
    """The packed pairs whose signatures have enough in common to look at their letters."""
    kept = [some[_shared(*unpacked(some), sketch) >= _HARDLY] for some in _parts(pairs)]
    return np.concatenate([np.empty(0, dtype=np.uint64), *kept])


def _parts(pairs: Keys) -> Iterator[Keys]:
    return (pairs[start : start + _PAIRS_AT_ONCE] for start in range(0, len(pairs), _PAIRS_AT_ONCE))


def _shared(left: Rows, right: Rows, sketch: Sketch) -> Scores:
    """The share of shingles that two texts have in common, as their signatures estimate it.

    Of each value one byte is compared (Li and König, b-Bit Minwise Hashing, 2010): one in 256 is equal by
    chance.
    """
    shared: Scores = (np.count_nonzero(sketch[left] == sketch[right], axis=1) / PERMUTATIONS).astype(np.float32)
    return shared


def _verified(pairs: Keys, streams: list[str], sketch: Sketch) -> Pairs:
    left, right = unpacked(pairs)
    shared = _shared(left, right, sketch)
    ours = [streams[row][:LONGEST_COMPARED] for row in left.tolist()]
    theirs = [streams[row][:LONGEST_COMPARED] for row in right.tolist()]
    common = _in_common(ours, theirs)
    likeness: Scores = np.mean([common, shared], axis=0, dtype=np.float32)
    alike = likeness >= ALIKE
    doubtful = np.flatnonzero(~alike & (common >= TYPED_OVER))
    alike[doubtful] = _typed_over([ours[at] for at in doubtful], [theirs[at] for at in doubtful])
    return Pairs(left, right, likeness).where(alike)


def _in_common(ours: list[str], theirs: list[str]) -> Scores:
    scores: Scores = process.cpdist(ours, theirs, scorer=Indel.normalized_similarity, dtype=np.float32)
    return scores


def _typed_over(ours: list[str], theirs: list[str]) -> npt.NDArray[np.bool_]:
    """Whether both halves are alike: two fillings of one pattern differ in one place, and much."""
    first = _in_common([one[: len(one) // 2] for one in ours], [one[: len(one) // 2] for one in theirs])
    second = _in_common([one[len(one) // 2 :] for one in ours], [one[len(one) // 2 :] for one in theirs])
    both: npt.NDArray[np.bool_] = np.minimum(first, second) >= TYPED_OVER
    return both
