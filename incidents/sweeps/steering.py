"""What is read next: the head of the ranking, a stratum that it does not reach, or the steer sample?

The steer sample is a random order of the universe, drawn beside the certify sample and independent of it.
A few of its posts are read before anything else, and then one for every ten: those that nobody has read
when their turn comes say, stratum by stratum, what reading at random would yield there by now. Where that
is more than the head of the ranking yields, the ranking is blind there, and the stratum moves forward: its
posts are read, in the order of the ranking within it, until the head yields more again.

Steering decides what is read earlier, nothing else. It sees verdicts of the main reading and of steer;
those of the certify sample have no way in, and no function here takes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

START: Final = 0.005
"""What part of the universe steer reads first."""

SHARE: Final = 0.1
"""What part of what is read after that is steer's."""

WINDOW: Final = 100
"""How many of the latest posts of a lane say what it yields."""

WARM: Final = 50
"""How many posts of the head are read before a stratum can overtake it."""

DISCOUNT: Final = 0.5
"""Taken off the hits of a stratum, so that a single lucky one does not move it far."""

Stratum = tuple[str, str]
"""Language and form."""


@dataclass(frozen=True)
class Lane:
    """What is known of a stratum: from steer, and from reading it after it moved forward."""

    drawn: int = 0
    hits: int = 0
    latest: tuple[bool, ...] = ()

    @property
    def rate(self) -> float:
        """Violating posts a post read, to be expected next; 0 where steer found none."""
        if not self.hits:
            return 0.0
        return (self.hits - DISCOUNT + sum(self.latest)) / (self.drawn + len(self.latest))


@dataclass(frozen=True)
class Source:
    """Where the next posts come from: steer, the head of the ranking, or one stratum of it."""

    name: str
    stratum: Stratum | None = None


STEER: Final = Source("steer")
HEAD: Final = Source("head")


@dataclass(frozen=True)
class Steering:
    """What was read so far, as far as it says where to read on. A value: reading makes a new one."""

    universe: int
    steer_read: int = 0
    others_read: int = 0
    head: tuple[bool, ...] = ()
    lanes: Mapping[Stratum, Lane] = field(default_factory=lambda: MappingProxyType({}))

    def next_source(self, unread: Iterable[Stratum]) -> Source:
        """Where to read on; `unread` are the strata that hold unread posts."""
        if self.steer_due:
            return STEER
        if len(self.head) < WARM:
            return HEAD
        best = max(sorted(unread), key=lambda stratum: self.lane(stratum).rate, default=None)
        head = (sum(self.head) + DISCOUNT) / (len(self.head) + 1)
        return Source("stratum", best) if best and self.lane(best).rate > head else HEAD

    @property
    def steer_due(self) -> int:
        """How many posts of the steer sample are to be read now."""
        return max(0, int(START * self.universe + SHARE * self.others_read) - self.steer_read)

    @property
    def forward(self) -> tuple[Stratum, ...]:
        """The strata that have moved forward, at one time or another."""
        return tuple(sorted(stratum for stratum, lane in self.lanes.items() if lane.latest))

    def lane(self, stratum: Stratum) -> Lane:
        """What is known of a stratum; nothing at first."""
        return self.lanes.get(stratum, Lane())

    def after(self, source: Source, read: Sequence[tuple[Stratum, bool]]) -> "Steering":
        """The same, after these posts of a source were read: their strata, and whether they violate."""
        if source.name == "steer":
            return replace(self, steer_read=self.steer_read + len(read), lanes=self._drawn(read))
        verdicts = tuple(violates for _, violates in read)
        others_read = self.others_read + len(read)
        if source.stratum is None:
            return replace(self, others_read=others_read, head=(self.head + verdicts)[-WINDOW:])
        lane = self.lane(source.stratum)
        moved = replace(lane, latest=(lane.latest + verdicts)[-WINDOW:])
        return replace(self, others_read=others_read, lanes={**self.lanes, source.stratum: moved})

    def _drawn(self, read: Sequence[tuple[Stratum, bool]]) -> Mapping[Stratum, Lane]:
        lanes = dict(self.lanes)
        for stratum, violates in read:
            lane = lanes.get(stratum, Lane())
            lanes[stratum] = replace(lane, drawn=lane.drawn + 1, hits=lane.hits + violates)
        return lanes
