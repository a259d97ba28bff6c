"""Who hands signals in over HTTP, and with which secrets they sign.

A sender's secret is derived from one key of the site, its name and how often it was renewed (HKDF, RFC 5869),
so that the store holds nothing to sign with.
"""

import base64
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, ConfigDict, Field

from incidents.people import Act, Person, Role

PREFIX = "whsec_"
"""What a secret begins with (Standard Webhooks 1.0.0)."""

SECRET_BYTES = 32

OVERLAP = timedelta(hours=24)
"""How long the secret before counts beside the new one."""

NAME = r"[a-z0-9][a-z0-9-]{0,39}"
"""What a sender may be called."""


class Sender(BaseModel):
    """A system that hands signals in, as the store keeps it."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    name: str = Field(pattern=f"^{NAME}$", description="As its signals call their source.")
    generation: int = Field(description="How often it was given a secret.")
    made_by: str
    renewed_at: datetime = Field(description="When it was given its secret.")
    seen_at: datetime | None = Field(description="When it last handed something in.")
    ended_at: datetime | None

    @property
    def person(self) -> Person:
        """Who acts for it: nobody's account, and nothing but handing in signals."""
        may = frozenset({Act.hand_in_signal})
        return Person(id=f"sender.{self.name}", roles=frozenset({Role.analyst}), limited_to=may)

    def secrets(self, key: bytes, now: datetime) -> list[str]:
        """Those that count now, the newest first; none once it has ended."""
        if self.ended_at is not None:
            return []
        newest = self.generation
        older = [newest - 1] if newest > 1 and now < self.renewed_at + OVERLAP else []
        return [secret_of(key, self.name, generation) for generation in (newest, *older)]


def secret_of(key: bytes, name: str, generation: int) -> str:
    """The secret of one generation, as Standard Webhooks writes it."""
    about = f"watchfloor signals {name} {generation}".encode()
    made = HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=about).derive(key)
    return PREFIX + base64.b64encode(made).decode()
