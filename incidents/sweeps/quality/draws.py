"""Which items does chance pick? The same for a seed and an item, whoever asks, in whatever order."""

from collections.abc import Iterable
from hashlib import sha256


def chance(seed: str, *parts: str) -> float:
    """A number from 0 up to, not including, 1 that belongs to the seed and the parts alone.

    It is SHA-256 of them, so nobody who lacks the seed can foretell it, and no release of a library
    changes it.
    """
    # Each part is led by its length: ("ab", "c") and ("a", "bc") are two different things.
    told = "".join(f"{len(part)}:{part}" for part in (seed, *parts))
    # 53 bits, which a float holds exactly: with more, the highest would be rounded up to 1.
    return (int.from_bytes(sha256(told.encode()).digest()[:8], "big") >> 11) / 2**53


def shuffled(ids: Iterable[str], seed: str, *parts: str) -> list[str]:
    """The ids in an order that chance gives them; whatever is cut off its front is a fair sample."""
    return sorted(ids, key=lambda each: (chance(seed, *parts, each), each))
