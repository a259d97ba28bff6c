"""How often may a password be tried before the next try has to wait?

Failures are counted in a window of time, for the person and the address together, for the address, and for
the person wherever they come from (OWASP ASVS 5.0, 6.3.1). The last of these could be used to keep somebody
out by naming them; it never applies to the only administrator who could let others in again.
"""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from incidents.errors import Refusal

WINDOW = timedelta(minutes=15)
"""How far back failures count."""

OF_PERSON_FROM_ADDRESS = 5
FROM_ADDRESS = 30
OF_PERSON = 20
"""Failures within the window, from which on a try is refused unread."""


class Failures(BaseModel):
    """Tries that failed within the window."""

    model_config = ConfigDict(frozen=True)

    of_person_from_address: int = 0
    from_address: int = 0
    of_person: int = 0


def refuse_try(failures: Failures, *, is_last_administrator: bool) -> Refusal | None:
    """Why the next try has to wait; None where it need not."""
    minutes = int(WINDOW.total_seconds() // 60)
    if failures.of_person_from_address >= OF_PERSON_FROM_ADDRESS or failures.from_address >= FROM_ADDRESS:
        return Refusal("TRIED_TOO_OFTEN", f"Too many tries failed from here. Wait {minutes} minutes.")
    if failures.of_person >= OF_PERSON and not is_last_administrator:
        return Refusal(
            "ACCOUNT_LOCKED",
            f"Too many tries failed for this account. Wait {minutes} minutes, or have an administrator make a"
            " sign-in link.",
        )
    return None
