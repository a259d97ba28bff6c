"""For whom a retrospective is written out."""

from enum import StrEnum


class Audience(StrEnum):
    """Who reads it. Each has redaction rules and approvals of its own."""

    internal = "internal"
    partner = "partner"
    public = "public"
    privileged = "privileged"


OUTSIDE = frozenset({Audience.partner, Audience.public})
"""Whoever reads it for these does not work here, and what they were given cannot be taken back."""
