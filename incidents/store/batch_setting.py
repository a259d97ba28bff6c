"""Where a batch is worked: what every request about it asks first, in one statement."""

from typing import Final, NamedTuple

import sqlalchemy as sa

from incidents.drills.clock import Clock
from incidents.store.batches import missing_batch
from incidents.store.engine import Work
from incidents.store.schema import batches, drills, incidents


class Setting(NamedTuple):
    """The incident of a batch, whether that is an exercise, and the clock that it tells."""

    incident: str
    is_drill: bool
    clock: Clock


def setting_of(work: Work, batch_id: str) -> Setting:
    """Where a batch is worked. NotFound where there is none of that id."""
    row = work.execute(_SETTING, {"batch": batch_id}).one_or_none()
    if row is None:
        raise missing_batch(batch_id)
    return Setting(row.id, bool(row.drill), Clock(stands_at=row.stands_at))


# Asked for every decision, so it is put together once: that takes longer than asking the database.
_SETTING: Final = (
    sa.select(incidents.c.id, incidents.c.drill, drills.c.stands_at)
    .join(batches, batches.c.incident_id == incidents.c.id)
    .outerjoin(drills, drills.c.id == incidents.c.drill)
    .where(batches.c.id == sa.bindparam("batch"))
)
