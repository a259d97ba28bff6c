"""How a sweep is steered: kept after every batch, asked before the next one."""

from collections.abc import Mapping, Sequence
from math import log1p
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from incidents.store.engine import Work
from incidents.store.schema import sweeps
from incidents.store.sweeps import lock_sweep
from incidents.sweeps.batches import Purpose
from incidents.sweeps.steering import HEAD, SHARE, START, STEER, Lane, Source, Steering, Stratum

_KEYS: Final = 2**63
"""Keys of a sample lie evenly between 0 and this."""


# Put together once: they are run at every claim and every finish, and that takes longer than running them.
_THIS: Final = sweeps.c.id == sa.bindparam("sweep")
_STEERING: Final = sa.select(sweeps.c.posts_matched, sweeps.c.steering).where(_THIS)
_KEEP: Final = sa.update(sweeps).where(_THIS).values(steering=sa.bindparam("kept"))


class Steered(Steering):
    """As it is kept: with the key up to which posts of the steer sample are due."""

    @property
    def until(self) -> int:
        """The key up to which posts are due.

        Whatever part of the universe was read, the same part of the keys ahead is of posts that others have
        read. So the way to the next post that steer reads itself grows by 1 / (1 - part), which adds up to a
        logarithm.
        """
        part = min(self.others_read / max(self.universe, 1), 1.0)
        due = START - SHARE * log1p(-part) if part < 1 else 1.0
        return min(int(due * _KEYS), _KEYS - 1)


class Read(NamedTuple):
    """One post that was decided: why it was read, of which stratum it is, and whether it violates."""

    purpose: Purpose
    stratum: Stratum
    violates: bool


def load_steering(work: Work, sweep: str) -> Steered:
    """What was read of a sweep so far, as far as it says where to read on."""
    row = work.execute(_STEERING, {"sweep": sweep}).one()
    return _loaded(row.posts_matched or 0, row.steering or {})


def steer(work: Work, sweep: str, read: Sequence[Read]) -> tuple[Stratum, ...]:
    """Take account of what was read; return the strata that it moved forward. Locks the sweep's row."""
    lock_sweep(work, sweep)
    before = load_steering(work, sweep)
    after: Steering = before
    for source, posts in _by_source(read).items():
        after = after.after(source, posts)
    work.execute(_KEEP, {"sweep": sweep, "kept": _kept(after)})
    return tuple(stratum for stratum in after.forward if stratum not in before.forward)


def _by_source(read: Sequence[Read]) -> dict[Source, list[tuple[Stratum, bool]]]:
    found: dict[Source, list[tuple[Stratum, bool]]] = {}
    for purpose, stratum, violates in read:
        source = {Purpose.steer: STEER, Purpose.forward: Source("stratum", stratum)}.get(purpose, HEAD)
        found.setdefault(source, []).append((stratum, violates))
    return found


def _loaded(universe: int, kept: Mapping[str, Any]) -> Steered:
    lanes = {
        (language, form): Lane(drawn, hits, tuple(latest))
        for language, form, drawn, hits, latest in kept.get("lanes", ())
    }
    return Steered(
        universe=universe,
        steer_read=kept.get("steer_read", 0),
        others_read=kept.get("others_read", 0),
        head=tuple(kept.get("head", ())),
        lanes=lanes,
    )


def _kept(steering: Steering) -> dict[str, Any]:
    lanes = sorted(steering.lanes.items())
    return {
        "steer_read": steering.steer_read,
        "others_read": steering.others_read,
        "head": list(steering.head),
        "lanes": [[*stratum, lane.drawn, lane.hits, list(lane.latest)] for stratum, lane in lanes],
    }
