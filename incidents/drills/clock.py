"""The clock that a drill tells: a crisis of a day passes in a minute, and every time is in order."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Clock(BaseModel):
    """Tells time from two anchors and a speed. The real clock is the one without a drill."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    anchor_real: datetime
    anchor_told: datetime
    speed: float = Field(gt=0, description="Told seconds a second of the machine.")

    def tell(self, machine_now: datetime) -> datetime:
        """What this clock shows when the machine's clock shows `machine_now`."""
        return self.anchor_told + (machine_now - self.anchor_real) * self.speed
