"""What turns a request away before it reaches the record."""


class Unauthenticated(Exception):
    """No token, or a wrong one."""


class TooLarge(Exception):
    """A body beyond what one request may carry."""


class SignInNeeded(Exception):
    """Nobody is signed in here. `then` is where the visitor wanted to go."""

    def __init__(self, then: str) -> None:
        self.then = then


class ForeignForm(Exception):
    """A form that our own page did not make: another site's, or one of a session that has ended."""
