"""For whom a retrospective is written out."""

from enum import StrEnum


class Audience(StrEnum):
    """Who reads it. Each has redaction rules and approvals of its own."""

    internal = "internal"
    partner = "partner"
    public = "public"
    privileged = "privileged"
