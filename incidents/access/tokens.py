"""What may a token of the API do, for how long, and why is one refused?

A token stands for its person and is held to its scope: acts of those that their roles allow now, never more.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotAllowed, Refusal
from incidents.people import SEPARATE, Act, Person, authorise, is_allowed

PREFIX = "wf_"
"""What every token begins with, so that whoever scans texts for secrets knows one (RFC 8959 has the idea)."""

LONGEST = timedelta(days=365)
"""No token is good for longer: whoever uses it looks after it once a year."""


class NewToken(BaseModel):
    """What a token is to be."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    person: str
    name: str = Field(description="What it is for, as its maker called it.")
    scope: frozenset[Act]
    made_by: str
    made_at: datetime
    expires_at: datetime


class Token(NewToken):
    """One token, as the store keeps it: never its secret."""

    number: int
    seen_at: datetime | None = Field(description="Last request with it, to the minute.")
    revoked_at: datetime | None

    def refusal(self, now: datetime) -> Refusal | None:
        """Why it lets nobody in any more; None while it does."""
        if self.revoked_at is not None:
            return Refusal("TOKEN_REVOKED", f"Revoked {self.revoked_at:%Y-%m-%d %H:%M} UTC. Use another.")
        if now >= self.expires_at:
            return Refusal("TOKEN_EXPIRED", f"Ended {self.expires_at:%Y-%m-%d %H:%M} UTC. Make another.")
        return None


def refuse_token(person: Person, scope: Collection[Act], lasts: timedelta, *, by: Person) -> None:
    """Raise where `by` may not make the person such a token.

    NotAuthorised where it is another's and they do not administer. NotAllowed where it would allow more than
    the person may, or nothing, or would last longer than `LONGEST`; and where it is another's and would give
    the word that must be a person's own.
    """
    own = by.id == person.id
    if not own:
        authorise(by, Act.administer)
    found = []
    if not scope:
        found.append(Refusal("SCOPE_EMPTY", "Name what it is to do: at least one act."))
    if beyond := sorted(act.value for act in scope if not is_allowed(person, act)):
        found.append(Refusal("SCOPE_TOO_WIDE", f"{person.id} may not: {', '.join(beyond)}. Leave that out."))
    if not own and (lent := sorted(act.value for act in SEPARATE.intersection(scope))):
        found.append(Refusal("SCOPE_OWN_WORD", f"Only {person.id} makes a token that may {', '.join(lent)}."))
    if not timedelta(days=1) <= lasts <= LONGEST:
        found.append(Refusal("EXPIRY_BEYOND", f"A token lasts from 1 to {LONGEST.days} days."))
    if found:
        raise NotAllowed("No token was made.", found)
