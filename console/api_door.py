"""One request to the application: on which store, who acts, what time it is, how much may be sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request

from console.lately import Lately
from console.oidc.provider import Provider
from console.people import acting_person
from console.runs import hand_over
from console.tries import Tries
from console.turned_away import TooLarge
from incidents.access.tokens import Token
from incidents.catalogue.model import Catalogue
from incidents.errors import BadInput
from incidents.people import Person
from incidents.settings import Settings
from incidents.store.batch_setting import setting_of
from incidents.store.drills import clock_of
from incidents.store.engine import Store, Work
from incidents.store.identities import known_catalogue
from incidents.store.incidents import find

LARGEST_BODY = 2_000_000
"""Bytes that a request may carry."""


@dataclass(frozen=True)
class World:
    """What the application was started with. A changed catalogue counts from its next start."""

    settings: Settings
    store: Store
    files: Catalogue
    """The catalogue as its files say."""
    provider: Provider | None = None
    """Where people sign in beside here."""
    lately: Lately = field(default_factory=Lately)
    tries: Tries = field(default_factory=Tries)

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue with everybody who is known at this moment."""
        issuer = self.settings.oidc_issuer
        return self.files if issuer is None else known_catalogue(self.store, self.files, issuer)


class Caller:
    """One request of somebody who is known: who acts, at what time, on which store."""

    def __init__(self, world: World, name: str, token: Token | None = None) -> None:
        self.store = world.store
        self.catalogue = world.catalogue
        self.lately = world.lately
        self.settings = world.settings
        self.tries = world.tries
        self.machine_now = machine_now()
        self._name = name
        self._token = token

    def person(self, *, drill: bool = False) -> Person:
        """Who acts, held to what they came in with."""
        found = acting_person(self.settings, self.catalogue, self._name, drill=drill)
        if self._token is None:
            return found
        lent_by = None if self._token.made_by == self._token.person else self._token.made_by
        return found.held_to(self._token.scope, lent_by=lent_by)

    def person_in(self, work: Work, incident: str) -> Person:
        """Who acts in this incident: the drill cast is known where it is a drill."""
        return self.person(drill=find(work, incident).is_drill)

    def now_in(self, work: Work, incident: str) -> datetime:
        """What the incident's clock shows: the machine's, or in a drill the one that the drill tells."""
        clock = clock_of(work, incident)
        return self.machine_now if clock is None else clock.tell(self.machine_now)

    @contextmanager
    def moving(self, incident: str, after: BackgroundTasks) -> Iterator[tuple[Work, Person, datetime]]:
        """One transaction for a move in an incident: who moves, and when. Its effects begin after it."""
        with self.store.begin() as work:
            yield work, self.person_in(work, incident), self.now_in(work, incident)
        after.add_task(self.hand_over, incident)

    def at_batch(self, work: Work, batch: str) -> tuple[str, Person, datetime]:
        """The incident of a batch, who acts in it, and what its clock shows."""
        incident, is_drill, clock = setting_of(work, batch)
        return incident, self.person(drill=is_drill), clock.tell(self.machine_now)

    def hand_over(self, incident: str | None) -> None:
        """Have what was written carried out. Where it has to wait, `watch` and `doctor` know."""
        hand_over(self.settings, self.store, incident)


def machine_now() -> datetime:
    """What the machine's clock shows."""
    return datetime.now(UTC)


async def body_text(request: Request) -> str:
    """The body as text, read no further than is allowed. Raises TooLarge, or BadInput."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > LARGEST_BODY:
            raise TooLarge(f"A request carries at most {LARGEST_BODY:,} bytes. Refer to what is larger.")
    try:
        return read.decode()
    except UnicodeDecodeError as error:
        raise BadInput("The body is not UTF-8. Nothing was kept.") from error


Body = Annotated[str, Depends(body_text)]
