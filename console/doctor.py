"""What is configured, what is reachable, what is healthy, and what to do about what is not."""

from collections.abc import Callable, Iterable

from console import doctor_record, doctor_roster, doctor_running, doctor_sign_in, doctor_site
from console.finding import Finding, State, bad
from incidents.settings import Settings

__all__ = ["Finding", "State", "examine"]

Examination = Callable[[Settings], Iterable[Finding]]

EXAMINATIONS: dict[str, Examination] = {
    "home": doctor_site.home,
    "catalogue": doctor_site.catalogue,
    "templates": doctor_site.templates,
    "people": doctor_site.people,
    "secrets": doctor_site.secrets,
    "sender key": doctor_site.sender_key,
    "sign-in": doctor_sign_in.provider,
    "mail server": doctor_site.mail_server,
    "threads": doctor_site.threads,
    "database": doctor_record.database,
    "deliveries": doctor_record.deliveries,
    "timelines": doctor_record.timelines,
    "roster": doctor_roster.roster,
    "prefect server": doctor_running.server,
    "worker": doctor_running.worker,
    "deployments": doctor_running.flows,
    "task worker": doctor_running.task_worker,
    "api": doctor_running.api,
}
"""Name → examination, in the order in which a person would look."""


def examine(settings: Settings) -> list[Finding]:
    """Every examination's findings. One that breaks is a finding itself, and the others go on."""
    return [finding for name, look in EXAMINATIONS.items() for finding in _look(name, look, settings)]


def _look(name: str, look: Examination, settings: Settings) -> list[Finding]:
    try:
        return list(look(settings))
    except Exception as error:  # whatever is broken here is what the doctor was called for
        # The first line alone: what follows in a database's message is the statement.
        first = (str(error).splitlines() or [""])[0][:300]
        return [bad(name, f"{type(error).__name__}: {first}", _ADVICE.get(name, "Look at logs/ in the home."))]


_ADVICE = {
    "database": "Start the database, and check WATCHFLOOR_DATABASE_URL.",
    "deliveries": "Mend the database first.",
    "timelines": "Mend the database first.",
}
