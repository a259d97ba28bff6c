"""What does a ranking learn from, and when is learning worth its seconds?

Apart from the ranking itself, whose libraries take a second to load: a door asks only whether it is due.
"""

from typing import NamedTuple


class Example(NamedTuple):
    """A text that people agreed on: of the guideline, or a golden item."""

    text: str
    violates: bool


def due(decided_now: int, decided_at_last_fit: int) -> bool:
    """Whether a refit is worth its seconds: each decision up to 20, then whenever there are 5 % more."""
    return decided_now - decided_at_last_fit >= max(1, decided_at_last_fit // 20)
