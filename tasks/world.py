"""What every task of this process shares: its settings, the store and the catalogue, each opened once."""

from datetime import datetime
from functools import cache

from incidents.catalogue.load import load_catalogue
from incidents.catalogue.model import Catalogue
from incidents.settings import Settings
from incidents.store.drills import clock_of
from incidents.store.engine import Store
from incidents.store.identities import known_catalogue
from incidents.words import use_templates


@cache
def settings() -> Settings:
    """The settings of this process, whose templates it uses from here on."""
    read = Settings()
    use_templates(read.templates_folder)
    return read


@cache
def store() -> Store:
    """The store of this process."""
    return Store.open(settings().store_url)


def catalogue() -> Catalogue:
    """The catalogue, with everybody who is known at this moment."""
    issuer = settings().oidc_issuer
    return files() if issuer is None else known_catalogue(store(), files(), issuer)


@cache
def files() -> Catalogue:
    """What the catalogue's files said when this process started; a flow run starts a process of its own."""
    return load_catalogue(settings().catalogue_folder)


def told(incident: str, machine_now: datetime) -> datetime:
    """What the incident's clock shows: the machine's, or in a drill the one that the drill tells."""
    with store().read() as work:
        return clock_of(work, incident).tell(machine_now)


def is_rehearsed(incident: str) -> bool:
    """Whether its clock stands still between moves: nobody can be late by such a clock."""
    with store().read() as work:
        return clock_of(work, incident).stands_at is not None
