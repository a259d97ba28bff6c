"""The clock that a drill tells: a crisis of a day passes in a minute, and every time is in order."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Clock(BaseModel):
    """Stands until it is moved on to when the next thing happens; in a live drill it is the machine's.

    What machines do takes no time by a standing clock. So the same drill tells the same times, however
    fast the machine is that it runs on.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="forbid")

    stands_at: datetime | None = None

    def tell(self, machine_now: datetime) -> datetime:
        """What this clock shows when the machine's clock shows `machine_now`."""
        return machine_now if self.stands_at is None else self.stands_at
