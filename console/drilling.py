"""Start an exercise through any door: recorded first, so that one which nobody can start is known as failed."""

from incidents.drills.clock import Clock
from incidents.drills.request import START, DrillRequest
from incidents.drills.scenarios import SCENARIOS
from incidents.errors import NotFound, WatchfloorError
from incidents.people import Person
from incidents.settings import Settings
from incidents.store.drills import end_drill, open_drill
from incidents.store.engine import Store
from incidents.sweeps.posts import read_posts


def check_drill(request: DrillRequest) -> None:
    """Refuse what cannot work before anything is started."""
    if request.posts_file is not None:
        read_posts(request.posts_file)
    elif request.scenario not in SCENARIOS:
        raise NotFound(f"There is no scenario {request.scenario}. Choose one of {', '.join(SCENARIOS)}.")


def start_drill(settings: Settings, store: Store, request: DrillRequest, *, by: Person) -> str:
    """Record the drill, start its flow and return its id. PartnerUnreachable where no server answers."""
    from console.runs import start_flow  # noqa: PLC0415  Prefect takes a second that reading need not wait

    clock = Clock(stands_at=None if request.live else START)
    with store.begin() as work:
        opened = open_drill(work, request.model_dump(mode="json"), clock=clock, by=by)
    try:
        start_flow(settings, "drill", {"drill": opened.id}, key=opened.id)
    except WatchfloorError as error:
        with store.begin() as work:
            end_drill(work, opened.id, failure=str(error))
        raise
    return opened.id
