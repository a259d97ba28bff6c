"""How is a message called outside Watchfloor, and how is its failure told to the person on call?"""

import hashlib
import re

from incidents.errors import PartnerUnreachable
from incidents.message import Message

RETRIED = "Watchfloor tries again; if it goes on, reach the partner another way and tell them."


def stable_name(message: Message) -> str:
    """A name for the message that any system takes: ASCII letters, digits, `-` and `_`, under 100 long.

    The same key gives the same name, on every attempt and every machine. Two keys that read alike
    (`a:b` and `a-b`, or `A` and `a` on a file system that ignores case) differ in the hash at the end.
    """
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", message.key).strip("-")[:72]
    return f"{readable}-{hashlib.sha256(message.key.encode()).hexdigest()[:16]}".lstrip("-")


def undelivered(
    message: Message, channel: str, what: str, *, do: str = RETRIED, permanent: bool = False
) -> PartnerUnreachable:
    """The error for a message that did not arrive: its key, its channel, what happened, what to do."""
    return PartnerUnreachable(told(message, channel, what, do), permanent=permanent)


def told(message: Message, channel: str, what: str, do: str) -> str:
    """The sentence of such an error."""
    return f"{message.key} was not delivered through {channel}: {what}. {do}"


def one_line(text: str, longest: int) -> str:
    """The text on one line without control characters, shortened with `…` where it is longer."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
