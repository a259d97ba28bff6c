"""Signals of systems that sign what they send, as Standard Webhooks 1.0.0 specifies."""

from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import BackgroundTasks, Depends, Header, Request, Response
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from console.api.ground import room, shows
from console.api.signals import SIGNAL_BODY, TAKEN, Taken
from console.api_door import Body, World, machine_now
from console.runs import hand_over
from console.sender_key import sender_key
from console.turned_away import Unauthenticated
from incidents.access.senders import Sender
from incidents.errors import BadInput, Refusal
from incidents.signals.signal import read_signal
from incidents.store.request_keys import Answer, keep_answer, take_key
from incidents.store.senders import find_sender, touch_sender
from incidents.store.signals import take_signal

router = room("signals")

_DESCRIBED: Final[dict[str, Any]] = SIGNAL_BODY | {"security": []}
"""Its signature says who sends it; neither token nor session is needed."""


class Signed:
    """A request whose signature is that of its sender."""

    def __init__(
        self,
        request: Request,
        sender: str,
        body: Body,
        webhook_id: Annotated[
            str, Header(min_length=1, max_length=200, description="The same with each try to send the same.")
        ],
        webhook_timestamp: Annotated[
            str, Header(min_length=1, max_length=200, description="Of this try, in seconds since 1970.")
        ],
        webhook_signature: Annotated[
            str, Header(min_length=1, max_length=1_000, description="`v1,` and the HMAC-SHA256 in base64.")
        ],
    ) -> None:
        self.world: World = request.app.state.world
        self.now = machine_now()
        self.id, self.body = webhook_id, body
        head = {
            "webhook-id": webhook_id,
            "webhook-timestamp": webhook_timestamp,
            "webhook-signature": webhook_signature,
        }
        with self.world.store.read() as work:
            found = find_sender(work, sender)
        if found is None or not self._is_signed(found, head):
            raise Unauthenticated("Nothing was kept.", _NOT_ITS_OWN)
        self.sender = found

    def _is_signed(self, sender: Sender, head: dict[str, str]) -> bool:
        known = sender.secrets(sender_key(self.world.settings), self.now)
        return any(_fits(secret, self.body, head) for secret in known)


_NOT_ITS_OWN: Final = Refusal(
    "SIGNATURE_WRONG",
    "No sender of that name signs so: check its name, its secret, that the body is signed as it is sent, and"
    " that the clock is right to five minutes.",
)


@router.post(
    "/senders/{sender}/signals",
    status_code=201,
    openapi_extra=_DESCRIBED,
    response_model=Taken,
    responses=shows(TAKEN, status=201),
)
def hand_in_signed(signed: Annotated[Signed, Depends()], sender: str, after: BackgroundTasks) -> Response:
    """Hand in a signal, signed. The same `webhook-id` again is answered as before, for a day."""
    new = read_signal(signed.body, origin="The body")
    if new.source != sender:
        raise BadInput(f"{sender} hands in its own signals alone: `source` must be {sender}. Nothing was kept.")
    by, world = signed.sender.person, signed.world
    fingerprint = sha256(signed.body.encode()).hexdigest()
    with world.store.begin() as work:
        before = take_key(work, by.id, signed.id, fingerprint, now=signed.now)
        if before is not None:
            return _answered(before, {"Idempotency-Replayed": "true"})
        taken = take_signal(work, new, by=by, now=signed.now)
        told = Taken(id=taken.id, standing=taken.standing, incident=taken.incident_id)
        answer = Answer(status=201, headers={}, body=told.model_dump_json())
        keep_answer(work, by.id, signed.id, answer)
        touch_sender(work, sender, now=signed.now)
    after.add_task(hand_over, world.settings, world.store, taken.incident_id)
    return _answered(answer, {})


def _answered(answer: Answer, headers: dict[str, str]) -> Response:
    return Response(answer.body, answer.status, headers, media_type="application/json")


def _fits(secret: str, body: str, head: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, head, json_parse=False)
    except (WebhookVerificationError, ValueError):  # the latter of what is no base64
        return False
    return True
