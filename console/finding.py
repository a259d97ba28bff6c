"""What `doctor` says of one thing."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is: `warn` works for now, `bad` does not work."""

    ok = "ok"
    warn = "warn"
    bad = "bad"


@dataclass(frozen=True)
class Finding:
    """One thing that was examined, how it is, and what to do where it is not well."""

    name: str
    state: State
    what: str
    what_to_do: str = ""


def ok(name: str, what: str) -> Finding:
    """It is well."""
    return Finding(name, State.ok, what)


def warn(name: str, what: str, what_to_do: str) -> Finding:
    """It works for now."""
    return Finding(name, State.warn, what, what_to_do)


def bad(name: str, what: str, what_to_do: str) -> Finding:
    """It does not work."""
    return Finding(name, State.bad, what, what_to_do)
