"""The one module of the console that knows Prefect and the tasks: hand work over, start flows, ask a model.

Prefect is imported when it is first needed, after its environment is set: without an address it would
start a server of its own, and the import takes a second that most commands need not wait.
"""

import os
from datetime import UTC, datetime
from typing import Any

from console.programs import health_url, prefect_environment
from console.reach import answers
from incidents.errors import PartnerUnreachable
from incidents.reviews.suggesting import Question
from incidents.settings import Settings
from incidents.store import outbox
from incidents.store.engine import Store

KEPT = "It is recorded. What follows from it waits: {why}. `watch` delivers it once `watchfloor up` runs."


def hand_over(settings: Settings, store: Store, incident: str | None = None) -> str | None:
    """Give what is due to the task worker, which delivers it at once; of one incident, or of all.

    Returns None, or a sentence for the person where it has to wait. Never raises for want of a server:
    the promise stands in the outbox, and `watch` keeps it.
    """
    now = datetime.now(UTC)
    with store.read() as work:
        due = outbox.due(work, machine_now=now, incident=incident)
    if not due:
        return None
    if not answers(health_url(settings)):
        return KEPT.format(why="Prefect's server does not answer")
    return _delay(settings, due, now)


def start_flow(settings: Settings, flow: str, request: dict[str, Any], key: str) -> str:
    """Start a flow by its deployment's name and return its run's id; the same key starts it once.

    Raises PartnerUnreachable where no server answers, or where it does not know the flow.
    """
    if not answers(health_url(settings)):
        raise PartnerUnreachable(
            f"Prefect's server does not answer at {settings.prefect_url}, so {flow} was not started."
            " Start `watchfloor up` in another terminal and try again."
        )
    _prepare(settings)
    from tasks.runs import start_run  # noqa: PLC0415  see the module's docstring

    return start_run(flow, request, key)


def ask_model(settings: Settings, question: Question) -> str:
    """The answer of the configured language model. WatchfloorError where there is none, or none in time."""
    from tasks.prose import ask_model as ask  # noqa: PLC0415  see the module's docstring

    return ask(question, settings)


def translate(settings: Settings, text: str, *, language: str, into: str) -> str:
    """The text in another language, by the configured server. PartnerUnreachable without its answer."""
    from tasks.translation import translate as ask  # noqa: PLC0415  see the module's docstring

    return ask(text, settings, language=language, into=into)


def _delay(settings: Settings, due: list[int], now: datetime) -> str | None:
    _prepare(settings)
    import httpx  # noqa: PLC0415  see the module's docstring
    from prefect.exceptions import PrefectException  # noqa: PLC0415

    from tasks.outbox import deliver  # noqa: PLC0415

    try:
        for parcel in due:
            deliver.delay(parcel, now)
    except (httpx.HTTPError, PrefectException, OSError, RuntimeError) as error:
        return KEPT.format(why=f"Prefect's server did not take it ({type(error).__name__})")
    return None


def _prepare(settings: Settings) -> None:
    # Its log lines are for flows; here they would stand between our own sentences.
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    os.environ.update(prefect_environment(settings))
