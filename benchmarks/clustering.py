"""How many posts a second `cluster` takes, and how right it is, beside two ways to find copies.

    python -m benchmarks.clustering [POSTS …]

The piles: the generated attack, and crisis_posts where they lie beside the checkout. Half of the second pile
is altered copies of a few hundred of its posts; its originals have no two equal in their letters, and what
people copied by themselves counts as an error there. Truth is compared pair by pair. The peers, in the same
run: datasketch's MinHashLSH (64 permutations, threshold .5, shingles of three letters, joined by its edges),
which is measured on a sample of at most 40,000 posts of the pile, and posts equal in their letters. Times are
of the processor, all threads together, as the machine is shared. POSTS (40000 400000) are sizes.
"""

import random
import resource
import string
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import polars as pl

from incidents.drills.scenarios import MOST, generate
from incidents.sweeps.clustering import cluster
from incidents.sweeps.letters import letters
from incidents.sweeps.posts import read_posts

RECORDED = Path(__file__).parents[2] / "shared" / "data" / "posts" / "crisis_posts.csv.gz"
MOST_FOR_THE_PEER = 40_000
START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = "{:<12} {:>9} {:<22} {:>9} {:>9} {:>7} {:>7} {:>10} {:>8}"
FILLERS = ("please", "everyone", "today", "people", "omg", "wow", "look", "here", "again", "friends")
LOOK_ALIKE = str.maketrans("aeopcxAEOPCXKMTBH", "аеорсхАЕОРСХКМТВН")

Way = Callable[[pl.DataFrame], list[str]]
Trick = Callable[[str, random.Random], str]


def main() -> None:
    """Print, for each pile and size, our row and those of the peers."""
    sizes = [int(size) for size in sys.argv[1:]] or [40_000, 400_000]
    cluster(generate("attack", posts=1_000, start=START).posts)  # reads the word lists
    print(ROW.format("pile", "posts", "way", "posts/s", "precision", "recall", "F1", "peak MB", "ratio"))
    for size in sizes:
        for name, posts, truth in piles(size):
            measure(name, posts, truth)
    print("ratio: our posts a second over the peer's; peak MB: of this process so far")


def piles(size: int) -> Iterator[tuple[str, pl.DataFrame, list[str]]]:
    """The generated pile, then the recorded one; says if that is skipped, and why."""
    yield ("generated", *generated(size))
    if not RECORDED.exists():
        print("crisis_posts: skipped, there is no shared/data/posts beside this checkout")
        return
    yield ("crisis_posts", *altered(read_posts(RECORDED), size))


def generated(size: int) -> tuple[pl.DataFrame, list[str]]:
    """The attack; beyond what one scenario makes, several with different seeds."""
    parts = [min(MOST, size - start) for start in range(0, size, MOST)]
    made = [
        generate("attack", posts=count, seed=seed, start=START) for seed, count in enumerate(parts, start=1)
    ]
    ids = [pl.format(f"{seed}-{{}}", "id").alias("id") for seed in range(len(made))]
    posts = pl.concat(pile.posts.with_columns(named) for pile, named in zip(made, ids, strict=True))
    truth = pl.concat(
        pile.truth.select(pl.coalesce("cluster", "id").str.replace("^", f"{seed}-"))
        for seed, pile in enumerate(made)
    )
    return posts, truth.to_series().to_list()


def altered(posts: pl.DataFrame, size: int) -> tuple[pl.DataFrame, list[str]]:
    """Real posts, and at least as many altered copies, some originals with many and most with few."""
    dice = random.Random(1)
    stream = letters(posts["text"])["stream"]
    texts = posts.filter(stream.is_first_distinct() & (stream.str.len_chars() >= 20))["text"].to_list()
    dice.shuffle(texts)
    originals = texts[: size // 2]
    copied = dice.sample(range(len(originals)), max(1, size // 40))
    weights = [1 / (rank + 20) for rank in range(len(copied))]
    sources = dice.choices(copied, weights, k=size - len(originals))
    pairs = [*enumerate(originals), *((source, changed(originals[source], dice)) for source in sources)]
    dice.shuffle(pairs)
    return (
        pl.DataFrame({"id": [f"{number:07}" for number in range(size)], "text": [text for _, text in pairs]}),
        [str(source) for source, _ in pairs],
    )


def changed(text: str, dice: random.Random) -> str:
    """The text after one or two tricks."""
    for _ in range(dice.choice([1, 1, 2])):
        text = dice.choice(TRICKS)(text, dice)
    return text


def in_words(trick: Trick) -> Trick:
    """The trick on words alone: a link that is altered leads nowhere."""
    return lambda text, dice: " ".join(
        word if word.startswith(("http", "@", "#")) else trick(word, dice) for word in text.split(" ")
    )


def mistyped(text: str, dice: random.Random) -> str:
    """One letter lost, doubled, exchanged or replaced in one word."""
    words = text.split(" ")
    plain = [at for at, word in enumerate(words) if len(word) > 2 and word.isalpha()]
    if not plain:
        return text
    at = dice.choice(plain)
    word, place = words[at], dice.randrange(1, len(words[at]) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    other = dice.choice(string.ascii_lowercase)
    words[at] = dice.choice([before + after, before + letter * 2 + after, before + other + after])
    return " ".join(words)


def one_word_less(text: str, dice: random.Random) -> str:
    """The text without one word, where it has six or more."""
    words = text.split(" ")
    if len(words) >= 6:
        del words[dice.randrange(len(words))]
    return " ".join(words)


TRICKS: tuple[Trick, ...] = (
    lambda text, _: text,
    lambda text, dice: dice.choice([text.upper(), text.lower()]),
    lambda text, dice: f"RT @{dice.choice(FILLERS)}{dice.randrange(99)}: {text}",
    lambda text, dice: f"@{dice.choice(FILLERS)}{dice.randrange(99)} {text}",
    lambda text, dice: f"{text} http://t.co/{''.join(dice.choices(string.ascii_letters, k=8))}",
    lambda text, dice: text.rstrip(".!") + dice.choice(["!!!", "...", "!", " ."]),
    lambda text, dice: f"{text} {''.join(dice.choices('😂🔥🙏💔😱👏', k=2))}",
    lambda text, dice: f"{text} #{dice.choice(FILLERS)}{dice.choice(FILLERS)}",
    lambda text, dice: f"{text} {' '.join(dice.sample(FILLERS, dice.randrange(1, 3)))}",
    lambda text, dice: text if text.startswith("RT") else f"{dice.choice(FILLERS)} {text}",
    lambda text, dice: text[: int(len(text) * dice.uniform(0.8, 0.95))] + "...",
    lambda text, _: text.replace(" ", "  "),
    in_words(lambda word, dice: word.translate(LOOK_ALIKE) if dice.random() < 0.5 else word),
    in_words(lambda word, dice: "\u200b".join(word) if dice.random() < 0.2 else word),
    in_words(lambda word, dice: word.translate(str.maketrans("aeio", "4310")) if dice.random() < 0.3 else word),
    mistyped,
    mistyped,
    one_word_less,
)


def measure(name: str, posts: pl.DataFrame, truth: list[str]) -> None:
    """Print our row, the row of what is covered, and the peers'."""
    began = process_time()
    found = cluster(posts)
    pace = posts.height / (process_time() - began)
    joined = found["cluster"].to_list()
    tell(name, posts.height, "cluster", pace, agreement(joined, truth), 1)
    covered = found["covered"].to_list()
    tell(name, posts.height, "  where inherited", None, agreement(joined, truth, covered), None)
    for way, peer in PEERS.items():
        rows = random.Random(1).sample(range(posts.height), min(posts.height, MOST_FOR_THE_PEER))
        rows = list(range(posts.height)) if peer is equal_letters else sorted(rows)
        some, known = posts[rows], [truth[row] for row in rows]
        began = process_time()
        theirs = peer(some)
        their_pace = some.height / (process_time() - began)
        tell(name, some.height, way, their_pace, agreement(theirs, known), pace / their_pace)


def equal_letters(posts: pl.DataFrame) -> list[str]:
    """Posts whose letters are equal, after all our folding; the text itself where none is left."""
    frame = letters(posts["text"]).with_columns(posts["text"])
    return frame.select(pl.when(pl.col("stream") == "").then("text").otherwise("stream")).to_series().to_list()


def datasketch_lsh(posts: pl.DataFrame) -> list[str]:
    """MinHashLSH as its manual has it: insert all, query each, join along the edges."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415  # optional

    texts = posts["text"].str.to_lowercase().to_list()
    shingles = [[text[at : at + 3].encode() for at in range(max(1, len(text) - 2))] for text in texts]
    index = MinHashLSH(threshold=0.5, num_perm=64)
    signed = list(MinHash.generator(shingles, num_perm=64, seed=1))
    with index.insertion_session() as session:
        for number, signature in enumerate(signed):
            session.insert(number, signature)
    roots = list(range(len(texts)))
    for number, signature in enumerate(signed):
        for other in index.query(signature):
            ours, theirs = sorted((root(roots, number), root(roots, other)))
            roots[theirs] = ours
    return [str(root(roots, number)) for number in range(len(texts))]


def root(roots: list[int], number: int) -> int:
    """The least number that this one is joined with."""
    while roots[number] != number:
        roots[number] = number = roots[roots[number]]
    return number


def installed(peers: dict[str, tuple[str, Way]]) -> dict[str, Way]:
    """Those of the peers whose package is there; says which is skipped."""
    for name, (package, _) in peers.items():
        if package not in sys.modules and not _found(package):
            print(f"{name}: skipped, {package} is not installed")
    return {name: way for name, (package, way) in peers.items() if package in sys.modules or _found(package)}


def _found(package: str) -> bool:
    try:
        __import__(package)
    except ImportError:
        return False
    return True


PEERS = installed(
    {"equal letters": ("polars", equal_letters), "datasketch MinHashLSH": ("datasketch", datasketch_lsh)}
)


def agreement(
    joined: list[str], truth: list[str], counted: Iterable[bool] | None = None
) -> tuple[float, float]:
    """Precision and recall, pair by pair; `counted` leaves out the pairs of which either is not counted."""
    kept = [True] * len(truth) if counted is None else list(counted)
    ours = [one for one, keep in zip(joined, kept, strict=True) if keep]
    both = [pair for *pair, keep in zip(joined, truth, kept, strict=True) if keep]
    right = pairs_in(map(tuple, both))
    return right / max(1, pairs_in(ours)), right / max(1, pairs_in(truth))


def pairs_in(labels: Iterable[Hashable]) -> int:
    """How many pairs have the same label."""
    return sum(count * (count - 1) // 2 for count in Counter(labels).values())


def tell(
    name: str, size: int, way: str, pace: float | None, found: tuple[float, float], ratio: float | None
) -> None:
    """Print one row."""
    precision, recall = found
    score = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    right = (f"{precision:.4f}", f"{recall:.3f}", f"{score:.3f}")
    fast = "" if pace is None else f"{pace:,.0f}"
    print(ROW.format(name, f"{size:,}", way, fast, *right, peak, f"{ratio:.1f}" if ratio else ""), flush=True)


if __name__ == "__main__":
    main()
