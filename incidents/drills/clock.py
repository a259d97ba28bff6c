"""The clock that a drill tells: a crisis of a day passes in a minute, and every time is in order."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Clock(BaseModel):
    """Runs as fast as the machine's clock, from another moment; a drill moves it on where people think.

    The real clock is the one without a drill. What machines do takes its real time in a drill too; only
    what people take their time for passes at once.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    anchor_real: datetime
    anchor_told: datetime

    def tell(self, machine_now: datetime) -> datetime:
        """What this clock shows when the machine's clock shows `machine_now`."""
        return self.anchor_told + (machine_now - self.anchor_real)
