"""Which numbers stand for a post when a ranking learns from what people decided?

Words, parts of words and the entries of the scope, hashed into columns: no vocabulary, no language and no
download is needed, so that a post of tomorrow in any script has the same columns as one of today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse
from sklearn.feature_extraction import FeatureHasher  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import HashingVectorizer  # type: ignore[import-untyped]

from incidents.errors import BadInput
from incidents.sweeps.folding import fold_all
from incidents.sweeps.scripts import MARKS, UNSPACED

Floats: TypeAlias = npt.NDArray[np.float32]
Matrix: TypeAlias = "sparse.csr_matrix[np.float32]"

MAX_CHARACTERS: Final = 5_000
"""Beyond this many a post is ranked by its beginning: one of 5 MB must not hold up the others."""

COLUMNS: Final = 2**20
"""Columns a kind of feature. At 2**18 a quarter of the rare parts of words would share theirs."""

_AT_ONCE: Final = 20_000
_WORD: Final = rf"[\w{MARKS}]+"
_UNSPACED_LETTER: Final = f"[{UNSPACED}]"
_BLOCKS: Final = 3
_COUNTING: Final = {"n_features": COLUMNS, "alternate_sign": False, "dtype": np.float32}
_PLAIN: Final = {"norm": None, "lowercase": False, **_COUNTING}
_WORDS: Final = HashingVectorizer(token_pattern=_WORD, ngram_range=(1, 2), **_PLAIN)
_PARTS: Final = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 4), **_PLAIN)
_ENTRIES: Final = FeatureHasher(input_type="string", **_COUNTING)
_FILES: Final = ("matrix.npz", "weights.npy", "ids.parquet")


@dataclass(frozen=True)
class Features:
    """A sparse float32 row for each post, its three blocks (words, parts of words, entries) side by side.

    `weights` (float32, a number a column) is the inverse document frequency of the pile that was frozen;
    posts of later windows are weighed by it too, so that a row never changes.
    """

    ids: pl.Series
    matrix: Matrix
    weights: Floats

    def rows_of(self, ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """The rows of these posts, in their order; -1 for an id that is not here."""
        known = pl.DataFrame({"id": self.ids}).with_row_index("row")
        asked = pl.DataFrame({"id": ids}, schema={"id": pl.String})
        found = asked.join(known, on="id", how="left", maintain_order="left")["row"]
        return found.cast(pl.Int64).fill_null(-1).to_numpy()

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Rows for texts that are no posts of the pile, such as the examples of a guideline."""
        counted = _counted(pl.DataFrame({"text": texts}, schema={"text": pl.String}))
        return _stacked([_weighed(part, self.weights) for part in counted])

    def append(self, posts: pl.DataFrame) -> "Features":
        """These posts (as in `features_of`) below those that are here; BadInput where an id is here already."""
        ids = _ids(pl.concat([self.ids, posts["id"]]))
        added = [_weighed(part, self.weights) for part in _counted(posts)]
        return Features(ids, _stacked([self.matrix, *added]), self.weights)

    def save(self, folder: Path) -> None:
        """Keep them as three files in a folder, which is made; same features, same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        matrix, weights, ids = (folder / name for name in _FILES)
        sparse.save_npz(matrix, self.matrix, compressed=False)
        np.save(weights, self.weights)
        pl.DataFrame({"id": self.ids}).write_parquet(ids)


def load(folder: Path) -> Features:
    """What `Features.save` kept there. BadInput where it is not whole."""
    matrix, weights, ids = (folder / name for name in _FILES)
    try:
        return Features(
            pl.read_parquet(ids)["id"], sparse.csr_matrix(sparse.load_npz(matrix)), np.load(weights)
        )
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        sentence = "The features of the ranking cannot be read. Delete the folder: they are made again."
        raise BadInput(f"{folder.name}: {sentence}") from error


def features_of(posts: pl.DataFrame) -> Features:
    """The features of a pile (id, text; `matched`, the entries of the scope that hit, where it is known).

    Each block is TF-IDF with 1 + ln(tf) and length 1: words and pairs of words, runs of three and four
    characters within a word, and entries. Letters of scripts without spaces count as words. BadInput where
    two posts share an id. Source of the weights: Manning, Raghavan and Schütze 2008, Introduction to
    Information Retrieval, 6.2 and 6.4.
    """
    counted = _counted(posts)
    weights = _rarity(counted, posts.height)
    return Features(_ids(posts["id"]), _stacked([_weighed(part, weights) for part in counted]), weights)


def _ids(ids: pl.Series) -> pl.Series:
    repeated = ids.filter(ids.is_duplicated()).unique().sort()
    if len(repeated):
        raise BadInput(f"{len(repeated)} posts are in the pile more than once: {', '.join(repeated.head(5))}.")
    return ids


def _counted(posts: pl.DataFrame) -> list[Matrix]:
    """How often each feature is in each post, as parts of the pile one below the other."""
    starts = range(0, max(1, posts.height), _AT_ONCE)
    return [_counted_part(posts[start : start + _AT_ONCE]) for start in starts]


def _counted_part(posts: pl.DataFrame) -> Matrix:
    if not posts.height:  # the library counts nothing at all in nothing
        return sparse.csr_matrix(np.empty((0, _BLOCKS * COLUMNS), dtype=np.float32))
    folded = fold_all(posts["text"].fill_null("").str.slice(0, MAX_CHARACTERS))
    # Each letter of a script without spaces becomes a word, so that pairs of words are pairs of letters.
    worded = folded.str.replace_all(_UNSPACED_LETTER, " $0 ").to_list()
    entries = posts["matched"].fill_null([]).to_list() if "matched" in posts.columns else [[]] * posts.height
    blocks = [_WORDS.transform(worded), _PARTS.transform(folded.to_list()), _ENTRIES.transform(entries)]
    return sparse.csr_matrix(sparse.hstack(blocks, format="csr", dtype=np.float32))


def _rarity(counted: Sequence[Matrix], posts: int) -> Floats:
    """Inverse document frequency of each column, smoothed as if one more post held every feature."""
    held = np.zeros(_BLOCKS * COLUMNS, dtype=np.int64)
    for part in counted:
        held += np.bincount(part.indices, minlength=held.size)
    rarity: Floats = (np.log((1 + posts) / (1 + held)) + 1).astype(np.float32)
    return rarity


def _weighed(counted: Matrix, weights: Floats) -> Matrix:
    """Counts as TF-IDF, each block of a row with length 1."""
    rows = np.repeat(np.arange(counted.shape[0]), np.diff(counted.indptr))
    values = (1 + np.log(counted.data)) * weights[counted.indices]
    block = rows * _BLOCKS + counted.indices // COLUMNS
    lengths = np.sqrt(np.bincount(block, weights=np.square(values)))
    values /= lengths[block]
    return sparse.csr_matrix((values.astype(np.float32), counted.indices, counted.indptr), counted.shape)


def _stacked(parts: Sequence[Matrix]) -> Matrix:
    return sparse.csr_matrix(sparse.vstack(parts, format="csr"))
