"""Which copies does a decision about a head cover? Those whose text could not change the verdict.

Words may be gained or lost at an edge, small words anywhere, letters mistyped within longer words, and
nothing else; the words that turn a text around are compared before (see context.py). What is left to chance,
a sample finds.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA, Levenshtein, Opcode

from incidents.sweeps.context import is_mark, small_words
from incidents.sweeps.letters import word_ends

_LONGEST: Final = 4_096
_SHORTEST: Final = 20
"""Letters of head and copy; in fewer, every word counts."""
_EDGE: Final = 24
_EDGE_SHARE: Final = 0.4
"""What the edges may gain or lose together: letters, and as a share of the shorter text."""
_ANCHOR: Final = 4
"""Letters in a row that hold two texts together; fewer are chance."""
_LETTERS_A_SLIP: Final = 15
_MOST_SLIPS: Final = 4
_MOST_SMALL_WORDS: Final = 2
_SHORTEST_WORD: Final = 3
_SHORTEST_MISTYPED: Final = 5
_SHORTEST_REPLACED: Final = 8
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_DENSER: Final = 2
"""Scripts without spaces say in one letter what others say in two or three."""
_WORD_FROM: Final = 3
_COMMON_FROM: Final = 5
_TIMES_AS_COMMON: Final = 50
"""Texts that have a word: from three on it is one, with five what differs by a letter is a slip of it."""
_LETTERS_OF_DIGITS: Final = frozenset("oieast")
"""What folding makes of digits: one replaced by another may be another number."""
_NUMBER: Final = re.compile(r"\d")


class Letters(NamedTuple):
    """A text as `letters` gives it: its stream, and the same with spaces between words."""

    stream: str
    body: str


class Slip(NamedTuple):
    """A word of the head, and what stands in its place in the copy."""

    word: str
    typed: str


def slips(head: Letters, copy: Letters) -> tuple[Slip, ...] | None:
    """The words that a copy seems to mistype, or None where it differs from its head in more.

    Each is a word of three letters or more, or a small word, with one letter lost, added, replaced or
    exchanged with its neighbour; none has a digit, none turns a text around. Ask `is_slip` of each.
    """
    density = _DENSER if _UNSPACED.search(head.stream) else 1
    shorter, longer = sorted((len(head.stream), len(copy.stream)))
    if shorter * density < _SHORTEST or longer > _LONGEST:
        return None
    if head.stream in copy.stream or copy.stream in head.stream:
        return () if _edges_say_nothing(*_around_shorter(head.stream, copy.stream), shorter, density) else None
    if _differ_by_small_words(head.body.split(" "), copy.body.split(" ")):
        return ()
    middle = _without_edges(
        list(Levenshtein.opcodes(head.stream, copy.stream)), head.stream, copy.stream, density
    )
    if middle is None:
        return None
    changes = [op for op in middle if op.tag != "equal"]
    if len(changes) > min(_MOST_SLIPS, 1 + shorter // _LETTERS_A_SLIP):
        return None
    return _slips(changes, head, copy)


def _around_shorter(one: str, other: str) -> tuple[str, str]:
    """What the longer text has before and after the shorter one."""
    shorter, longer = sorted((one, other), key=len)
    before, _, after = longer.partition(shorter)
    return before, after


def _differ_by_small_words(ours: list[str], theirs: list[str]) -> bool:
    if not 0 < abs(len(ours) - len(theirs)) <= _MOST_SMALL_WORDS:
        return False
    shorter, longer = sorted((ours, theirs), key=len)
    changes = [op for op in Levenshtein.opcodes(shorter, longer) if op.tag != "equal"]
    added = [word for op in changes for word in longer[op.dest_start : op.dest_end]]
    return all(op.tag == "insert" for op in changes) and small_words().issuperset(added)


def _without_edges(ops: Sequence[Opcode], head: str, copy: str, density: int) -> Sequence[Opcode] | None:
    """The operations between the edges; None where the edges gained or lost too much."""
    first = _edge(ops, density)
    last = len(ops) - _edge(ops[::-1], density)
    if first >= last:
        return None
    start, end = ops[first], ops[last - 1]
    front = _gained(head[: start.src_start], copy[: start.dest_start], at_end=False)
    back = _gained(head[end.src_end :], copy[end.dest_end :], at_end=True)
    if front is None or back is None:
        return ops
    return ops[first:last] if _edges_say_nothing(front, back, min(len(head), len(copy)), density) else None


def _edges_say_nothing(front: str, back: str, shorter: int, density: int) -> bool:
    allowed = min(_EDGE // density, _EDGE_SHARE * shorter)
    return len(front) + len(back) <= allowed and not any(map(_says_something, (front, back)))


def _edge(ops: Sequence[Opcode], density: int) -> int:
    """How many operations there are before the first run of equal letters that holds."""
    anchor = _ANCHOR // density
    held = (at for at, op in enumerate(ops) if op.tag == "equal" and op.src_end - op.src_start >= anchor)
    return next(held, len(ops))


def _gained(ours: str, theirs: str, *, at_end: bool) -> str | None:
    """What one edge has and the other lacks; None where they differ otherwise."""
    shorter, longer = sorted((ours, theirs), key=len)
    if at_end:
        return longer[len(shorter) :] if longer.startswith(shorter) else None
    return longer[: len(longer) - len(shorter)] if longer.endswith(shorter) else None


def _says_something(edge: str) -> bool:
    return bool(_NUMBER.search(edge)) or is_mark(edge)


def _slips(changes: Sequence[Opcode], head: Letters, copy: Letters) -> tuple[Slip, ...] | None:
    found = tuple(dict.fromkeys(_words_at(changes, head, copy)))
    return found if all(map(_may_be_slip, found)) else None


def _words_at(changes: Sequence[Opcode], head: Letters, copy: Letters) -> Iterator[Slip]:
    if not changes:
        return
    ours, theirs = head.body.split(" "), copy.body.split(" ")
    our_ends, their_ends = word_ends(head.body), word_ends(copy.body)
    for op in changes:
        # A letter that one text lacks belongs to the word before the gap or to the one behind it.
        our_words = _around(our_ends, op.src_start, gap=op.tag == "insert")
        their_words = _around(their_ends, op.dest_start, gap=op.tag == "delete")
        pairs = (Slip(ours[our], theirs[their]) for our in our_words for their in their_words)
        yield min(pairs, key=lambda slip: OSA.distance(*slip))


def _around(ends: list[int], place: int, *, gap: bool) -> list[int]:
    """The word that a letter of the stream stands in; of a gap, the words on both sides of it."""
    word = min(bisect_right(ends, place), len(ends) - 1)
    return [bisect_right(ends, place - 1), word] if gap and place > 0 else [word]


def _may_be_slip(slip: Slip) -> bool:
    if any(_UNSPACED.search(word) or _NUMBER.search(word) or is_mark(word) for word in slip):
        return False
    long_enough = min(map(len, slip)) >= _SHORTEST_WORD or slip.word in small_words()
    return long_enough and OSA.distance(*slip, score_cutoff=1) == 1


def is_slip(slip: Slip, texts: Mapping[str, int]) -> bool:
    """Whether a word is only mistyped, given how many texts of the pile have each word.

    - of a small word always, unless it became a word that says something: the text needs it no more than that
    - not where several texts have both, and neither is by far the commoner: then they are two words
    - where many have one and hardly any the other
    - else in a word of five letters or more, of eight where a letter is replaced; never its first letter
    """
    word, typed = (texts.get(word, 0) for word in slip)
    if slip.word in small_words() and (slip.typed in small_words() or typed < _WORD_FROM):
        return True
    rarer, commoner = sorted((word, typed))
    if rarer >= max(_WORD_FROM, commoner / _TIMES_AS_COMMON):
        return False
    return commoner >= _COMMON_FROM or _looks_mistyped(slip)


def _looks_mistyped(slip: Slip) -> bool:
    word, typed = slip
    replaced = [pair for pair in zip(word, typed, strict=False) if pair[0] != pair[1]]
    if len(word) != len(typed) or len(replaced) == 2:  # lost, added, or exchanged
        return word[0] == typed[0] and min(len(word), len(typed)) >= _SHORTEST_MISTYPED
    return (
        word[0] == typed[0] and len(word) >= _SHORTEST_REPLACED and not _LETTERS_OF_DIGITS.issuperset(*replaced)
    )
