"""What nobody may forget, phase by phase."""

from pydantic import Field

from incidents.catalogue.entry import Entry, Slug, Text, Version
from incidents.incident.phases import Phase


class ChecklistItem(Entry):
    """One thing to do or to look at."""

    id: Slug = Field(description="Short name, unique within the checklist.")
    text: Text = Field(description="What to do, as an instruction.")
    required: bool = Field(True, description="Whether the phase should not end before it is ticked.")


class Checklist(Entry):
    """The checklist of one phase; a phase has at most one."""

    id: Slug = Field(description="Short name.")
    version: Version = Field(description="Raise it by one whenever an item changes.")
    phase: Phase = Field(description="Phase of the incident in which it is worked through.")
    items: tuple[ChecklistItem, ...] = Field(min_length=1, description="Its items, in order.")
