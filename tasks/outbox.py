"""Keep the promises of the outbox: deliver messages, publish events, wake flow runs, act on platforms."""

from datetime import datetime, timedelta

from prefect import task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from incidents.errors import PartnerUnreachable
from incidents.message import Message, Receipt
from incidents.store import outbox
from incidents.store.acting import tell_taken
from incidents.store.outbox import Kind, Parcel
from tasks.actions import carry_out
from tasks.partners import RetryLater, open_partner
from tasks.runs import publish_event, wake_run
from tasks.world import catalogue, settings, store, told


def may_get_better(_task: Task[..., object], _run: TaskRun, state: State[object]) -> bool:
    """Whether another try can help: not where the partner's answer was final."""
    failure = state.result(raise_on_failure=False)
    if isinstance(failure, RetryLater):
        return False  # it said when; the outbox keeps that
    return isinstance(failure, PartnerUnreachable) and not failure.permanent


@task(
    retries=3,
    retry_delay_seconds=[0.5, 1, 2],
    retry_condition_fn=may_get_better,
    task_run_name="{parcel.key}",
    persist_result=False,
)
def send(parcel: Parcel, machine_now: datetime) -> Receipt:
    """Carry one promise out. Raises PartnerUnreachable; what is only late is tried three times more."""
    match parcel.kind:
        case Kind.message:
            message = Message.model_validate(parcel.payload)
            channel = catalogue().channel(parcel.channel or "")
            return open_partner(channel, settings()).deliver(message)
        case Kind.event:
            facts = {k: v for k, v in parcel.payload.items() if k not in {"event", "incident"}}
            publish_event(parcel.payload["event"], parcel.payload["incident"], facts, parcel.key)
            return Receipt(channel="prefect", reference=parcel.payload["event"])
        case Kind.resume:
            state = wake_run(parcel.payload["flow_run_id"], machine_now)
            return Receipt(channel="prefect", reference=state)
        case Kind.actions:
            return carry_out(parcel)


@task(task_run_name="deliver {parcel_id}", persist_result=False)
def deliver(parcel_id: int, machine_now: datetime) -> bool:
    """Deliver one row of the outbox; False where it failed, is done, or is in other hands.

    A failure is recorded on the row, where `watchfloor doctor` shows it and `watch` tries it again.
    """
    with store().begin() as work:
        parcel = outbox.take(work, parcel_id, machine_now=machine_now)
    if parcel is None:
        return False
    now = machine_now if parcel.incident_id is None else told(parcel.incident_id, machine_now)
    try:
        receipt = send(parcel, machine_now)
    except PartnerUnreachable as error:
        asked = error.retry_after_seconds if isinstance(error, RetryLater) else 0
        with store().begin() as work:
            outbox.mark_failed(
                work,
                parcel,
                error=str(error),
                permanent=error.permanent,
                machine_now=machine_now,
                now=now,
                not_before=timedelta(seconds=asked),
            )
        return False
    with store().begin() as work:
        is_first = outbox.mark_delivered(work, parcel, reference=receipt.reference, now=now)
        if is_first and parcel.kind is Kind.actions:
            tell_taken(work, parcel.payload["sweep"], parcel.key, now=now)
    return True


@task(persist_result=False)
def deliver_due(machine_now: datetime, incident: str | None = None) -> int:
    """Deliver whatever is due, of one incident or of all; return how many were delivered."""
    with store().read() as work:
        due = outbox.due(work, machine_now=machine_now, incident=incident)
    return sum(deliver(parcel, machine_now) for parcel in due)
