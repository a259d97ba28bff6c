"""What turns a request away before it reaches the record."""

from incidents.errors import Refusal


class Unauthenticated(Exception):
    """Neither a session nor a token that is good; a reason says what is wrong with the token."""

    def __init__(self, message: str, *reasons: Refusal) -> None:
        self.reasons = reasons
        super().__init__(message)


class TooLarge(Exception):
    """A body beyond what one request may carry."""


class SignInNeeded(Exception):
    """Nobody is signed in here. `then` is where the visitor wanted to go."""

    def __init__(self, then: str) -> None:
        self.then = then


class ForeignForm(Exception):
    """A form that our own page did not make: another site's, or one of a session that has ended."""


class WrongMediaType(Exception):
    """A body of a kind that is not read here."""


class TagMissing(Exception):
    """A change of what two may edit that does not say which version it is a change of (RFC 6585, 3)."""


class TagOutdated(Exception):
    """A change of a version that somebody has changed since (RFC 9110, 13.1.1)."""
