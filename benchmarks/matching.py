"""How many posts a second `match` reads and in how much memory, and how many evaded words it finds.

    python -m benchmarks.matching [POSTS …]

Three tables. The generated attack, nine posts in ten plain ASCII, in partitions on disk, each read, matched
and let go, in a process of its own whose peak memory is told. multilingual_cases with a word of each post
hidden, repeated. And for each trick the share of hidden words that are found, with what it brings in from
posts where nothing was hidden.

Beside it, in the same process and over the same posts: bare Polars, one alternation over text that is folded
already; and ripgrep over the same bytes, where `rg` is installed. Both answer less: whether any literal is
somewhere in the text, not where a word ends, which entry it was, nor whether it was hidden. Times are of the
processor, all threads together, as the machine is shared. POSTS (1000000) are the sizes of both piles, the
second rounded up to whole repetitions. Recorded posts are read where they lie beside the checkout, and none
is printed.
"""

import random
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

import polars as pl

from incidents.drills.scenarios import generate
from incidents.sweeps.folding import fold, fold_all
from incidents.sweeps.literals import quoted
from incidents.sweeps.matching import match
from incidents.sweeps.posts import POST_SCHEMA, read_posts
from incidents.sweeps.scope import Scope
from incidents.sweeps.scripts import MARKS, WORD, is_unspaced

RECORDED = Path(__file__).parents[2] / "shared" / "data" / "posts" / "multilingual_cases.csv.gz"
START = datetime(2026, 1, 1, tzinfo=UTC)
TERMS = (200, 5_000)
PARTITION = 250_000
PLAIN = 0.9
ROW = "{:<14} {:>11} {:>6} {:>8} {:>10} {:>10} {:>10} {:>6} {:>10} {:>8}"
TRICK_ROW = "{:<22} {:>8} {:>8} {:>7}   {:<24}"
LETTERS = (
    "abcdefghijklmnoprstuvwz",
    "abcdefghijklmnoprstuvwzäöüßéçñ",
    "абвгдежзийклмнопрстуя",
    "ابتجحدرسعفقكلمنهوي",
)
LEET = str.maketrans("aeio", "4310")
CYRILLIC = str.maketrans("aeopcx", "аеорсх")
LATIN = str.maketrans("аеорсх", "aeopcx")


class Measured(NamedTuple):
    """Seconds of the processor and of the wall, posts found, peak megabytes of the process."""

    processor: float
    wall: float
    found: int
    peak: int


def main() -> None:
    """Print the tables."""
    sizes = [int(size) for size in sys.argv[1:]] or [1_000_000]
    threads = f"{pl.thread_pool_size()} threads"
    print(f"Polars with {threads}. Rates are posts a second of processor time; wall is ours by the clock.")
    head = ("pile", "posts", "terms", "found", "posts/s", "wall", "polars/s", "ratio", "ripgrep/s", "peak MB")
    print(ROW.format(*head))
    for size in sizes:
        with TemporaryDirectory() as folder:
            write_generated(Path(folder), size)
            print_rates("generated", Path(folder), size, invented(TERMS[-1]))
    if not RECORDED.exists():
        print("multilingual_cases: skipped, there is no shared/data/posts beside this checkout")
        return
    posts = read_posts(RECORDED)
    words = by_frequency(posts)
    for size in sizes:
        with TemporaryDirectory() as folder:
            written = write_hidden(Path(folder), posts, words[1_000:], size)
            print_rates("hidden words", Path(folder), written, words[1_000:])
    print()
    print_tricks(posts, words[1_000 : 1_000 + TERMS[0]])


def print_rates(name: str, folder: Path, size: int, terms: Sequence[str]) -> None:
    """One line for each number of terms."""
    for count in TERMS:
        scope = terms[:count]
        ours, bare = in_a_process(run_match, folder, scope), in_a_process(run_bare, folder, scope)
        ripgrep = run_ripgrep(folder, scope)
        rates = [f"{size / seconds:,.0f}" for seconds in (ours.processor, ours.wall, bare.processor)]
        ratio = f"{bare.processor / ours.processor:.2f}"
        peer = f"{size / ripgrep:,.0f}" if ripgrep else "-"
        told = (name, f"{size:,}", f"{len(scope):,}", f"{ours.found:,}", *rates, ratio, peer, f"{ours.peak:,}")
        print(ROW.format(*told), flush=True)


def in_a_process(
    run: Callable[[Path, Sequence[str]], Measured], folder: Path, terms: Sequence[str]
) -> Measured:
    """Run alone, so that the peak of memory is this run's own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(run, (folder, terms))


def run_match(folder: Path, terms: Sequence[str]) -> Measured:
    """Match partition by partition; reading is not timed."""
    scope = Scope(terms=tuple(terms))
    return timed(folder, lambda posts: match(posts, scope).height, list(POST_SCHEMA))


def run_bare(folder: Path, terms: Sequence[str]) -> Measured:
    """One expression over the folded column."""
    pattern = "|".join(quoted(fold(term)) for term in terms)
    return timed(folder, lambda posts: int(posts["folded"].str.contains(pattern).sum()), ["folded"])


def timed(folder: Path, work: Callable[[pl.DataFrame], int], columns: list[str]) -> Measured:
    """The sum over all partitions."""
    processor = wall = 0.0
    found = 0
    for path in sorted(folder.glob("*.parquet")):
        posts = pl.read_parquet(path, columns=columns)
        begun = process_time(), perf_counter()
        found += work(posts)
        processor, wall = processor + process_time() - begun[0], wall + perf_counter() - begun[1]
    return Measured(processor, wall, found, peak_megabytes())


def peak_megabytes() -> int:
    """Of this process. What getrusage tells begins with the peak of the one that started it."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024


def run_ripgrep(folder: Path, terms: Sequence[str]) -> float | None:
    """Seconds of the processor for the same literals in any case, over the texts, one on each line."""
    if (ripgrep := shutil.which("rg")) is None:
        return None
    literals = folder / "terms"
    literals.write_text("\n".join(terms))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [ripgrep, "--count", "--ignore-case", "--fixed-strings", "--file", str(literals)]
    subprocess.run([*command, str(folder / "texts")], check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_generated(folder: Path, size: int) -> None:
    """The generated attack in partitions, with nine posts in ten of plain ASCII."""
    for number, start in enumerate(range(0, size, PARTITION)):
        count = min(PARTITION, size - start)
        posts = generate("attack", posts=min(1_000_000, 3 * count + 1_000), seed=number, start=START).posts
        plain = posts["text"].str.len_bytes() == posts["text"].str.len_chars()
        kept = round(PLAIN * count)
        both = pl.concat([posts.filter(plain).head(kept), posts.filter(~plain).head(count - kept)])
        write_partition(folder, number, both.sort("posted_at").with_columns(unique(both.height, number)))


def write_hidden(folder: Path, posts: pl.DataFrame, terms: Sequence[str], size: int) -> int:
    """The recorded posts again and again, each time with one of their words hidden in another way."""
    dice = random.Random(1)
    known = set(terms[: TERMS[-1]])
    places = [(text, [word for word in WORD.findall(text) if fold(word) in known]) for text in posts["text"]]
    ways = list(tricks().values())
    number = written = 0
    while written < size:
        texts = [hidden_somewhere(text, words, dice.choice(ways), dice) for text, words in places]
        some = posts.with_columns(pl.Series("text", texts), unique(posts.height, number))
        write_partition(folder, number, some)
        number, written = number + 1, written + posts.height
    return written


def write_partition(folder: Path, number: int, posts: pl.DataFrame) -> None:
    """Posts with their text folded, which the peer reads; and the bytes that ripgrep reads."""
    posts.with_columns(fold_all(posts["text"]).alias("folded")).write_parquet(folder / f"{number:04}.parquet")
    with (folder / "texts").open("a", encoding="utf-8") as file:
        file.writelines(f"{text}\n" for text in posts["text"].str.replace_all(r"\s+", " "))


def unique(count: int, number: int) -> pl.Series:
    """Ids that no other partition has."""
    return pl.Series("id", [f"{number}-{place}" for place in range(count)])


def hidden_somewhere(text: str, known: list[str], trick: Callable[[str], str], dice: random.Random) -> str:
    """The text with one of its known words hidden, if it has one."""
    word = dice.choice(known) if known else ""
    return text.replace(word, trick(word), 1) if word else text


def tricks() -> dict[str, Callable[[str], str]]:
    """Ways to hide a word, by name; one that changes nothing in a script is left out there."""
    return {
        "case": str.swapcase,
        "zero width": lambda word: f"{word[:2]}\u200b{word[2:]}",
        "bidi": lambda word: f"{word[:2]}\u202e{word[2:]}\u202c",
        "diacritics": lambda word: "".join(
            f"{letter}\u0301" if letter.isascii() else letter for letter in word
        ),
        "tatweel": lambda word: f"{word[:2]}\u0640{word[2:]}" if "\u0600" < word[0] < "\u0700" else word,
        "full width": lambda word: word.translate({code: code + 0xFEE0 for code in range(33, 127)}),
        "homoglyph": lambda word: word.translate(CYRILLIC | LATIN),
        "leet": lambda word: word.translate(LEET),
        "spaced": lambda word: " ".join(glyphs(word)),
        "dotted": lambda word: ".".join(glyphs(word)),
        "hyphens": lambda word: "-".join(glyphs(word)),
        "repeated": lambda word: word[:1] + word[1] * 4 + word[2:],
    }


def glyphs(word: str) -> list[str]:
    """The letters, each with its marks."""
    found: list[str] = []
    for character in word:
        if found and not WORD.match(character):
            found[-1] += character
        else:
            found.append(character)
    return found


def print_tricks(posts: pl.DataFrame, terms: Sequence[str]) -> None:
    """For each trick, the share of the posts with a term that are found though it is hidden."""
    head = ("trick", "hidden", "found", "share", "found beside where nothing was hidden")
    print(TRICK_ROW.format(*head))
    plain = match(posts, Scope(terms=tuple(terms), tricks=()))
    for name, hide in tricks().items():
        print(TRICK_ROW.format(name, *share(plain, terms, hide), ""))
    pairs = phrases(posts)
    joined = match(posts, Scope(terms=pairs, tricks=()))
    print(
        TRICK_ROW.format(
            "joined (two words)", *share(joined, pairs, lambda phrase: phrase.replace(" ", "")), ""
        )
    )
    print()
    print(f"{posts.height:,} posts as they are, {len(terms)} terms; posts that each trick alone brings in:")
    both = match(posts, Scope(terms=tuple(terms)))
    for trick in ("homoglyph", "spaced", "leet", "repeated", "joined"):
        only = (pl.col("evaded").list.len() == pl.col("matched").list.len()) & pl.col("evaded").list.eval(
            pl.element().str.ends_with(f"|{trick}")
        ).list.all()
        alone = both.filter(only).height
        print(TRICK_ROW.format(trick, "", f"{alone:,}", f"{alone / posts.height:.4f}", ""))


def share(plain: pl.DataFrame, terms: Sequence[str], trick: Callable[[str], str]) -> tuple[str, str, str]:
    """Posts whose term could be hidden, those of them that are found, and their share."""
    hidden = []
    for post, text, matched in plain.select("id", "text", "matched").iter_rows():
        for term in (entry.removeprefix("term:") for entry in matched):
            altered = replaced(text, term, trick)
            if altered is not None:
                hidden.append({"id": f"{post} {term}", "text": altered, "label": f"term:{term}"})
    pile = pl.DataFrame(hidden, schema={"id": pl.String, "text": pl.String, "label": pl.String})
    missing = [pl.lit(None, kind).alias(name) for name, kind in POST_SCHEMA.items() if name not in pile.columns]
    found = match(pile.with_columns(missing), Scope(terms=tuple(terms)))
    again = found.filter(pl.col("matched").list.contains(pl.col("label"))).height
    return f"{pile.height:,}", f"{again:,}", f"{again / max(1, pile.height):.3f}"


def replaced(text: str, term: str, trick: Callable[[str], str]) -> str | None:
    """The text with each place of the term hidden; None where that changes nothing or leaves it standing."""
    folded = fold(text)
    written = re.compile(
        rf"[^\W_]*{re.escape(term)}[\w{MARKS}]*"
    )  # with the particles that are written onto it
    altered = written.sub(lambda word: trick(word[0]), folded)
    return altered if altered != folded and term not in altered else None


def phrases(posts: pl.DataFrame) -> tuple[str, ...]:
    """Two words that often stand side by side, of six letters and more together."""
    pairs = (pairwise(words) for words in map(str.split, map(fold, posts["text"])))
    counted = pl.Series([f"{one} {two}" for some in pairs for one, two in some if (one + two).isalpha()])
    often = (
        counted.filter(counted.str.len_chars() > 7)
        .value_counts()
        .sort(["count", counted.name], descending=True)
    )
    return tuple(often[counted.name].slice(50, TERMS[0]))


def by_frequency(posts: pl.DataFrame) -> list[str]:
    """Words of at least four letters of scripts with spaces, the most frequent first."""
    words = pl.Series("word", [word for text in posts["text"] for word in set(fold(text).split())])
    counted = words.value_counts().sort(["count", "word"], descending=[True, False])
    return [word for word in counted["word"] if len(word) > 3 and word.isalpha() and not is_unspaced(word[0])]


def invented(count: int, seed: int = 5) -> list[str]:
    """Words that nobody wrote, of four to eight letters, most of plain ASCII; and the attack's own terms."""
    dice = random.Random(seed)
    terms = list(generate("attack", posts=1_000, start=START).scope_terms)
    alphabets = dice.choices(LETTERS, (8, 1, 0.5, 0.5), k=count)
    return [*terms, *("".join(dice.choices(letters, k=dice.randint(4, 8))) for letters in alphabets)][:count]


if __name__ == "__main__":
    main()
