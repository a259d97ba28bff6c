"""For which steps does a protocol ask for a second person, and is there one?"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from incidents.catalogue.entry import Entry
from incidents.errors import NotAllowed, Refusal
from incidents.people import Person


class Matter(StrEnum):
    """What is too large for one person's word, where a protocol says so."""

    mass_action = "mass_action"
    share_outside = "share_outside"
    waive_certificate = "waive_certificate"


class FourEyes(Entry):
    """A step that one person proposes, and another one confirms before it is taken."""

    matter: Matter = Field(description="`mass_action`, `share_outside` or `waive_certificate`.")
    from_posts: int = Field(1, ge=1, description="Of a mass action: from how many posts on.")
    hours: int = Field(24, ge=1, le=24 * 14, description="How long a proposal waits for an answer.")


class SecondPersonMissing(NotAllowed):
    """Everything else allows it; the protocol asks for the word of another person. Propose it to them."""

    def __init__(self, rule: FourEyes) -> None:
        self.waits = timedelta(hours=rule.hours)
        sentence = "The protocol asks for a second person: propose it, and have somebody else confirm it."
        super().__init__("Nothing was done yet.", [Refusal("SECOND_PERSON_MISSING", sentence)])


@dataclass(frozen=True)
class Consent:
    """What a protocol asks a second person for, and who that is, where somebody confirmed."""

    rules: tuple[FourEyes, ...] = ()
    second: Person | None = None

    def need(self, matter: Matter, *, by: Person, posts: int = 1) -> dict[str, str]:
        """What an entry of the timeline tells of the second person: nothing where none is asked for.

        SecondPersonMissing where one is and there is none, or only the first. Ask it last: whoever proposes
        a step then knows that nothing else stands against it.
        """
        asked = (rule for rule in self.rules if rule.matter is matter and posts >= rule.from_posts)
        rule = next(asked, None)
        if rule is None:
            return {}
        if self.second is None or self.second.id == by.id:
            raise SecondPersonMissing(rule)
        return {"second": self.second.id}


ALONE: Final = Consent()
"""Nobody else is asked: in a drill, and where one person runs everything."""
