"""What every command is given: the settings, the store, the catalogue, who acts, and what time it is."""

from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import typer
from pydantic import ValidationError

from console.cli import printing
from console.cli.failures import note
from console.people import acting_person
from console.tables import open_store
from incidents.catalogue.load import load_catalogue
from incidents.catalogue.model import Catalogue
from incidents.errors import BadInput, WatchfloorError
from incidents.people import Person
from incidents.settings import Settings
from incidents.store.drills import clock_of
from incidents.store.engine import Store, Work
from incidents.store.identities import known_catalogue
from incidents.store.incidents import find
from incidents.words import use_templates


class Door:
    """One command: opens what it needs when it needs it, and hands over what it wrote."""

    def __init__(self, *, name: str | None, as_json: bool) -> None:
        self.name = name
        self.as_json = as_json
        self.now = datetime.now(UTC)

    @classmethod
    def of(cls, ctx: typer.Context) -> "Door":
        """The door of the command that is running."""
        door = ctx.find_object(cls)
        assert door is not None, "the callback of `watchfloor` opens the door"
        return door

    @cached_property
    def settings(self) -> Settings:
        """The settings, or BadInput naming each variable that is wrong. Its templates are used from here on."""
        read = read_settings()
        use_templates(read.templates_folder)
        return read

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue of this site, with everybody who is known at this moment."""
        files = load_catalogue(self.settings.catalogue_folder)
        issuer = self.settings.oidc_issuer
        return files if issuer is None else known_catalogue(self.store, files, issuer)

    @cached_property
    def store(self) -> Store:
        """The store, at the revision that this version is written for."""
        return _open(self.settings)

    @cached_property
    def person(self) -> Person:
        """Who acts: `--as`, or the person of the settings."""
        return acting_person(self.settings, self.catalogue, self.name)

    def acting(self, work: Work, incident: str | None) -> tuple[Person, datetime]:
        """Who acts in an incident, and what its clock shows: a drill has its own cast and its own time."""
        if incident is None:
            return self.person, self.now
        drill = find(work, incident).is_drill
        person = acting_person(self.settings, self.catalogue, self.name, drill=drill)
        clock = clock_of(work, incident)
        return person, self.now if clock is None else clock.tell(self.now)

    def hand_over(self, incident: str | None) -> None:
        """Have what was written carried out at once, and say so where that has to wait."""
        from console.runs import hand_over  # noqa: PLC0415  Prefect takes a second that reading need not wait

        note(hand_over(self.settings, self.store, incident))

    def say(self, sentence: str, /, **facts: Any) -> None:  # noqa: ANN401  whatever the JSON is to hold
        """Answer with a sentence, or with its facts where JSON was asked for."""
        if self.as_json:
            printing.print_json(facts)
        else:
            printing.print_lines([sentence])

    def rows(self, rows: list[dict[str, Any]], columns: list[str], *, empty: str) -> None:
        """Answer with a table, or with all there is to its rows where JSON was asked for."""
        if self.as_json:
            printing.print_json(rows)
        else:
            printing.print_table(rows, columns, empty=empty)

    def close(self) -> None:
        """Give the store back, if it was opened."""
        with suppress(KeyError):
            self.__dict__["store"].close()


def read_settings() -> Settings:
    """The settings of the environment, or BadInput naming each variable that is wrong (never its value)."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"  WATCHFLOOR_{'__'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise BadInput("\n".join(["The settings cannot be used:", *wrong])) from error


def _open(settings: Settings) -> Store:
    try:
        return open_store(settings)
    except OSError as error:
        raise WatchfloorError(
            f"The home folder {settings.home} cannot be used: {error.strerror}. Set WATCHFLOOR_HOME."
        ) from error
