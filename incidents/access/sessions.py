"""How long does a session last, and who is it?"""

from datetime import datetime, timedelta
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

LONGEST = timedelta(hours=12)
"""A shift and its hand-over; then the password is asked for again."""

IDLE = timedelta(hours=2)
"""Without a request for so long, whoever sits there may be somebody else."""

LINK_LASTS = timedelta(hours=24)
"""How long a one-time link lets its person in."""


class Session(BaseModel):
    """One browser in which somebody signed in."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: str
    person: str
    how: str
    address: str
    agent: str
    opened_at: datetime
    seen_at: datetime
    ended_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Whether it still stands for its person."""
        return self.ended_at is None and now < min(self.opened_at + LONGEST, self.seen_at + IDLE)


def fingerprint(token: str) -> str:
    """What the store keeps of a token, so that whoever reads the store cannot sign in with it: SHA-256."""
    return sha256(token.encode()).hexdigest()
