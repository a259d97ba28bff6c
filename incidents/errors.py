"""What can go wrong, in the words that the person on call reads.

    WatchfloorError
    ├── NotAllowed           a rule refused; carries coded reasons; never retried
    │   └── NotAuthorised    this person may not do this
    ├── Conflict             somebody else moved first; says who and when
    ├── NotFound             no such incident, sweep, batch, file…
    ├── BadInput             what was handed in cannot be read; says where
    ├── StoreFailed          the database does not answer, or not as it should
    └── PartnerUnreachable   a delivery failed; `permanent` says whether a retry can help
        └── RetryLater       (tasks.partners) and the partner said when

Every message says what happened, to which incident, and what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class WatchfloorError(Exception):
    """Something went wrong that a person can act on."""


@dataclass(frozen=True)
class Refusal:
    """One coded reason why a move is refused, and the sentence that explains it."""

    code: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class NotAllowed(WatchfloorError):
    """A rule refused the move. Retrying cannot help: remove the reasons, or waive them."""

    def __init__(self, what: str, reasons: Sequence[Refusal] = ()) -> None:
        self.what = what
        self.reasons = tuple(reasons)
        super().__init__("\n".join([what, *(f"  {reason}" for reason in self.reasons)]))

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the reasons, in the order in which they were found."""
        return tuple(reason.code for reason in self.reasons)


class NotAuthorised(NotAllowed):
    """This person's roles do not allow it. Ask an administrator, or somebody who holds the role."""


class Conflict(WatchfloorError):
    """Somebody else moved first. Look at what they did before you try again."""


class NotFound(WatchfloorError):
    """There is nothing by that name here. Check the spelling, and `watchfloor incidents`."""


class BadInput(WatchfloorError):
    """What was handed in cannot be read. Nothing of it was kept: mend it and hand it in again."""


class StoreFailed(WatchfloorError):
    """The database did not do what was asked. Nothing was changed; `watchfloor doctor` looks at it."""


class PartnerUnreachable(WatchfloorError):
    """A message could not be delivered. `permanent` is true where trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(message)
