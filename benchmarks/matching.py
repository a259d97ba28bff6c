"""How many posts a second `match` reads, beside bare polars searching text that is already folded.

    python -m benchmarks.matching [POSTS]

Bare polars answers less: whether any literal is somewhere in the text, without folding, word boundaries
or which term it was. Both run in this process, best of three; the ratio is our rate over that of polars.
POSTS (200,000) is the size of the generated pile. Recorded posts are read where they lie beside the
checkout, and none is printed.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import polars as pl

from incidents.sweeps.matching import match
from incidents.sweeps.posts import POST_SCHEMA, read_posts
from incidents.sweeps.scope import Scope, fold

RECORDED = Path(__file__).parents[2] / "shared" / "data" / "posts"
FILES = ("crisis_posts.csv.gz", "hate_posts.csv.gz", "multilingual_cases.csv.gz")
TERMS = (200, 5_000)
ROW = "{:<26} {:>9} {:>6} {:>9} {:>13} {:>14} {:>7}"
LETTERS = (
    "abcdefghijklmnoprstuvwz",
    "abcdefghijklmnoprstuvwzäöüßéçñ",
    "абвгдежзийклмнопрстуя",
    "ابتجحدرسعفقكلمنهوي",
)


def main() -> None:
    """Print one line for each pile and number of terms."""
    print(ROW.format("pile", "posts", "terms", "found", "posts/s", "polars posts/s", "ratio"))
    for name, posts in piles(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000):
        words = by_frequency(posts)
        for count in TERMS:
            print(measured(name, posts, rare(words, count)))


def piles(size: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """The generated pile, then the recorded ones; says which are skipped, and why."""
    yield "generated, 90 % ASCII", generated(size)
    for name in FILES:
        if (RECORDED / name).exists():
            yield name.removesuffix(".csv.gz"), read_posts(RECORDED / name)
        else:
            print(f"{name}: skipped, there is no shared/data/posts beside this checkout")


def generated(size: int, seed: int = 1) -> pl.DataFrame:
    """Posts of made-up words, about 105 bytes each, one in ten in another alphabet than plain ASCII."""
    dice = random.Random(seed)
    vocabularies = [words(dice, letters) for letters in LETTERS]
    weights = [1 / rank for rank in range(1, len(vocabularies[0]) + 1)]  # Zipf, as in real text
    texts = [
        " ".join(dice.choices(vocabularies[0 if dice.random() < 0.9 else dice.randint(1, 3)], weights, k=15))
        for _ in range(size)
    ]
    columns = {"id": [f"g{n}" for n in range(size)], "text": texts}
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in POST_SCHEMA.items() if name not in columns]
    return pl.DataFrame(columns).with_columns(missing).select(POST_SCHEMA.names())


def words(dice: random.Random, letters: str) -> list[str]:
    """20,000 words of four to eight letters."""
    return ["".join(dice.choices(letters, k=dice.randint(4, 8))) for _ in range(20_000)]


def by_frequency(posts: pl.DataFrame) -> list[str]:
    """Words of at least four letters in the pile, the most frequent first."""
    counted = Counter(word for text in posts["text"] for word in set(fold(text).split()))
    return [word for word, _ in counted.most_common() if len(word) > 3 and word.isalpha()]


def rare(words: list[str], count: int) -> tuple[str, ...]:
    """Terms as people choose them: past the everyday words."""
    return tuple(words[1_000 : 1_000 + count])


def measured(name: str, posts: pl.DataFrame, terms: tuple[str, ...]) -> str:
    """One line of the table."""
    folded = pl.Series([fold(text) for text in posts["text"]])
    bare = best_of_three(lambda: folded.str.contains("|".join(terms)))
    scope = Scope(terms=terms)
    ours = best_of_three(lambda: match(posts, scope))
    found = match(posts, scope).height
    rates = f"{posts.height / ours:,.0f}", f"{posts.height / bare:,.0f}", f"{bare / ours:.2f}"
    return ROW.format(name, f"{posts.height:,}", f"{len(terms):,}", f"{found:,}", *rates)


def best_of_three(work: Callable[[], object]) -> float:
    """Seconds of the quickest of three runs."""
    taken = []
    for _ in range(3):
        begun = perf_counter()
        work()
        taken.append(perf_counter() - begun)
    return min(taken)


if __name__ == "__main__":
    main()
