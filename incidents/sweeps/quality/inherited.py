"""How often is a decision wrong that an item inherited from its cluster, and how many must be looked at?"""

from collections.abc import Iterable

from incidents.sweeps.quality.draws import shuffled
from incidents.sweeps.quality.proportions import CONFIDENCE, Bound, most_wrong


def inherited_sample(members: Iterable[str], count: int, seed: str) -> list[str]:
    """`count` of the items that inherited a decision, or all where there are fewer, in the order to read them.

    A simple random sample without replacement. Asking for more keeps those that were drawn before.
    """
    if count < 0:
        raise ValueError(f"a sample of {count} is none")
    return shuffled(set(members), seed, "inherited")[:count]


def inherited_error(population: int, checked: int, wrong: int, confidence: float = CONFIDENCE) -> Bound:
    """How many of all that inherited may be wrong at most, those found wrong included; see `most_wrong`.

    The sample's size must be set before it is read: reading on until the bound looks well spoils it.
    """
    return most_wrong(population, checked, wrong, confidence)
